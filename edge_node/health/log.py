"""What changed lately, for the technician's page.

Responsible for comparing one report with the one before. Rules: kept in memory only, a bounded
number of lines, nothing personal; the first report of a run names only what is not good.
Must not know: how facts are measured, languages.
"""

from collections import deque
from collections.abc import Mapping
from typing import Final

import msgspec

from edge_node.health.issue import Check, Issue, IssueCode, Severity

MAXIMUM_EVENTS: Final = 20


class HealthEvent(msgspec.Struct, frozen=True, kw_only=True):
    """A check began to say something else at `at_ms` (Unix time)."""

    at_ms: int
    issue: Issue


class HealthLog:
    """The latest changes of one run of the program, newest first."""

    def __init__(self) -> None:
        self._codes: Mapping[Check, IssueCode] | None = None
        self._events: deque[HealthEvent] = deque(maxlen=MAXIMUM_EVENTS)

    def compare(self, checks: tuple[Issue, ...], at_ms: int) -> tuple[HealthEvent, ...]:
        """The latest changes, after looking at the checks of one more report."""
        before = self._codes
        for one in checks:
            known = before.get(one.check) if before is not None else None
            if known != one.code and (before is not None or one.severity is not Severity.GOOD):
                self._events.appendleft(HealthEvent(at_ms=at_ms, issue=one))
        self._codes = {one.check: one.code for one in checks}
        return tuple(self._events)

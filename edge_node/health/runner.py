"""Runs every check over one set of facts and says what it means for the public.

Responsible for the order of the checks and the verdict. Rules: pure; never "normal" while a check
is bad; "unknown" rather than a guess when the store could not be asked. Must not know: how facts
are measured, languages, pages.
"""

from collections.abc import Callable, Sequence
from enum import StrEnum
from typing import Final

import msgspec

from edge_node.health.checks import (
    catalogue,
    certificate,
    city_link,
    city_word,
    clock,
    database,
    disk,
    history,
    outbox,
    power,
    scanner,
    service,
    slip_printer,
    ticket_printer,
)
from edge_node.health.facts import Facts
from edge_node.health.issue import Check, Issue, IssueCode, Severity
from edge_node.health.log import HealthEvent

CHECKS: Final[tuple[Callable[[Facts], Issue | None], ...]] = (
    city_link.detect,
    outbox.detect,
    history.detect,
    city_word.detect,
    catalogue.detect,
    ticket_printer.detect,
    slip_printer.detect,
    disk.detect,
    clock.detect,
    power.detect,
    database.detect,
    certificate.detect,
    scanner.detect,
    service.detect,
)

_STOPPING: Final = frozenset(
    {
        IssueCode.DATABASE_FULL,
        IssueCode.DATABASE_DAMAGED,
        IssueCode.DATABASE_FAILED,
        IssueCode.DISK_READ_ONLY,
        IssueCode.DISK_REFUSING,
    }
)
"""With one of these the station cannot write a dossier down."""


class Verdict(StrEnum):
    """Whether the station can serve the public."""

    NORMAL = "normal"
    GAPS = "gaps"  # serves, but something people need is missing
    STOPPED = "stopped"
    UNKNOWN = "unknown"


class Backlog(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What the city does not hold; `oldest_s` is None when nothing waits or it is unknown.

    `withheld` of the events have come to the city and cannot be read there; left out when none.
    """

    events: int
    dossiers: int
    oldest_s: int | None
    withheld: int = 0


class HealthReport(msgspec.Struct, frozen=True, kw_only=True):
    """One examination: also the body of `GET /api/v1/health`. Nothing personal in it."""

    verdict: Verdict
    checks: tuple[Issue, ...]
    backlog: Backlog | None
    """None when it could not be counted: never shown as "all sent"."""
    examined_ms: int
    recent: tuple[HealthEvent, ...] = ()
    """What changed since the program started, newest first."""

    @property
    def jobs(self) -> tuple[Issue, ...]:
        """What somebody should do, worst first; calm waiting comes last."""
        return tuple(sorted(filter(_is_job, self.checks), key=_urgency))


def _is_job(one: Issue) -> bool:
    return one.severity is not Severity.GOOD


def _urgency(one: Issue) -> int:
    order = (Severity.BAD, Severity.WARNING, Severity.UNKNOWN, Severity.WAITING)
    return order.index(one.severity)


def judge(facts: Facts) -> HealthReport:
    """The report on `facts`; a check that cannot be measured is absent, not good."""
    found = tuple(one for check in CHECKS if (one := check(facts)) is not None)
    return HealthReport(
        verdict=verdict(found),
        checks=found,
        backlog=_backlog(facts),
        examined_ms=facts.now_ms,
    )


def verdict(issues: Sequence[Issue]) -> Verdict:
    """The worst thing that follows from `issues` for people in the room."""
    if any(one.code in _STOPPING for one in issues):
        return Verdict.STOPPED
    if not any(one.check is Check.DATABASE for one in issues):
        return Verdict.UNKNOWN
    if any(one.severity is Severity.BAD for one in issues):
        return Verdict.GAPS
    return Verdict.NORMAL


def _backlog(facts: Facts) -> Backlog | None:
    if facts.backlog is None:
        return None
    oldest_ms = facts.backlog.oldest_ms
    return Backlog(
        events=facts.backlog.events,
        dossiers=facts.backlog.dossiers,
        oldest_s=None if oldest_ms is None else max(facts.now_ms - oldest_ms, 0) // 1000,
        withheld=facts.backlog.withheld,
    )

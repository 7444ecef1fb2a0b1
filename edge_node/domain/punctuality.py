"""Whether a dossier was kept to its date, and how many were.

Rules: what counts is the day the result was here, not the day its owner came; a second request for
a supplement counts as late (Quyết định 766/QĐ-TTg); what cannot be known is counted as neither.
Must not know tables.
"""

from collections.abc import Iterable
from datetime import date
from enum import StrEnum
from typing import NamedTuple

from edge_node.domain.dossier import (
    CLOCK_STOPPED,
    SUPPLEMENT_REQUESTS_WITHOUT_DELAY,
    DossierState,
)

_RESULT_HERE = frozenset({DossierState.FINISHED, DossierState.HANDED_OVER})


class Kept(StrEnum):
    """How a date was kept."""

    ON_TIME = "on_time"
    LATE = "late"
    OPEN = "open"
    UNKNOWN = "unknown"


class Facts(NamedTuple):
    """What is known of a dossier; `result_on` and `handed_over_on` are None when they are not."""

    state: DossierState
    due_on: date
    supplement_requests: int
    result_on: date | None
    handed_over_on: date | None


class Share(NamedTuple):
    """How many of those that are known were on time."""

    on_time: int
    late: int

    @property
    def percent(self) -> int | None:
        """Of a hundred, rounded down; None when nothing is known."""
        known = self.on_time + self.late
        return self.on_time * 100 // known if known else None


def judge(facts: Facts, today: date) -> Kept:
    """How the date of one dossier was kept, seen today."""
    if facts.supplement_requests > SUPPLEMENT_REQUESTS_WITHOUT_DELAY:
        return Kept.LATE
    if facts.state not in _RESULT_HERE:
        overdue = facts.due_on < today and facts.state not in CLOCK_STOPPED
        return Kept.LATE if overdue else Kept.OPEN
    if facts.result_on is not None:
        return Kept.ON_TIME if facts.result_on <= facts.due_on else Kept.LATE
    if facts.handed_over_on is not None and facts.handed_over_on <= facts.due_on:
        return Kept.ON_TIME
    return Kept.UNKNOWN


def share(found: Iterable[Kept]) -> Share:
    """The counts of the known ones."""
    kept = list(found)
    return Share(kept.count(Kept.ON_TIME), kept.count(Kept.LATE))

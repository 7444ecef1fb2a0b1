"""When the clock of a time limit stands still, and what that does to the due date.

Rules: time spent waiting for somebody else is not counted: for the citizen's supplement or payment
(Quyết định 766/QĐ-TTg), for a verification elsewhere, for the fee of a vehicle registration. Only
working time is given back, and no moment twice; a clock that never started gives nothing back.
This module must not know dossiers, officers or the present time.
"""

from collections.abc import Iterable, Mapping
from datetime import datetime
from enum import StrEnum
from types import MappingProxyType
from typing import Final, NamedTuple

from edge_node.domain.deadline import postpone
from edge_node.domain.dossier import CLOCK_STOPPED, DossierState
from edge_node.domain.errors import DomainError, ErrorCode
from edge_node.domain.working_calendar import WorkingCalendar


class PauseCause(StrEnum):
    """What is waited for."""

    VERIFICATION = "verification"
    SUPPLEMENT = "supplement"
    PAYMENT = "payment"
    UNPAID_FEE = "unpaid_fee"


CHOSEN_BY_OFFICER: Final = (PauseCause.VERIFICATION, PauseCause.SUPPLEMENT, PauseCause.UNPAID_FEE)
"""Causes an officer may give; a request for payment stops the clock by itself."""

CAUSE_OF_STATE: Final[Mapping[DossierState, PauseCause]] = MappingProxyType(
    {
        DossierState.SUPPLEMENT_REQUESTED: PauseCause.SUPPLEMENT,
        DossierState.PAYMENT_REQUESTED: PauseCause.PAYMENT,
        DossierState.PAUSED: PauseCause.VERIFICATION,
    }
)
assert set(CAUSE_OF_STATE) == CLOCK_STOPPED


class Standstill(NamedTuple):
    """A stretch in which the clock stood still; aware times."""

    stopped_at: datetime
    resumed_at: datetime


def due_after(
    due_at: datetime, standstills: Iterable[Standstill], calendar: WorkingCalendar
) -> datetime:
    """The due moment with every standstill given back, however they overlap.

    Raises DomainError(DEADLINE_BEYOND_CALENDAR).
    """
    for one in _merged(standstills):
        due_at = postpone(due_at, one.stopped_at, one.resumed_at, calendar)
    return due_at


def _merged(standstills: Iterable[Standstill]) -> list[Standstill]:
    merged: list[Standstill] = []
    for one in sorted(standstills):
        if one.resumed_at <= one.stopped_at:
            continue
        if merged and one.stopped_at <= merged[-1].resumed_at:
            last = merged[-1]
            merged[-1] = Standstill(last.stopped_at, max(last.resumed_at, one.resumed_at))
        else:
            merged.append(one)
    return merged


def check_extension(due_at: datetime | None, new_due_at: datetime) -> None:
    """An extension names a later date than the one that was promised.

    Raises DomainError: NO_DEADLINE when none was promised, EXTENSION_NOT_LATER.
    """
    if due_at is None:
        raise DomainError(ErrorCode.NO_DEADLINE)
    if new_due_at <= due_at:
        raise DomainError(ErrorCode.EXTENSION_NOT_LATER)


class Punctuality(StrEnum):
    """How a date kept its promise, in the words of form 06."""

    BEFORE = "before"
    ON = "on"
    AFTER = "after"


def punctuality(at: datetime, due_at: datetime | None) -> Punctuality | None:
    """Before, on or after the day promised; None when nothing was promised."""
    if due_at is None:
        return None
    day, promised = at.astimezone(due_at.tzinfo).date(), due_at.date()
    if day == promised:
        return Punctuality.ON if at <= due_at else Punctuality.AFTER
    return Punctuality.BEFORE if day < promised else Punctuality.AFTER

"""Visits that citizens booked with the city, as its feed tells them.

Rules: a code is one booking for ever, known by its service and time; the same word twice, or the
two words in the other order, end in the same; what is over is no news; what happened here is not
undone by a late word. Nothing about a person comes or is kept. It must not know how the words
travel.
"""

from datetime import datetime
from enum import StrEnum

from edge_node.domain.appointment import AppointmentState
from edge_node.store import appointments as rows
from edge_node.store.appointments import AppointmentRow
from edge_node.store.unit_of_work import Transaction
from edge_node.usecases.queue.appointments import Slot, give_up, row_of, take_over
from edge_node.usecases.station import Station


class Refused(StrEnum):
    """Why a word has no effect and is kept for a person; the values are codes."""

    UNREADABLE = "unreadable"
    CONTRADICTS = "booking_contradicts"
    """The code is another booking's."""


class RefusedBookingError(Exception):
    """A word that has no effect, and why."""

    def __init__(self, reason: Refused) -> None:
        super().__init__(reason)
        self.reason = reason


def said(transaction: Transaction, code: str, service: str, booked_for: str) -> AppointmentRow:
    """The booking that a word of the city speaks of. Raises RefusedBookingError."""
    try:
        moment = datetime.fromisoformat(booked_for)
        if moment.tzinfo is None:
            raise RefusedBookingError(Refused.UNREADABLE)
        return row_of(transaction, Slot(service, moment), "city", code)
    except (ValueError, OverflowError):
        raise RefusedBookingError(Refused.UNREADABLE) from None


def made(station: Station, transaction: Transaction, row: AppointmentRow, eid: bytes) -> None:
    """It was booked. Raises RefusedBookingError, DomainError as `take_over`."""
    if _known(transaction, row) is None and not _over(transaction, row):
        take_over(station, transaction, row, eid)


def cancelled(transaction: Transaction, row: AppointmentRow, eid: bytes) -> None:
    """It was given up. Raises RefusedBookingError."""
    known = _known(transaction, row)
    if known is None and not _over(transaction, row):
        # Kept, so that the word that it was booked finds it given up.
        given_up = row._replace(state=AppointmentState.CANCELLED)
        rows.insert(transaction, given_up, transaction.moment.text)
    elif known is not None and known.state is AppointmentState.BOOKED:
        give_up(transaction, known, eid)


def _known(transaction: Transaction, row: AppointmentRow) -> AppointmentRow | None:
    """What is here under its code. Raises RefusedBookingError for another booking."""
    known = rows.find(transaction.connection, row.code)
    if known is None or known[:5] == row[:5]:
        return known
    raise RefusedBookingError(Refused.CONTRADICTS)


def _over(transaction: Transaction, row: AppointmentRow) -> bool:
    return row.day < transaction.moment.text[:10]

"""What happened to a number in the queue."""

from typing import TypeAlias

import msgspec


class TicketIssued(
    msgspec.Struct, frozen=True, kw_only=True, tag_field="type", tag="ticket.issued"
):
    """Somebody took a number without a dossier."""

    ticket: str
    day: str
    service: str
    issued_at: str


class TicketCalled(
    msgspec.Struct,
    frozen=True,
    kw_only=True,
    omit_defaults=True,
    tag_field="type",
    tag="ticket.called",
):
    """A counter called a number; `calls` counts from 1 within the visit.

    `reason` says why this number (`order` when it was its turn); `passed` names earlier arrivals
    that wait on, `passed_count` counts them all; `note` is the officer's word for picking it.
    """

    ticket: str
    day: str
    counter: str
    calls: int
    called_at: str
    reason: str = ""
    waited_s: int = 0
    passed: tuple[str, ...] = ()
    passed_count: int = 0
    note: str = ""


class TicketClosed(
    msgspec.Struct, frozen=True, kw_only=True, tag_field="type", tag="ticket.closed"
):
    """A number left the queue; `outcome` is the ticket state it ended in."""

    ticket: str
    day: str
    counter: str
    outcome: str
    closed_at: str


class TicketPrioritised(
    msgspec.Struct, frozen=True, kw_only=True, tag_field="type", tag="ticket.prioritised"
):
    """A number got priority; `officer` is empty when the visitor asked for it at the kiosk."""

    ticket: str
    day: str
    reason: str
    officer: str
    prioritised_at: str


class TicketTransferred(
    msgspec.Struct, frozen=True, kw_only=True, tag_field="type", tag="ticket.transferred"
):
    """A number waits again, for another service or counter, with the waiting time it had."""

    ticket: str
    day: str
    from_counter: str
    service: str
    counter: str
    reason: str
    transferred_at: str


class TicketReturned(
    msgspec.Struct, frozen=True, kw_only=True, tag_field="type", tag="ticket.returned"
):
    """Somebody who was not there when called is back and waits again."""

    ticket: str
    day: str
    returned_at: str


class VisitExtended(
    msgspec.Struct, frozen=True, kw_only=True, tag_field="type", tag="ticket.extended"
):
    """Further services on one number, in the order they will be served."""

    ticket: str
    day: str
    services: tuple[str, ...]
    extended_at: str


class AppointmentBooked(
    msgspec.Struct, frozen=True, kw_only=True, tag_field="type", tag="appointment.booked"
):
    """A visit was booked; `booked_for` is when."""

    appointment: str
    service: str
    booked_for: str
    source: str
    booked_at: str


class AppointmentCheckedIn(
    msgspec.Struct, frozen=True, kw_only=True, tag_field="type", tag="appointment.checked_in"
):
    """Somebody with a booking came and got a number."""

    appointment: str
    ticket: str
    day: str
    checked_in_at: str


class AppointmentCancelled(
    msgspec.Struct, frozen=True, kw_only=True, tag_field="type", tag="appointment.cancelled"
):
    """A booking was given up."""

    appointment: str
    cancelled_at: str


TicketEvent: TypeAlias = (
    TicketIssued
    | TicketCalled
    | TicketClosed
    | TicketPrioritised
    | TicketTransferred
    | TicketReturned
    | VisitExtended
    | AppointmentBooked
    | AppointmentCheckedIn
    | AppointmentCancelled
)

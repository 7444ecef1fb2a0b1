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
    msgspec.Struct, frozen=True, kw_only=True, tag_field="type", tag="ticket.called"
):
    """A counter called a number; `calls` counts from 1 within the visit."""

    ticket: str
    day: str
    counter: str
    calls: int
    called_at: str


class TicketClosed(
    msgspec.Struct, frozen=True, kw_only=True, tag_field="type", tag="ticket.closed"
):
    """A number left the queue; `outcome` is the ticket state it ended in."""

    ticket: str
    day: str
    counter: str
    outcome: str
    closed_at: str


TicketEvent: TypeAlias = TicketIssued | TicketCalled | TicketClosed

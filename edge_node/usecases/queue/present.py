"""The number at a counter now, and what every action of the queue begins with.

Rules: a counter serves one number at a time; `seen_as` is what a screen showed, and an action on
another number is refused. Must not know: the order of calls.
"""

from datetime import datetime
from typing import Final

import msgspec

from edge_node.domain.errors import DomainError, ErrorCode
from edge_node.domain.ticket import TicketState, format_ticket
from edge_node.store import tickets
from edge_node.store.tickets import TicketRow
from edge_node.store.unit_of_work import Transaction
from edge_node.usecases.station import Officer, Station

MAXIMUM_CALLS: Final = 3
"""Calls of one number before it counts as absent."""

MAXIMUM_REASON_CHARACTERS: Final = 200
AT_COUNTER: Final = (TicketState.CALLED, TicketState.SERVING)


class Call(msgspec.Struct, frozen=True, kw_only=True):
    """A number called to a counter; `dossier_id` is hex, empty for a ticket without one.

    `order` counts the day's calls, so that it names this very call.
    """

    ticket_id: int
    ticket: str
    service: str
    counter: str
    calls: int
    called_at: str
    dossier_id: str
    order: int = 0


def as_call(row: TicketRow) -> Call:
    """A stored ticket as pages see it."""
    return Call(
        ticket_id=row.id,
        ticket=format_ticket(row.letter, row.number),
        service=row.service_id,
        counter=row.counter,
        calls=row.calls,
        called_at=row.called_at,
        dossier_id=row.dossier_id.hex() if row.dossier_id else "",
        order=row.call_order,
    )


def seen_as(call: Call | None) -> str:
    """A number and how often it was called, as a form carries it; empty for nobody."""
    return f"{call.ticket_id}-{call.calls}" if call is not None else ""


async def present_call(station: Station, officer: Officer) -> Call | None:
    """The number at this officer's counter now."""
    day = station.moment().day
    rows = await station.store.read(
        lambda connection: tickets.in_states(connection, day, AT_COUNTER)
    )
    mine = [row for row in rows if row.counter == officer.counter]
    return as_call(mine[-1]) if mine else None


def at_counter(transaction: Transaction, officer: Officer) -> TicketRow | None:
    """The ticket this counter is serving, if any."""
    rows = tickets.in_states(transaction.connection, transaction.moment.day, AT_COUNTER)
    mine = [row for row in rows if row.counter == officer.counter]
    return mine[-1] if mine else None


def require_seen(present: TicketRow | None, seen: str | None) -> None:
    """Raises DomainError(VERSION_CONFLICT) when the screen showed another number."""
    shown = seen_as(as_call(present)) if present is not None else ""
    if seen is not None and seen != shown:
        raise DomainError(ErrorCode.VERSION_CONFLICT)


def required(transaction: Transaction, officer: Officer, seen: str | None) -> TicketRow:
    """The counter's number; DomainError(TICKET_UNKNOWN) when it has none."""
    present = at_counter(transaction, officer)
    require_seen(present, seen)
    if present is None:
        raise DomainError(ErrorCode.TICKET_UNKNOWN)
    return present


def of_today(transaction: Transaction, ticket_id: int) -> TicketRow:
    """One of today's numbers; DomainError(TICKET_UNKNOWN) for any other."""
    row = tickets.find(transaction.connection, ticket_id)
    if row is None or row.day != transaction.moment.day:
        raise DomainError(ErrorCode.TICKET_UNKNOWN)
    return row


def checked_reason(text: str) -> str:
    """An officer's reason; raises DomainError(REASON_MISSING) or (REASON_TOO_LONG)."""
    reason = " ".join(text.split())
    if not reason:
        raise DomainError(ErrorCode.REASON_MISSING)
    if len(reason) > MAXIMUM_REASON_CHARACTERS:
        raise DomainError(ErrorCode.REASON_TOO_LONG, maximum=MAXIMUM_REASON_CHARACTERS)
    return reason


def seconds_since(iso: str, now: datetime) -> int:
    """Whole seconds from a stored time to `now`; 0 when a clock was set back."""
    return max(int((now - datetime.fromisoformat(iso)).total_seconds()), 0)

"""Call people to a counter: next, again, not there, done.

Rules: the oldest waiting number of today comes first; a counter serves one number at a time and
calling the next one closes the one before; every call is in the journal.
"""

from typing import Final

import msgspec

from edge_node.domain.errors import DomainError, ErrorCode
from edge_node.domain.events import TicketCalled, TicketClosed
from edge_node.domain.ticket import TicketAction, TicketState, apply_ticket, format_ticket
from edge_node.store import tickets
from edge_node.store.tickets import TicketRow
from edge_node.store.unit_of_work import Cause, Transaction
from edge_node.usecases.station import Officer, Station

MAXIMUM_CALLS: Final = 3
_AT_COUNTER: Final = (TicketState.CALLED, TicketState.SERVING)


class Call(msgspec.Struct, frozen=True, kw_only=True):
    """A number called to a counter; `dossier_id` is hex, empty for a ticket without one."""

    ticket_id: int
    ticket: str
    service: str
    counter: str
    calls: int
    called_at: str
    dossier_id: str


async def call_next(station: Station, officer: Officer, seen: str | None = None) -> Call | None:
    """Close the counter's present number and call the oldest waiting one; None if none waits.

    `seen` is the `seen_as` of what the officer's screen showed. Error: version_conflict when
    another number is there by now, so that a double press never skips a person.
    """
    eids = station.entropy(16), station.entropy(16)

    def work(transaction: Transaction) -> Call | None:
        present = at_counter(transaction, officer)
        _require_seen(present, seen)
        if present is not None:
            _close(transaction, present, TicketAction.FINISH, eids[0])
        waiting = tickets.in_states(
            transaction.connection, transaction.moment.day, (TicketState.WAITING,)
        )
        if not waiting:
            return None
        return _call(transaction, waiting[0], officer, eids[1])

    call = await station.store.write(station.moment(), work)
    station.changes.announce("ticket")
    return call


async def recall(station: Station, officer: Officer, seen: str | None = None) -> Call:
    """Call the counter's present number again, at most MAXIMUM_CALLS times in all."""
    eid = station.entropy(16)

    def work(transaction: Transaction) -> Call:
        present = _required(transaction, officer, seen)
        if present.calls >= MAXIMUM_CALLS:
            raise DomainError(
                ErrorCode.ACTION_NOT_ALLOWED, state=present.state.value, action="recall"
            )
        return _call(transaction, present, officer, eid)

    call = await station.store.write(station.moment(), work)
    station.changes.announce("ticket")
    return call


async def finish(station: Station, officer: Officer, seen: str | None = None) -> None:
    """The person at the counter is done."""
    await _end(station, officer, TicketAction.FINISH, seen)


async def no_show(station: Station, officer: Officer, seen: str | None = None) -> None:
    """Nobody came; the number can be called again later."""
    await _end(station, officer, TicketAction.MISS, seen)


def seen_as(call: Call | None) -> str:
    """A number and how often it was called, as a form carries it; empty for nobody."""
    return f"{call.ticket_id}-{call.calls}" if call is not None else ""


async def present_call(station: Station, officer: Officer) -> Call | None:
    """The number at this officer's counter now."""
    day = station.moment().day
    rows = await station.store.read(
        lambda connection: tickets.in_states(connection, day, _AT_COUNTER)
    )
    mine = [row for row in rows if row.counter == officer.counter]
    return as_call(mine[-1]) if mine else None


async def _end(station: Station, officer: Officer, action: TicketAction, seen: str | None) -> None:
    eid = station.entropy(16)

    def work(transaction: Transaction) -> None:
        _close(transaction, _required(transaction, officer, seen), action, eid)

    await station.store.write(station.moment(), work)
    station.changes.announce("ticket")


def at_counter(transaction: Transaction, officer: Officer) -> TicketRow | None:
    """The ticket this counter is serving, if any."""
    rows = tickets.in_states(transaction.connection, transaction.moment.day, _AT_COUNTER)
    mine = [row for row in rows if row.counter == officer.counter]
    return mine[-1] if mine else None


def _require_seen(present: TicketRow | None, seen: str | None) -> None:
    shown = seen_as(as_call(present)) if present is not None else ""
    if seen is not None and seen != shown:
        raise DomainError(ErrorCode.VERSION_CONFLICT)


def _required(transaction: Transaction, officer: Officer, seen: str | None) -> TicketRow:
    present = at_counter(transaction, officer)
    _require_seen(present, seen)
    if present is None:
        raise DomainError(ErrorCode.TICKET_UNKNOWN)
    return present


def _call(transaction: Transaction, row: TicketRow, officer: Officer, eid: bytes) -> Call:
    again = row.state is TicketState.CALLED
    state = apply_ticket(row.state, TicketAction.RECALL if again else TicketAction.CALL)
    tickets.set_called(transaction, row.id, state, officer.counter, officer.id)
    called = tickets.find(transaction.connection, row.id) or row
    event = TicketCalled(
        ticket=format_ticket(row.letter, row.number),
        day=row.day,
        counter=officer.counter,
        calls=called.calls,
        called_at=transaction.moment.text,
    )
    transaction.record(event, Cause(eid))
    return as_call(called)


def _close(transaction: Transaction, row: TicketRow, action: TicketAction, eid: bytes) -> None:
    state = apply_ticket(row.state, action)
    tickets.set_state(transaction, row.id, state)
    event = TicketClosed(
        ticket=format_ticket(row.letter, row.number),
        day=row.day,
        counter=row.counter,
        outcome=state.value,
        closed_at=transaction.moment.text,
    )
    transaction.record(event, Cause(eid))


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
    )

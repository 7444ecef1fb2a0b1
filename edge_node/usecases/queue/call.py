"""Call people to a counter: the next one, the same again, a certain one.

Rules: `domain/queue_order` decides who is next; calling the next closes the number before; every
first call is written down with its reason and with whom it passed over. Must not know: pages.
"""

from typing import Final

from edge_node.domain.errors import DomainError, ErrorCode
from edge_node.domain.events import TicketCalled
from edge_node.domain.queue_order import CallReason, Choice, Waiting, choose, passed_over
from edge_node.domain.ticket import TicketAction, TicketState, apply_ticket, format_ticket
from edge_node.store import customer_screens, queue, tickets
from edge_node.store.queue import FirstCall, Place
from edge_node.store.tickets import TicketRow
from edge_node.store.unit_of_work import Cause, Transaction
from edge_node.usecases.queue.end import close
from edge_node.usecases.queue.present import (
    MAXIMUM_CALLS,
    Call,
    as_call,
    at_counter,
    checked_reason,
    of_today,
    require_seen,
    required,
    seconds_since,
)
from edge_node.usecases.queue.room import PAST_CALLS, epoch_s, people_waiting
from edge_node.usecases.station import Officer, Station

MAXIMUM_PASSED_NAMED: Final = 20
"""Earlier arrivals that a call's record names; all of them are counted."""


async def call_next(station: Station, officer: Officer, seen: str | None = None) -> Call | None:
    """Close the counter's present number and call whose turn it is; None if nobody waits for it.

    `seen` is the `seen_as` of what the officer's screen showed. Error: version_conflict when
    another number is there by now, so that a double press never skips a person.
    """
    eids = station.entropy(16), station.entropy(16)

    def work(transaction: Transaction) -> Call | None:
        present = at_counter(transaction, officer)
        require_seen(present, seen)
        if present is not None:
            close(transaction, present, TicketAction.FINISH, eids[0])
        choice = _turn(station, transaction, officer)
        if choice is None:
            return None
        return _call(transaction, choice, officer, eids[1])

    call = await station.store.write(station.moment(), work)
    station.changes.announce("ticket")
    return call


async def recall(station: Station, officer: Officer, seen: str | None = None) -> Call:
    """Call the counter's present number again, at most MAXIMUM_CALLS times in all."""
    eid = station.entropy(16)

    def work(transaction: Transaction) -> Call:
        present = required(transaction, officer, seen)
        if present.calls >= MAXIMUM_CALLS:
            raise DomainError(
                ErrorCode.ACTION_NOT_ALLOWED, state=present.state.value, action="recall"
            )
        state = apply_ticket(present.state, TicketAction.RECALL)
        tickets.set_called(transaction, present.id, state, officer.counter, officer.id)
        return _record(transaction, present, officer, eid)

    call = await station.store.write(station.moment(), work)
    station.changes.announce("ticket")
    return call


async def pick(
    station: Station, officer: Officer, ticket_id: int, reason: str = "", seen: str | None = None
) -> Call:
    """Call a certain number of today: one that waits, for a stated reason, or one that is back.

    Errors: ticket_unknown, reason_missing, reason_too_long, version_conflict, action_not_allowed.
    """
    eids = station.entropy(16), station.entropy(16)

    def work(transaction: Transaction) -> Call:
        present = at_counter(transaction, officer)
        require_seen(present, seen)
        row = of_today(transaction, ticket_id)
        absent = row.state is TicketState.NO_SHOW
        note = " ".join(reason.split()) if absent else checked_reason(reason)
        apply_ticket(row.state, TicketAction.CALL)
        if present is not None:
            close(transaction, present, TicketAction.FINISH, eids[0])
        why = CallReason.RETURNED if absent else CallReason.PICKED
        chosen = Choice(row.id, why, _passed(transaction, row))
        return _call(transaction, chosen, officer, eids[1], note)

    call = await station.store.write(station.moment(), work)
    station.changes.announce("ticket")
    return call


def _turn(station: Station, transaction: Transaction, officer: Officer) -> Choice | None:
    connection, moment = transaction.connection, transaction.moment
    return choose(
        people_waiting(connection, moment.day),
        officer.counter,
        station.queue.counter(officer.counter),
        queue.past_calls(connection, moment.day, PAST_CALLS),
        epoch_s(moment.text),
    )


def _passed(transaction: Transaction, row: TicketRow) -> tuple[int, ...]:
    """Who of the same service came before a picked number and waits on."""
    waiting = people_waiting(transaction.connection, row.day)
    chosen = Waiting(row.id, row.service_id, epoch_s(row.issued_at))
    return passed_over((one for one in waiting if one.service_id == row.service_id), chosen)


def _call(
    transaction: Transaction, choice: Choice, officer: Officer, eid: bytes, note: str = ""
) -> Call:
    """A first call, with its evidence."""
    connection, moment = transaction.connection, transaction.moment
    row = tickets.find(connection, choice.ticket_id)
    assert row is not None, "it was chosen from this transaction's rows"
    state = apply_ticket(row.state, TicketAction.CALL)
    tickets.set_called(transaction, row.id, state, officer.counter, officer.id)
    # The next person must not pay for the one before.
    customer_screens.clear(transaction, officer.counter)
    place: Place = queue.place_of(connection, row.id)
    first = FirstCall(
        service_id=row.service_id,
        counter=officer.counter,
        called_at=moment.text,
        waited_s=seconds_since(row.issued_at, moment.now),
        reason=choice.reason,
        priority=bool(place.priority),
        passed=len(choice.passed),
    )
    queue.add_call(transaction, row, first)
    named = tuple(_name(transaction, one) for one in choice.passed[:MAXIMUM_PASSED_NAMED])
    return _record(transaction, row, officer, eid, (first, named, note))


def _record(
    transaction: Transaction,
    row: TicketRow,
    officer: Officer,
    eid: bytes,
    first: tuple[FirstCall, tuple[str, ...], str] | None = None,
) -> Call:
    """Journal a call that was made."""
    called = tickets.find(transaction.connection, row.id) or row
    event = TicketCalled(
        ticket=format_ticket(row.letter, row.number),
        day=row.day,
        counter=officer.counter,
        calls=called.calls,
        called_at=transaction.moment.text,
        reason=first[0].reason.value if first else "",
        waited_s=first[0].waited_s if first else 0,
        passed=first[1] if first else (),
        passed_count=first[0].passed if first else 0,
        note=first[2] if first else "",
    )
    transaction.record(event, Cause(eid))
    return as_call(called)


def _name(transaction: Transaction, ticket_id: int) -> str:
    row = tickets.find(transaction.connection, ticket_id)
    return format_ticket(row.letter, row.number) if row is not None else ""

"""A turn ends: done, nobody there, or somebody who was not there is back.

Rules: whoever has further services goes on waiting for the next one with the same number and
place; a number nobody answered to is kept all day. Must not know: who is called next.
"""

from edge_node.domain.events import TicketClosed, TicketReturned, TicketTransferred
from edge_node.domain.ticket import TicketAction, TicketState, apply_ticket, format_ticket
from edge_node.store import queue, tickets
from edge_node.store.queue import Turn
from edge_node.store.tickets import TicketRow
from edge_node.store.unit_of_work import Cause, Transaction
from edge_node.usecases.queue.present import of_today, required, seconds_since
from edge_node.usecases.station import Officer, Station

NEXT_SERVICE = "next_service"
"""Reason of the transfer to a visit's next service."""


async def finish(station: Station, officer: Officer, seen: str | None = None) -> None:
    """The person at the counter is done."""
    await _end(station, officer, TicketAction.FINISH, seen)


async def no_show(station: Station, officer: Officer, seen: str | None = None) -> None:
    """Nobody came; the number can be called again all day."""
    await _end(station, officer, TicketAction.MISS, seen)


async def back(station: Station, ticket_id: int) -> None:
    """Somebody who was not there is back and waits again in the place of the arrival.

    Errors: ticket_unknown, action_not_allowed.
    """
    eid = station.entropy(16)

    def work(transaction: Transaction) -> None:
        row = of_today(transaction, ticket_id)
        tickets.set_state(transaction, row.id, apply_ticket(row.state, TicketAction.RETURN))
        event = TicketReturned(
            ticket=format_ticket(row.letter, row.number),
            day=row.day,
            returned_at=transaction.moment.text,
        )
        transaction.record(event, Cause(eid))

    await station.store.write(station.moment(), work)
    station.changes.announce("ticket")


async def _end(station: Station, officer: Officer, action: TicketAction, seen: str | None) -> None:
    eid = station.entropy(16)

    def work(transaction: Transaction) -> None:
        close(transaction, required(transaction, officer, seen), action, eid)

    await station.store.write(station.moment(), work)
    station.changes.announce("ticket")


def close(transaction: Transaction, row: TicketRow, action: TicketAction, eid: bytes) -> None:
    """End the turn of the number at a counter; a visit's next service begins to wait."""
    further = (
        queue.further_services(transaction.connection, row.id)
        if action is TicketAction.FINISH
        else []
    )
    if further:
        _go_on(transaction, row, further[0], eid)
        return
    state = apply_ticket(row.state, action)
    tickets.set_state(transaction, row.id, state)
    note_turn(transaction, row, state)
    event = TicketClosed(
        ticket=format_ticket(row.letter, row.number),
        day=row.day,
        counter=row.counter,
        outcome=state.value,
        closed_at=transaction.moment.text,
    )
    transaction.record(event, Cause(eid))


def _go_on(
    transaction: Transaction, row: TicketRow, following: tuple[int, str], eid: bytes
) -> None:
    position, service_id = following
    apply_ticket(row.state, TicketAction.TRANSFER)
    note_turn(transaction, row, TicketState.SERVED)
    queue.send_to(transaction, row.id, service_id)
    queue.drop_visit(transaction, row.id, position)
    place = queue.place_of(transaction.connection, row.id)
    if place.counter:
        queue.set_place(transaction, row.id, place._replace(counter=""))
    event = TicketTransferred(
        ticket=format_ticket(row.letter, row.number),
        day=row.day,
        from_counter=row.counter,
        service=service_id,
        counter="",
        reason=NEXT_SERVICE,
        transferred_at=transaction.moment.text,
    )
    transaction.record(event, Cause(eid))


def note_turn(transaction: Transaction, row: TicketRow, outcome: TicketState) -> None:
    """Write down how the present turn ended and how long it took."""
    moment = transaction.moment
    turn = Turn(
        service_id=row.service_id,
        counter=row.counter,
        outcome=outcome,
        ended_at=moment.text,
        served_s=seconds_since(row.called_at, moment.now),
    )
    queue.add_turn(transaction, row, turn)

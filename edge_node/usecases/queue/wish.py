"""What somebody may want besides a number: priority, the quick lane, further services, a booking.

Rules: a plain number costs nothing here; everything else is checked before the transaction and
stored in the number's own rows, with an event each. Must not know: pages, paper.
"""

import hashlib
from typing import Final, NamedTuple

from edge_node.domain.appointment import parse_code
from edge_node.domain.events import AppointmentCheckedIn, TicketPrioritised
from edge_node.store import queue
from edge_node.store.queue import Place
from edge_node.store.unit_of_work import Cause, Transaction
from edge_node.usecases.queue.appointments import take
from edge_node.usecases.queue.visit import extension, further
from edge_node.usecases.station import Station


class Wish(NamedTuple):
    """`priority` is a reason of the station's list; `appointment` the code of a booking."""

    priority: str = ""
    quick: bool = False
    further: tuple[str, ...] = ()
    appointment: str = ""


NOTHING: Final = Wish()


def checked(station: Station, service_id: str, wish: Wish) -> Wish:
    """The wish as it can be granted.

    Errors: priority_reason_unknown, service_unknown, visit_too_long, appointment_unknown.
    """
    if wish == NOTHING:
        return NOTHING
    return Wish(
        priority=station.queue.check_reason(wish.priority) if wish.priority else "",
        quick=wish.quick,
        further=further(station, service_id, wish.further),
        appointment=parse_code(wish.appointment) if wish.appointment else "",
    )


def grant(transaction: Transaction, ticket: tuple[int, str], wish: Wish, eid: bytes) -> None:
    """Store what goes with a number (row id and its text); `eid` is its command."""
    ticket_id, name = ticket
    moment = transaction.moment
    booked_at = ""
    if wish.appointment:
        booked_at = take(transaction, wish.appointment, ticket_id).booked_for
        came = AppointmentCheckedIn(
            appointment=wish.appointment,
            ticket=name,
            day=moment.day,
            checked_in_at=moment.text,
        )
        transaction.record(came, Cause(_part(eid, "appointment")))
    if wish.priority:
        preferred = TicketPrioritised(
            ticket=name,
            day=moment.day,
            reason=wish.priority,
            officer="",
            prioritised_at=moment.text,
        )
        transaction.record(preferred, Cause(_part(eid, "priority")))
    if wish.priority or wish.quick or booked_at:
        place = Place(wish.priority, wish.quick, "", booked_at)
        queue.add_place(transaction, ticket_id, place)
    for position, service_id in enumerate(wish.further, 1):
        queue.add_visit(transaction, ticket_id, position, service_id)
    if wish.further:
        event = extension(transaction, name, wish.further)
        transaction.record(event, Cause(_part(eid, "further")))


def _part(eid: bytes, name: str) -> bytes:
    """The id of a further event of one command: the same for a repeated request."""
    return hashlib.sha256(eid + name.encode()).digest()[:16]

"""Booked visits: book a slot, give it up, check in and get a number.

Rules: a booking says a code, a service and a time, nothing about a person; a slot has a limited
number of places; checking in gives a number once, whose turn `domain/queue_order` works out from
the booked time. Bookings come from officers, from LAN programs and from the city.
"""

from datetime import datetime
from typing import Final, NamedTuple

import msgspec

from edge_node.domain.appointment import (
    CODE_CHARACTERS,
    AppointmentAction,
    AppointmentState,
    apply_appointment,
    make_code,
    parse_code,
)
from edge_node.domain.errors import DomainError, ErrorCode, Fault
from edge_node.domain.events import AppointmentBooked, AppointmentCancelled
from edge_node.store import appointments
from edge_node.store.appointments import AppointmentRow, Source
from edge_node.store.unit_of_work import Cause, Transaction
from edge_node.usecases.station import Station

CODE_TRIES: Final = 8
"""Codes drawn before a booking is refused as `busy`; one is enough until millions are booked."""


class Slot(NamedTuple):
    """What is booked: a service at a time (aware datetime)."""

    service_id: str
    booked_for: datetime


class Drawn(NamedTuple):
    """What chance gives a booking: its event's id, and codes of which the first free one is its."""

    eid: bytes
    codes: tuple[str, ...]


class Appointment(msgspec.Struct, frozen=True, kw_only=True):
    """A booking as pages and LAN programs see it; `booked_for` is ISO 8601."""

    code: str
    service: str
    booked_for: str
    state: str
    source: str


async def book(station: Station, slot: Slot, source: Source, code: str = "") -> Appointment:
    """Book a visit; the city gives its own `code`. Errors: service_unknown, appointment_full."""
    station.catalogue.service(slot.service_id)
    named, drawn = parse_code(code) if code else "", draw(station)

    def work(transaction: Transaction) -> AppointmentRow:
        if not named:
            return add(station, transaction, slot, source, drawn)
        known = appointments.find(transaction.connection, named)
        if known is not None:
            return known  # the city says it again
        return add(station, transaction, slot, source, drawn._replace(codes=(named,)))

    return as_appointment(await station.store.write(station.moment(), work))


def draw(station: Station) -> Drawn:
    """Drawn before the transaction, which must not wait for chance."""
    codes = tuple(make_code(station.entropy(CODE_CHARACTERS)) for _ in range(CODE_TRIES))
    return Drawn(station.entropy(16), codes)


def add(
    station: Station, transaction: Transaction, slot: Slot, source: Source, drawn: Drawn
) -> AppointmentRow:
    """Book within a transaction. Errors: appointment_full, busy."""
    connection, moment = transaction.connection, transaction.moment
    booked_for = slot.booked_for.astimezone(moment.now.tzinfo).isoformat(timespec="seconds")
    taken = appointments.count_at(connection, booked_for, slot.service_id)
    of_day = appointments.count_on(connection, booked_for[:10])
    if taken >= station.queue.places_per_slot or of_day >= station.queue.bookings_per_day:
        raise DomainError(ErrorCode.APPOINTMENT_FULL)
    free = (one for one in drawn.codes if appointments.find(connection, one) is None)
    code = next(free, None)
    if code is None:
        raise DomainError(ErrorCode.BUSY, fault=Fault.STATION)
    row = AppointmentRow(
        code=code,
        day=booked_for[:10],
        booked_for=booked_for,
        service_id=slot.service_id,
        source=source,
        state=AppointmentState.BOOKED,
        ticket_id=None,
    )
    appointments.insert(transaction, row, moment.text)
    event = AppointmentBooked(
        appointment=row.code,
        service=row.service_id,
        booked_for=booked_for,
        source=source,
        booked_at=moment.text,
    )
    transaction.record(event, Cause(drawn.eid))
    return row


async def cancel(station: Station, code: str) -> Appointment:
    """Give a booking up, once or again. Errors: appointment_unknown, appointment_used."""
    wanted, eid = parse_code(code), station.entropy(16)

    def work(transaction: Transaction) -> AppointmentRow:
        row = _required(transaction, wanted)
        if row.state is AppointmentState.CANCELLED:
            return row
        state = apply_appointment(row.state, AppointmentAction.CANCEL)
        appointments.set_state(transaction, row.code, state)
        event = AppointmentCancelled(appointment=row.code, cancelled_at=transaction.moment.text)
        transaction.record(event, Cause(eid))
        return row._replace(state=state)

    return as_appointment(await station.store.write(station.moment(), work))


async def of_day(station: Station, day: str) -> list[Appointment]:
    """The bookings of a calendar day by their time."""
    rows = await station.store.read(lambda connection: appointments.of_day(connection, day))
    return [as_appointment(row) for row in rows]


async def find(station: Station, code: str) -> Appointment:
    """One booking. Error: appointment_unknown."""
    wanted = parse_code(code)
    row = await station.store.read(lambda connection: appointments.find(connection, wanted))
    if row is None:
        raise DomainError(ErrorCode.APPOINTMENT_UNKNOWN)
    return as_appointment(row)


def take(transaction: Transaction, code: str, ticket_id: int) -> AppointmentRow:
    """Use a booking of today for a number that is being given out.

    Errors: appointment_unknown, appointment_day, appointment_used, appointment_cancelled.
    """
    row = _required(transaction, code)
    if row.day != transaction.moment.text[:10]:
        raise DomainError(ErrorCode.APPOINTMENT_DAY)
    state = apply_appointment(row.state, AppointmentAction.CHECK_IN)
    appointments.set_state(transaction, row.code, state, ticket_id)
    return row


def as_appointment(row: AppointmentRow) -> Appointment:
    """A stored booking as pages see it."""
    return Appointment(
        code=row.code,
        service=row.service_id,
        booked_for=row.booked_for,
        state=row.state.value,
        source=row.source,
    )


def _required(transaction: Transaction, code: str) -> AppointmentRow:
    row = appointments.find(transaction.connection, code)
    if row is None:
        raise DomainError(ErrorCode.APPOINTMENT_UNKNOWN)
    return row

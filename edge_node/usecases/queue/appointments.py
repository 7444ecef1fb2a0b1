"""Booked visits: book a slot, give it up, check in and get a number.

Rules: a booking says a code, a service and a time, nothing about a person; a slot has a limited
number of places; checking in gives a number once, whose turn `domain/queue_order` works out from
the booked time. Bookings come from officers, from LAN programs and from the city, whose citizens
have theirs already: no slot is full for them, but a day is, and nothing is taken over from beyond
the days that can be booked.
"""

from datetime import datetime, timedelta
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


def draw(station: Station) -> Drawn:
    """Drawn before the transaction, which must not wait for chance."""
    codes = tuple(make_code(station.entropy(CODE_CHARACTERS)) for _ in range(CODE_TRIES))
    return Drawn(station.entropy(16), codes)


def add(
    station: Station, transaction: Transaction, slot: Slot, source: Source, drawn: Drawn
) -> AppointmentRow:
    """Book within a transaction. Errors: appointment_full, busy."""
    connection = transaction.connection
    row = row_of(transaction, slot, source)
    taken = appointments.count_at(connection, row.booked_for, row.service_id)
    if taken >= station.queue.places_per_slot:
        raise DomainError(ErrorCode.APPOINTMENT_FULL)
    free = (one for one in drawn.codes if appointments.find(connection, one) is None)
    code = next(free, None)
    if code is None:
        raise DomainError(ErrorCode.BUSY, fault=Fault.STATION)
    return _insert(station, transaction, row._replace(code=code), drawn.eid)


def take_over(
    station: Station, transaction: Transaction, row: AppointmentRow, eid: bytes
) -> AppointmentRow:
    """Keep a booking of the city, whose code is not known here yet.

    Errors: service_unknown, appointment_time (not yet), appointment_full.
    """
    station.catalogue.service(row.service_id)
    ahead = station.queue.booking_days_ahead
    last = transaction.moment.now.date() + timedelta(days=ahead)
    if row.day > last.isoformat():
        raise DomainError(ErrorCode.APPOINTMENT_TIME, days=ahead)
    return _insert(station, transaction, row, eid)


def row_of(transaction: Transaction, slot: Slot, source: Source, code: str = "") -> AppointmentRow:
    """A booking as it is stored, its time in the station's zone."""
    zone = transaction.moment.now.tzinfo
    booked_for = slot.booked_for.astimezone(zone).isoformat(timespec="seconds")
    return AppointmentRow(
        code=code,
        day=booked_for[:10],
        booked_for=booked_for,
        service_id=slot.service_id,
        source=source,
        state=AppointmentState.BOOKED,
        ticket_id=None,
    )


def _insert(
    station: Station, transaction: Transaction, row: AppointmentRow, eid: bytes
) -> AppointmentRow:
    of_day = appointments.count_on(transaction.connection, row.day)
    if of_day >= station.queue.bookings_per_day:
        raise DomainError(ErrorCode.APPOINTMENT_FULL)
    moment = transaction.moment
    appointments.insert(transaction, row, moment.text)
    event = AppointmentBooked(
        appointment=row.code,
        service=row.service_id,
        booked_for=row.booked_for,
        source=row.source,
        booked_at=moment.text,
    )
    transaction.record(event, Cause(eid))
    return row


async def cancel(station: Station, code: str) -> Appointment:
    """Give a booking up, once or again. Errors: appointment_unknown, appointment_used."""
    wanted, eid = parse_code(code), station.entropy(16)

    def work(transaction: Transaction) -> AppointmentRow:
        row = _required(transaction, wanted)
        return row if row.state is AppointmentState.CANCELLED else give_up(transaction, row, eid)

    row = await station.store.write(station.moment(), work)
    station.changes.announce("booking")
    return as_appointment(row)


def give_up(transaction: Transaction, row: AppointmentRow, eid: bytes) -> AppointmentRow:
    """Cancel within a transaction. Errors: appointment_used, appointment_cancelled."""
    state = apply_appointment(row.state, AppointmentAction.CANCEL)
    appointments.set_state(transaction, row.code, state)
    event = AppointmentCancelled(appointment=row.code, cancelled_at=transaction.moment.text)
    transaction.record(event, Cause(eid))
    return row._replace(state=state)


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

"""Offer free times, book one of them, for officers and LAN programs; print its slip.

Rules: only a free place of a slot within the desk's hours is booked; the same key gets the same
booking for ever, and another request under the same key is refused. An officer's booking comes with
a slip for the citizen; a program's never does. Bookings of the city come with their own codes and
times: see `usecases/queue/appointments.py`.
"""

import hashlib
from collections import Counter
from datetime import date
from typing import NamedTuple

import msgspec

from edge_node.domain.appointment import (
    AppointmentAction,
    AppointmentState,
    apply_appointment,
    parse_code,
)
from edge_node.domain.booking_times import check_time, times_of
from edge_node.domain.errors import DomainError, ErrorCode
from edge_node.domain.queue_rules import SLOT_MINUTES
from edge_node.store import appointments as rows
from edge_node.store import print_jobs, submissions
from edge_node.store.appointments import AppointmentRow, Source
from edge_node.store.unit_of_work import Connection, Transaction
from edge_node.usecases import lookup, printing
from edge_node.usecases.intake import check_key
from edge_node.usecases.lookup import PrintJobView
from edge_node.usecases.paper import booking_slips
from edge_node.usecases.queue.appointments import Appointment, Slot, add, as_appointment, draw
from edge_node.usecases.station import Station, storage_error
from sync.database import DatabaseError


class FreeSlot(msgspec.Struct, frozen=True, kw_only=True):
    """A time that can be booked (ISO 8601), and for how many more visits."""

    booked_for: str
    places: int


class FreeSlots(msgspec.Struct, frozen=True, kw_only=True):
    """What is free for a service on a calendar day, by time; slots last `minutes`."""

    service: str
    day: str
    minutes: int
    slots: tuple[FreeSlot, ...]


class Booked(NamedTuple):
    """The `Appointment` as JSON bytes, and whether it had been answered before."""

    body: bytes
    replayed: bool


async def free_slots(station: Station, service_id: str, day: date) -> FreeSlots:
    """The free times of a day, none outside the desk's hours. Error: service_unknown."""
    service = station.catalogue.service(service_id)
    rules = station.queue
    times = times_of(station.calendar, day, station.clock.now(), rules.booking_days_ahead)
    booked = await station.store.read(lambda connection: rows.of_day(connection, day.isoformat()))
    standing = [one for one in booked if one.state is not AppointmentState.CANCELLED]
    taken = Counter(one.booked_for for one in standing if one.service_id == service.id)
    left_today = rules.bookings_per_day - len(standing)
    texts = [one.isoformat(timespec="seconds") for one in times]
    free = [(text, min(rules.places_per_slot - taken[text], left_today)) for text in texts]
    return FreeSlots(
        service=service.id,
        day=day.isoformat(),
        minutes=SLOT_MINUTES,
        slots=tuple(FreeSlot(booked_for=text, places=left) for text, left in free if left > 0),
    )


async def reserve(station: Station, slot: Slot, source: Source, key: str) -> Booked:
    """Book a free time; durable when this returns.

    Errors: idempotency_key_*, service_unknown, appointment_time, appointment_full, storage_full,
    storage_failing, busy.
    """
    check_key(key)
    station.room.check_dossiers()
    station.catalogue.service(slot.service_id)
    named = f"appointment:{source}:{key}"
    digest = hashlib.sha256(f"{slot.service_id} {slot.booked_for.timestamp()}".encode()).digest()
    drawn = draw(station)

    def work(transaction: Transaction) -> Booked:
        found = submissions.find(transaction.connection, named)
        if found is not None:
            if found[0] != digest:
                raise DomainError(ErrorCode.IDEMPOTENCY_KEY_REUSED)
            return Booked(found[1], replayed=True)
        ahead = station.queue.booking_days_ahead
        check_time(station.calendar, slot.booked_for, transaction.moment.now, ahead)
        row = add(station, transaction, slot, source, drawn)
        body = msgspec.json.encode(as_appointment(row))
        submissions.insert(transaction, named, digest, body)
        if source == "officer":
            booking_slips.queue_in(station, transaction, row)
        return Booked(body, replayed=False)

    try:
        booked = await station.store.write(station.moment(), work)
    except DatabaseError as error:
        raise storage_error(error) from error
    if not booked.replayed:
        station.changes.announce("booking")
        if source == "officer":
            _ring(station)
    return booked


async def print_again(station: Station, code: str) -> Appointment:
    """Print a copy of the slip; the first one, if there is none; nothing while one is coming.

    Errors: appointment_unknown, appointment_used, appointment_cancelled, storage_*.
    """
    wanted = parse_code(code)

    def work(transaction: Transaction) -> tuple[AppointmentRow, int | None]:
        row = rows.find(transaction.connection, wanted)
        if row is None:
            raise DomainError(ErrorCode.APPOINTMENT_UNKNOWN)
        # A slip for what is over would send somebody here in vain.
        apply_appointment(row.state, AppointmentAction.CHECK_IN)
        job = print_jobs.of_booking(transaction.connection, row.code, row.booked_for)
        if job is None:
            booking_slips.queue_in(station, transaction, row)
        if job is None or printing.comes_by_itself(job, transaction.moment.now):
            return row, None
        return row, job.id

    try:
        row, job_id = await station.store.write(station.moment(), work)
        if job_id is not None:
            await printing.reprint(station, job_id)
    except DatabaseError as error:
        raise storage_error(error) from error
    _ring(station)
    return as_appointment(row)


async def slip_of(station: Station, booked: Appointment) -> PrintJobView | None:
    """The newest slip of a booking and what became of it."""

    def ask(connection: Connection) -> int | None:
        job = print_jobs.of_booking(connection, booked.code, booked.booked_for)
        return job.id if job is not None else None

    job_id = await station.store.read(ask)
    return await lookup.print_job(station, job_id) if job_id is not None else None


def _ring(station: Station) -> None:
    station.paper.ring()
    station.changes.announce("print")

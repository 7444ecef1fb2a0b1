"""The slip of a booking: one with an officer's, none with a program's, copies that say so."""

from datetime import datetime, timedelta

import msgspec
import pytest

from edge_node.documents import model
from edge_node.domain.errors import DomainError, ErrorCode
from edge_node.domain.queue_rules import QueueRules
from edge_node.store import print_jobs
from edge_node.store.appointments import Source
from edge_node.store.print_jobs import PrintJobRow
from edge_node.store.unit_of_work import Connection
from edge_node.usecases.bookings import free_slots, print_again, reserve, slip_of
from edge_node.usecases.printing import MAXIMUM_RETRY_AGE, print_next
from edge_node.usecases.queue import appointments
from edge_node.usecases.queue.appointments import Appointment, Slot
from edge_node.usecases.station import Station
from hardware.ports import DeviceError, Failed
from tests.usecases.test_printing import TrayPrinter, desk
from tests.web.station import TestClock

NINE = datetime.fromisoformat("2026-11-23T09:00:00+07:00")


async def book(station: Station, source: Source = "officer", key: str = "k") -> Appointment:
    answer = await reserve(station, Slot("residence", NINE), source, key)
    return msgspec.json.decode(answer.body, type=Appointment)


async def slips(station: Station) -> list[PrintJobRow]:
    def ask(connection: Connection) -> list[PrintJobRow]:
        found = (print_jobs.find(connection, n) for n in range(1, 9))
        return [row for row in found if row is not None]

    return await station.store.read(ask)


async def test_an_officers_booking_has_one_slip_however_often_it_is_sent(station: Station) -> None:
    booked = await book(station)
    assert await book(station) == booked
    [job] = await slips(station)
    slip = msgspec.json.decode(job.slip, type=model.BookingSlip)
    assert (job.kind, job.role, job.copy_of) == ("booking_slip", "ticket", None)
    assert (slip.booking_code, slip.booked_for) == (booked.code, NINE)
    assert (slip.agency, slip.service_vi) == ("Công an phường Bà Rịa", "Cư trú")
    found = await slip_of(station, booked)
    assert found is not None
    assert found.id == job.id


@pytest.mark.parametrize("source", ["api", "city"])
async def test_other_bookings_print_nothing_until_an_officer_asks(
    station: Station, source: Source
) -> None:
    booked = await book(station, source)
    assert await slips(station) == []
    assert await slip_of(station, booked) is None
    await print_again(station, booked.code)
    assert [job.copy_of for job in await slips(station)] == [None]


async def test_a_day_has_a_limit_whatever_is_free_in_its_slots(station: Station) -> None:
    station.queue = QueueRules(bookings_per_day=2, places_per_slot=50)
    first = await book(station, "api", "a")
    other = Slot("identity", NINE + timedelta(minutes=30))
    await reserve(station, other, "api", "b")
    with pytest.raises(DomainError) as caught:
        await book(station, "api", "c")
    assert caught.value.code is ErrorCode.APPOINTMENT_FULL
    assert (await free_slots(station, "residence", NINE.date())).slots == ()
    await appointments.cancel(station, first.code)
    free = (await free_slots(station, "residence", NINE.date())).slots
    assert {one.places for one in free} == {1}
    await book(station, "api", "d")


async def test_nothing_is_offered_or_booked_beyond_the_chiefs_limit(station: Station) -> None:
    station.queue = QueueRules(booking_days_ahead=2)
    assert (await free_slots(station, "residence", NINE.date() + timedelta(days=2))).slots
    assert not (await free_slots(station, "residence", NINE.date() + timedelta(days=3))).slots
    with pytest.raises(DomainError) as caught:
        await reserve(station, Slot("residence", NINE + timedelta(days=3)), "api", "far")
    assert (caught.value.code, caught.value.params) == (ErrorCode.APPOINTMENT_TIME, {"days": 2})


async def test_a_slip_that_is_coming_is_not_doubled(station: Station) -> None:
    booked = await book(station)
    await print_again(station, booked.code)
    await print_next(station, desk(TrayPrinter(Failed(DeviceError.PAPER_OUT))))
    await print_again(station, booked.code)
    assert [job.state.value for job in await slips(station)] == ["failed"]


async def test_a_second_slip_says_that_it_is_a_copy(station: Station) -> None:
    booked = await book(station)
    await print_next(station, desk(TrayPrinter()))
    assert await print_again(station, booked.code) == booked
    first, second = await slips(station)
    assert (second.copy_of, second.slip) == (first.id, first.slip)


async def test_what_is_not_tried_any_more_can_be_asked_for(
    station: Station, clock: TestClock
) -> None:
    booked = await book(station)
    await print_next(station, desk(TrayPrinter(Failed(DeviceError.PAPER_OUT))))
    clock.advance(int(MAXIMUM_RETRY_AGE.total_seconds()) + 1)
    await print_again(station, booked.code)
    assert len(await slips(station)) == 2


async def test_no_slip_for_what_is_over_or_never_was(station: Station) -> None:
    booked = await book(station)
    await appointments.cancel(station, booked.code)
    for code, why in (
        (booked.code, ErrorCode.APPOINTMENT_CANCELLED),
        ("234567", ErrorCode.APPOINTMENT_UNKNOWN),
    ):
        with pytest.raises(DomainError) as caught:
            await print_again(station, code)
        assert caught.value.code is why
    assert len(await slips(station)) == 1


async def test_open_pages_hear_of_a_booking_and_of_its_end_once(station: Station) -> None:
    async with station.changes.subscribe() as queue:
        booked = await book(station, "api")
        assert await book(station, "api") == booked
        assert [queue.get_nowait().topic for _ in range(queue.qsize())] == ["booking"]
        await appointments.cancel(station, booked.code)
        assert [queue.get_nowait().topic for _ in range(queue.qsize())] == ["booking"]

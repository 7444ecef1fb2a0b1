"""Visits booked with the city: taken over once, within the station's limits, nobody named."""

from datetime import datetime, timedelta
from itertools import permutations
from typing import Any

import pytest

from edge_node.domain.errors import DomainError, ErrorCode
from edge_node.domain.queue_rules import PLACES_PER_SLOT, QueueRules
from edge_node.usecases import intake
from edge_node.usecases.intake import Asked
from edge_node.usecases.queue import appointments
from edge_node.usecases.queue.appointments import Slot
from edge_node.usecases.station import Station
from tests.usecases.booking_samples import book
from tests.usecases.city_side import Daemon, inbox_of, kept, records
from tests.web.station import START, TestClock

CODE = "7KX2MP"
NINE = START + timedelta(minutes=18)


def word(code: str = CODE, at: datetime = NINE, type_: str = "booking.made", **more: Any) -> Any:
    said = {"type": type_, "code": code, "service": "residence"}
    return {**said, "booked_for": at.isoformat(), **more}


def given_up(code: str = CODE, at: datetime = NINE) -> Any:
    return word(code, at, "booking.cancelled")


async def heard(station: Station, daemon: Daemon, *words: Any) -> None:
    for one in words:
        await daemon.entry(75 if one["type"] == "booking.cancelled" else 74, one)
    await inbox_of(station)


async def states(station: Station, day: str = "2026-11-23") -> dict[str, str]:
    return {one.code: one.state for one in await appointments.of_day(station, day)}


async def told(station: Station) -> list[str]:
    """The events about bookings, which is how the city hears what became of them."""
    kinds = {39: "booked", 40: "came", 41: "given up"}
    return [kinds[one.kind] for one in await records(station) if one.kind in kinds]


async def test_a_booking_of_the_city_gives_a_number_at_the_kiosk(
    station: Station, daemon: Daemon
) -> None:
    await heard(station, daemon, word(), word())
    (booked,) = await appointments.of_day(station, "2026-11-23")
    assert (booked.code, booked.source, booked.booked_for) == (CODE, "city", NINE.isoformat())
    taken = await intake.check_in(station, CODE.lower(), Asked("k", "kiosk"))
    assert taken.ticket.ticket == "A001"
    await heard(station, daemon, given_up(), word())
    assert await states(station) == {CODE: "checked_in"}
    assert await told(station) == ["booked", "came"]
    assert await kept(station) == {}


@pytest.mark.parametrize("order", sorted(set(permutations("MMCC"))), ids="".join)
async def test_in_whatever_order_the_words_come_it_is_given_up(
    station: Station, daemon: Daemon, order: tuple[str, ...]
) -> None:
    await heard(station, daemon, *(word() if one == "M" else given_up() for one in order))
    assert await states(station) == {CODE: "cancelled"}
    assert await told(station) in ([], ["booked", "given up"])
    with pytest.raises(DomainError) as caught:
        await intake.check_in(station, CODE, Asked("k", "kiosk"))
    assert caught.value.code is ErrorCode.APPOINTMENT_CANCELLED


async def test_who_booked_with_the_city_has_a_place_but_a_day_has_an_end(
    station: Station, daemon: Daemon
) -> None:
    for _ in range(PLACES_PER_SLOT):
        await book(station, Slot("residence", NINE))
    station.queue = QueueRules(bookings_per_day=PLACES_PER_SLOT + 1)
    await heard(station, daemon, word(), word("ABC234"))
    assert (await states(station))[CODE] == "booked"
    assert len(await states(station)) == PLACES_PER_SLOT + 1
    assert await kept(station) == {"refused": 1}


async def test_what_is_too_far_ahead_waits_until_it_is_near(
    station: Station, daemon: Daemon, clock: TestClock
) -> None:
    station.queue = QueueRules(booking_days_ahead=5)
    far = NINE + timedelta(days=6)
    await heard(station, daemon, word(at=far), word("ABC234", far, service="no-such"))
    assert await kept(station) == {"waiting": 2}
    clock.advance(24 * 3600)
    await inbox_of(station)
    assert await states(station, far.date().isoformat()) == {CODE: "booked"}
    assert await kept(station) == {"waiting": 1}


async def test_yesterdays_booking_is_no_news(station: Station, daemon: Daemon) -> None:
    before = NINE - timedelta(days=1)
    await heard(station, daemon, word(at=before), given_up(at=before))
    assert await states(station, before.date().isoformat()) == {}
    assert await kept(station) == {}


async def test_a_code_is_one_booking(station: Station, daemon: Daemon) -> None:
    own = await book(station, Slot("residence", NINE))
    later = NINE + timedelta(hours=1)
    await heard(
        station, daemon, word(), word(at=later), given_up(at=later), word(own.code),
        given_up(own.code), word("short"), word("ABC234", booked_for="2026-11-25T09:00:00"),
        word("ABC235", booked_for="mai"), word("ABC236", booked_for="9999-12-31T23:59:59-12:00"),
    )  # fmt: skip
    assert await states(station) == {CODE: "booked", own.code: "booked"}
    assert await kept(station) == {"refused": 8}


async def test_what_an_officer_cancels_stays_cancelled(station: Station, daemon: Daemon) -> None:
    await heard(station, daemon, word())
    await appointments.cancel(station, CODE)
    await heard(station, daemon, word())
    assert await states(station) == {CODE: "cancelled"}
    assert await told(station) == ["booked", "given up"]


async def test_counters_hear_of_a_booking_as_it_comes_and_as_it_goes(
    station: Station, daemon: Daemon
) -> None:
    async with station.changes.subscribe() as queue:
        for one in (word(), given_up()):
            await heard(station, daemon, one)
            topics = {queue.get_nowait().topic for _ in range(queue.qsize())}
            assert "booking" in topics
        await daemon.entry(70, {"type": "nothing.known"})
        await inbox_of(station)
        assert "booking" not in {queue.get_nowait().topic for _ in range(queue.qsize())}

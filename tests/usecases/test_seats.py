"""Browsers and their seats: one browser each, known by a digest, seen now and then."""

from edge_node.domain.seats import SeatRules
from edge_node.store.unit_of_work import Connection
from edge_node.usecases import seats
from edge_node.usecases.seats import SEEN_EVERY_MS
from edge_node.usecases.station import Station
from tests.web.station import TestClock

TWO = SeatRules(("1", "2"), "open")


async def test_a_browser_is_where_it_was_paired(station: Station) -> None:
    station.seats = TWO
    assert await seats.kiosk_of(station, "") == ""
    token = await seats.pair(station, "kiosk-2", "minh")
    assert await seats.kiosk_of(station, token) == "kiosk-2"
    assert await seats.kiosk_of(station, token[:-1]) == ""


async def test_another_browser_takes_the_seat_over(station: Station) -> None:
    station.seats = TWO
    first = await seats.pair(station, "kiosk-1", "minh")
    second = await seats.pair(station, "kiosk-1", "minh")
    assert await seats.kiosk_of(station, first) == ""
    assert await seats.kiosk_of(station, second) == "kiosk-1"


async def test_a_browser_leaves_its_seat_for_another(station: Station) -> None:
    station.seats = TWO
    before = await seats.pair(station, "kiosk-1", "minh")
    await seats.pair(station, "kiosk-2", "minh", before)
    assert list(await seats.paired(station)) == ["kiosk-2"]


async def test_once_one_is_paired_strangers_are_no_kiosk(station: Station) -> None:
    assert await seats.kiosk_of(station, "") == "kiosk-1"
    await seats.pair(station, "kiosk-1", "minh")
    assert await seats.kiosk_of(station, "") == ""
    await seats.release(station, "kiosk-1", "minh")
    assert await seats.kiosk_of(station, "") == "kiosk-1"


async def test_the_station_keeps_no_token(station: Station) -> None:
    token = await seats.pair(station, "kiosk-1", "minh")

    def ask(connection: Connection) -> str:
        return repr(connection.execute("SELECT * FROM seat").fetchall())

    kept = await station.store.read(ask)
    assert token not in kept
    assert repr(bytes.fromhex(token)) not in kept


async def test_when_it_was_last_seen_is_noted_once_in_a_while(
    station: Station, clock: TestClock
) -> None:
    token = await seats.pair(station, "kiosk-1", "minh")
    begun_ms = clock.read().wall_ms
    clock.advance(SEEN_EVERY_MS // 1000 - 1)
    await seats.kiosk_of(station, token)
    assert (await seats.paired(station))["kiosk-1"].seen_wall_ms == begun_ms
    clock.advance(1)
    await seats.kiosk_of(station, token)
    assert (await seats.paired(station))["kiosk-1"].seen_wall_ms == begun_ms + SEEN_EVERY_MS
    clock.advance(-3600)
    await seats.kiosk_of(station, token)
    row = (await seats.paired(station))["kiosk-1"]
    assert row.seen_wall_ms == begun_ms + SEEN_EVERY_MS - 3600_000

"""Numbers begin anew at the station's midnight and never twice in a day."""

from pathlib import Path

from edge_node.usecases import intake, queue
from edge_node.usecases.intake import Asked
from edge_node.usecases.queue.board import board
from edge_node.usecases.queue.days import start_day
from edge_node.usecases.station import Station
from hardware.ports import ClockReading
from tests.web.station import TestClock, make_officer, open_station

MINH = make_officer("minh", "Trần Văn Minh", "2")
UNTIL_MIDNIGHT_S = 15 * 3600 + 18 * 60


class SetClock(TestClock):
    """A clock whose wall time can be set, and be known to be wrong."""

    def __init__(self) -> None:
        super().__init__()
        self.set_s = 0
        self.quality = 1

    def read(self) -> ClockReading:
        reading = super().read()
        return ClockReading(reading.mono_ms - self.set_s * 1000, reading.wall_ms, self.quality)

    def set_by(self, seconds: int) -> None:
        """Somebody sets the wall clock."""
        self.set_s += seconds
        self.advance(seconds)


async def take(station: Station, key: str) -> str:
    taken = await intake.take_ticket(station, "residence", Asked(key, "kiosk"))
    return taken.ticket.ticket


async def test_numbers_begin_anew_at_midnight(station: Station, clock: TestClock) -> None:
    clock.advance(UNTIL_MIDNIGHT_S - 1)
    assert [await take(station, key) for key in "ab"] == ["A001", "A002"]
    clock.advance(1)
    assert await take(station, "c") == "A001"
    assert (await board(station)).following == ("A001",)


async def test_a_turn_across_midnight_leaves_the_counter_free(
    station: Station, clock: TestClock
) -> None:
    clock.advance(UNTIL_MIDNIGHT_S - 60)
    await take(station, "a")
    await queue.call_next(station, MINH)
    clock.advance(120)
    assert await queue.present_call(station, MINH) is None
    assert await queue.call_next(station, MINH) is None


async def test_a_clock_that_is_set_gives_no_number_twice(tmp_path: Path) -> None:
    clock = SetClock()
    async with open_station(tmp_path, clock) as station:
        assert await take(station, "a") == "A001"
        clock.set_by(86_400)
        assert await take(station, "b") == "A002"
        assert (await board(station)).following == ("A001", "A002")
    async with open_station(tmp_path, clock) as again:
        await start_day(again)
        assert await take(again, "c") == "A003"
        clock.advance(UNTIL_MIDNIGHT_S)
        assert await take(again, "d") == "A001"


async def test_a_wrong_clock_goes_on_with_the_last_day(tmp_path: Path) -> None:
    clock = SetClock()
    async with open_station(tmp_path, clock) as station:
        assert await take(station, "a") == "A001"
    clock.set_by(-86_400 * 365 * 50)
    clock.quality = 0
    async with open_station(tmp_path, clock) as again:
        await start_day(again)
        assert await take(again, "b") == "A002"
        clock.set_by(86_400 * (365 * 50 + 1))
        clock.quality = 1
        assert await take(again, "c") == "A003"


async def test_without_a_look_back_the_negative_control_gives_a_number_twice(
    tmp_path: Path,
) -> None:
    clock = SetClock()
    async with open_station(tmp_path, clock) as station:
        assert await take(station, "a") == "A001"
        clock.set_by(86_400)
        station.days.open = None
        assert await take(station, "b") == "A001"

"""When opening has its turns: after a short pause, after a herd, and at last whatever comes."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from itertools import pairwise
from typing import cast

from sync.city.archive.port import Archive
from sync.city.metrics import Metrics
from sync.city.receiving.projections import (
    MAXIMUM_RUSH_S,
    MAXIMUM_WAIT_S,
    QUIET_S,
    RUSH_BATCHES,
    RUSH_QUIET_S,
    TURN_RECORDS,
    Opener,
    Traffic,
    keep_opening,
)
from tests.city.archive_bench import KEYS, NOW_MS
from tests.simulators.city import EXECUTOR
from tests.simulators.virtual import VirtualLoop

BATCH_RECORDS = 100


class City(Traffic):
    """Records that wait, and when they had their turns."""

    def __init__(self) -> None:
        super().__init__()
        self.waiting = 0
        self.turns: list[float] = []

    async def take(self, batches: int, every_s: float) -> None:
        """Batches one after another."""
        for _ in range(batches):
            with self.batch():
                self.waiting += BATCH_RECORDS
            self.arrived.set()
            await asyncio.sleep(every_s)


@dataclass(frozen=True)
class Turns(Opener):
    """An opener that only notes when it had a turn."""

    city: City = field(default_factory=City)

    async def open_some(self) -> int:
        opened = min(TURN_RECORDS, self.city.waiting)
        if opened:
            self.city.waiting -= opened
            self.city.turns.append(asyncio.get_running_loop().time())
        return opened

    async def reconsider(self) -> int:
        return 0


def turns(send: Callable[[City], Awaitable[None]]) -> list[float]:
    """When opening had its turns, in seconds of a clock that jumps; everything is opened."""
    city = City()
    nothing = cast("Archive", None)
    opener = Turns(nothing, KEYS, EXECUTOR, lambda: NOW_MS, Metrics(), city=city)

    async def run() -> None:
        async with asyncio.TaskGroup() as group:
            opening = group.create_task(keep_opening(opener, city))
            await asyncio.sleep(0.001)  # what lay there at the start is opened at once
            await send(city)
            await asyncio.sleep(60)
            opening.cancel()

    loop = VirtualLoop()
    try:
        loop.run_until_complete(run())
    finally:
        loop.close()
    assert not city.waiting
    return city.turns


def test_a_lone_batch_is_opened_after_a_short_pause() -> None:
    (turn,) = turns(lambda city: city.take(1, 0.01))
    assert QUIET_S <= turn < RUSH_QUIET_S


def test_a_short_silence_in_a_herd_is_not_its_end() -> None:
    """Stations that a busy machine keeps waiting are still sending."""
    silence_s = RUSH_QUIET_S - QUIET_S

    async def herd(city: City) -> None:
        for _ in range(5):
            await city.take(2 * RUSH_BATCHES, 0.001)
            await asyncio.sleep(silence_s)

    found = turns(herd)
    assert found[0] >= 4 * silence_s + RUSH_QUIET_S


def test_the_longest_rush_holds_opening_up_for_so_long_and_no_longer() -> None:
    found = turns(lambda city: city.take(1500, 0.01))
    rush = [turn for turn in found if turn < 15]
    assert MAXIMUM_RUSH_S <= rush[0] < MAXIMUM_RUSH_S + MAXIMUM_WAIT_S
    between = [after - before for before, after in pairwise(rush)]
    assert len(rush) >= 9
    assert max(between) <= MAXIMUM_WAIT_S + QUIET_S


def test_a_batch_under_way_counts_however_long_it_takes() -> None:

    async def slow(city: City) -> None:
        await city.take(1, 0)
        with city.batch():
            await asyncio.sleep(3)

    (turn,) = turns(slow)
    assert turn >= 3 + QUIET_S


def test_a_rush_ends_with_its_silence() -> None:
    """The next one has its own time; the one before does not count against it."""

    async def twice(city: City) -> None:
        await city.take(900, 0.01)
        await asyncio.sleep(30)
        await city.take(900, 0.01)

    found = turns(twice)
    second = [turn for turn in found if turn > 39]
    assert second[0] >= 48

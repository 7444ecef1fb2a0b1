"""A station and its simulated city, for tests of the whole daemon."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable
from typing import Final

from sync.daemon.loop import Surroundings, run_once, serve
from sync.daemon.progress import Session
from sync.protocol.batch import SignedBatch
from sync.protocol.custody import CustodyReason
from tests.daemon.city_simulator import CitySimulator, Listening
from tests.daemon.station import StationFiles, surroundings

LEAF_BYTES: Final = 60
"""More than a withheld pair has, less than any record."""


class Scene:
    """A station and its city."""

    def __init__(self, station: StationFiles, city: CitySimulator, where: Listening) -> None:
        self.station = station
        self.city = city
        self.where = where

    async def once(self, around: Surroundings | None = None) -> Session:
        return await run_once(self.station.settings, around or surroundings())

    async def assert_everything_arrived(self) -> None:
        own = await self.station.records()
        assert {lid: log.raws for lid, log in self.city.logs.items()} == own
        rows = await self.station.ask("SELECT lid, acked, applied FROM log_state")
        assert {lid: (acked, applied) for lid, acked, applied in rows} == {
            lid: (len(raws), len(raws)) for lid, raws in own.items()
        }


def cannot_read_whole(*poison: int) -> Callable[[SignedBatch], int]:
    """A city that takes these sequences of a log as leaves only, by its signed word."""

    def custody_for(signed: SignedBatch) -> int:
        header = signed.header
        hit = any(header.first <= one < header.first + header.count for one in poison)
        return CustodyReason.UNREADABLE if hit and header.plaintext_bytes > LEAF_BYTES else 0

    return custody_for


@contextlib.asynccontextmanager
async def serving(scene: Scene, around: Surroundings) -> AsyncIterator[asyncio.Event]:
    """The service beside the test; it is stopped at the end unless the test did."""
    stop, ready = asyncio.Event(), asyncio.Event()
    async with asyncio.TaskGroup() as group:
        group.create_task(serve(scene.station.settings, around, stop, ready.set))
        await ready.wait()
        try:
            yield stop
        finally:
            stop.set()

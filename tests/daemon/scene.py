"""A station and its simulated city, for tests of the whole daemon."""

import asyncio
import contextlib
from collections.abc import AsyncIterator

from sync.daemon.loop import Surroundings, run_once, serve
from sync.daemon.progress import Session
from tests.daemon.city_simulator import CitySimulator, Listening
from tests.daemon.station import StationFiles, surroundings


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

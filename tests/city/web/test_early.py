"""A batch that overtakes the one before it on another connection of the same station."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

from prometheus_client.parser import text_string_to_metric_families

from sync.city.receiving.growth import Growth
from tests.city.server import Reply, TestCity, running_city
from tests.city.station import SimulatedStation

LID = b"the log they ask"


class SlowBody:
    """A body whose second half waits for a word."""

    def __init__(self, data: bytes) -> None:
        self._data = data
        self.go_on = asyncio.Event()

    async def parts(self) -> AsyncIterator[bytes]:
        half = len(self._data) // 2
        yield self._data[:half]
        await self.go_on.wait()
        yield self._data[half:]


async def gauge(city: TestCity, name: str) -> float:
    """A figure of the operators' page."""
    text = (await city.request("GET", "/metrics")).body.decode()
    families = {family.name: family for family in text_string_to_metric_families(text)}
    return families[name].samples[0].value


async def coming(city: TestCity) -> None:
    """Until the city has begun to read a message."""
    while not await gauge(city, "city_requests_in_progress"):
        pass


async def judged(city: TestCity, early: asyncio.Task[Reply]) -> None:
    """Until the early batch waits, or has its answer."""
    while not await gauge(city, "city_early_batches") and not early.done():
        pass


def first_batch(city: TestCity, station: SimulatedStation, count: int) -> SlowBody:
    public = city.identity.encryption_key.public_key()
    return SlowBody(station.batch(public, 0, count=count))


async def test_a_batch_waits_for_the_one_before_it_that_is_still_coming(tmp_path: Path) -> None:
    station = SimulatedStation()
    station.append_many(5)
    async with running_city(tmp_path) as city, asyncio.TaskGroup() as group:
        await city.enrol(station)
        body = first_batch(city, station, 3)
        first = group.create_task(city.post("/v1/batches", body.parts()))
        await coming(city)
        early = group.create_task(city.send(station, first=3))
        await judged(city, early)
        body.go_on.set()
        assert city.receipt(await first).size == 3
        assert city.receipt(await early).size == 6


async def test_what_is_too_far_ahead_is_told_at_once(tmp_path: Path) -> None:
    station = SimulatedStation()
    station.append_many(600)
    async with running_city(tmp_path) as city, asyncio.TaskGroup() as group:
        await city.enrol(station)
        body = first_batch(city, station, 50)
        first = group.create_task(city.post("/v1/batches", body.parts()))
        await coming(city)
        reply = await city.send(station, first=550)
        assert (reply.status, reply.json()["code"], reply.json()["have"]) == (409, "gap", 0)
        body.go_on.set()
        assert city.receipt(await first).size == 50


async def test_all_who_wait_for_a_log_hear_of_it_and_nothing_is_kept() -> None:
    growth = Growth()
    growth.tell(LID)
    with growth.watch(LID) as one, growth.watch(LID) as two, growth.watch(b"another log") as three:
        growth.tell(LID)
        assert one.is_set()
        assert two.is_set()
        assert not three.is_set()
    assert vars(growth) == vars(Growth())

"""The figures of `/metrics`: counters as of now, the archive's only so often."""

import asyncio
from pathlib import Path
from typing import cast

from sync.city.archive.port import Archive, ArchiveError, ArchiveFault, Gauges, StationSummary
from sync.city.metrics import Metrics
from sync.city.web.figures import ARCHIVE_FIGURES_AGE_MS, Figures
from tests.city.server import NOW_MS, Clock, TestCity, running_city
from tests.city.station import SimulatedStation


class AskedArchive:
    """Counts how often its stations are summarised; fails while it is `sick`."""

    def __init__(self) -> None:
        self.asked = 0
        self.sick = False

    async def gauges(self) -> Gauges:
        if self.sick:
            raise ArchiveError(ArchiveFault.BROKEN)
        await asyncio.sleep(0)
        return Gauges(self.asked, 0, 0, None, 0, None, 0, 0, None)

    async def summarise(self, now_ms: int) -> list[StationSummary]:
        del now_ms
        self.asked += 1
        await asyncio.sleep(0)
        return []


def figures_of(archive: AskedArchive, clock: Clock) -> Figures:
    return Figures(cast("Archive", archive), Metrics(), clock)


async def told(city: TestCity) -> str:
    return (await city.request("GET", "/metrics")).body.decode()


async def test_counters_are_of_now_and_the_archives_figures_of_a_moment_ago(tmp_path: Path) -> None:
    station = SimulatedStation()
    station.append_many(5)
    async with running_city(tmp_path) as city:
        await city.enrol(station)
        city.receipt(await city.send(station, 0, count=2))
        first = await told(city)
        city.receipt(await city.send(station, 2, count=4))
        city.clock.now_ms += ARCHIVE_FIGURES_AGE_MS - 1
        soon = await told(city)
        city.clock.now_ms += 1
        later = await told(city)
    assert "city_unarchived_records 2.0" in first
    assert "city_unarchived_records 2.0" in soon
    assert "city_records_total 6.0" in soon
    assert "city_unarchived_records 6.0" in later


async def test_many_who_ask_at_once_ask_the_archive_once() -> None:
    archive = AskedArchive()
    figures = figures_of(archive, Clock())
    await asyncio.gather(*(figures.text() for _ in range(20)))
    assert archive.asked == 1


async def test_a_clock_that_was_set_back_keeps_no_old_figures() -> None:
    archive, clock = AskedArchive(), Clock()
    figures = figures_of(archive, clock)
    await figures.text()
    clock.now_ms = NOW_MS - 3_600_000
    await figures.text()
    assert archive.asked == 2


async def test_a_sick_archive_hides_no_counter_and_is_asked_again() -> None:
    archive = AskedArchive()
    figures = figures_of(archive, Clock())
    archive.sick = True
    figures.metrics.hellos.inc()
    assert b"city_hellos_total 1.0" in await figures.text()
    archive.sick = False
    await figures.text()
    assert archive.asked == 1

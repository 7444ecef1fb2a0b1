"""The line is cut while people hand in dossiers; it comes back; nothing is lost or doubled."""

import asyncio
from functools import partial

import pytest

from tests.journeys.station_day import StationDay

pytestmark = [pytest.mark.journey, pytest.mark.timeout(300)]

DOSSIERS_BY_API = 200


async def test_everything_reaches_the_city_once_after_an_outage(day: StationDay) -> None:
    before = await day.submit_until_answered("before")
    await day.until("first dossier entered", lambda: _custody(day, before, "entered"))
    await day.line("cut")

    gate = asyncio.Semaphore(16)

    async def one(number: int) -> dict[str, object]:
        async with gate:
            return await day.submit_until_answered(f"outage-{number}")

    answers = await asyncio.gather(*(one(number) for number in range(DOSSIERS_BY_API)))
    numbers = {str(answer["dossier_no"]) for answer in answers}
    assert len(numbers) == DOSSIERS_BY_API

    report = await day.health()
    assert report["backlog"]["dossiers"] == DOSSIERS_BY_API
    assert (await day.read(str(answers[0]["dossier_no"])))["custody"] == "station"
    assert await day.submitted_at_city() == [before["dossier_no"]]

    await day.line("restore")
    seen = await _watch_until_sent(day, numbers)
    assert seen, "the station claimed that all was sent before the city had it"
    at_city = await day.submitted_at_city()
    assert sorted(at_city) == sorted({*numbers, before["dossier_no"]})
    for answer in answers[:5]:
        await day.until("entered", partial(_custody, day, answer, "entered"))


async def _watch_until_sent(day: StationDay, numbers: set[str]) -> bool:
    """Whether the first report of an empty backlog came only after the city held everything."""
    await day.until("backlog empty", day.all_entered)
    return numbers <= set(await day.submitted_at_city())


async def _custody(day: StationDay, answer: dict[str, object], wanted: str) -> bool:
    return bool((await day.read(str(answer["dossier_no"])))["custody"] == wanted)

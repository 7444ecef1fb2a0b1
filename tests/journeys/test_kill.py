"""kill -9 of every process at seeded moments under load: what was acknowledged exists once."""

import asyncio
import os
import random

import pytest

from tests.journeys.station_day import StationDay

pytestmark = [pytest.mark.journey, pytest.mark.timeout(600)]

KILLS = 20 if os.environ.get("WHOLE") else 8
"""Of each process."""

CLIENTS = 6
LONGEST_LIFE_S = 0.6
VICTIMS = ("node", "sync", "city")


async def test_the_same_key_fifty_times_at_once_is_one_dossier(day: StationDay) -> None:
    answers = await asyncio.gather(*(day.submit("one and the same") for _ in range(50)))
    assert sorted(status for status, _, _ in answers) == [200] * 49 + [201]
    assert len({answer["dossier_no"] for _, answer, _ in answers}) == 1
    assert sum(replayed for _, _, replayed in answers) == 49

    status, problem, _ = await day.submit("one and the same", answers={})
    assert status == 422
    assert problem["code"] == "idempotency_key_reused"

    await day.until("backlog empty", day.all_entered)
    assert len(await day.submitted_at_city()) == 1


async def keep_killing(day: StationDay, victim: str) -> None:
    """KILLS times, at a random moment of its life from its first breath on."""
    moments = random.Random(f"kill {victim}")  # noqa: S311 - replayable, not secret
    for _ in range(KILLS):
        await asyncio.sleep(moments.uniform(0, LONGEST_LIFE_S))
        await day.kill(victim)
        await day.start(victim)


async def test_all_three_killed_again_and_again_under_load(day: StationDay) -> None:
    ended = asyncio.Event()
    acknowledged: dict[str, str] = {}

    async def client(name: int) -> None:
        count = 0
        while not ended.is_set():
            key = f"{name}-{count}"
            answer = await day.submit_until_answered(key)
            acknowledged[key] = str(answer["dossier_no"])
            count += 1

    async with asyncio.TaskGroup() as tasks:
        for name in range(CLIENTS):
            tasks.create_task(client(name))
        async with asyncio.TaskGroup() as killers:
            for victim in VICTIMS:
                killers.create_task(keep_killing(day, victim))
        ended.set()

    await day.until("backlog empty", day.all_entered)
    at_city = await day.submitted_at_city()
    assert len(acknowledged) >= KILLS
    assert len(set(acknowledged.values())) == len(acknowledged)
    assert len(at_city) == len(set(at_city)), "a dossier is at the city twice"
    assert set(acknowledged.values()) <= set(at_city), "an acknowledged dossier is missing"

"""The demonstration starts a killed program again, as a station would, and loses nothing."""

import json
from pathlib import Path
from typing import Any

import pytest

from tests.journeys.station_day import StationDay, station_day

pytestmark = [pytest.mark.journey, pytest.mark.timeout(600)]


async def told(day: StationDay, name: str) -> dict[str, Any]:
    """What the demonstration says of this program next."""
    while True:
        change: dict[str, Any] = json.loads(await day.console.readline())
        if change["name"] == name:
            return change


async def test_a_killed_node_is_back_and_nothing_is_lost(tmp_path: Path) -> None:
    async with station_day(tmp_path, "--restart") as day:
        await day.line("cut")
        before = [str((await day.submit(f"before-{one}"))[1]["dossier_no"]) for one in range(5)]
        await day.kill("node")
        died = await told(day, "node")
        assert (died["status"], died["verdict"]) == (-9, "again")
        during = str((await day.submit_until_answered("during"))["dossier_no"])
        back = await told(day, "node")
        assert back["pid"] not in {None, day.pids["node"]}
        for number in (*before, during):
            assert (await day.read(number))["dossier_no"] == number
        await day.line("restore")
        await day.until("all at the city", day.all_entered)
        assert sorted(await day.submitted_at_city()) == sorted([*before, during])

"""A station's card set back to an older copy: what the city has comes home, numbers stay valid."""

import sqlite3
from pathlib import Path
from typing import Any

import pytest

from tests.journeys.station_day import StationDay

pytestmark = [pytest.mark.journey, pytest.mark.timeout(600)]

BEFORE = 3
LOST = 4


def copy_running_database(path: Path, target: Path) -> None:
    """What a card image taken at this moment holds, the running station's log included."""
    with (
        sqlite3.connect(f"file:{path}?mode=ro", uri=True) as source,  # noqa: TID251 - from outside
        sqlite3.connect(target) as copy,  # noqa: TID251
    ):
        source.backup(copy)
    copy.close()
    source.close()


def write_card(node: Path, image: Path) -> None:
    """The database of the image, and nothing of what came after it."""
    for name in ("node.db-wal", "node.db-shm"):
        (node / name).unlink(missing_ok=True)
    (node / "node.db").write_bytes(image.read_bytes())


async def set_back(day: StationDay, image: Path) -> None:
    """The machine stops, its card is written anew, the machine starts."""
    await day.kill("sync")
    await day.kill("node")
    write_card(day.state / "node", image)
    await day.start("node")
    await day.start("sync")


async def test_a_card_set_back_gets_its_dossiers_home(day: StationDay, tmp_path: Path) -> None:
    image = tmp_path / "image.db"
    kept = [(await day.submit(f"kept-{number}"))[1] for number in range(BEFORE)]
    copy_running_database(day.state / "node" / "node.db", image)
    lost = [(await day.submit(f"lost-{number}"))[1] for number in range(LOST)]
    await day.until("all at the city", day.all_entered)

    await set_back(day, image)

    # A visitor who comes before the records are home gets a number of his own.
    fresh = (await day.submit("fresh"))[1]
    assert fresh["dossier_no"] not in {one["dossier_no"] for one in lost}

    async def all_home() -> list[dict[str, Any]] | None:
        found = []
        for one in lost:
            address = f"{day.api}/dossiers/{one['dossier_no']}"
            async with day.session.get(address, headers=day.token) as answer:
                if answer.status != 200:
                    return None
                found.append(await answer.json())
        return found

    home = await day.until("the lost dossiers are home", all_home)
    assert [one["applicant"]["full_name"] for one in home] == ["Nguyễn Thị Mẫu"] * LOST
    assert [one["dossier_no"] for one in home] == [one["dossier_no"] for one in lost]

    # Repeating what was lost is answered as before, and nothing is at the city twice.
    status, again, replayed = await day.submit("lost-0")
    assert (status, replayed, again["dossier_no"]) == (200, True, lost[0]["dossier_no"])
    await day.until("all at the city", day.all_entered)
    numbers = await day.submitted_at_city()
    everybody = [one["dossier_no"] for one in (*kept, *lost, fresh)]
    assert sorted(numbers) == sorted(everybody)

    codes = {
        record["body"].get("fields", {}).get("1")
        for record in await day.export()
        if record["kind"] == 5
    }
    assert "rollback" in codes

"""`edge-city publish` beside a running server."""

import asyncio
import os
import sys
from pathlib import Path

from msgspec import json

from sync.city.feeds.publishing import (
    SPOOL,
)
from sync.protocol.feed import Feed
from tests.city.announcement_samples import DECISION, release_folder
from tests.city.server import running_city
from tests.city.station import SimulatedStation
from tests.contracts.tree import ROOT


async def edge_city(*arguments: str) -> tuple[int, str, str]:
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "sync.city", *arguments,
        stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE, cwd=ROOT,
        env={**os.environ, "COLUMNS": "200"},
    )  # fmt: skip
    out, error = await process.communicate()
    return process.returncode or 0, out.decode(), error.decode()


def write_config(folder: Path) -> str:
    path = folder / "city.toml"
    path.write_text(
        '[city]\nname = "Thành phố Thử"\nstate_directory = "city"\n[listen]\nport = 0\n'
    )
    return str(path)


async def test_the_command_line_tells_a_running_server(tmp_path: Path) -> None:
    config, file = write_config(tmp_path), tmp_path / "decision.json"
    file.write_bytes(json.encode(DECISION))
    release_folder(tmp_path / "release")
    station = SimulatedStation()
    async with running_city(tmp_path) as city:
        await city.enrol(station)
        for words in (
            ("decision", "--station", "26560", str(file)),
            ("catalogue", str(tmp_path / "release")),
        ):
            status, out, error = await edge_city(
                "publish", words[0], "--config", config, *words[1:]
            )
            assert (status, error) == (0, ""), error
            assert "laid down" in out
        welcome = await city.greet(station)
        sizes: dict[int, int] = {}
        while sizes.get(Feed.STATION) != 1 or sizes.get(Feed.CATALOGUE) != 1:
            welcome = await city.greet(station)
            sizes = {state.feed: state.size for state in welcome.feeds}
        assert welcome.sealed_token is not None
        status, out, _ = await edge_city("publish", "waiting", "--config", config)
        assert (status, out) == (0, "0 waiting, 0 put aside\n")


async def test_the_command_line_refuses_what_no_station_could_use(tmp_path: Path) -> None:
    config, file = write_config(tmp_path), tmp_path / "decision.json"
    station = SimulatedStation()
    async with running_city(tmp_path) as city:
        await city.enrol(station)
        trials = (
            ({**DECISION, "state": 1}, "26560", "$[0].state"),
            (DECISION, "99999", "station 99999 is not enrolled"),
        )
        for said, code, complaint in trials:
            file.write_bytes(json.encode(said))
            status, _, error = await edge_city(
                "publish", "decision", "--config", config, "--station", code, str(file)
            )
            assert status == 2
            assert complaint in error
            assert error.startswith("edge-city: ")
            assert len(error.splitlines()) == 1
        shelf = city.server.storage.shelf
        assert await shelf.list(SPOOL) == {}

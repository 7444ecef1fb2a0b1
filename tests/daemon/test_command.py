"""The real process: its words, its exit codes, its signals."""

import asyncio
import contextlib
import json
import os
import signal
import socket
import sys
from collections.abc import AsyncIterator
from pathlib import Path
from typing import NamedTuple

import pytest
from typer.testing import CliRunner

from sync.daemon.__main__ import app
from sync.daemon.identity import ensure_keys
from sync.protocol.enrolment import fingerprint, verify_request
from tests.daemon.city_simulator import CitySimulator, Fault, listening
from tests.daemon.station import station_files, write_config

ROOT = Path(__file__).parents[2]


class Outcome(NamedTuple):
    """How a command ended."""

    code: int | None
    out: str
    err: str


async def start(*arguments: str, **environment: str) -> asyncio.subprocess.Process:
    return await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "sync.daemon",
        *arguments,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
        cwd=ROOT,
        env={**os.environ, **environment},
    )


async def command(*arguments: str) -> Outcome:
    process = await start(*arguments)
    out, err = await process.communicate()
    return Outcome(process.returncode, out.decode(), err.decode())


@contextlib.asynccontextmanager
async def service(config: Path, **environment: str) -> AsyncIterator[asyncio.subprocess.Process]:
    process = await start("run", "--config", str(config), **environment)
    try:
        yield process
    finally:
        with contextlib.suppress(ProcessLookupError):
            process.kill()
        await process.communicate()


async def test_the_way_from_request_to_receipts(tmp_path: Path) -> None:
    city = CitySimulator()
    async with listening(city, tmp_path) as where, station_files(tmp_path / "st") as station:
        await station.submit(5)
        config, request = str(station.config), tmp_path / "request.cbor"
        made = await command("identity", "--config", config, "--output", str(request))
        assert made.code == 0, made.err
        message = request.read_bytes()
        assert fingerprint(message) in made.out
        answer = city.enrol(message, where.url, where.ca_pem)
        station.settings.files.enrolment.write_bytes(answer)
        again = await command("identity", "--config", config, "--output", str(request))
        assert again.code == 0
        assert verify_request(request.read_bytes()) == verify_request(message)
        checked = await command("check", "--config", config)
        assert checked.code == 0
        assert "Thành phố Thử" in checked.out
        sent = await command("run", "--once", "--config", config)
        assert (sent.code, sent.out) == (0, "6 of 6 records are at the city, 6 entered\n")
        assert {lid: log.raws for lid, log in city.logs.items()} == await station.records()


async def test_keys_are_for_their_owner_only(tmp_path: Path) -> None:
    async with station_files(tmp_path / "st") as station:
        await station.submit(1)
        directory = station.settings.files.keys_directory
        ensure_keys(directory)
        assert {path.stat().st_mode & 0o777 for path in directory.iterdir()} == {0o600}
        (directory / "signing.pem").chmod(0o640)
        refused = await command("run", "--config", str(station.config))
        assert refused.code == 2
        assert "chmod 600" in refused.err
        assert refused.err.count("\n") == 1


@pytest.mark.parametrize(
    "arguments", [["check"], ["run", "--once"], ["identity", "--output", "request.cbor"]]
)
def test_a_station_that_never_ran_is_told_to_start_the_node(
    tmp_path: Path, arguments: list[str]
) -> None:
    write_config(tmp_path)
    refused = CliRunner().invoke(app, [*arguments, "--config", str(tmp_path / "sync.toml")])
    assert refused.exit_code == 2
    assert "start edge-node first" in refused.stderr
    assert refused.stderr.count("\n") == 1


def test_a_wrong_configuration_is_one_line(tmp_path: Path) -> None:
    (tmp_path / "sync.toml").write_text("[station]\ncode = 5\n")
    refused = CliRunner().invoke(app, ["run", "--config", str(tmp_path / "sync.toml")])
    assert refused.exit_code == 2
    assert "station.code" in refused.stderr
    assert refused.stderr.count("\n") == 1


async def test_a_city_nobody_reaches_is_exit_code_4(tmp_path: Path) -> None:
    city = CitySimulator()
    async with station_files(tmp_path / "st") as station:
        await station.submit(1)
        async with listening(city, tmp_path) as where:
            await station.enrol(city, where)
        lost = await command("run", "--once", "--config", str(station.config))
    assert lost.code == 4
    assert lost.out.startswith("city not reached: ")
    assert lost.out.count("\n") == 1
    assert lost.err == ""


async def test_the_service_says_ready_and_stops_in_the_middle_of_a_request(tmp_path: Path) -> None:
    city = CitySimulator()
    city.faults.append(Fault.SILENT)
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as manager:
        manager.bind(str(tmp_path / "notify"))
        manager.settimeout(0)
        async with listening(city, tmp_path) as where, station_files(tmp_path / "st") as station:
            await station.submit(1)
            await station.enrol(city, where)
            notify = str(tmp_path / "notify")
            async with service(station.config, NOTIFY_SOCKET=notify) as process:
                assert process.stdout is not None
                word, facts = (await process.stdout.readline()).decode().split(" ", 1)
                assert word == "READY"
                assert json.loads(facts)["station"] == "26560"
                await city.arrived.wait()
                process.send_signal(signal.SIGTERM)
                async with asyncio.timeout(10):
                    assert await process.wait() == 0
        said = []
        with contextlib.suppress(BlockingIOError):
            while True:
                said.append(manager.recv(4096).decode())
    assert said[0] == "READY=1"
    assert any(message.startswith("STATUS=hello: 0 of 2 records") for message in said)
    assert said[-1] == "STOPPING=1"


async def test_a_second_service_is_refused(tmp_path: Path) -> None:
    async with station_files(tmp_path / "st") as station:
        await station.submit(1)
        async with service(station.config) as process:
            assert process.stdout is not None
            await process.stdout.readline()
            second = await command("run", "--config", str(station.config))
    assert second.code == 3
    assert "another edge-sync is running" in second.err


def test_help_helps() -> None:
    shown = CliRunner().invoke(app, ["--help"])
    assert shown.exit_code == 0
    assert "signed and sealed" in shown.stdout
    for name in ("run", "identity", "check"):
        about = CliRunner().invoke(app, [name, "--help"])
        assert about.exit_code == 0
        assert "--config" in about.stdout

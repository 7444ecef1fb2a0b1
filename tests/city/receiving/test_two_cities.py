"""Several real `edge-city serve` processes on one PostgreSQL, and what an operator does with it."""

import asyncio
import json
import os
import random
import signal
import ssl
import subprocess
import sys
from collections.abc import AsyncIterator, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import aiohttp
import asyncpg
import psutil
import pytest

from sync.city.trust.identity import CityIdentity, load_identity
from sync.protocol.batch import MEDIA_TYPE
from sync.protocol.handshake import Welcome, verify_welcome
from sync.protocol.keyset import keys_by_id
from sync.protocol.receipt import Receipt, verify_receipt
from tests.city.postgres_server import fresh_database
from tests.city.station import SimulatedStation

CONFIG = """[city]
name = "Thành phố Thử"
state_directory = "state"
url = "https://localhost:8443"
[listen]
port = 0
"""
PASSWORD = "hidden-word"

pytestmark = pytest.mark.timeout(300)  # a dozen processes, one after the other

MAXIMUM_REFUSALS = 50
"""Rounds in which a sender finds that others were faster at both cities."""


@pytest.fixture
def database() -> Iterator[str]:
    yield from fresh_database()


@dataclass
class Operator:
    """Somebody with a configuration file and a shell."""

    folder: Path
    database: str

    @property
    def environment(self) -> dict[str, str]:
        return {**os.environ, "EDGE_CITY_DATABASE": self.database}

    def command(self, *arguments: str) -> list[str]:
        config = str(self.folder / "city.toml")
        return [sys.executable, "-m", "sync.city", *arguments, "--config", config]

    def run(self, *arguments: str, status: int = 0) -> str:
        done = subprocess.run(
            self.command(*arguments),
            check=False,
            capture_output=True,
            text=True,
            timeout=60,
            env=self.environment,
        )
        assert done.returncode == status, done
        assert PASSWORD not in done.stdout + done.stderr
        return done.stdout or done.stderr

    def enrol(self, station: SimulatedStation) -> None:
        request, answer = self.folder / f"{station.code}.request", self.folder / "answer"
        request.write_bytes(station.request())
        self.run("enrol", "--request", str(request), "--output", str(answer))

    def export(self) -> list[dict[str, object]]:
        return [json.loads(line) for line in self.run("export").splitlines()]


@pytest.fixture
def operator(tmp_path: Path, database: str) -> Operator:
    (tmp_path / "city.toml").write_text(CONFIG, encoding="utf-8")
    return Operator(tmp_path, database)


class City:
    """A running server and a client that trusts it."""

    def __init__(self, operator: Operator, *arguments: str) -> None:
        self.process = subprocess.Popen(
            operator.command("serve", *arguments),
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            env=operator.environment,
        )
        assert self.process.stdout is not None
        word, _, _ = self.process.stdout.readline().partition(" ")
        assert word == "READY", self.process.communicate(timeout=10)
        self.port = _listening_port(self.process.pid)

    def stop(self, number: int = signal.SIGTERM) -> int:
        self.process.send_signal(number)
        self.process.communicate(timeout=15)
        return self.process.returncode


def _listening_port(pid: int) -> int:
    """The public address is configured, so READY does not tell where this one listens."""
    (port,) = [
        connection.laddr.port
        for connection in psutil.Process(pid).net_connections("tcp")
        if connection.status == psutil.CONN_LISTEN
    ]
    return int(port)


@pytest.fixture
def cities(operator: Operator) -> Iterator[list[City]]:
    operator.run("migrate")
    running = [City(operator), City(operator)]
    yield running
    for city in running:
        if city.process.poll() is None:
            city.stop()


@dataclass
class Client:
    """Sends what a station would send, to whichever process."""

    session: aiohttp.ClientSession
    identity: CityIdentity

    async def post(self, city: City, path: str, body: bytes) -> tuple[int, bytes]:
        async with self.session.post(
            f"https://127.0.0.1:{city.port}{path}", data=body, headers={"Content-Type": MEDIA_TYPE}
        ) as response:
            return response.status, await response.read()

    async def send(
        self, city: City, station: SimulatedStation, first: int, count: int
    ) -> Receipt | None:
        public = self.identity.encryption_key.public_key()
        status, body = await self.post(city, "/v1/batches", station.batch(public, first, count))
        if status in {409, 429, 503}:
            return None  # others were faster; a station asks again
        assert status == 200, (status, body)
        return verify_receipt(body, keys_by_id([self.identity.receipt_public]))

    async def greet(self, city: City, station: SimulatedStation) -> Welcome:
        status, body = await self.post(city, "/v1/hello", station.hello())
        assert status == 200, (status, body)
        return verify_welcome(body, keys_by_id([self.identity.receipt_public]), b"n" * 16)

    async def until_entered(self, city: City, station: SimulatedStation) -> Welcome:
        while True:
            welcome = await self.greet(city, station)
            if all(log.applied == log.size for log in welcome.logs):
                return welcome


@pytest.fixture
async def client(operator: Operator, cities: Sequence[City]) -> AsyncIterator[Client]:
    context = ssl.create_default_context(
        cafile=str(operator.folder / "state" / "tls" / "authority.pem")
    )
    connector = aiohttp.TCPConnector(ssl=context)
    async with aiohttp.ClientSession(connector=connector) as session:
        yield Client(session, load_identity(operator.folder / "state" / "keys"))


async def test_two_processes_that_receive_for_one_station_at_once_stay_exact(
    operator: Operator, cities: list[City], client: Client
) -> None:
    station = SimulatedStation()
    station.append_many(149)
    operator.enrol(station)
    chooser = random.Random(5)  # noqa: S311 - repeatable tests

    async def sender(turn: int) -> None:
        """Alternates between the two; goes back at times; sends some twice at the same moment."""
        have = refused = 0
        while have < station.log.size:
            turn += 1
            first = max(0, have - chooser.choice([0, 0, 0, 4]))
            count = min(chooser.randint(1, 12), station.log.size - first)
            both = [cities[turn % 2], cities[(turn + chooser.randint(0, 1)) % 2]]
            receipts = await asyncio.gather(
                *(client.send(city, station, first, count) for city in both)
            )
            good = [receipt for receipt in receipts if receipt is not None]
            if not good:  # the log moved under both of them; a station asks again
                refused += 1
                assert refused <= MAXIMUM_REFUSALS
                continue
            for receipt in good:
                assert receipt.root == station.log.root(receipt.size)
            have = max(receipt.size for receipt in good)

    await asyncio.gather(*(sender(turn) for turn in range(4)))
    welcomes = [await client.until_entered(city, station) for city in cities]
    for welcome in welcomes:
        (log,) = welcome.logs
        assert (log.size, log.applied, log.root) == (150, 150, station.log.root())
    assert welcomes[0].generation == welcomes[1].generation
    lines = operator.export()
    assert [line["seq"] for line in lines] == list(range(150))
    assert {line["status"] for line in lines} == {"entered"}


async def test_what_one_process_receipted_the_other_knows_when_it_was_killed(
    operator: Operator, cities: list[City], client: Client
) -> None:
    station = SimulatedStation()
    station.append_many(20)
    operator.enrol(station)
    receipt = await client.send(cities[0], station, 0, 15)
    assert cities[0].stop(signal.SIGKILL) == -signal.SIGKILL
    assert receipt is not None
    welcome = await client.greet(cities[1], station)
    assert (welcome.logs[0].size, welcome.logs[0].root) == (receipt.size, receipt.root)
    assert await client.send(cities[1], station, 10, 11)
    await client.until_entered(cities[1], station)
    assert [line["status"] for line in operator.export()] == ["entered"] * 21


async def test_backup_drill_and_restore_on_the_command_line(
    operator: Operator, cities: list[City], client: Client, tmp_path: Path
) -> None:
    """Station → city → backup → archived → another database from an older backup → all again."""
    folder = tmp_path / "backup"
    station = SimulatedStation()
    station.append_many(30)
    operator.enrol(station)
    await client.send(cities[0], station, 0, 20)
    await client.until_entered(cities[0], station)
    assert "20 records, 20 new" in operator.run("backup", "--to", str(folder))
    assert "good: backup" in operator.run("drill", "--from", str(folder))
    await client.send(cities[1], station, 20, 11)
    for city in cities:
        assert city.stop() == 0
    before = operator.export()
    for other in fresh_database():
        operator.database = other
        assert "20 records" in operator.run("restore", "--from", str(folder))
        assert "not_empty" in operator.run("restore", "--from", str(folder), status=5)
        cities[0] = City(operator)
        welcome = await client.greet(cities[0], station)
        assert [(log.size, log.archived) for log in welcome.logs] == [(20, 20)]
        receipt = await client.send(cities[0], station, welcome.logs[0].size, 11)
        assert receipt is not None
        assert (receipt.size, receipt.archived) == (31, 20)
        await client.until_entered(cities[0], station)
        assert [_facts(line) for line in operator.export()] == [_facts(line) for line in before]
        cities[0].stop()
        (damaged,) = list(folder.glob("segment-00000001.wes"))
        damaged.write_bytes(damaged.read_bytes()[:-9])
        assert "damaged" in operator.run("drill", "--from", str(folder), status=5)


def _facts(line: dict[str, object]) -> tuple[object, ...]:
    return line["station"], line["seq"], line["record"] if "record" in line else line["kind"]


async def test_the_password_is_not_in_the_list_of_processes(
    operator: Operator, tmp_path: Path
) -> None:
    clerk = f"clerk_{os.getpid()}"
    connection = await asyncpg.connect(operator.database)
    await connection.execute(f"CREATE ROLE {clerk} LOGIN SUPERUSER PASSWORD '{PASSWORD}'")
    await connection.close()
    secret = tmp_path / "database-url"
    secret.write_text(operator.database.replace("postgres:@", f"{clerk}:{PASSWORD}@") + "\n")
    operator.database = ""
    (tmp_path / "city.toml").write_text(
        CONFIG + f'[database]\nurl_file = "{secret.name}"\n', encoding="utf-8"
    )
    city = City(operator)
    assert PASSWORD not in " ".join(psutil.Process(city.process.pid).cmdline())
    assert city.stop() == 0
    assert "good" in operator.run("check")

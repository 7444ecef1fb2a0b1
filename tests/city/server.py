"""A real city server for tests: TLS, sockets, SQLite on disk, and a client that trusts it."""

import contextlib
import secrets
import ssl
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import aiohttp
import msgspec

from sync.city.archive.overview import open_exporter
from sync.city.commands.export import export_lines
from sync.city.receiving.opening import BodyKeys
from sync.city.serve import (
    Running,
    Surroundings,
    prepare_identity,
    prepare_tls,
    running,
)
from sync.city.settings import City, Listen, Settings
from sync.city.trust.enrolment import Operator, enrol
from sync.city.trust.identity import CityIdentity
from sync.dictionary import DICTIONARIES
from sync.protocol.batch import MEDIA_TYPE
from sync.protocol.custody import Custody, verify_custody
from sync.protocol.enrolment import keys_by_id
from sync.protocol.handshake import Welcome, verify_welcome
from sync.protocol.receipt import Receipt, verify_receipt
from tests.city.station import SimulatedStation

NOW_MS = 1_795_300_000_000


class Clock:
    """A clock that tests move."""

    def __init__(self) -> None:
        self.now_ms = NOW_MS

    def __call__(self) -> int:
        return self.now_ms


@dataclass(frozen=True)
class Reply:
    """An HTTP answer."""

    status: int
    headers: dict[str, str]
    body: bytes

    def json(self) -> dict[str, Any]:
        return msgspec.json.decode(self.body, type=dict[str, Any])


@dataclass(frozen=True)
class TestCity:
    """The server with everything a test wants to look at."""

    __test__ = False

    server: Running
    settings: Settings
    identity: CityIdentity
    session: aiohttp.ClientSession
    clock: Clock

    async def enrol(self, station: SimulatedStation, name: str = "") -> bytes:
        _, answer = await enrol(self.server.registrar, station.request(), Operator(name))
        return answer

    async def request(self, method: str, path: str, **options: Any) -> Reply:
        async with self.session.request(method, self.server.url + path, **options) as response:
            return Reply(response.status, dict(response.headers), await response.read())

    async def post(self, path: str, body: Any, media_type: str = MEDIA_TYPE) -> Reply:
        return await self.request("POST", path, data=body, headers={"Content-Type": media_type})

    async def send(self, station: SimulatedStation, first: int = 0, **options: Any) -> Reply:
        public = self.identity.encryption_key.public_key()
        return await self.post("/v1/batches", station.batch(public, first, **options))

    def receipt(self, reply: Reply) -> Receipt:
        assert reply.status == 200, reply.body
        return verify_receipt(reply.body, keys_by_id([self.identity.receipt_public]))

    def custody(self, reply: Reply) -> Custody:
        assert reply.status == 200, reply.body
        return verify_custody(reply.body, keys_by_id([self.identity.receipt_public]))

    async def greet(self, station: SimulatedStation, **options: Any) -> Welcome:
        reply = await self.post("/v1/hello", station.hello(**options))
        assert reply.status == 200, reply.body
        find_key = keys_by_id([self.identity.receipt_public])
        return verify_welcome(reply.body, find_key, options.get("nonce", b"n" * 16))

    async def export(self, station: int | None = None) -> list[dict[str, Any]]:
        return await exported(self.settings, self.identity, station)

    async def until_entered(self, station: SimulatedStation) -> Welcome:
        """Ask until everything stored is entered; the test's own time limit ends it."""
        while True:
            welcome = await self.greet(station)
            if all(log.applied == log.size for log in welcome.logs):
                return welcome


async def exported(
    settings: Settings, identity: CityIdentity, station: int | None = None
) -> list[dict[str, Any]]:
    keys = BodyKeys(identity.find_encryption_key, DICTIONARIES.get)
    async with open_exporter(settings.database_path) as exporter:
        pages = [page async for page in export_lines(exporter, keys, station)]
    lines = b"".join(pages).splitlines()
    return [msgspec.json.decode(line, type=dict[str, Any]) for line in lines]


def make_settings(folder: Path, **listen: Any) -> Settings:
    return Settings(
        city=City(name="Công an Thành phố Thử", state_directory=folder / "city"),
        listen=Listen(**{"port": 0, **listen}),
    )


@contextlib.asynccontextmanager
async def running_city(folder: Path, clock: Clock | None = None) -> AsyncIterator[TestCity]:
    settings = make_settings(folder)
    clock = clock or Clock()
    surroundings = Surroundings(clock, secrets.token_bytes)
    prepare_identity(settings, surroundings)
    context = ssl.create_default_context(cafile=str(prepare_tls(settings, NOW_MS).authority))
    context.verify_flags |= ssl.VERIFY_X509_STRICT
    connector = aiohttp.TCPConnector(ssl=context, limit=0)
    async with (
        running(settings, surroundings) as server,
        aiohttp.ClientSession(connector=connector) as session,
    ):
        yield TestCity(server, settings, server.registrar.identity, session, clock)

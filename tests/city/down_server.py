"""A city that only talks down and takes attachments: real sockets, real files, no archive."""

import contextlib
import secrets
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NamedTuple

import aiohttp
from aiohttp import web
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey

from sync.city.feeds.desk import CityVoice, FeedReader, Feeds
from sync.city.feeds.publishing import Publisher
from sync.city.feeds.reception import Reception
from sync.city.objects.folder import FolderBucket
from sync.city.objects.prefixed import PrefixedBucket
from sync.city.objects.store import Objects
from sync.city.problems import Refused, problem_response
from sync.city.shelf import FolderShelf
from sync.city.web.bearer import Door
from sync.city.web.blobs import add_blob_routes
from sync.city.web.feeds import add_feed_routes
from sync.city.web.tokens import tokens_of
from sync.protocol.cose import raw_key_id
from sync.protocol.session_extras import bearer
from tests.city.feed_places import CITY_ID, Opening, in_sqlite
from tests.city.station import SimulatedStation

NOW_MS = 1_795_300_000_000

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


class Keys(NamedTuple):
    """The city's keys."""

    city_id: bytes = CITY_ID
    feed_key: Ed25519PrivateKey = Ed25519PrivateKey.from_private_bytes(b"f" * 32)
    receipt_key: Ed25519PrivateKey = Ed25519PrivateKey.from_private_bytes(b"r" * 32)
    encryption_key: X25519PrivateKey = X25519PrivateKey.from_private_bytes(b"e" * 32)


KEYS = Keys()


class Signer(NamedTuple):
    node_id: bytes
    key: Any


@dataclass
class Clock:
    now_ms: int = NOW_MS

    def __call__(self) -> int:
        return self.now_ms


@dataclass
class DownCity:
    """What a test may look at; `before` is run with every request, to make trouble."""

    url: str
    feeds: Feeds
    reception: Reception
    publisher: Publisher
    public: Objects
    clock: Clock
    stations: list[SimulatedStation]
    session: aiohttp.ClientSession
    before: list[Callable[[web.Request], Awaitable[None]]] = field(default_factory=list)

    def reader(self, station: SimulatedStation) -> FeedReader:
        raw = station.encryption_key.public_key().public_bytes_raw()
        return FeedReader(station.node_id, station.code, raw)

    def token(self, station: SimulatedStation) -> bytes:
        return tokens_of(KEYS.receipt_key).issue(station.node_id, self.clock())

    async def request(
        self, method: str, path: str, station: SimulatedStation | None = None, **options: Any
    ) -> tuple[int, dict[str, str], bytes]:
        headers = dict(options.pop("headers", {}))
        if station is not None:
            headers.setdefault("Authorization", bearer(self.token(station)))
        async with self.session.request(
            method, self.url + path, headers=headers, **options
        ) as response:
            return response.status, dict(response.headers), await response.read()


@contextlib.asynccontextmanager
async def down_city(folder: Path, place: Opening | None = None) -> AsyncIterator[DownCity]:
    folder.mkdir(exist_ok=True)  # noqa: ASYNC240
    opening = place or (lambda: in_sqlite(folder / "city.db"))
    async with opening() as at, aiohttp.ClientSession() as session:
        clock, stations = Clock(), [SimulatedStation(), SimulatedStation(2, 26561)]
        bucket = FolderBucket(folder / "objects", reserve_bytes=0)
        public = Objects(PrefixedBucket(bucket, "public"))
        voice = CityVoice(KEYS, clock, secrets.token_bytes, lambda: 0.0)
        feeds = Feeds(at.store, voice)
        city = DownCity(
            url="",
            feeds=feeds,
            reception=Reception(
                ledger=at.ledger,
                objects=Objects(bucket),
                keys=KEYS,
                find_signer=_finder(stations),
                clock_ms=clock,
            ),
            publisher=Publisher(FolderShelf(folder / "shelf"), feeds, clock),
            public=public,
            clock=clock,
            stations=stations,
            session=session,
        )
        async with _listening(city):
            yield city


@contextlib.asynccontextmanager
async def _listening(city: DownCity) -> AsyncIterator[None]:
    @web.middleware
    async def answer(request: web.Request, handler: Handler) -> web.StreamResponse:
        try:
            for trouble in list(city.before):
                await trouble(request)
            return await handler(request)
        except Refused as refused:
            return problem_response(refused)

    async def find(node_id: bytes) -> FeedReader | None:
        found = [one for one in city.stations if one.node_id == node_id]
        return city.reader(found[0]) if found else None

    app = web.Application(middlewares=[answer], client_max_size=1 << 20)
    add_feed_routes(app, Door(KEYS, find, city.clock), city.feeds, city.public)
    add_blob_routes(app, city.reception)
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
    await runner.setup()
    try:
        site = web.TCPSite(runner, "127.0.0.1", 0)
        await site.start()
        port = runner.addresses[0][1]
        city.url = f"http://127.0.0.1:{port}"
        yield
    finally:
        await runner.cleanup()


def _finder(stations: list[SimulatedStation]) -> Callable[[bytes], Signer | None]:
    def find(kid: bytes) -> Signer | None:
        for station in stations:
            key = station.signing_key.public_key()
            if raw_key_id(key.public_bytes_raw()) == kid:
                return Signer(station.node_id, key)
        return None

    return find

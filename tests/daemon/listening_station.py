"""A station that reads the feeds of a city, with what it has stored."""

import contextlib
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Any

from sync.city.archive.feed_store.port import Draft, FeedName
from sync.daemon.events import Pulled
from sync.daemon.feeds import CityFeeds, FeedAccess
from sync.daemon.keyring import Keyring
from sync.daemon.ports import Line
from sync.daemon.statements import OWNERS
from sync.daemon.transport import open_transport
from sync.database import Writer, open_writer
from sync.protocol.feed import (
    EVERY_STATION,
    Feed,
    FeedKind,
)
from sync.protocol.handshake import Welcome
from sync.protocol.session_extras import FeedHead, FeedState
from tests.city.down_server import KEYS, NOW_MS, DownCity
from tests.city.station import SimulatedStation
from tests.daemon.line import KEYSET, Meddler
from tests.daemon.station import FixedClock

CATALOGUE = FeedName(Feed.CATALOGUE, EVERY_STATION)
STATION = FeedName(Feed.STATION, 26560)


@dataclass
class Listener:
    """One station that reads, with what it has stored."""

    city: DownCity
    station: SimulatedStation
    writer: Writer
    line: Meddler
    feeds: CityFeeds

    async def greet(self, *extra: FeedState) -> bool:
        """HELLO and WELCOME, as far as they are about feeds."""
        heads = await self.feeds.heads()
        offered = await self.city.feeds.offered(self.city.reader(self.station), heads)
        self.line.transport.token = self.city.token(self.station)
        return await self.feeds.welcomed(welcome((*offered, *extra)))

    async def pull_all(self) -> int:
        """Pull to the end; how many entries came."""
        total, more = 0, True
        while more:
            pulled = await self.feeds.pull()
            assert isinstance(pulled, Pulled), pulled
            total, more = total + pulled.entries, pulled.more
        return total

    async def rows(self, sql: str) -> list[tuple[Any, ...]]:
        return await self.writer.transact(lambda raw: raw.execute(sql).fetchall())

    async def bodies(self) -> list[bytes]:
        found = await self.rows("SELECT body FROM feed_entry ORDER BY fid, sequence")
        return [row[0] for row in found]

    async def notices(self) -> list[str]:
        return [row[0] for row in await self.rows("SELECT kind FROM log_notice")]

    async def own(self) -> FeedHead:
        [row] = await self.rows("SELECT fid, size, root FROM feed WHERE feed = 16")
        return FeedHead(*row)


def welcome(feeds: Sequence[FeedState]) -> Welcome:
    return Welcome(KEYS.city_id, b"g" * 8, b"n" * 16, NOW_MS, (), 0, feeds=tuple(feeds))


@contextlib.asynccontextmanager
async def listening(
    city: DownCity, folder: Path, station: SimulatedStation | None = None
) -> AsyncIterator[Listener]:
    station = station or city.stations[0]
    async with (
        open_writer(folder / "sync.db", OWNERS) as writer,
        open_transport(city.url, "", clock_plausible=True) as transport,
    ):
        line = Meddler(transport)
        yield Listener(city, station, writer, line, reader_of(line, writer, station))


def reader_of(line: Line, writer: Writer, station: SimulatedStation) -> CityFeeds:
    return CityFeeds(
        FeedAccess(
            line, writer, Keyring(KEYSET), station.code, station.encryption_key, FixedClock()
        )
    )


def drafts(first: int, end: int, key: str = "") -> list[Draft]:
    return [
        Draft(
            FeedKind.DECISION,
            sha256(b"%d" % number).digest()[:16],
            b'{"n":%d}' % number,
            b"s" * 16,
            state_key=key.format(number),
        )
        for number in range(first, end)
    ]

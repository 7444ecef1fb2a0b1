"""What the daemon writes into sync.db, written by hand: feeds, notices, anchors, records."""

import contextlib
import sqlite3
from collections.abc import AsyncIterator, Callable
from functools import partial
from importlib.resources import files
from pathlib import Path
from typing import Any

import msgspec

from edge_node.store import inbox
from edge_node.usecases.decisions.command import Command
from edge_node.usecases.inbox import Inbox
from edge_node.usecases.intake import SubmittedAnswer
from edge_node.usecases.station import Station
from sync.database import Writer, open_writer
from sync.protocol.control_records import parse_control_record
from sync.protocol.record import FIRST_DOMAIN_KIND, Record, decode_record
from tests.usecases.filing import MINH, receive
from tests.usecases.samples import submit

FID = b"f" * 16
CATALOGUE_FID = b"c" * 16
ROOT = b"r" * 32
CITY_NOW_MS = 1_800_000_000_000


class Daemon:
    """The one writer of a station's sync.db."""

    def __init__(self, writer: Writer) -> None:
        self._writer = writer

    async def write(self, work: Callable[[sqlite3.Connection], None]) -> None:
        await self._writer.transact(work)

    async def run(self, statement: str, *values: Any) -> None:
        await self.write(partial(_execute, statement, values))

    async def entry(
        self, kind: int, body: dict[str, Any] | bytes, *, fid: bytes = FID, feed: int = 16
    ) -> int:
        """One more entry of a feed; its sequence."""
        data = body if isinstance(body, bytes) else msgspec.json.encode(body)

        def add(connection: sqlite3.Connection) -> int:
            known = connection.execute("SELECT size FROM feed WHERE fid = ?", (fid,)).fetchone()
            size = known[0] if known else 0
            connection.execute(
                "INSERT INTO feed_entry (fid, sequence, kind, eid, subject, body)"
                " VALUES (?, ?, ?, ?, NULL, ?)",
                (fid, size, kind, size.to_bytes(16, "big"), data),
            )
            connection.execute(
                "INSERT INTO feed (fid, feed, size, root, frontier) VALUES (?, ?, ?, ?, x'')"
                " ON CONFLICT (fid) DO UPDATE SET size = excluded.size",
                (fid, feed, size + 1, ROOT),
            )
            return int(size)

        return await self._writer.transact(add)

    async def hear(self, city_time_ms: int = CITY_NOW_MS) -> None:
        """The city's clock."""
        await self.run("UPDATE contact SET city_time_ms = ?", city_time_ms)

    async def hold(self, lid: bytes, acked: int, archived: int = 0) -> None:
        """What the city has of a log."""
        await self.run(
            "INSERT OR REPLACE INTO log_state (lid, acked, archived, applied) VALUES (?, ?, ?, ?)",
            lid, acked, archived, acked,
        )  # fmt: skip

    async def notice(self, lid: bytes, kind: str, own: int, city: int) -> None:
        """A log whose history differs."""
        await self.run("INSERT OR REPLACE INTO log_notice VALUES (?, ?, ?, ?, 0)",
                       lid, kind, own, city)  # fmt: skip


def _execute(statement: str, values: tuple[Any, ...], connection: sqlite3.Connection) -> None:
    connection.execute(statement, values)


@contextlib.asynccontextmanager
async def daemon_of(folder: Path) -> AsyncIterator[Daemon]:
    """Opens sync.db beside a station's files, as the daemon does."""
    owners = {"sync.daemon": files("sync.daemon") / "migrations"}
    async with open_writer(folder / "sync.db", owners) as writer:
        yield Daemon(writer)


async def inbox_of(station: Station) -> Inbox:
    """An inbox after its start."""
    opened = Inbox.of(station)
    await opened.start()
    return opened


async def records(station: Station) -> list[Record]:
    def read(connection: sqlite3.Connection) -> list[bytes]:
        rows = connection.execute("SELECT raw FROM record ORDER BY position")
        return [row[0] for row in rows]

    return [decode_record(raw) for raw in await station.store.read(read)]


async def controls(station: Station) -> list[Any]:
    return [
        parse_control_record(record)
        for record in await records(station)
        if 0 < record.kind < FIRST_DOMAIN_KIND
    ]


async def kept(station: Station) -> dict[str, int]:
    return await station.store.read(inbox.count_kept)


async def received(station: Station, key: str = "k1") -> SubmittedAnswer:
    answer = await submit(station, key)
    command = Command(MINH, bytes.fromhex(answer.dossier_id), f"d-{key}")
    await receive(station, command)
    return answer

"""The other cities: what a centre costs that takes records in simpler forms. One process each.

Over TLS, and durable (SQLite in WAL mode, synchronous FULL) before the answer:

- `record`: one POST a record, a commit each; `list`: a JSON list of records, gzip.
- `rows`, `compressed`, `whole`, `sealed`: a signed batch (`batch_form`), whatever waits shares one
  commit; kept as plain rows, as rows of zstd, whole with an index of ids, or whole and not opened.
- `copy`, `unnest`: the same on PostgreSQL: plain rows by COPY, compressed rows by one INSERT.

    python -m tests.bench.peer_city FORM HOST PORT FOLDER [--database URL] [--writers N]
"""

import argparse
import asyncio
import contextlib
import gzip
import sqlite3
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple

import aiosqlite
import msgspec
from aiohttp import web

from tests.bench import peer_postgres
from tests.bench.batch_form import Head, Line, check, lines, receipt, shrink
from tests.bench.child import READY, say

GROUP_BATCHES = 32
MAXIMUM_BYTES = 64 << 20
BACKLOG = 512
TABLES = """
CREATE TABLE record (id TEXT PRIMARY KEY, type TEXT, at TEXT, body BLOB NOT NULL);
CREATE TABLE batch (number INTEGER PRIMARY KEY, batch BLOB NOT NULL);
CREATE TABLE place (id BLOB PRIMARY KEY, batch INTEGER, position INTEGER) WITHOUT ROWID;
"""
INSERT = "INSERT INTO record VALUES (?, ?, ?, ?) ON CONFLICT DO NOTHING"
Store = Callable[[list[bytes]], Awaitable[list[bytes]]]


class Waiting(NamedTuple):
    """A batch, and who waits for its receipt."""

    batch: bytes
    answer: "asyncio.Future[bytes]"


@dataclass
class Group:
    """Stores together what has arrived while the last commit was under way."""

    store: Store
    waiting: list[Waiting] = field(default_factory=list)
    arrived: asyncio.Event = field(default_factory=asyncio.Event)

    async def post(self, request: web.Request) -> web.Response:
        """A batch in, a receipt out."""
        answer: asyncio.Future[bytes] = asyncio.get_running_loop().create_future()
        self.waiting.append(Waiting(await request.read(), answer))
        self.arrived.set()
        return web.Response(body=await answer)

    async def work(self) -> None:
        """One writer, for ever."""
        while True:
            await self.arrived.wait()
            self.arrived.clear()
            while self.waiting:
                taken, self.waiting[:GROUP_BATCHES] = self.waiting[:GROUP_BATCHES], []
                receipts = await self.store([one.batch for one in taken])
                for one, said in zip(taken, receipts, strict=True):
                    one.answer.set_result(said)


@contextlib.asynccontextmanager
async def batches_in_sqlite(form: str, folder: Path) -> AsyncIterator[Store]:
    """Batches, kept in one of four forms."""
    database = sqlite3.connect(  # noqa: TID251 - the other side of the comparison
        folder / "city.db", isolation_level=None, check_same_thread=False
    )
    database.execute("PRAGMA journal_mode=wal")
    database.execute("PRAGMA synchronous=full")
    database.executescript(TABLES)
    keep = {"rows": _rows, "compressed": _compressed, "whole": _whole, "sealed": _sealed}[form]

    def store(batches: list[bytes]) -> list[bytes]:
        said = []
        database.execute("BEGIN IMMEDIATE")
        for batch in batches:
            packed = check(batch)
            keep(database, batch, packed)
            said.append(receipt(packed))
        database.execute("COMMIT")
        return said

    with ThreadPoolExecutor(1) as executor, contextlib.closing(database):
        loop = asyncio.get_running_loop()

        async def in_thread(batches: list[bytes]) -> list[bytes]:
            return await loop.run_in_executor(executor, store, batches)

        yield in_thread


def _rows(database: sqlite3.Connection, batch: bytes, packed: bytes) -> None:
    database.executemany(INSERT, [_row(line, line.body) for line in lines(packed)])


def _compressed(database: sqlite3.Connection, batch: bytes, packed: bytes) -> None:
    database.executemany(INSERT, [_row(line, shrink(line.body)) for line in lines(packed)])


def _whole(database: sqlite3.Connection, batch: bytes, packed: bytes) -> None:
    number = database.execute("INSERT INTO batch (batch) VALUES (?)", (batch,)).lastrowid
    places = [
        (bytes.fromhex(line.head.dossier_id), number, position)
        for position, line in enumerate(lines(packed))
    ]
    database.executemany("INSERT INTO place VALUES (?, ?, ?) ON CONFLICT DO NOTHING", places)


def _sealed(database: sqlite3.Connection, batch: bytes, packed: bytes) -> None:
    database.execute("INSERT INTO batch (batch) VALUES (?)", (batch,))


def _row(line: Line, body: bytes) -> tuple[str, str, str, bytes]:
    return line.head.dossier_id, line.head.type, line.head.saved_at, body


@contextlib.asynccontextmanager
async def plain(form: str, folder: Path) -> AsyncIterator[Callable[[bytes], Awaitable[int]]]:
    """Records or lists of them, one await at a time, as they are usually written."""
    database = await aiosqlite.connect(folder / "city.db")  # noqa: TID251
    for pragma in ("journal_mode=wal", "synchronous=full"):
        await database.execute(f"PRAGMA {pragma}")
    await database.executescript(TABLES)

    async def record(raw: bytes) -> int:
        await database.execute(INSERT, _parsed(raw))
        await database.commit()
        return 1

    async def some(raw: bytes) -> int:
        found = msgspec.json.decode(gzip.decompress(raw), type=list[msgspec.Raw])
        await database.executemany(INSERT, [_parsed(bytes(one)) for one in found])
        await database.commit()
        return len(found)

    try:
        yield record if form == "record" else some
    finally:
        await database.close()


def _parsed(raw: bytes) -> tuple[str, str, str, bytes]:
    return _row(Line(msgspec.json.decode(raw, type=Head), raw), raw)


async def application(
    form: str, given: argparse.Namespace, stack: contextlib.AsyncExitStack
) -> web.Application:
    """What answers POST /records."""
    app = web.Application(client_max_size=MAXIMUM_BYTES)
    if form in {"record", "list"}:
        keep = await stack.enter_async_context(plain(form, given.folder))

        async def post(request: web.Request) -> web.Response:
            return web.json_response({"stored": await keep(await request.read())})

        app.router.add_post("/records", post)
        return app
    if form in {"copy", "unnest"}:
        opened = peer_postgres.batches(form, given.database)
        store = await stack.enter_async_context(opened)
    else:
        store = await stack.enter_async_context(batches_in_sqlite(form, given.folder))
    group = Group(store)
    tasks = await stack.enter_async_context(asyncio.TaskGroup())
    for _ in range(given.writers):
        tasks.create_task(group.work())
    app.router.add_post("/records", group.post)
    return app


def _tls(folder: Path) -> ssl.SSLContext:
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(folder / "tls" / "server.pem", folder / "tls" / "server.key")
    return context


async def _serve(given: argparse.Namespace) -> None:
    async with contextlib.AsyncExitStack() as stack:
        app = await application(given.form, given, stack)
        runner = web.AppRunner(app, access_log=None)
        await runner.setup()
        site = web.TCPSite(
            runner, given.host, given.port, backlog=BACKLOG, ssl_context=_tls(given.folder)
        )
        await site.start()
        say(READY)
        await asyncio.Event().wait()


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("form")
    parser.add_argument("host")
    parser.add_argument("port", type=int)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--database", default="")
    parser.add_argument("--writers", type=int, default=1)
    asyncio.run(_serve(parser.parse_args()))

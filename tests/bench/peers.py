"""The other side of each comparison: what people write when they do not think about it.

`noop` parses a submission and answers; nothing is stored. `lock` runs the station's own statements
one await at a time under a lock and commits per request: correct, and the usual way. `bare` is one
row per request under group commit: the least a durable answer can cost. What other cities would
cost is in `peer_city`.
"""

import argparse
import asyncio
import json
import secrets
import sqlite3
from collections.abc import AsyncIterator, Awaitable, Callable
from importlib.resources import files
from pathlib import Path

import aiosqlite
from aiohttp import web

from sync.database import Writer, open_writer
from sync.migration import migrate
from tests.bench.child import READY, say

OWNERS = {
    "journal": files("sync.journal") / "migrations",
    "node": files("edge_node.store") / "migrations",
}
INSERTS = {
    "submission": "INSERT INTO submission (key, digest, answer) VALUES (?, ?, ?)",
    "record": "INSERT INTO record (position, leaf, eid, subject, kind, version, wall_ms, raw)"
    " VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
    "dossier": "INSERT INTO dossier (id, number, procedure_id, catalogue_version, channel, state,"
    " version, full_name, folded_name, id_number, date_of_birth, sex, address, phone,"
    " identity_level, answers, documents, submitted_at, log_number, last_sequence, first_ticket,"
    " ticket_id, request_digest)"
    " VALUES (?, ?, ?, ?, ?, ?, 1, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
    "ticket": "INSERT INTO ticket (day, letter, number, service_id, state, dossier_id, issued_at)"
    " VALUES (?, ?, ?, ?, ?, ?, ?)",
    "print_job": "INSERT INTO print_job (kind, role, state, slip, dossier_id, ticket_id,"
    " created_at, changed_at) VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
    "log": "UPDATE log SET size = ?, frontier = ? WHERE number = 0",
}
Handler = Callable[[web.Request], Awaitable[web.Response]]
WRITER = web.AppKey("writer", Writer)
AT = "2026-11-22T08:00:00+07:00"


async def noop(_: Path) -> web.Application:
    """Parse, answer, store nothing."""

    async def post(request: web.Request) -> web.Response:
        body = await request.json()
        return web.json_response({"dossier_no": body["procedure_id"]}, status=201)

    return _application(post)


async def lock(folder: Path) -> web.Application:
    """The station's statements, awaited one by one under a lock, one commit a request."""
    database = await aiosqlite.connect(folder / "lock.db", isolation_level=None)  # noqa: TID251
    for pragma in ("journal_mode=wal", "synchronous=full", "foreign_keys=on"):
        await database.execute(f"PRAGMA {pragma}")
    await database._execute(migrate, database._conn, OWNERS)  # type: ignore[no-untyped-call]
    taking = asyncio.Lock()
    count = 0

    async def post(request: web.Request) -> web.Response:
        nonlocal count
        raw = await request.read()
        body = json.loads(raw)
        async with taking:
            count += 1
            await database.execute("BEGIN IMMEDIATE")
            for name, values in _rows(count, raw, body).items():
                await database.execute(INSERTS[name], values)
            await database.commit()
        return web.json_response({"dossier_no": f"T{count}"}, status=201)

    return _application(post)


async def bare(folder: Path) -> web.Application:
    """One row a request under group commit."""

    async def opened(app: web.Application) -> AsyncIterator[None]:
        async with open_writer(folder / "bare.db", OWNERS, work_in_loop=True) as writer:
            app[WRITER] = writer
            yield

    async def post(request: web.Request) -> web.Response:
        raw = await request.read()
        row = (request.headers["Idempotency-Key"], bytes(32), raw)

        def store(connection: sqlite3.Connection) -> None:
            connection.execute(INSERTS["submission"], row)

        await request.app[WRITER].transact(store)
        return web.json_response({"dossier_no": "T"}, status=201)

    app = _application(post)
    app.cleanup_ctx.append(opened)
    return app


def _rows(count: int, raw: bytes, body: dict[str, object]) -> dict[str, tuple[object, ...]]:
    """What the station writes for one submission, ready made."""
    dossier_id, applicant = secrets.token_bytes(16), body["applicant"]
    assert isinstance(applicant, dict)
    name = applicant["full_name"]
    return {
        "record": (count, bytes(32), secrets.token_bytes(16), dossier_id, 16, 1, 0, raw),
        "dossier": (
            *(dossier_id, f"T{count}", "res-temporary", "1", "api", "submitted"),
            *(name, name, applicant["id_number"], "", "", "", "", "typed", "{}", "{}", AT, 0),
            *(count, "A001", count, bytes(32)),
        ),
        "ticket": ("2026-11-22", "A", count, "residence", "waiting", dossier_id, AT),
        "print_job": ("ticket", "ticket", "queued", raw[:300].hex(), dossier_id, count, AT, AT),
        "log": (count, bytes(64)),
    }


def _application(post: Handler) -> web.Application:
    app = web.Application(client_max_size=1 << 20)
    app.router.add_post("/api/v1/dossiers", post)
    return app


async def _serve(kind: str, port: int, folder: Path) -> None:
    make = {"noop": noop, "lock": lock, "bare": bare}[kind]
    runner = web.AppRunner(await make(folder), access_log=None)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", port, backlog=256).start()
    say(READY)
    await asyncio.Event().wait()


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("kind", choices=["noop", "lock", "bare"])
    parser.add_argument("port", type=int)
    parser.add_argument("folder", type=Path)
    arguments = parser.parse_args()
    asyncio.run(_serve(arguments.kind, arguments.port, arguments.folder))

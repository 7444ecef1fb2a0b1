"""Signed batches into PostgreSQL as others would: COPY of plain rows, or one INSERT of shrunk ones.

Both are idempotent, as ours is: COPY goes through a temporary table.
"""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from typing import Any, NamedTuple
from uuid import UUID

import asyncpg

from tests.bench.batch_form import check, lines, receipt, shrink

CONNECTIONS = 4
Row = tuple[UUID, str, datetime, bytes]
TABLE = (
    "CREATE TABLE record (id uuid PRIMARY KEY, type text NOT NULL, at timestamptz NOT NULL,"
    " body bytea NOT NULL)"
)
STAGE = "CREATE TEMP TABLE IF NOT EXISTS stage (LIKE record) ON COMMIT DELETE ROWS"
FROM_STAGE = "INSERT INTO record SELECT * FROM stage ON CONFLICT DO NOTHING"
UNNEST = (
    "INSERT INTO record SELECT * FROM unnest($1::uuid[], $2::text[], $3::timestamptz[],"
    " $4::bytea[]) ON CONFLICT DO NOTHING"
)


class Work(NamedTuple):
    """The rows of some batches and their receipts."""

    rows: list[Row]
    receipts: list[bytes]


@contextlib.asynccontextmanager
async def batches(
    form: str, url: str
) -> AsyncIterator[Callable[[list[bytes]], Awaitable[list[bytes]]]]:
    """A store of batches in an empty database."""
    pool = await asyncpg.create_pool(url, min_size=CONNECTIONS, max_size=CONNECTIONS)
    await pool.execute(TABLE)
    if form == "unnest":
        await pool.execute("ALTER TABLE record ALTER body SET STORAGE EXTERNAL")
    write = {"copy": _copy, "unnest": _unnest}[form]
    with ThreadPoolExecutor(1) as executor:
        loop = asyncio.get_running_loop()

        async def store(arrived: list[bytes]) -> list[bytes]:
            work = await loop.run_in_executor(executor, _open, form, arrived)
            async with pool.acquire() as connection:
                await write(connection, work.rows)
            return work.receipts

        try:
            yield store
        finally:
            await pool.close()


def _open(form: str, arrived: list[bytes]) -> Work:
    work = Work([], [])
    for batch in arrived:
        packed = check(batch)
        for line in lines(packed):
            body = shrink(line.body) if form == "unnest" else line.body
            at = datetime.fromisoformat(line.head.saved_at)
            work.rows.append((UUID(line.head.dossier_id), line.head.type, at, body))
        work.receipts.append(receipt(packed))
    return work


async def _copy(connection: Any, rows: list[Row]) -> None:
    await connection.execute(STAGE)
    async with connection.transaction():
        await connection.copy_records_to_table("stage", records=rows)
        await connection.execute(FROM_STAGE)


async def _unnest(connection: Any, rows: list[Row]) -> None:
    await connection.execute(UNNEST, *(list(column) for column in zip(*rows, strict=True)))

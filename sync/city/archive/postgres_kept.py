"""What lies beside the logs in the PostgreSQL archive: quarantine, watermarks, generation, months.

Rules: nothing in quarantine is ever deleted; each station has its share of it; a watermark never
falls and never passes what is opened; a month's batches have a partition of their own when a
process was started before the month was over.
"""

from collections.abc import Mapping
from hashlib import sha256
from typing import Final

import asyncpg

from sync.city.archive.kept import QUARANTINE_BYTES_PER_STATION
from sync.city.archive.port import Quarantined, Sealed, StoredBatch, Watermark
from sync.city.archive.postgres_opened import INSERT_QUARANTINE
from sync.city.archive.postgres_pool import Connection, Pool
from sync.city.archive.postgres_taking_in import find_log, month_of, read_leaves

MONTHS_AHEAD: Final = 3
"""Months beyond the present one that get their partitions at the start of a process."""

_PARTITION_LOCK: Final = 0x57_45_53_31_6D_6F_6E
_NEW_GENERATION: Final = (
    "UPDATE city SET generation ="
    " substr(decode(replace(gen_random_uuid()::text, '-', ''), 'hex'), 9, 8) RETURNING generation"
)


async def read_generation(pool: Pool) -> bytes:
    """The archive's generation."""
    return bytes(await pool.fetchval("SELECT generation FROM city"))


async def renew(pool: Pool) -> bytes:
    """Begin a new generation."""
    return bytes(await pool.fetchval(_NEW_GENERATION))


async def keep_apart(connection: Connection, sealed: Sealed) -> bool:
    """Put bytes into quarantine; False when the station's share of it is full."""
    digest = sha256(sealed.raw).digest()
    if await connection.fetchval("SELECT 1 FROM quarantine WHERE digest = $1", digest):
        return True
    used = await connection.fetchval(
        "SELECT coalesce(sum(size_bytes), 0)::bigint FROM quarantine WHERE node_id = $1",
        sealed.node_id,
    )
    if used + len(sealed.raw) > QUARANTINE_BYTES_PER_STATION:
        return False
    *facts, raw, received_ms = sealed
    await connection.execute(INSERT_QUARANTINE, digest, *facts, len(raw), received_ms, raw)
    return True


async def quarantined(pool: Pool, station: int | None) -> list[Quarantined]:
    """What lies in quarantine, oldest first."""
    rows = await pool.fetch(
        "SELECT id, node_id, station, lid, first, records, reason, size_bytes, received_ms,"
        " released_ms FROM quarantine WHERE $1::bigint IS NULL OR station = $1 ORDER BY id",
        station,
    )
    return [Quarantined(*row) for row in rows]


async def read_quarantined(pool: Pool, item: int) -> bytes | None:
    """The bytes of an item."""
    raw = await pool.fetchval("SELECT raw FROM quarantine WHERE id = $1", item)
    return None if raw is None else bytes(raw)


async def release(pool: Pool, item: int, now_ms: int) -> None:
    """Mark an item as let go."""
    await pool.execute(
        "UPDATE quarantine SET released_ms = coalesce(released_ms, $1) WHERE id = $2", now_ms, item
    )


async def leaves(connection: Connection, lid: bytes, first: int, end: int) -> list[bytes]:
    """The opened leaves of these positions of a log."""
    log = await find_log(connection, lid)
    if log is None:
        return []
    return await read_leaves(connection, log, first, min(end, log.opened))


async def batch_at(pool: Pool, node_id: bytes, lid: bytes, sequence: int) -> StoredBatch | None:
    """The batch whose own records include this one."""
    row = await pool.fetchrow(
        'SELECT batch.number, start, "end", raw, received_ms'
        " FROM log JOIN batch ON batch.month = log.month AND batch.log_id = log.id"
        ' WHERE lid = $1 AND node_id = $2 AND start <= $3 AND "end" > $3'
        " ORDER BY start DESC LIMIT 1",
        *(lid, node_id, sequence),
    )
    return StoredBatch(*row) if row else None


async def watermarks(pool: Pool) -> list[Watermark]:
    """Every log, in order of arrival."""
    rows = await pool.fetch(
        "SELECT lid, size, opened, archived, node_id, station FROM log ORDER BY id"
    )
    return [Watermark(*row) for row in rows]


async def set_archived(pool: Pool, archived: Mapping[bytes, int]) -> None:
    """Raise the watermarks."""
    await pool.execute(
        "UPDATE log SET archived = greatest(archived, least(opened, new.size))"
        " FROM (SELECT * FROM unnest($1::bytea[], $2::bigint[]) AS asked (lid, size)) AS new"
        " WHERE log.lid = new.lid",
        *(list(archived), list(archived.values())),
    )


async def prepare_months(pool: Pool, now_ms: int) -> None:
    """Partitions for the present month and those that come.

    A month whose first batches lie among the others already stays there: moving them would stop the
    city for as long as it takes.
    """
    present = month_of(now_ms)
    for month in range(present, present + MONTHS_AHEAD + 1):
        for table in ("batch", "leaf_run"):
            await _prepare_month(pool, table, month)


async def _prepare_month(pool: Pool, table: str, month: int) -> None:
    name = f"{table}_{month // 12:04}_{month % 12 + 1:02}"

    async def work(connection: Connection) -> None:
        await connection.execute("SELECT pg_advisory_xact_lock($1)", _PARTITION_LOCK)
        if await connection.fetchval("SELECT to_regclass($1)", name) is None:
            await connection.execute(
                f"CREATE TABLE {name} PARTITION OF {table}"
                f" FOR VALUES FROM ({month}) TO ({month + 1})"
            )

    try:
        await pool.transact(work)
    except asyncpg.CheckViolationError:
        return

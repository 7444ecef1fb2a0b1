"""What lies beside the logs in the SQLite archive: quarantine, watermarks, generation.

Rules: nothing in quarantine is ever deleted; each station has its share of it, so that one cannot
fill the disk for all; a watermark never falls and never passes what is opened.
"""

import sqlite3
from collections.abc import Mapping
from hashlib import sha256
from typing import Final

from sync.city.archive.opened import INSERT_QUARANTINE
from sync.city.archive.port import Quarantined, Sealed, StoredBatch, Watermark
from sync.city.archive.taking_in import find_log, read_leaves

QUARANTINE_BYTES_PER_STATION: Final = 64 << 20


def read_generation(connection: sqlite3.Connection) -> bytes:
    """The archive's generation."""
    row = connection.execute("SELECT generation FROM city").fetchone()
    return bytes(row[0])


def renew(connection: sqlite3.Connection) -> bytes:
    """Begin a new generation."""
    connection.execute("UPDATE city SET generation = randomblob(8)")
    return read_generation(connection)


def keep_apart(connection: sqlite3.Connection, sealed: Sealed) -> bool:
    """Put bytes into quarantine; False when the station's share of it is full."""
    digest = sha256(sealed.raw).digest()
    if connection.execute("SELECT 1 FROM quarantine WHERE digest = ?", (digest,)).fetchone():
        return True
    (used,) = connection.execute(
        "SELECT coalesce(sum(size_bytes), 0) FROM quarantine WHERE node_id = ?",
        (sealed.node_id,),
    ).fetchone()
    if used + len(sealed.raw) > QUARANTINE_BYTES_PER_STATION:
        return False
    *facts, raw, received_ms = sealed
    connection.execute(INSERT_QUARANTINE, (digest, *facts, len(raw), received_ms, raw))
    return True


def quarantined(connection: sqlite3.Connection, station: int | None) -> list[Quarantined]:
    """What lies in quarantine, oldest first."""
    return [
        Quarantined(*row)
        for row in connection.execute(
            "SELECT id, node_id, station, lid, first, records, reason, size_bytes, received_ms,"
            " released_ms FROM quarantine WHERE ?1 IS NULL OR station = ?1 ORDER BY id",
            (station,),
        )
    ]


def read_quarantined(connection: sqlite3.Connection, item: int) -> bytes | None:
    """The bytes of an item."""
    row = connection.execute("SELECT raw FROM quarantine WHERE id = ?", (item,)).fetchone()
    return None if row is None else bytes(row[0])


def release(connection: sqlite3.Connection, item: int, now_ms: int) -> None:
    """Mark an item as let go."""
    connection.execute(
        "UPDATE quarantine SET released_ms = coalesce(released_ms, ?) WHERE id = ?", (now_ms, item)
    )


def leaves(connection: sqlite3.Connection, lid: bytes, first: int, end: int) -> list[bytes]:
    """The opened leaves of these positions of a log."""
    log = find_log(connection, lid)
    return [] if log is None else read_leaves(connection, log.id, first, min(end, log.opened))


def batch_at(
    connection: sqlite3.Connection, node_id: bytes, lid: bytes, sequence: int
) -> StoredBatch | None:
    """The batch whose own records include this one."""
    row = connection.execute(
        "SELECT batch.number, start, end, raw, received_ms FROM batch"
        " JOIN log ON log.id = batch.log_id"
        " WHERE lid = ? AND node_id = ? AND start <= ? AND end > ? ORDER BY start DESC LIMIT 1",
        (lid, node_id, sequence, sequence),
    ).fetchone()
    return StoredBatch(*row) if row else None


def watermarks(connection: sqlite3.Connection) -> list[Watermark]:
    """Every log, in order of arrival."""
    return [
        Watermark(*row)
        for row in connection.execute(
            "SELECT lid, size, opened, archived, node_id, station FROM log ORDER BY id"
        )
    ]


def count_effects(connection: sqlite3.Connection) -> int:
    """How many commands have taken effect."""
    return int(connection.execute("SELECT count(*) FROM effect").fetchone()[0])


def set_archived(connection: sqlite3.Connection, archived: Mapping[bytes, int]) -> None:
    """Raise the watermarks."""
    connection.executemany(
        "UPDATE log SET archived = max(archived, min(opened, ?)) WHERE lid = ?",
        [(size, lid) for lid, size in archived.items()],
    )

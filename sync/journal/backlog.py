"""What the journal holds, seen through a read-only connection.

Responsible for the questions the daemon and the status page ask of `node.db`: which logs there
are, their records and leaves, and what is not yet held by the city. Every function is one or two
statements on a connection opened `mode=ro`. It must not know the network or the node's tables.
"""

import sqlite3
from collections.abc import Mapping
from typing import NamedTuple

from sync.journal.journal import SEQUENCE_BITS
from sync.protocol.record import LogIdentity, Parent


class Identity(NamedTuple):
    """Who the station says it is."""

    node_id: bytes
    station_code: str
    hardware_id: bytes


class Head(NamedTuple):
    """One log: what the city must know to accept its batches."""

    log_number: int
    lid: bytes
    identity: LogIdentity
    parent: Parent | None
    size: int
    frontier: bytes
    closed: bool


class StoredRecord(NamedTuple):
    """One record as it will travel, with its leaf."""

    raw: bytes
    leaf: bytes


class Backlog(NamedTuple):
    """What the city does not hold yet. `oldest_wall_ms` is None when nothing waits."""

    events: int
    dossiers: int
    oldest_wall_ms: int | None


def identity(connection: sqlite3.Connection) -> Identity | None:
    """The station's identity, or None before the node's first start."""
    row = connection.execute(
        "SELECT node_id, station_code, hardware_id FROM journal_identity"
    ).fetchone()
    return Identity(*row) if row is not None else None


def heads(connection: sqlite3.Connection) -> list[Head]:
    """Every log, oldest first."""
    node = identity(connection)
    if node is None:
        return []
    rows = connection.execute(
        "SELECT number, lid, nonce, lane, parent_lid, parent_size, parent_root, size, frontier,"
        " closed FROM log ORDER BY number"
    )
    return [
        Head(
            log_number=row[0],
            lid=row[1],
            identity=LogIdentity(node.node_id, row[0], row[2], row[3]),
            parent=Parent(row[4], row[5], row[6]) if row[4] is not None else None,
            size=row[7],
            frontier=row[8],
            closed=bool(row[9]),
        )
        for row in rows
    ]


def records(
    connection: sqlite3.Connection, lid: bytes, first: int, count: int
) -> list[StoredRecord]:
    """At most `count` records of a log from sequence `first`, in order."""
    start, end = _range(connection, lid)
    rows = connection.execute(
        "SELECT raw, leaf FROM record WHERE position >= ? AND position < ?"
        " ORDER BY position LIMIT ?",
        (start + first, end, count),
    )
    return [StoredRecord(*row) for row in rows]


def leaves(connection: sqlite3.Connection, lid: bytes, count: int) -> list[bytes]:
    """The first `count` leaves of a log, in order."""
    start, end = _range(connection, lid)
    rows = connection.execute(
        "SELECT leaf FROM record WHERE position >= ? AND position < ? ORDER BY position",
        (start, min(start + count, end)),
    )
    return [row[0] for row in rows]


def _range(connection: sqlite3.Connection, lid: bytes) -> tuple[int, int]:
    """First and past-the-last position a log can have; empty for an unknown log."""
    row = connection.execute("SELECT number FROM log WHERE lid = ?", (lid,)).fetchone()
    if row is None:
        return 0, 0
    return row[0] << SEQUENCE_BITS, (row[0] + 1) << SEQUENCE_BITS


def waiting(
    connection: sqlite3.Connection, acked: Mapping[bytes, int], submitted_kind: int
) -> Backlog:
    """What stands beyond `acked` (log id → number of records the city holds).

    `submitted_kind` is the record kind that counts as a dossier.
    """
    events = dossiers = 0
    oldest: int | None = None
    for number, lid, size in connection.execute("SELECT number, lid, size FROM log"):
        first = acked.get(lid, 0)
        if first >= size:
            continue
        events += size - first
        row = connection.execute(
            "SELECT count(*) FILTER (WHERE kind = ?), min(wall_ms) FROM record"
            " WHERE position >= ? AND position < ?",
            (
                submitted_kind,
                number << SEQUENCE_BITS | first,
                (number + 1) << SEQUENCE_BITS,
            ),
        ).fetchone()
        dossiers += row[0]
        if row[1] is not None:
            oldest = row[1] if oldest is None else min(oldest, row[1])
    return Backlog(events, dossiers, oldest)

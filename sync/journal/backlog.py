"""What the journal holds, seen through a read-only connection.

Responsible for the questions the daemon and the status page ask of `node.db`: which logs there
are, their records and leaves, and what is not yet held by the city. Every function is one or two
statements on a connection opened `mode=ro`. It must not know the network or the node's tables.
"""

import sqlite3
from collections.abc import Iterable, Mapping
from typing import Any, Final, NamedTuple

from sync.journal.journal import SEQUENCE_BITS
from sync.journal.withheld import Withheld
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
    boot_id: bytes


class StoredRecord(NamedTuple):
    """One record as it will travel, with its leaf; `raw` is empty once its body was purged."""

    raw: bytes
    leaf: bytes


class Backlog(NamedTuple):
    """What the city does not hold. `oldest_wall_ms` is None when nothing waits.

    `withheld` of the events were sent as leaves alone, and `stuck` of those cannot be sent again.
    """

    events: int
    dossiers: int
    oldest_wall_ms: int | None
    withheld: int = 0
    stuck: int = 0

    def plus(self, withheld: Iterable[Withheld], submitted_kind: int) -> "Backlog":
        """With what the city cannot read."""
        ones = list(withheld)
        times = [one.wall_ms for one in ones] + [self.oldest_wall_ms]
        return Backlog(
            self.events + len(ones),
            self.dossiers + sum(one.kind == submitted_kind for one in ones),
            min((time for time in times if time is not None), default=None),
            len(ones),
            sum(one.record is None for one in ones),
        )


class Outbox(NamedTuple):
    """What one lane has not sent: records, about so many bytes, and since when."""

    records: int
    plain_bytes: int
    oldest_wall_ms: int | None

    def plus(self, other: "Outbox") -> "Outbox":
        """Both together."""
        times = [time for time in (self.oldest_wall_ms, other.oldest_wall_ms) if time is not None]
        return Outbox(
            self.records + other.records,
            self.plain_bytes + other.plain_bytes,
            min(times, default=None),
        )


SAMPLE_RECORDS: Final = 256
"""Records whose size stands for that of the whole backlog."""


def identity(connection: sqlite3.Connection) -> Identity | None:
    """The station's identity, or None before the node's first start."""
    row = connection.execute(
        "SELECT node_id, station_code, hardware_id FROM journal_identity"
    ).fetchone()
    return Identity(*row) if row is not None else None


_HEAD: Final = (
    "SELECT number, identity_number, lid, nonce, lane, parent_lid, parent_size, parent_root,"
    " size, frontier, state, boot_id FROM log WHERE state <> 'abandoned'"
)


def heads(connection: sqlite3.Connection) -> list[Head]:
    """Every log that the city is to have, oldest first.

    Not those abandoned after a fork: their records were journalled again in another log.
    """
    node = identity(connection)
    if node is None:
        return []
    rows = connection.execute(f"{_HEAD} ORDER BY number")
    return [_head(node, row) for row in rows]


def head(connection: sqlite3.Connection, lid: bytes) -> Head | None:
    """One log, or None when it is unknown or abandoned."""
    node = identity(connection)
    row = connection.execute(f"{_HEAD} AND lid = ?", (lid,)).fetchone()
    return None if node is None or row is None else _head(node, row)


def _head(node: Identity, row: tuple[Any, ...]) -> Head:
    return Head(
        log_number=row[0],
        lid=row[2],
        identity=LogIdentity(node.node_id, row[1], row[3], row[4]),
        parent=Parent(row[5], row[6], row[7]) if row[5] is not None else None,
        size=row[8],
        frontier=row[9],
        closed=row[10] != "open",
        boot_id=row[11],
    )


def sizes(connection: sqlite3.Connection) -> list[tuple[bytes, int, int]]:
    """Log id, number of records and lane of every log the city is to have, oldest first."""
    return connection.execute(
        "SELECT lid, size, lane FROM log WHERE state <> 'abandoned' ORDER BY number"
    ).fetchall()


def lids(connection: sqlite3.Connection) -> frozenset[bytes]:
    """The ids of all logs, also of those that are not sent any more."""
    return frozenset(row[0] for row in connection.execute("SELECT lid FROM log"))


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
    logs = "SELECT number, lid, size FROM log WHERE state <> 'abandoned'"
    for number, lid, size in connection.execute(logs):
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


def outbox(connection: sqlite3.Connection, acked: Mapping[bytes, int]) -> dict[int, Outbox]:
    """What waits in each lane that has anything; bytes are counted from a sample."""
    waits: dict[int, Outbox] = {}
    for lid, size, lane in sizes(connection):
        first = acked.get(lid, 0)
        if first < size:
            found = _unsent(connection, lid, first, size)
            waits[lane] = found if lane not in waits else waits[lane].plus(found)
    return waits


def _unsent(connection: sqlite3.Connection, lid: bytes, first: int, size: int) -> Outbox:
    start, end = _range(connection, lid)
    bytes_each, oldest = connection.execute(
        "SELECT coalesce(avg(length(raw)), 0), min(wall_ms) FROM"
        " (SELECT raw, wall_ms FROM record WHERE position >= ? AND position < ?"
        " ORDER BY position LIMIT ?)",
        (start + first, end, SAMPLE_RECORDS),
    ).fetchone()
    return Outbox(size - first, int((size - first) * bytes_each), oldest)


def attachments(connection: sqlite3.Connection) -> int:
    """Attachments whose file is still here."""
    (count,) = connection.execute("SELECT count(*) FROM blob WHERE purged = 0").fetchone()
    return int(count)

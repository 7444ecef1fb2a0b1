"""Append events to the station's journal, inside the transaction that made them true.

Rules:

* a log belongs to one run of the node: the first append after a start opens a new one, lazily,
  so that a card restored from an old image can never continue a log the city has longer
  (SPEC: logs and epochs);
* one append = one record, one leaf, the new frontier, the command's id: all in the caller's
  transaction or not at all. Nothing is remembered here that a rollback could falsify;
* a command id is appended once for ever; the second time is `DuplicateCommand`.

It must not know what an event says, who reads the journal, or that a city exists.
"""

import sqlite3
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final, NamedTuple

from sync.protocol import merkle
from sync.protocol.record import (
    Genesis,
    LogIdentity,
    Parent,
    Record,
    RecordTime,
    content_digest,
    encode_record,
    genesis_record,
    hardware_id,
    log_id,
)

MAXIMUM_LOG_RECORDS: Final = 100_000
"""A log this long is closed and the next append opens another."""

MAXIMUM_TAG_DRAWS: Final = 64
"""Nonces drawn for a log whose tag this station has not used before."""

LANE_DOSSIERS: Final = 1


class DuplicateCommand(Exception):  # noqa: N818 - an answer, not a fault
    """This command id is in the journal already."""


class JournalEvent(NamedTuple):
    """What is to be recorded. `body` is UTF-8 JSON; `version` counts per subject from 1."""

    eid: bytes
    kind: int
    subject: bytes | None
    version: int
    body: bytes


class Position(NamedTuple):
    """Where a record stands for ever: log and sequence in it."""

    log_number: int
    lid: bytes
    sequence: int


@dataclass(frozen=True, slots=True)
class Run:
    """Facts of this run of the node that its log's first record states."""

    station_code: str
    boot_id: bytes
    board_serial: str
    software: str
    reason: str = "start"


class Journal:
    """The journal of one run; its methods are called inside a write transaction only."""

    def __init__(
        self, run: Run, *, entropy: Callable[[int], bytes], tag_of: Callable[[bytes], str]
    ) -> None:
        """`entropy(n)` gives n random bytes; `tag_of(nonce)` the short name printed on paper."""
        self._run = run
        self._entropy = entropy
        self._tag_of = tag_of
        self._number = 0
        self._lid = b""

    def append(
        self, connection: sqlite3.Connection, event: JournalEvent, time: RecordTime
    ) -> Position:
        """Record `event` at the end of the open log and return where it stands."""
        size, packed = self._open_log(connection, time)
        record = Record(
            size, event.kind, event.eid, event.subject, event.version, time, 0, event.body
        )
        position = Position(self._number, self._lid, size)
        try:
            connection.execute(
                "INSERT INTO command (eid, digest, log_number, sequence) VALUES (?, ?, ?, ?)",
                (event.eid, content_digest(record), position.log_number, size),
            )
        except sqlite3.IntegrityError as error:
            raise DuplicateCommand(event.eid.hex()) from error
        _store(connection, self._number, record, packed)
        return position

    def next_dossier(self, connection: sqlite3.Connection, time: RecordTime) -> tuple[str, int]:
        """The open log's tag and the next number in it (from 1): unique without any clock."""
        self._open_log(connection, time)
        row = connection.execute(
            "UPDATE log SET dossiers = dossiers + 1 WHERE number = ? RETURNING tag, dossiers",
            (self._number,),
        ).fetchone()
        return str(row[0]), int(row[1])

    def _open_log(self, connection: sqlite3.Connection, time: RecordTime) -> tuple[int, bytes]:
        row = connection.execute(
            "SELECT size, frontier FROM log WHERE number = ?", (self._number,)
        ).fetchone()
        # No row: nothing appended since the start, or the transaction that opened it was undone.
        if row is not None and row[0] < MAXIMUM_LOG_RECORDS:
            return row[0], row[1]
        return self._begin_log(connection, time)

    def _begin_log(self, connection: sqlite3.Connection, time: RecordTime) -> tuple[int, bytes]:
        node_id = ensure_identity(connection, self._run, self._entropy)
        parent_row = connection.execute(
            "SELECT number, lid, size, frontier FROM log ORDER BY number DESC LIMIT 1"
        ).fetchone()
        parent = None
        number = 0
        if parent_row is not None:
            number = parent_row[0] + 1
            parent = Parent(parent_row[1], parent_row[2], merkle.root(merkle.unpack(parent_row[3])))
        nonce, tag = self._fresh_nonce(connection)
        identity = LogIdentity(node_id, number, nonce, LANE_DOSSIERS)
        genesis = Genesis(
            identity=identity,
            station=int(self._run.station_code),
            parent=parent,
            boot_id=self._run.boot_id,
            reason=self._run.reason,
            software=self._run.software,
            hardware_id=hardware_id(node_id, self._run.board_serial),
            last_receipt=None,
        )
        lid = log_id(identity)
        _insert_log(connection, identity, tag, parent, time)
        _store(connection, number, genesis_record(genesis, time), merkle.pack(()))
        self._number, self._lid = number, lid
        size, frontier = connection.execute(
            "SELECT size, frontier FROM log WHERE number = ?", (number,)
        ).fetchone()
        return size, frontier

    def _fresh_nonce(self, connection: sqlite3.Connection) -> tuple[bytes, str]:
        for _ in range(MAXIMUM_TAG_DRAWS):
            nonce = self._entropy(8)
            tag = self._tag_of(nonce)
            if not connection.execute("SELECT 1 FROM log WHERE tag = ?", (tag,)).fetchone():
                return nonce, tag
        message = f"no free log tag in {MAXIMUM_TAG_DRAWS} draws"
        raise RuntimeError(message)


def ensure_identity(
    connection: sqlite3.Connection, run: Run, entropy: Callable[[int], bytes]
) -> bytes:
    """This station's node_id, made at the first start and kept for ever."""
    row = connection.execute("SELECT node_id FROM journal_identity").fetchone()
    if row is not None:
        return bytes(row[0])
    node_id = entropy(16)
    connection.execute(
        "INSERT INTO journal_identity (id, node_id, station_code, hardware_id) VALUES (1, ?, ?, ?)",
        (node_id, run.station_code, hardware_id(node_id, run.board_serial)),
    )
    return node_id


def _insert_log(
    connection: sqlite3.Connection,
    identity: LogIdentity,
    tag: str,
    parent: Parent | None,
    time: RecordTime,
) -> None:
    connection.execute("UPDATE log SET closed = 1 WHERE closed = 0")
    connection.execute(
        "INSERT INTO log (number, lid, nonce, tag, lane, parent_lid, parent_size, parent_root,"
        " size, frontier, opened_wall_ms) VALUES (?, ?, ?, ?, ?, ?, ?, ?, 0, ?, ?)",
        (
            identity.number,
            log_id(identity),
            identity.nonce,
            tag,
            identity.lane,
            *(parent if parent is not None else (None, None, None)),
            merkle.pack(()),
            time.wall_ms,
        ),
    )


def _store(
    connection: sqlite3.Connection, log_number: int, record: Record, packed_frontier: bytes
) -> None:
    raw = encode_record(record)
    leaf = merkle.leaf_hash(raw)
    frontier = merkle.append(merkle.unpack(packed_frontier), record.sequence, leaf)
    connection.execute(
        "INSERT INTO record (log_number, sequence, leaf, eid, subject, kind, version, wall_ms,"
        " raw) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
        (
            log_number,
            record.sequence,
            leaf,
            record.eid,
            record.subject,
            record.kind,
            record.version,
            record.time.wall_ms,
            raw,
        ),
    )
    connection.execute(
        "UPDATE log SET size = ?, frontier = ? WHERE number = ?",
        (record.sequence + 1, merkle.pack(frontier), log_number),
    )

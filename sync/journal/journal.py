"""Append events to the station's journal, inside the transaction that made them true.

Rules:

* a log belongs to one run of the node: the first append after a start opens a new one, lazily,
  so that a card restored from an old image can never continue a log the city has longer
  (SPEC: logs and epochs);
* one append = one record, one leaf, the command's id, the new frontier: all in the caller's
  transaction or not at all. The frontier is kept in memory between commits and written once per
  commit; an undone transaction resets it (`sync.database.Participant`);
* a command id is appended once for ever; the second time is `DuplicateCommand`.

It must not know what an event says, who reads the journal, or that a city exists.
"""

import sqlite3
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final, NamedTuple, TypeAlias

from sync.protocol import merkle
from sync.protocol.record import (
    Genesis,
    LogIdentity,
    Parent,
    Record,
    RecordTime,
    encode_record,
    genesis_record,
    hardware_id,
    log_id,
)

MAXIMUM_LOG_RECORDS: Final = 100_000
"""A log this long is closed and the next append opens another."""

SEQUENCE_BITS: Final = 20
"""record.position = log number · 2^20 + sequence; MAXIMUM_LOG_RECORDS fits."""

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


@dataclass(slots=True)
class _OpenLog:
    """The open log as of the last append; written to its row once per commit."""

    number: int
    lid: bytes
    tag: str
    size: int
    frontier: merkle.Frontier
    dossiers: int


_Mark: TypeAlias = tuple[_OpenLog, int, merkle.Frontier, int] | None


class Journal:
    """The journal of one run; a participant of the writer, used in its thread only."""

    def __init__(
        self, run: Run, *, entropy: Callable[[int], bytes], tag_of: Callable[[bytes], str]
    ) -> None:
        """`entropy(n)` gives n random bytes; `tag_of(nonce)` the short name printed on paper."""
        self._run = run
        self._entropy = entropy
        self._tag_of = tag_of
        self._log: _OpenLog | None = None

    def mark(self) -> _Mark:
        """The open log now, and how far it is."""
        log = self._log
        return (log, log.size, log.frontier, log.dossiers) if log is not None else None

    def reset(self, mark: _Mark) -> None:
        """Forget what was undone."""
        if mark is None:
            self._log = None
            return
        log, size, frontier, dossiers = mark
        log.size, log.frontier, log.dossiers = size, frontier, dossiers
        self._log = log

    def flush(self, connection: sqlite3.Connection) -> None:
        """Write the open log's size and frontier, once for all appends of a commit."""
        log = self._log
        if log is not None:
            connection.execute(
                "UPDATE log SET size = ?, frontier = ?, dossiers = ? WHERE number = ?",
                (log.size, merkle.pack(log.frontier), log.dossiers, log.number),
            )

    def append(
        self, connection: sqlite3.Connection, event: JournalEvent, time: RecordTime
    ) -> Position:
        """Record `event` at the end of the open log and return where it stands."""
        log = self._open_log(connection, time)
        record = Record(
            log.size, event.kind, event.eid, event.subject, event.version, time, 0, event.body
        )
        self._store(connection, log, record)
        return Position(log.number, log.lid, record.sequence)

    def next_position(self, connection: sqlite3.Connection, time: RecordTime) -> Position:
        """Where the next append of this transaction will stand."""
        log = self._open_log(connection, time)
        return Position(log.number, log.lid, log.size)

    def next_dossier(self, connection: sqlite3.Connection, time: RecordTime) -> tuple[str, int]:
        """The open log's tag and the next number in it (from 1): unique without any clock."""
        log = self._open_log(connection, time)
        log.dossiers += 1
        return log.tag, log.dossiers

    def _open_log(self, connection: sqlite3.Connection, time: RecordTime) -> _OpenLog:
        log = self._log
        if log is not None and log.size < MAXIMUM_LOG_RECORDS:
            return log
        if log is not None:
            self.flush(connection)
        return self._begin_log(connection, time)

    def _begin_log(self, connection: sqlite3.Connection, time: RecordTime) -> _OpenLog:
        node_id = ensure_identity(connection, self._run, self._entropy)
        newest = connection.execute(
            "SELECT number, lid, size, frontier FROM log ORDER BY number DESC LIMIT 1"
        ).fetchone()
        number, parent = 0, None
        if newest is not None:
            number = newest[0] + 1
            parent = Parent(newest[1], newest[2], merkle.root(merkle.unpack(newest[3])))
        nonce, tag = self._fresh_nonce(connection)
        identity = LogIdentity(node_id, number, nonce, LANE_DOSSIERS)
        _insert_log(connection, identity, tag, parent, time)
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
        log = _OpenLog(number, log_id(identity), tag, 0, (), 0)
        return self._store(connection, log, genesis_record(genesis, time))

    def _store(self, connection: sqlite3.Connection, log: _OpenLog, record: Record) -> _OpenLog:
        raw = encode_record(record)
        leaf = merkle.leaf_hash(raw)
        try:
            connection.execute(
                "INSERT INTO record (position, leaf, eid, subject, kind, version, wall_ms, raw)"
                " VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
                (
                    log.number << SEQUENCE_BITS | record.sequence,
                    leaf,
                    record.eid,
                    record.subject,
                    record.kind,
                    record.version,
                    record.time.wall_ms,
                    raw,
                ),
            )
        except sqlite3.IntegrityError as error:
            raise DuplicateCommand(record.eid.hex()) from error
        log.frontier = merkle.append(log.frontier, log.size, leaf)
        log.size += 1
        self._log = log
        return log

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

"""Append events to the station's journal, inside the transaction that made them true.

Rules:

* a log belongs to one run of the node and to one lane: the first append after a start opens a new
  one, lazily, so that a card restored from an old image can never continue a log the city has
  longer (SPEC: logs and epochs). It is closed when it is full or old, or when `renew` says that
  something happened to the station's history or keys;
* one append = one record, one leaf, the command's id, the new frontier: all in the caller's
  transaction or not at all. The frontier is kept in memory between commits and written once per
  commit; an undone transaction resets it (`sync.database.Participant`);
* a command id is appended once for ever; the second time is `DuplicateCommand`. A copy of a record
  whose log was abandoned, or whose body the city cannot read, is no second time; a record has one
  copy at most, and a further one is a copy of that.

It must not know what an event says, who reads the journal, or that a city exists.
"""

import sqlite3
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final, NamedTuple, TypeAlias

from sync.group_commit import NeedsConnection, Rows
from sync.protocol import merkle
from sync.protocol.record import (
    CONTENT_JSON,
    EXT_ORIGIN,
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

MAXIMUM_LOG_AGE_MS: Final = 30 * 24 * 60 * 60 * 1000
"""A log this old is closed. A log is of one run, so the monotonic clock measures its age."""

SEQUENCE_BITS: Final = 20
"""record.position = log number · 2^20 + sequence; MAXIMUM_LOG_RECORDS fits."""

MAXIMUM_TAG_DRAWS: Final = 64
"""Nonces drawn for a log whose tag this station has not used before."""

LANE_URGENT: Final = 0
LANE_DOSSIERS: Final = 1
LANE_BULK: Final = 2
LANES: Final = (LANE_URGENT, LANE_DOSSIERS, LANE_BULK)


class DuplicateCommand(Exception):  # noqa: N818 - an answer, not a fault
    """This command id is in the journal already."""


class JournalEvent(NamedTuple):
    """What is to be recorded; `version` counts per subject from 1.

    `body` is UTF-8 JSON, or canonical CBOR where `content_type` says so.
    """

    eid: bytes
    kind: int
    subject: bytes | None
    version: int
    body: bytes
    content_type: int = CONTENT_JSON
    lane: int = LANE_DOSSIERS


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


class _OpenLog(NamedTuple):
    """An open log as of the last append; written to its row once per commit."""

    number: int
    lid: bytes
    tag: str
    lane: int
    ends_mono_ms: int
    size: int
    frontier: merkle.Frontier
    dossiers: int


_Logs: TypeAlias = tuple[_OpenLog | None, ...]
_NONE_OPEN: Final[_Logs] = (None,) * len(LANES)


class _Mark(NamedTuple):
    """What a transaction that is undone goes back to."""

    logs: _Logs
    reason: str


class Journal:
    """The journal of one run; a participant of the writer, used in its thread only."""

    def __init__(
        self, run: Run, *, entropy: Callable[[int], bytes], tag_of: Callable[[bytes], str]
    ) -> None:
        """`entropy(n)` gives n random bytes; `tag_of(nonce)` the short name printed on paper."""
        self._run = run
        self._entropy = entropy
        self._tag_of = tag_of
        self._reason = run.reason
        self._logs = _NONE_OPEN
        self._written = _NONE_OPEN
        self.last_receipt: int | None = None
        """Number of the last city receipt seen, stated by the next log's first record."""

    @property
    def boot_id(self) -> bytes:
        """The boot this run belongs to."""
        return self._run.boot_id

    def mark(self) -> _Mark:
        """The open logs now, and how far they are."""
        return _Mark(self._logs, self._reason)

    def reset(self, mark: _Mark) -> None:
        """Forget what was undone."""
        self._logs, self._reason = mark
        self._written = _NONE_OPEN  # what was written may be undone as well

    def flush(self, connection: sqlite3.Connection) -> None:
        """Write size and frontier of the logs that grew, once for all appends of a commit."""
        for log, written in zip(self._logs, self._written, strict=True):
            if log is not None and log is not written:
                connection.execute(
                    "UPDATE log SET size = ?, frontier = ?, dossiers = ? WHERE number = ?",
                    (log.size, merkle.pack(log.frontier), log.dossiers, log.number),
                )
        self._written = self._logs

    def renew(self, connection: sqlite3.Connection, reason: str) -> None:
        """Close every open log; the next append of each lane opens another that says why."""
        self.flush(connection)
        connection.execute("UPDATE log SET state = 'closed' WHERE state = 'open'")
        self._logs = self._written = _NONE_OPEN
        self._reason = reason

    def close_if_open(self, connection: sqlite3.Connection, lid: bytes) -> None:
        """Before anything else is put into a log: it is not appended to any more."""
        if any(log is not None and log.lid == lid for log in self._logs):
            self.renew(connection, "rollback")

    def append(
        self, connection: sqlite3.Connection, event: JournalEvent, time: RecordTime
    ) -> Position:
        """Record `event` at the end of its lane's open log and return where it stands."""
        log = self._open_log(connection, time, event.lane)
        eid, kind, subject, version, body, content_type, _ = event
        record = Record(log.size, kind, eid, subject, version, time, content_type, body)
        self._store(connection, log, record)
        return Position(log.number, log.lid, record.sequence)

    def stage(self, rows: Rows, event: JournalEvent, time: RecordTime) -> Position:
        """As `append`, with the row added to `rows`; it is checked when they are inserted.

        Raises NeedsConnection when the lane's log has to be opened first.
        """
        log = self._staging_log(time, event.lane)
        eid, kind, subject, version, body, content_type, _ = event
        record = Record(log.size, kind, eid, subject, version, time, content_type, body)
        row, log = _grown(log, record, None)
        rows.append((INSERT_RECORD, row))
        self._keep(log)
        return Position(log.number, log.lid, record.sequence)

    def stage_dossier(self, time: RecordTime) -> tuple[str, int]:
        """As `next_dossier`. Raises NeedsConnection."""
        return self._draw(self._staging_log(time, LANE_DOSSIERS))

    def _staging_log(self, time: RecordTime, lane: int) -> _OpenLog:
        log = self._logs[lane]
        if log is None or _is_over(log, time):
            raise NeedsConnection
        return log

    def append_copy(
        self, connection: sqlite3.Connection, record: Record, origin: int, time: RecordTime
    ) -> Position:
        """Record once more, with its own time, what stands at position `origin`.

        Of an abandoned log, or where the city cannot read it. Its `ext` names the first copy.
        """
        lane, lid, boot_id = connection.execute(
            "SELECT lane, lid, boot_id FROM log WHERE number = ?", (origin >> SEQUENCE_BITS,)
        ).fetchone()
        ext = {EXT_ORIGIN: [lid, record.sequence, boot_id], **(record.ext or {})}
        log = self._open_log(connection, time, lane)
        self._store(connection, log, record._replace(sequence=log.size, ext=ext), origin)
        return Position(log.number, log.lid, log.size)

    def next_position(self, connection: sqlite3.Connection, time: RecordTime) -> Position:
        """Where the next dossier event of this transaction will stand."""
        log = self._open_log(connection, time, LANE_DOSSIERS)
        return Position(log.number, log.lid, log.size)

    def next_dossier(self, connection: sqlite3.Connection, time: RecordTime) -> tuple[str, int]:
        """The dossier log's tag and the next number in it (from 1): unique without any clock."""
        return self._draw(self._open_log(connection, time, LANE_DOSSIERS))

    def _draw(self, log: _OpenLog) -> tuple[str, int]:
        number = log.dossiers + 1
        self._keep(_OpenLog(*log[:-1], number))
        return log.tag, number

    def _keep(self, log: _OpenLog) -> None:
        logs, lane = self._logs, log.lane
        self._logs = (*logs[:lane], log, *logs[lane + 1 :])

    def _open_log(self, connection: sqlite3.Connection, time: RecordTime, lane: int) -> _OpenLog:
        log = self._logs[lane]
        if log is None:
            return self._begin_log(connection, time, lane, self._reason)
        if not _is_over(log, time):
            return log
        self.flush(connection)
        reason = "full" if log.size >= MAXIMUM_LOG_RECORDS else "age"
        return self._begin_log(connection, time, lane, reason)

    def _begin_log(
        self, connection: sqlite3.Connection, time: RecordTime, lane: int, reason: str
    ) -> _OpenLog:
        node_id = ensure_identity(connection, self._run, self._entropy)
        number = next_number(connection)
        parent = newest_of_lane(connection, lane)
        nonce, tag = self._fresh_nonce(connection)
        identity = LogIdentity(node_id, number, nonce, lane)
        connection.execute(
            "UPDATE log SET state = 'closed' WHERE state = 'open' AND lane = ?", (lane,)
        )
        insert_log(connection, LogRow(number, identity, tag, parent, self._run.boot_id), time)
        genesis = Genesis(
            identity=identity,
            station=int(self._run.station_code),
            parent=parent,
            boot_id=self._run.boot_id,
            reason=reason,
            software=self._run.software,
            hardware_id=hardware_id(node_id, self._run.board_serial),
            last_receipt=self.last_receipt,
        )
        ends_mono_ms = time.mono_ms + MAXIMUM_LOG_AGE_MS
        log = _OpenLog(number, log_id(identity), tag, lane, ends_mono_ms, 0, (), 0)
        return self._store(connection, log, genesis_record(genesis, time))

    def _store(
        self,
        connection: sqlite3.Connection,
        log: _OpenLog,
        record: Record,
        origin: int | None = None,
    ) -> _OpenLog:
        row, log = _grown(log, record, origin)
        try:
            connection.execute(INSERT_RECORD, row)
        except sqlite3.IntegrityError as error:
            raise DuplicateCommand(record.eid.hex()) from error
        self._keep(log)
        return log

    def _fresh_nonce(self, connection: sqlite3.Connection) -> tuple[bytes, str]:
        for _ in range(MAXIMUM_TAG_DRAWS):
            nonce = self._entropy(8)
            tag = self._tag_of(nonce)
            if not connection.execute("SELECT 1 FROM log WHERE tag = ?", (tag,)).fetchone():
                return nonce, tag
        message = f"no free log tag in {MAXIMUM_TAG_DRAWS} draws"
        raise RuntimeError(message)


HAS_COPY: Final = "EXISTS (SELECT 1 FROM record AS copy WHERE copy.origin = record.position)"
"""SQL: the row of `record` was journalled again and stands where its copy is."""

INSERT_RECORD: Final = (
    "INSERT INTO record (position, leaf, eid, subject, kind, version, wall_ms, raw, origin)"
    " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)"
)


def _is_over(log: _OpenLog, time: RecordTime) -> bool:
    """Whether the log is full or old enough to be closed."""
    return log.size >= MAXIMUM_LOG_RECORDS or time.mono_ms >= log.ends_mono_ms


def _grown(
    log: _OpenLog, record: Record, origin: int | None
) -> tuple[tuple[object, ...], _OpenLog]:
    """The record's row and the log with it."""
    raw = encode_record(record)
    leaf = merkle.leaf_hash(raw)
    number, lid, tag, lane, ends_mono_ms, size, frontier, dossiers = log
    position = number << SEQUENCE_BITS | size
    row = (
        *(position, leaf, record.eid, record.subject, record.kind, record.version),
        *(record.time.wall_ms, raw, origin),
    )
    frontier = merkle.append(frontier, size, leaf)
    return row, _OpenLog(number, lid, tag, lane, ends_mono_ms, size + 1, frontier, dossiers)


class LogRow(NamedTuple):
    """What is known of a log when its row is made; the parent is None for a lane's first."""

    number: int
    identity: LogIdentity
    tag: str
    parent: Parent | None
    boot_id: bytes
    state: str = "open"
    recovered: bool = False


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


def next_number(connection: sqlite3.Connection) -> int:
    """The number of the next log of this database."""
    return int(connection.execute("SELECT coalesce(max(number) + 1, 0) FROM log").fetchone()[0])


def newest_of_lane(connection: sqlite3.Connection, lane: int) -> Parent | None:
    """The log a new one of this lane follows, as it stands; never one that came back."""
    row = connection.execute(
        "SELECT lid, size, frontier FROM log WHERE lane = ? AND recovered = 0"
        " ORDER BY number DESC LIMIT 1",
        (lane,),
    ).fetchone()
    return Parent(row[0], row[1], merkle.root(merkle.unpack(row[2]))) if row is not None else None


def insert_log(connection: sqlite3.Connection, row: LogRow, time: RecordTime) -> None:
    """Make a log's row, empty."""
    number, identity, tag, parent, boot_id, state, recovered = row
    connection.execute(
        "INSERT INTO log (number, identity_number, lid, nonce, tag, lane, boot_id, parent_lid,"
        " parent_size, parent_root, size, frontier, opened_wall_ms, state, recovered)"
        " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, 0, ?, ?, ?, ?)",
        (
            number,
            identity.number,
            log_id(identity),
            identity.nonce,
            tag,
            identity.lane,
            boot_id,
            *(parent if parent is not None else (None, None, None)),
            merkle.pack(()),
            time.wall_ms,
            state,
            int(recovered),
        ),
    )

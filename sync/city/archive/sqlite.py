"""The archive in one SQLite file.

Responsible for: the statements behind the archive port, each port call one transaction of the one
writer. Rules: what is decided about a batch is decided by `sync.city.intake` inside the transaction
that stores it. It must not know HTTP, keys or wire formats beyond leaves and frontiers.
"""

import contextlib
import sqlite3
from collections.abc import AsyncIterator, Callable, Sequence
from hashlib import sha256
from importlib.resources import files
from pathlib import Path
from typing import Final, NamedTuple, TypeVar

from sync.city.archive import overview, register
from sync.city.archive.port import (
    WIRE_STATUS,
    ArchiveError,
    ArchiveFault,
    Arrival,
    AskedHead,
    Caller,
    Head,
    Sealed,
    StationSummary,
    Stored,
    VerdictCode,
)
from sync.city.intake import (
    NOTHING,
    Accept,
    Held,
    Refusal,
    Refuse,
    decide,
    find_notices,
    overlap_end,
)
from sync.database import DatabaseError, DatabaseFault, Reader, Writer, open_reader, open_writer
from sync.protocol import merkle
from sync.protocol.batch import BatchHeader
from sync.protocol.limits import MAXIMUM_RECEIPT_STATUSES
from sync.protocol.record import Parent

OWNER: Final = "city"
MAXIMUM_WELCOME_STATUSES: Final = 20_000
"""Statuses in one WELCOME, about 120 KB: with 1,000 logs it stays below its limit."""
PAGE_BYTES: Final = 16_384
"""Records come by hundreds: large pages write a third fewer bytes to the log."""

CHECKPOINT_PAGES: Final = 4_096
"""Pages of 16 KiB in the write-ahead log before they are copied into the file: 64 MiB."""
CACHE_KIB: Final = 64 << 10
_WITHHELD: Final = (None, None, None, None)
QUARANTINE_BYTES_PER_STATION: Final = 64 << 20

Result = TypeVar("Result")

_FAULTS: Final = {
    DatabaseFault.FULL: ArchiveFault.FULL,
    DatabaseFault.BUSY: ArchiveFault.BUSY,
}


class _Log(NamedTuple):
    id: int
    node_id: bytes
    held: Held
    archived: int
    applied: int


class SqliteArchive:
    """Implements the archive port; made by `open_archive`."""

    def __init__(self, writer: Writer, reader: Reader, generation: bytes) -> None:
        self.writer = writer
        self._reader = reader
        self._generation = generation
        self._turn = 0

    @property
    def generation(self) -> bytes:
        """8 random bytes that change only when the archive is made anew."""
        return self._generation

    async def check(self) -> None:
        """Read something."""
        await self._read(_generation)

    async def store(self, arrival: Arrival) -> Stored | Refuse:
        """Compare with what is stored and keep what is new, durably."""
        return await self._write(lambda connection: _store(connection, arrival))

    async def keep_apart(self, sealed: Sealed) -> bool:
        """Put bytes into quarantine; False when the station's share of it is full."""
        return await self._write(lambda connection: _keep_apart(connection, sealed))

    async def greet(
        self, caller: Caller, asked: Sequence[AskedHead], received_ms: int
    ) -> tuple[list[Head], int]:
        """Note the contact and tell the heads of the logs asked for."""
        # A full disk must not keep a station from learning where it stands.
        with contextlib.suppress(ArchiveError):
            await self._write(lambda connection: _note_contact(connection, caller, received_ms))
        return await self._read(
            lambda connection: (
                _asked_heads(connection, caller.node_id, asked),
                _newest_batch(connection),
            )
        )

    async def enter(self, maximum_records: int) -> int:
        """Enter up to this many records of one log; logs take turns."""
        turn = await self._write(
            lambda connection: register.enter_next(connection, self._turn, maximum_records)
        )
        self._turn = turn.log_id
        return turn.entered

    async def reconsider(self) -> int:
        """Enter the records whose kind an older program did not know."""
        return await self._write(register.reconsider)

    async def summarise(self, now_ms: int) -> list[StationSummary]:
        """One summary for each station ever heard of."""
        return await self._read(lambda connection: overview.summarise(connection, now_ms))

    async def _write(self, work: Callable[[sqlite3.Connection], Result]) -> Result:
        try:
            return await self.writer.transact(work)
        except DatabaseError as error:
            raise ArchiveError(_FAULTS.get(error.code, ArchiveFault.BROKEN)) from error

    async def _read(self, work: Callable[[sqlite3.Connection], Result]) -> Result:
        try:
            return await self._reader.query(work)
        except DatabaseError as error:
            raise ArchiveError(_FAULTS.get(error.code, ArchiveFault.BROKEN)) from error


@contextlib.asynccontextmanager
async def open_archive(path: Path) -> AsyncIterator[SqliteArchive]:
    """The archive in `path`, created or migrated as needed."""
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    folder = files("sync.city.archive") / "migrations"
    async with (
        open_writer(path, {OWNER: folder}, page_bytes=PAGE_BYTES) as writer,
        open_reader(path) as reader,
    ):
        await writer.transact(_tune)
        generation = await reader.query(_generation)
        yield SqliteArchive(writer, reader, generation)


def _tune(connection: sqlite3.Connection) -> None:
    """A city's disk has room for a longer log of changes: fewer checkpoints, the same safety."""
    connection.execute(f"PRAGMA wal_autocheckpoint = {CHECKPOINT_PAGES}")
    connection.execute(f"PRAGMA cache_size = -{CACHE_KIB}")


def _generation(connection: sqlite3.Connection) -> bytes:
    row = connection.execute("SELECT generation FROM city").fetchone()
    return bytes(row[0])


def _store(connection: sqlite3.Connection, arrival: Arrival) -> Stored | Refuse:
    header, claim = arrival.header, arrival.claim
    _note_contact(connection, Caller(header.node_id, header.station), arrival.received_ms)
    log = _find_log(connection, header.lid)
    if log is not None and log.node_id != header.node_id:
        return Refuse(Refusal.FOREIGN, 0)
    held = log.held if log else NOTHING
    overlap = _leaves(connection, log, claim.first, overlap_end(claim, held))
    decision = decide(claim, held, overlap)
    if isinstance(decision, Refuse):
        return decision
    new_records = 0
    if isinstance(decision, Accept):
        log_id = log.id if log else _open_log(connection, header, arrival.received_ms)
        new_records = _append(connection, arrival, log_id, decision)
    return Stored(_head(connection, header.lid), _newest_batch(connection), new_records)


def _find_log(connection: sqlite3.Connection, lid: bytes) -> _Log | None:
    row = connection.execute(
        "SELECT id, node_id, size, frontier, archived, applied FROM log WHERE lid = ?", (lid,)
    ).fetchone()
    if row is None:
        return None
    return _Log(row[0], row[1], Held(row[2], merkle.unpack(row[3])), row[4], row[5])


def _leaves(connection: sqlite3.Connection, log: _Log | None, first: int, end: int) -> list[bytes]:
    if log is None or first >= end:
        return []
    return [
        row[0]
        for row in connection.execute(
            "SELECT leaf FROM record WHERE log_id = ? AND sequence >= ? AND sequence < ?"
            " ORDER BY sequence",
            (log.id, first, end),
        )
    ]


def _open_log(connection: sqlite3.Connection, header: BatchHeader, received_ms: int) -> int:
    description = header.description
    assert description is not None, "a header with first = 0 describes its log"
    parent = description.parent
    cursor = connection.execute(
        "INSERT INTO log (lid, node_id, station, number, lane, parent_lid, parent_size,"
        " parent_root, size, frontier, first_received_ms) VALUES (?,?,?,?,?,?,?,?,0,x'',?)",
        (
            header.lid,
            header.node_id,
            header.station,
            description.number,
            description.lane,
            *(parent or (None, None, None)),
            received_ms,
        ),
    )
    log_id = int(cursor.lastrowid or 0)
    if parent is not None:
        _note_parent(connection, log_id, parent, received_ms)
    return log_id


def _note_parent(
    connection: sqlite3.Connection, log_id: int, parent: Parent, received_ms: int
) -> None:
    stored = _find_log(connection, parent.lid)
    (siblings,) = connection.execute(
        "SELECT count(*) FROM log WHERE parent_lid = ? AND id <> ?", (parent.lid, log_id)
    ).fetchone()
    stored_size = stored.held.size if stored else 0
    connection.executemany(
        "INSERT INTO notice (log_id, code, received_ms) VALUES (?, ?, ?)",
        [
            (log_id, code.value, received_ms)
            for code in find_notices(parent.size, stored_size, siblings)
        ],
    )


def _append(connection: sqlite3.Connection, arrival: Arrival, log_id: int, decision: Accept) -> int:
    header = arrival.header
    batch = connection.execute(
        "INSERT INTO batch (log_id, first, count, signed, received_ms) VALUES (?,?,?,?,?)",
        (log_id, header.first, header.count, arrival.signed, arrival.received_ms),
    ).lastrowid
    rows = [
        (log_id, sequence, batch, *(record[1:5] if record else _WITHHELD), leaf, stored)
        for sequence, (record, raw, leaf) in enumerate(
            arrival.entries[decision.skip :], start=header.first + decision.skip
        )
        for stored in (raw if record else None,)
    ]
    connection.executemany(
        "INSERT INTO record (log_id, sequence, batch, kind, eid, subject, version, leaf, raw)"
        " VALUES (?,?,?,?,?,?,?,?,?)",
        rows,
    )
    connection.execute(
        "UPDATE log SET size = ?, frontier = ? WHERE id = ?",
        (decision.held.size, merkle.pack(decision.held.frontier), log_id),
    )
    return len(rows)


def _head(
    connection: sqlite3.Connection, lid: bytes, maximum_statuses: int = MAXIMUM_RECEIPT_STATUSES
) -> Head:
    log = _find_log(connection, lid)
    if log is None:
        return _unknown(lid)
    listed, applied = _statuses(connection, log, maximum_statuses)
    root = merkle.root(log.held.frontier)
    return Head(lid, log.held.size, root, log.archived, applied, listed)


def _unknown(lid: bytes) -> Head:
    return Head(lid, 0, merkle.EMPTY_ROOT, 0, 0, ())


def _asked_heads(
    connection: sqlite3.Connection, node_id: bytes, asked: Sequence[AskedHead]
) -> list[Head]:
    share = MAXIMUM_WELCOME_STATUSES // max(1, len(asked))
    maximum = min(share, MAXIMUM_RECEIPT_STATUSES)
    return [_asked_head(connection, node_id, head, maximum) for head in asked]


def _asked_head(
    connection: sqlite3.Connection, node_id: bytes, asked: AskedHead, maximum_statuses: int
) -> Head:
    log = _find_log(connection, asked.lid)
    if log is None or log.node_id != node_id:
        return _unknown(asked.lid)
    head = _head(connection, asked.lid, maximum_statuses)
    if asked.size >= head.size:
        return head
    return head._replace(root=merkle.root_of(_leaves(connection, log, 0, asked.size)))


def _statuses(
    connection: sqlite3.Connection, log: _Log, maximum: int
) -> tuple[tuple[tuple[int, int], ...], int]:
    """What was stored but not entered, and how far the list is complete.

    A duplicate is not among them: its first copy was entered. When there are more than `maximum`,
    `applied` is told only up to the first one left out, so that nobody takes it for entered.
    """
    rows = connection.execute(
        "SELECT sequence, code FROM verdict WHERE log_id = ? AND code <> ?"
        " ORDER BY sequence LIMIT ?",
        (log.id, VerdictCode.DUPLICATE.value, maximum + 1),
    ).fetchall()
    complete = log.applied if len(rows) <= maximum else rows[maximum][0]
    listed = [(number, int(WIRE_STATUS[VerdictCode(code)])) for number, code in rows[:maximum]]
    return tuple(listed), complete


def _newest_batch(connection: sqlite3.Connection) -> int:
    (number,) = connection.execute("SELECT coalesce(max(number), 0) FROM batch").fetchone()
    return int(number)


def _note_contact(connection: sqlite3.Connection, caller: Caller, received_ms: int) -> None:
    connection.execute(
        "INSERT INTO contact (node_id, station, last_contact_ms) VALUES (?, ?, ?)"
        " ON CONFLICT (node_id) DO UPDATE SET station = excluded.station,"
        " last_contact_ms = max(last_contact_ms, excluded.last_contact_ms)",
        (*caller, received_ms),
    )


def _keep_apart(connection: sqlite3.Connection, sealed: Sealed) -> bool:
    (used,) = connection.execute(
        "SELECT coalesce(sum(length(raw)), 0) FROM quarantine WHERE node_id = ?",
        (sealed.node_id,),
    ).fetchone()
    if used + len(sealed.raw) > QUARANTINE_BYTES_PER_STATION:
        return False
    connection.execute(
        "INSERT INTO quarantine (digest, node_id, station, lid, reason, raw, received_ms)"
        " VALUES (?,?,?,?,?,?,?) ON CONFLICT (digest) DO NOTHING",
        (sha256(sealed.raw).digest(), *sealed),
    )
    return True

"""Takes batches into the SQLite archive and tells stations where their logs stand.

Responsible for: the statements of accepting a batch, opened or not, and of a HELLO. Rules: a batch
that continues its log exactly is kept without being read; every other one is judged by
`sync.city.intake` in the transaction that stores it. It must not know what records mean.
"""

import sqlite3
from collections.abc import Sequence
from typing import Final, NamedTuple

from sync.city.archive.port import (
    WIRE_STATUS,
    Arrival,
    AskedHead,
    Caller,
    Head,
    MustOpen,
    Stored,
    VerdictCode,
)
from sync.city.intake import (
    NOTHING,
    Accept,
    Claim,
    Held,
    KnownLog,
    Refusal,
    Refuse,
    decide,
    find_notices,
    overlap_end,
)
from sync.protocol import merkle
from sync.protocol.batch import BatchHeader
from sync.protocol.limits import DIGEST_BYTES, MAXIMUM_RECEIPT_STATUSES
from sync.protocol.record import Parent

MAXIMUM_WELCOME_STATUSES: Final = 20_000
"""Statuses in one WELCOME, about 120 KB: with 1,000 logs it stays below its limit."""


class Log(NamedTuple):
    """One row of `log`, as far as taking in needs it."""

    id: int
    node_id: bytes
    size: int
    root: bytes
    opened: int
    archived: int
    wary_until: int


def store(connection: sqlite3.Connection, arrival: Arrival) -> Stored | MustOpen | Refuse:
    """Keep a batch that continues its log exactly, or say why that cannot be told yet."""
    outcome = _store(connection, arrival)
    caller = Caller(arrival.header.node_id, arrival.header.station)
    new_records = outcome.new_records if isinstance(outcome, Stored) else 0
    note_contact(connection, caller, arrival.received_ms, None, new_records)
    return outcome


def _store(connection: sqlite3.Connection, arrival: Arrival) -> Stored | MustOpen | Refuse:
    header = arrival.header
    log = find_log(connection, header.lid)
    if log is None:
        return _store_first(connection, arrival)
    if log.node_id != header.node_id:
        return Refuse(Refusal.FOREIGN, 0)
    if header.first > log.size:
        return Refuse(Refusal.GAP, log.size)
    if _is_held(connection, log, header):
        return Stored(_head(connection, header.lid, log), newest_batch(connection), 0)
    if header.first < log.size or header.previous_root != log.root or log.opened < log.wary_until:
        return MustOpen(log.id)
    return _append(connection, arrival, log, header.first)


def store_opened(
    connection: sqlite3.Connection, arrival: Arrival, leaves: Sequence[bytes]
) -> Stored | MustOpen | Refuse:
    """Compare a batch leaf by leaf with what is stored, and keep what is new."""
    header = arrival.header
    log = find_log(connection, header.lid)
    if log is not None and log.node_id != header.node_id:
        return Refuse(Refusal.FOREIGN, 0)
    if log is not None and log.opened < log.size:
        return MustOpen(log.id)
    claim = Claim(header.first, header.previous_root, header.root, leaves)
    held = _held(connection, log)
    overlap: list[bytes] = []
    if log is not None:
        overlap = read_leaves(connection, log.id, claim.first, overlap_end(claim, held))
    decision = decide(claim, held, overlap)
    if isinstance(decision, Refuse):
        return decision
    if isinstance(decision, Accept):
        log = log or _open_log(connection, header, arrival.received_ms)
        return _append(connection, arrival, log, header.first + decision.skip)
    head = _head(connection, header.lid, log)
    return Stored(head, newest_batch(connection), 0)


def asked_heads(
    connection: sqlite3.Connection, node_id: bytes, asked: Sequence[AskedHead]
) -> list[Head]:
    """What is stored of each log, with the root at the smaller of the two sizes."""
    share = MAXIMUM_WELCOME_STATUSES // max(1, len(asked))
    maximum = min(share, MAXIMUM_RECEIPT_STATUSES)
    return [_asked_head(connection, node_id, head, maximum) for head in asked]


def logs_of(connection: sqlite3.Connection, node_id: bytes) -> list[KnownLog]:
    """Every log of a station, newest first."""
    rows = connection.execute(
        "SELECT lid, hardware_id FROM log WHERE node_id = ? ORDER BY number DESC, id DESC",
        (node_id,),
    )
    return [KnownLog(*row) for row in rows]


def note_contact(
    connection: sqlite3.Connection,
    caller: Caller,
    received_ms: int,
    behind: int | None,
    new_records: int = 0,
) -> None:
    """The station was there; `behind` is what it has more than the city, None if not told.

    `new_records` came since it said so.
    """
    connection.execute(
        "INSERT INTO contact (node_id, station, last_contact_ms, behind)"
        " VALUES (?1, ?2, ?3, coalesce(?4, 0))"
        " ON CONFLICT (node_id) DO UPDATE SET station = excluded.station,"
        " last_contact_ms = max(last_contact_ms, excluded.last_contact_ms),"
        " behind = coalesce(?4, max(0, behind - ?5))",
        (*caller, received_ms, behind, new_records),
    )


def newest_batch(connection: sqlite3.Connection) -> int:
    """The number of the newest batch ever taken in, also when it was put aside since."""
    row = connection.execute("SELECT seq FROM sqlite_sequence WHERE name = 'batch'").fetchone()
    return int(row[0]) if row else 0


def find_log(connection: sqlite3.Connection, lid: bytes) -> Log | None:
    """The log with this id."""
    row = connection.execute(
        "SELECT id, node_id, size, root, opened, archived, wary_until FROM log WHERE lid = ?",
        (lid,),
    ).fetchone()
    return Log(*row) if row else None


def promise(connection: sqlite3.Connection, lid: bytes, size: int, now_ms: int) -> None:
    """Note the logs that say more of this one than the `size` that is stored."""
    connection.execute(
        "INSERT INTO promise (log_id, parent_lid, parent_size, since_ms)"
        " SELECT id, parent_lid, parent_size, ? FROM log WHERE parent_lid = ? AND parent_size > ?"
        " ON CONFLICT (log_id) DO NOTHING",
        (now_ms, lid, size),
    )


def read_leaves(connection: sqlite3.Connection, log_id: int, first: int, end: int) -> list[bytes]:
    """The opened leaves of the positions `first` … `end` - 1, fewer when not all are opened."""
    if first >= end:
        return []
    found: list[bytes] = []
    for start, leaves in connection.execute(
        "SELECT batch.start, leaf_run.leaves FROM batch JOIN leaf_run"
        " ON leaf_run.batch = batch.number WHERE batch.log_id = ? AND batch.start < ?"
        " AND batch.end > ? ORDER BY batch.start",
        (log_id, end, first),
    ):
        begin = max(first - start, 0) * DIGEST_BYTES
        found += merkle.unpack(leaves[begin : (end - start) * DIGEST_BYTES])
    return found


def _store_first(connection: sqlite3.Connection, arrival: Arrival) -> Stored | MustOpen | Refuse:
    header = arrival.header
    if header.first:
        return Refuse(Refusal.GAP, 0)
    if header.previous_root != merkle.EMPTY_ROOT:
        return MustOpen(None)
    log = _open_log(connection, header, arrival.received_ms)
    return _append(connection, arrival, log, 0)


def _is_held(connection: sqlite3.Connection, log: Log, header: BatchHeader) -> bool:
    """The station says what the city has: a root at the same size commits to the same records."""
    end = header.first + header.count
    if end == log.size:
        return header.root == log.root
    if end > log.size:
        return False
    found = connection.execute(
        "SELECT 1 FROM batch WHERE log_id = ? AND start < ? AND end = ? AND root = ?",
        (log.id, end, end, header.root),
    ).fetchone()
    return found is not None


def _held(connection: sqlite3.Connection, log: Log | None) -> Held:
    if log is None:
        return NOTHING
    (frontier,) = connection.execute("SELECT frontier FROM log WHERE id = ?", (log.id,)).fetchone()
    return Held(log.size, merkle.unpack(frontier))


def _open_log(connection: sqlite3.Connection, header: BatchHeader, received_ms: int) -> Log:
    description = header.description
    assert description is not None, "a header with first = 0 describes its log"
    parent = description.parent
    cursor = connection.execute(
        "INSERT INTO log (lid, node_id, station, number, lane, parent_lid, parent_size,"
        " parent_root, size, root, first_received_ms) VALUES (?,?,?,?,?,?,?,?,0,?,?)",
        (
            header.lid,
            header.node_id,
            header.station,
            description.number,
            description.lane,
            *(parent or (None, None, None)),
            merkle.EMPTY_ROOT,
            received_ms,
        ),
    )
    log_id = int(cursor.lastrowid or 0)
    if parent is not None:
        _note_parent(connection, log_id, parent, received_ms)
    return Log(log_id, header.node_id, 0, merkle.EMPTY_ROOT, 0, 0, 0)


def _note_parent(
    connection: sqlite3.Connection, log_id: int, parent: Parent, received_ms: int
) -> None:
    stored = find_log(connection, parent.lid)
    (siblings,) = connection.execute(
        "SELECT count(*) FROM log WHERE parent_lid = ? AND id <> ?", (parent.lid, log_id)
    ).fetchone()
    stored_size = stored.size if stored else 0
    if stored_size < parent.size:
        promise(connection, parent.lid, stored_size, received_ms)
    connection.executemany(
        "INSERT INTO notice (log_id, code, received_ms) VALUES (?, ?, ?)",
        [
            (log_id, code.value, received_ms)
            for code in find_notices(parent.size, stored_size, siblings)
        ],
    )


def _append(connection: sqlite3.Connection, arrival: Arrival, log: Log, start: int) -> Stored:
    header = arrival.header
    end = header.first + header.count
    number = connection.execute(
        "INSERT INTO batch (log_id, start, end, root, received_ms, raw) VALUES (?,?,?,?,?,?)",
        (log.id, start, end, header.root, arrival.received_ms, arrival.raw),
    ).lastrowid
    connection.execute("UPDATE log SET size = ?, root = ? WHERE id = ?", (end, header.root, log.id))
    head = _head(connection, header.lid, log._replace(size=end, root=header.root))
    return Stored(head, int(number or 0), end - start)


def _head(
    connection: sqlite3.Connection,
    lid: bytes,
    log: Log | None,
    maximum_statuses: int = MAXIMUM_RECEIPT_STATUSES,
) -> Head:
    if log is None:
        return Head(lid, 0, merkle.EMPTY_ROOT, 0, 0, ())
    listed, applied = _statuses(connection, log, maximum_statuses)
    return Head(lid, log.size, log.root, log.archived, applied, listed)


def _asked_head(
    connection: sqlite3.Connection, node_id: bytes, asked: AskedHead, maximum_statuses: int
) -> Head:
    log = find_log(connection, asked.lid)
    if log is None or log.node_id != node_id:
        return _head(connection, asked.lid, None)
    head = _head(connection, asked.lid, log, maximum_statuses)
    if asked.size >= log.size:
        return head
    return head._replace(root=_root_at(connection, log, asked.size))


def _root_at(connection: sqlite3.Connection, log: Log, size: int) -> bytes | None:
    """The root of the first `size` records; None inside a batch that is not opened."""
    if not size:
        return merkle.EMPTY_ROOT
    row = connection.execute(
        "SELECT root FROM batch WHERE log_id = ? AND start < ? AND end = ?", (log.id, size, size)
    ).fetchone()
    if row:
        return bytes(row[0])
    if size > log.opened:
        return None
    return merkle.root_of(read_leaves(connection, log.id, 0, size))


def _statuses(
    connection: sqlite3.Connection, log: Log, maximum: int
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
    complete = log.opened if len(rows) <= maximum else rows[maximum][0]
    listed = [(number, int(WIRE_STATUS[VerdictCode(code)])) for number, code in rows[:maximum]]
    return tuple(listed), complete

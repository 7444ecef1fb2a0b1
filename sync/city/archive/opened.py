"""Hands out stored batches for opening, and writes down what they held, in SQLite.

Responsible for: which log is next, leaves, boots, anchors and alerts, the move of `opened`, and
putting aside what cannot be read. Rules: everything that an opening says is one transaction with
`opened`; an opening that does not begin where the log stands is passed over. It must not know keys.
"""

import json
import sqlite3
from collections.abc import Collection, Iterator, Sequence
from hashlib import sha256

from sync.city.archive import copies, named_attachments, register, taking_in
from sync.city.archive.port import (
    NoticeCode,
    Opening,
    OpeningWork,
    Replay,
    Replayed,
    StoredBatch,
    Unreadable,
    VerdictCode,
)
from sync.protocol import merkle

_LOG = "id, node_id, station, lid, opened, frontier"
_BATCH = "number, start, end, raw, received_ms"


def claim(
    connection: sqlite3.Connection, after_log: int, maximum_records: int
) -> list[OpeningWork]:
    """Work of the logs after `after_log`, then of those before it."""
    works: list[OpeningWork] = []
    left = maximum_records
    for row in connection.execute(
        f"SELECT {_LOG} FROM log WHERE opened < size ORDER BY id <= ?, id",  # noqa: S608 - constants
        (after_log,),
    ):
        if left <= 0:
            break
        work = _work(connection, row, left)
        left -= work.batches[-1].end - work.opened
        works.append(work)
    return works


def claim_log(
    connection: sqlite3.Connection, lid: bytes, maximum_records: int
) -> OpeningWork | None:
    """Work of one log."""
    row = connection.execute(
        f"SELECT {_LOG} FROM log WHERE lid = ? AND opened < size",  # noqa: S608 - constants
        (lid,),
    ).fetchone()
    return _work(connection, row, maximum_records) if row else None


def enter(connection: sqlite3.Connection, openings: Sequence[Opening], now_ms: int) -> int:
    """Write down what was opened; how many records were entered."""
    return sum(_enter(connection, opening, now_ms) for opening in openings)


def set_back(connection: sqlite3.Connection, unreadable: Unreadable, now_ms: int) -> bool:
    """Put the batches from `opened` on into quarantine and the log's size back to it."""
    log_id, opened, reason, number = unreadable
    rows = connection.execute(
        "SELECT log.node_id, log.station, log.lid, batch.start, batch.end, batch.raw, batch.number"
        " FROM batch JOIN log ON log.id = batch.log_id"
        " WHERE log.id = ? AND log.opened = ? AND batch.start >= log.opened ORDER BY batch.start",
        (log_id, opened),
    ).fetchall()
    if not rows or rows[0][-1] != number:
        return False
    for node_id, station, lid, start, end, raw, _ in rows:
        connection.execute(
            INSERT_QUARANTINE,
            (
                *(sha256(raw).digest(), node_id, station, lid),
                *(start, end - start, reason, len(raw), now_ms, raw),
            ),
        )
    # Wary up to the end of the first bad one: those after it may be good when they come again.
    connection.execute(
        "UPDATE log SET size = opened, wary_until = max(wary_until, ?), root = ? WHERE id = ?",
        (rows[0][4], _opened_root(connection, log_id), log_id),
    )
    connection.execute("DELETE FROM batch WHERE log_id = ? AND start >= ?", (log_id, opened))
    taking_in.promise(connection, rows[0][2], opened, now_ms)
    return True


INSERT_QUARANTINE = (
    "INSERT INTO quarantine (digest, node_id, station, lid, first, records, reason, size_bytes,"
    " received_ms, raw) VALUES (?,?,?,?,?,?,?,?,?,?) ON CONFLICT (digest) DO NOTHING"
)


def find_replays(
    connection: sqlite3.Connection, kinds: Collection[int], maximum_records: int
) -> list[Replay]:
    """Records set aside as of unknown kind whose kind is among `kinds`, batch by batch."""
    found = connection.execute(
        "SELECT log_id, sequence FROM verdict WHERE code = ?"
        " AND kind IN (SELECT value FROM json_each(?)) ORDER BY log_id, sequence LIMIT ?",
        (VerdictCode.UNKNOWN_KIND.value, json.dumps(sorted(kinds)), maximum_records),
    ).fetchall()
    return list(_replays(connection, found))


def replay(connection: sqlite3.Connection, replayed: Sequence[Replayed], now_ms: int) -> int:
    """Take the verdicts away and let the records take effect."""
    for log_id, sequences, commands, verdicts, attachments in replayed:
        keys = [(log_id, sequence) for sequence in sequences]
        connection.executemany("DELETE FROM verdict WHERE log_id = ? AND sequence = ?", keys)
        connection.executemany("DELETE FROM parked WHERE log_id = ? AND sequence = ?", keys)
        register.note_verdicts(connection, log_id, verdicts)
        register.take_effect(connection, log_id, commands, now_ms)
        named_attachments.note(connection, log_id, attachments)
    return sum(len(one.sequences) for one in replayed)


def _replays(connection: sqlite3.Connection, found: Sequence[tuple[int, int]]) -> Iterator[Replay]:
    position = 0
    while position < len(found):
        log_id, sequence = found[position]
        (station, *row) = connection.execute(
            f"SELECT (SELECT station FROM log WHERE id = log_id), {_BATCH} FROM batch"  # noqa: S608 - constants
            " WHERE log_id = ? AND start <= ? ORDER BY start DESC LIMIT 1",
            (log_id, sequence),
        ).fetchone()
        batch = StoredBatch(*row)
        inside = [
            number for log, number in found[position:] if log == log_id and number < batch.end
        ]
        yield Replay(log_id, station, batch, inside)
        position += len(inside)


def _work(
    connection: sqlite3.Connection, row: Sequence[object], maximum_records: int
) -> OpeningWork:
    log_id, node_id, station, lid, opened, frontier = row
    batches: list[StoredBatch] = []
    for found in connection.execute(
        f"SELECT {_BATCH} FROM batch WHERE log_id = ? AND start >= ? ORDER BY start",  # noqa: S608 - constants
        (log_id, opened),
    ):
        batch = StoredBatch(*found)
        batches.append(batch)
        if batch.end - int(opened) >= maximum_records:  # type: ignore[call-overload]  # a column
            break
    return OpeningWork(log_id, node_id, station, lid, opened, merkle.unpack(frontier), batches)  # type: ignore[arg-type]  # columns of _LOG


def _enter(connection: sqlite3.Connection, opening: Opening, now_ms: int) -> int:
    moved = connection.execute(
        "UPDATE log SET opened = ?, frontier = ?, boot_id = coalesce(?, boot_id),"
        " hardware_id = coalesce(?, hardware_id) WHERE id = ? AND opened = ?"
        " AND EXISTS (SELECT 1 FROM batch WHERE number = ? AND log_id = log.id)",
        (
            *(opening.size, merkle.pack(opening.frontier), *(opening.boot or (None, None))),
            *(opening.log, opening.before, opening.leaves[-1][0]),
        ),
    ).rowcount
    if not moved:
        return 0
    connection.executemany("INSERT INTO leaf_run (batch, leaves) VALUES (?, ?)", opening.leaves)
    connection.executemany(
        "INSERT INTO anchor (log_id, sequence, boot_id, city_time_ms, mono_sent_ms,"
        " mono_received_ms) VALUES (?,?,?,?,?,?)",
        [(opening.log, *anchor) for anchor in opening.anchors],
    )
    connection.executemany(
        "INSERT INTO notice (log_id, code, received_ms) VALUES (?, ?, ?)"
        " ON CONFLICT (log_id, code) DO UPDATE SET received_ms = excluded.received_ms",
        [(opening.log, code.value, now_ms) for code in opening.alerts],
    )
    if opening.boot is not None:
        _compare_hardware(connection, opening.log, now_ms)
    register.note_verdicts(connection, opening.log, opening.verdicts)
    register.take_effect(connection, opening.log, opening.commands, now_ms)
    copies.follow(connection, opening)
    named_attachments.note(connection, opening.log, opening.named)
    return opening.size - opening.before


def _compare_hardware(connection: sqlite3.Connection, log_id: int, now_ms: int) -> None:
    """A notice on the newer of two logs with one parent that come from different machines."""
    connection.execute(
        "INSERT INTO notice (log_id, code, received_ms)"
        " SELECT max(this.id, other.id), ?, ? FROM log AS this JOIN log AS other"
        " ON other.parent_lid = this.parent_lid AND other.id <> this.id"
        " AND other.hardware_id <> this.hardware_id WHERE this.id = ?"
        " ON CONFLICT (log_id, code) DO NOTHING",
        (NoticeCode.BRANCH_OTHER_HARDWARE.value, now_ms, log_id),
    )


def _opened_root(connection: sqlite3.Connection, log_id: int) -> bytes:
    (frontier,) = connection.execute("SELECT frontier FROM log WHERE id = ?", (log_id,)).fetchone()
    return merkle.root(merkle.unpack(frontier))

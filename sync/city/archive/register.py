"""Enters stored records into the city's register, in SQLite.

Responsible for: one effect for one (command id, content), verdicts for the rest, and advancing
`applied` in the transaction of the effect. Rules: each log is entered in order; the record with
the newest version decides a dossier's state, so the register ends the same in whatever order the
logs arrive. It must not know how records came.
"""

import json
import sqlite3
from collections.abc import Sequence
from typing import Final, NamedTuple, TypeAlias

from sync.city.archive.port import VerdictCode
from sync.city.vocabulary import (
    CONTROL_KINDS,
    DOSSIER_KINDS,
    KNOWN_KINDS,
    Fact,
    read_fact,
)
from sync.protocol.plain_record import read_plain_record
from sync.protocol.record import Record, content_digest, decode_record

RECONSIDER_RECORDS: Final = 500
"""Records of a formerly unknown kind entered in one transaction."""


class Turn(NamedTuple):
    """The log whose turn it was and how many of its records were entered."""

    log_id: int
    entered: int


class _Row(NamedTuple):
    log_id: int
    station: int
    sequence: int
    kind: int | None
    raw: bytes | None


class _Candidate(NamedTuple):
    """A record that takes effect unless its command was entered before."""

    row: _Row
    record: Record
    fact: Fact


_Verdict: TypeAlias = tuple[_Row, VerdictCode]


def enter_next(connection: sqlite3.Connection, after_log: int, maximum_records: int) -> Turn:
    """Enter up to `maximum_records` of the next log after `after_log` that has some waiting."""
    log = connection.execute(
        "SELECT id, station, applied FROM log WHERE applied < size ORDER BY id <= ?, id LIMIT 1",
        (after_log,),
    ).fetchone()
    if log is None:
        return Turn(after_log, 0)
    log_id, station, applied = log
    rows = connection.execute(
        "SELECT sequence, kind, raw FROM record WHERE log_id = ? AND sequence >= ?"
        " ORDER BY sequence LIMIT ?",
        (log_id, applied, maximum_records),
    ).fetchall()
    _enter(connection, [_Row(log_id, station, *row) for row in rows])
    connection.execute("UPDATE log SET applied = ? WHERE id = ?", (applied + len(rows), log_id))
    return Turn(log_id, len(rows))


def reconsider(connection: sqlite3.Connection) -> int:
    """Enter records set aside as of unknown kind whose kind this program knows."""
    found = connection.execute(
        "SELECT record.log_id, log.station, record.sequence, record.kind, record.raw"
        " FROM verdict JOIN record USING (log_id, sequence) JOIN log ON log.id = record.log_id"
        " WHERE verdict.code = ? AND record.kind IN (SELECT value FROM json_each(?))"
        " ORDER BY record.log_id, record.sequence LIMIT ?",
        (VerdictCode.UNKNOWN_KIND.value, json.dumps(sorted(KNOWN_KINDS)), RECONSIDER_RECORDS),
    ).fetchall()
    rows = [_Row(*row) for row in found]
    connection.executemany(
        "DELETE FROM verdict WHERE log_id = ? AND sequence = ?",
        [(row.log_id, row.sequence) for row in rows],
    )
    _enter(connection, rows)
    return len(rows)


def _enter(connection: sqlite3.Connection, rows: Sequence[_Row]) -> None:
    """Let these records take effect, in their order, and note a verdict for those that do not."""
    candidates: list[_Candidate] = []
    verdicts: list[_Verdict] = []
    for row in rows:
        judged = _judge(row)
        if isinstance(judged, _Candidate):
            candidates.append(judged)
        elif judged is not None:
            verdicts.append((row, judged))
    first, repeated = _claim_commands(connection, candidates)
    dossiers = [candidate for candidate in first if candidate.record.kind in DOSSIER_KINDS]
    verdicts += repeated + _update_dossiers(connection, dossiers)
    connection.executemany(
        "INSERT INTO verdict (log_id, sequence, code) VALUES (?, ?, ?)",
        [(row.log_id, row.sequence, code.value) for row, code in verdicts],
    )


def _judge(row: _Row) -> _Candidate | VerdictCode | None:
    """What a record is by itself; None when it needs no effect."""
    if row.raw is None:
        return VerdictCode.WITHHELD
    if row.kind not in KNOWN_KINDS:
        return VerdictCode.UNKNOWN_KIND
    if row.kind in CONTROL_KINDS:
        return None
    record = _read_record(row.raw)
    fact = read_fact(record)
    return VerdictCode.REJECTED if fact is None else _Candidate(row, record, fact)


def _read_record(raw: bytes) -> Record:
    """The record in bytes that were checked when they came in."""
    plain = read_plain_record(raw, 0)
    return decode_record(raw) if plain is None else plain[0]


def _claim_commands(
    connection: sqlite3.Connection, candidates: list[_Candidate]
) -> tuple[list[_Candidate], list[_Verdict]]:
    """The candidates whose command is new, and verdicts on those that repeat one."""
    claimed = connection.executemany(
        "INSERT INTO effect (eid, log_id, sequence) VALUES (?, ?, ?) ON CONFLICT (eid) DO NOTHING",
        [(record.eid, row.log_id, row.sequence) for row, record, _ in candidates],
    ).rowcount
    if claimed == len(candidates):
        return candidates, []
    first: list[_Candidate] = []
    repeated: list[_Verdict] = []
    for candidate in candidates:
        code = _repetition(connection, candidate)
        if code is None:
            first.append(candidate)
        else:
            repeated.append((candidate.row, code))
    return first, repeated


def _repetition(connection: sqlite3.Connection, candidate: _Candidate) -> VerdictCode | None:
    """Whether another record took this command, and whether with the same content."""
    row, record, _ = candidate
    log_id, sequence, raw = connection.execute(
        "SELECT log_id, sequence, record.raw FROM effect JOIN record USING (log_id, sequence)"
        " WHERE effect.eid = ?",
        (record.eid,),
    ).fetchone()
    if (log_id, sequence) == (row.log_id, row.sequence):
        return None
    same = content_digest(_read_record(raw)) == content_digest(record)
    return VerdictCode.DUPLICATE if same else VerdictCode.CONFLICT


def _update_dossiers(
    connection: sqlite3.Connection, candidates: list[_Candidate]
) -> list[_Verdict]:
    """Let the records change their dossiers; verdicts on those of another station's dossiers."""
    changed = connection.executemany(
        _UPSERT_DOSSIER,
        [
            (
                record.subject,
                fact.dossier_no,
                row.station,
                fact.procedure_id,
                fact.state,
                record.version,
                record.kind,
            )
            for row, record, fact in candidates
        ],
    ).rowcount
    if changed == len(candidates):
        return []
    return [
        (row, VerdictCode.REJECTED)
        for row, record, _ in candidates
        if _station_of(connection, record.subject) != row.station
    ]


_UPSERT_DOSSIER: Final = """
INSERT INTO register_dossier
    (dossier_id, dossier_no, station, procedure_id, state, version, last_kind, events)
VALUES (?, ?, ?, ?, ?, ?, ?, 1)
ON CONFLICT (dossier_id) DO UPDATE SET
    dossier_no = iif(dossier_no = '', excluded.dossier_no, dossier_no),
    procedure_id = iif(procedure_id = '', excluded.procedure_id, procedure_id),
    state = iif(excluded.version >= version AND excluded.state <> '', excluded.state, state),
    last_kind = iif(excluded.version >= version, excluded.last_kind, last_kind),
    version = max(version, excluded.version),
    events = events + 1
WHERE station = excluded.station
"""


def _station_of(connection: sqlite3.Connection, dossier_id: bytes | None) -> int:
    (station,) = connection.execute(
        "SELECT station FROM register_dossier WHERE dossier_id = ?", (dossier_id,)
    ).fetchone()
    return int(station)

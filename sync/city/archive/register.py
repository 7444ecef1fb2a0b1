"""Enters stored records into the city's register, in SQLite.

Responsible for: one effect for one (command id, content), verdicts for the rest, and advancing
`applied` in the transaction of the effect. Rules: each log is entered in order; the record with
the newest version decides a dossier's state, so the register ends the same in whatever order the
logs arrive. It must not know how records came.
"""

import json
import sqlite3
from typing import Final, NamedTuple

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
    for row in rows:
        _enter(connection, _Row(log_id, station, *row))
    connection.execute("UPDATE log SET applied = ? WHERE id = ?", (applied + len(rows), log_id))
    return Turn(log_id, len(rows))


def reconsider(connection: sqlite3.Connection) -> int:
    """Enter records set aside as of unknown kind whose kind this program knows."""
    rows = connection.execute(
        "SELECT record.log_id, log.station, record.sequence, record.kind, record.raw"
        " FROM verdict JOIN record USING (log_id, sequence) JOIN log ON log.id = record.log_id"
        " WHERE verdict.code = ? AND record.kind IN (SELECT value FROM json_each(?))"
        " ORDER BY record.log_id, record.sequence LIMIT ?",
        (VerdictCode.UNKNOWN_KIND.value, json.dumps(sorted(KNOWN_KINDS)), RECONSIDER_RECORDS),
    ).fetchall()
    for found in rows:
        row = _Row(*found)
        connection.execute(
            "DELETE FROM verdict WHERE log_id = ? AND sequence = ?", (row.log_id, row.sequence)
        )
        _enter(connection, row)
    return len(rows)


def _enter(connection: sqlite3.Connection, row: _Row) -> None:
    code = _effect(connection, row)
    if code is not None:
        connection.execute(
            "INSERT INTO verdict (log_id, sequence, code) VALUES (?, ?, ?)",
            (row.log_id, row.sequence, code.value),
        )


def _effect(connection: sqlite3.Connection, row: _Row) -> VerdictCode | None:
    """Do what the record says, or say why not."""
    if row.raw is None:
        return VerdictCode.WITHHELD
    if row.kind not in KNOWN_KINDS:
        return VerdictCode.UNKNOWN_KIND
    if row.kind in CONTROL_KINDS:
        return None
    return _domain_effect(connection, row, _read_record(row.raw))


def _domain_effect(connection: sqlite3.Connection, row: _Row, record: Record) -> VerdictCode | None:
    fact = read_fact(record)
    if fact is None:
        return VerdictCode.REJECTED
    repeated = _claim_command(connection, row, record)
    if repeated is not None or record.kind not in DOSSIER_KINDS:
        return repeated
    if not _update_dossier(connection, row.station, record, fact):
        return VerdictCode.REJECTED
    return None


def _read_record(raw: bytes) -> Record:
    """The record in bytes that were checked when they came in."""
    plain = read_plain_record(raw, 0)
    return decode_record(raw) if plain is None else plain[0]


def _claim_command(connection: sqlite3.Connection, row: _Row, record: Record) -> VerdictCode | None:
    """Take the command id; when it is taken, say whether by the same content."""
    cursor = connection.execute(
        "INSERT INTO effect (eid, log_id, sequence) VALUES (?, ?, ?) ON CONFLICT (eid) DO NOTHING",
        (record.eid, row.log_id, row.sequence),
    )
    if cursor.rowcount:
        return None
    (raw,) = connection.execute(
        "SELECT record.raw FROM effect JOIN record USING (log_id, sequence) WHERE effect.eid = ?",
        (record.eid,),
    ).fetchone()
    same = content_digest(_read_record(raw)) == content_digest(record)
    return VerdictCode.DUPLICATE if same else VerdictCode.CONFLICT


def _update_dossier(
    connection: sqlite3.Connection, station: int, record: Record, fact: Fact
) -> bool:
    """Let the record change its dossier; False when the dossier is another station's."""
    found = connection.execute(
        "INSERT INTO register_dossier (dossier_id, dossier_no, station, procedure_id, state,"
        " version, last_kind, events) VALUES (?, ?, ?, ?, ?, ?, ?, 1)"
        " ON CONFLICT (dossier_id) DO UPDATE SET"
        " dossier_no = iif(dossier_no = '', excluded.dossier_no, dossier_no),"
        " procedure_id = iif(procedure_id = '', excluded.procedure_id, procedure_id),"
        " state = iif(excluded.version >= version AND excluded.state <> '',"
        " excluded.state, state),"
        " last_kind = iif(excluded.version >= version, excluded.last_kind, last_kind),"
        " version = max(version, excluded.version),"
        " events = events + 1 WHERE station = excluded.station RETURNING events",
        (
            record.subject,
            fact.dossier_no,
            station,
            fact.procedure_id,
            fact.state,
            record.version,
            record.kind,
        ),
    ).fetchall()
    if found == [(1,)]:
        connection.execute(
            "INSERT INTO register_station (station, dossiers) VALUES (?, 1)"
            " ON CONFLICT (station) DO UPDATE SET dossiers = dossiers + 1",
            (station,),
        )
    return bool(found)

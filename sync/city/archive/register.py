"""Enters records into the city's register, in SQLite.

Responsible for: the statements around the rules, which are those of `sync.city.archive.dossiers`.
Rules: one effect for one command id, whatever came again; verdicts for the rest. It must not know
how records came or how they are stored.
"""

import sqlite3
from collections.abc import Iterable, Sequence
from typing import Final

from sync.city.archive.dossiers import Changes, Dossier, Place, Waiting, advance, changing
from sync.city.archive.port import Command, Verdict, VerdictCode

_DOSSIER: Final = (
    "SELECT dossier_id, dossier_no, station, procedure_id, state, version, last_kind, events"
    " FROM register_dossier WHERE dossier_id = ?"
)
_PARKED: Final = (
    "SELECT dossier_id, version, log_id, sequence, station, kind, dossier_no, procedure_id, state,"
    " counts FROM parked WHERE dossier_id = ?"
)


def take_effect(
    connection: sqlite3.Connection, log_id: int, commands: Sequence[Command], now_ms: int
) -> None:
    """Let these records of one log take effect in their order; verdicts for those that do not."""
    if not commands:
        return
    (station,) = connection.execute("SELECT station FROM log WHERE id = ?", (log_id,)).fetchone()
    place = Place(log_id, station, now_ms)
    good = [command for command in commands if command.verdict is None]
    to_change = changing(commands, _claim(connection, log_id, good))
    if to_change:
        known, parked = _load(connection, to_change)
        _write(connection, place, advance(place, to_change, known, parked))


def note_verdicts(connection: sqlite3.Connection, log_id: int, verdicts: Iterable[Verdict]) -> None:
    """Write down what is known of these records without the register."""
    connection.executemany(
        "INSERT INTO verdict (log_id, sequence, code, kind) VALUES (?, ?, ?, ?)",
        [(log_id, sequence, code.value, kind) for sequence, code, kind in verdicts],
    )


def _claim(
    connection: sqlite3.Connection, log_id: int, commands: Sequence[Command]
) -> frozenset[int]:
    """The sequences of those whose command was entered before, after a verdict on each."""
    claimed = connection.executemany(
        "INSERT INTO effect (eid, digest, log_id, sequence) VALUES (?, ?, ?, ?)"
        " ON CONFLICT (eid) DO NOTHING",
        [(command.eid, command.digest, log_id, command.sequence) for command in commands],
    ).rowcount
    if claimed == len(commands):
        return frozenset()
    verdicts = []
    for command in commands:
        digest, *place = connection.execute(
            "SELECT digest, log_id, sequence FROM effect WHERE eid = ?", (command.eid,)
        ).fetchone()
        if place != [log_id, command.sequence]:
            same = digest == command.digest
            code = VerdictCode.DUPLICATE if same else VerdictCode.CONFLICT
            verdicts.append(Verdict(command.sequence, code, command.kind))
    note_verdicts(connection, log_id, verdicts)
    return frozenset(verdict.sequence for verdict in verdicts)


def _load(
    connection: sqlite3.Connection, commands: Sequence[Command]
) -> tuple[dict[bytes, Dossier], list[Waiting]]:
    """The dossiers that the records are about, and what waits for each."""
    subjects = {command.subject for command in commands if command.subject is not None}
    rows = [connection.execute(_DOSSIER, (subject,)).fetchone() for subject in subjects]
    parked: list[Waiting] = []
    if connection.execute("SELECT 1 FROM parked LIMIT 1").fetchone():
        for subject in subjects:
            parked += map(Waiting._make, connection.execute(_PARKED, (subject,)))
    return {row[0]: Dossier(*row) for row in rows if row is not None}, parked


def _write(connection: sqlite3.Connection, place: Place, changes: Changes) -> None:
    _write_dossiers(connection, place.station, changes)
    note_verdicts(connection, place.log_id, changes.verdicts)
    connection.executemany(
        "INSERT INTO parked (dossier_id, version, log_id, sequence, station, kind, dossier_no,"
        " procedure_id, state, counts, since_ms) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        [(*item, place.now_ms) for item in changes.parked],
    )
    connection.executemany(
        "DELETE FROM parked WHERE dossier_id = ? AND version = ? AND log_id = ? AND sequence = ?",
        [item[:4] for item in (*changes.unparked, *changes.rejected)],
    )
    connection.executemany(
        "DELETE FROM verdict WHERE log_id = ? AND sequence = ? AND code = 'parked'",
        [(item.log_id, item.sequence) for item in changes.unparked],
    )
    connection.executemany(
        "UPDATE verdict SET code = 'rejected' WHERE log_id = ? AND sequence = ?"
        " AND code = 'parked'",
        [(item.log_id, item.sequence) for item in changes.rejected],
    )


def _write_dossiers(connection: sqlite3.Connection, station: int, changes: Changes) -> None:
    if changes.opened:
        connection.executemany(
            "INSERT INTO register_dossier (dossier_id, dossier_no, station, procedure_id, state,"
            " version, last_kind, events) VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
            changes.opened,
        )
        connection.execute(
            "INSERT INTO register_station (station, dossiers) VALUES (?1, ?2)"
            " ON CONFLICT (station) DO UPDATE SET dossiers = dossiers + ?2",
            (station, len(changes.opened)),
        )
    connection.executemany(
        "UPDATE register_dossier SET dossier_no = ?2, station = ?3, procedure_id = ?4, state = ?5,"
        " version = ?6, last_kind = ?7, events = ?8 WHERE dossier_id = ?1",
        changes.changed,
    )

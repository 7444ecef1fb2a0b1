"""Enters records into the city's register, in SQLite.

Responsible for: one effect for one (command id, content), verdicts for the rest, the versions of a
dossier in their order, and what waits for a gap among them. Rules: the record with the newest
version decides a dossier's state, so the register ends the same in whatever order the logs arrive.
It must not know how records came or how they are stored.
"""

import sqlite3
from collections.abc import Iterable, Sequence
from typing import Final, NamedTuple

from sync.city.archive.port import Command, Verdict, VerdictCode
from sync.city.vocabulary import DOSSIER_KINDS


class _Place(NamedTuple):
    """Whose records these are."""

    log_id: int
    station: int
    now_ms: int


class _Waiting(NamedTuple):
    """A parked record: a row of `parked` without its dossier."""

    version: int
    log_id: int
    sequence: int
    station: int
    kind: int
    dossier_no: str
    procedure_id: str
    state: str
    counts: int


def take_effect(
    connection: sqlite3.Connection, log_id: int, commands: Sequence[Command], now_ms: int
) -> None:
    """Let these records of one log take effect in their order; verdicts for those that do not."""
    if not commands:
        return
    (station,) = connection.execute("SELECT station FROM log WHERE id = ?", (log_id,)).fetchone()
    place = _Place(log_id, station, now_ms)
    good = [command for command in commands if command.verdict is None]
    repeated = _claim(connection, log_id, good)
    _advance(
        connection, place, [command for command in commands if command.sequence not in repeated]
    )


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


def _advance(connection: sqlite3.Connection, place: _Place, commands: Iterable[Command]) -> None:
    """Let the records change their dossiers; those that come too early wait."""
    first: list[Command] = []
    later: list[Command] = []
    for command in commands:
        if command.subject is None or (command.kind not in DOSSIER_KINDS and not command.verdict):
            continue
        # A kind that is not known says nothing about what its subject is.
        opens = command.version <= 1 and command.kind in DOSSIER_KINDS
        (first if opens else later).append(command)
    _open_dossiers(connection, place, first)
    for command in later:
        _change(connection, place, command)
    if connection.execute("SELECT 1 FROM parked LIMIT 1").fetchone():
        for subject in dict.fromkeys(command.subject for command in (*first, *later)):
            _fill(connection, subject)


def _open_dossiers(
    connection: sqlite3.Connection, place: _Place, commands: Sequence[Command]
) -> None:
    """Enter first versions: nearly always a new row each, which is the cheapest to ask for."""
    if not commands:
        return
    rows = [
        (*_parameters(place.station, command), place.log_id, command.sequence)
        for command in commands
    ]
    made = connection.executemany(_OPEN_DOSSIER, rows).rowcount
    connection.execute(
        "INSERT INTO register_station (station, dossiers) VALUES (?1, ?2)"
        " ON CONFLICT (station) DO UPDATE SET dossiers = dossiers + ?2",
        (place.station, made),
    )
    if made == len(rows):
        return
    if made + connection.executemany(_OPEN_AGAIN, rows).rowcount != len(rows):
        _reject_foreign(connection, place, commands)


_SET: Final = """
    dossier_no = iif(dossier_no = '', ?2, dossier_no),
    procedure_id = iif(procedure_id = '', ?4, procedure_id),
    state = iif(?6 >= version AND ?5 <> '', ?5, state),
    last_kind = iif(?6 >= version AND ?8, ?7, last_kind),
    version = max(version, ?6),
    events = events + ?8
"""
_OPEN_DOSSIER: Final = """
INSERT INTO register_dossier
    (dossier_id, dossier_no, station, procedure_id, state, version, last_kind, events, log_id,
    sequence)
VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (dossier_id) DO NOTHING
"""
_OPEN_AGAIN: Final = f"""
UPDATE register_dossier SET {_SET}
WHERE dossier_id = ?1 AND station = ?3 AND (log_id, sequence) <> (?9, ?10)
"""  # noqa: S608 - constants
_CHANGE_DOSSIER: Final = f"""
UPDATE register_dossier SET {_SET}
WHERE dossier_id = ?1 AND station = ?3 AND version >= ?6 - 1
"""  # noqa: S608 - constants


def _parameters(station: int, command: Command) -> tuple[object, ...]:
    return (
        *(command.subject, command.dossier_no, station, command.procedure_id),
        *(command.state, command.version, command.kind, command.verdict is None),
    )


def _change(connection: sqlite3.Connection, place: _Place, command: Command) -> None:
    """Let a later version change its dossier, or park it, or reject it."""
    if connection.execute(_CHANGE_DOSSIER, _parameters(place.station, command)).rowcount:
        return
    owner = _station_of(connection, command.subject)
    if owner not in {None, place.station}:
        _reject(connection, place, [command])
        return
    if command.version <= 1:
        return
    connection.execute(
        "INSERT INTO parked (dossier_id, version, log_id, sequence, station, kind, dossier_no,"
        " procedure_id, state, counts, since_ms) VALUES (?,?,?,?,?,?,?,?,?,?,?)",
        (
            *(command.subject, command.version, place.log_id, command.sequence, place.station),
            *(command.kind, command.dossier_no, command.procedure_id, command.state),
            *(command.verdict is None, place.now_ms),
        ),
    )
    if command.verdict is None:
        verdict = Verdict(command.sequence, VerdictCode.PARKED, command.kind)
        note_verdicts(connection, place.log_id, [verdict])


def _fill(connection: sqlite3.Connection, dossier_id: bytes | None) -> None:
    """Enter what waited for this dossier, version after version, as far as it goes."""
    while True:
        row = connection.execute(
            "SELECT parked.version, parked.log_id, parked.sequence, parked.station, kind,"
            " parked.dossier_no, parked.procedure_id, parked.state, counts FROM parked"
            " JOIN register_dossier AS dossier USING (dossier_id)"
            " WHERE dossier_id = ? AND parked.version <= dossier.version + 1"
            " ORDER BY parked.version, parked.log_id, parked.sequence LIMIT 1",
            (dossier_id,),
        ).fetchone()
        if row is None:
            return
        _unpark(connection, dossier_id, _Waiting(*row))


def _unpark(connection: sqlite3.Connection, dossier_id: bytes | None, waiting: _Waiting) -> None:
    key = (waiting.log_id, waiting.sequence)
    connection.execute(
        "DELETE FROM parked WHERE dossier_id = ? AND version = ? AND log_id = ? AND sequence = ?",
        (dossier_id, waiting.version, *key),
    )
    changed = connection.execute(
        _CHANGE_DOSSIER,
        (
            *(dossier_id, waiting.dossier_no, waiting.station, waiting.procedure_id),
            *(waiting.state, waiting.version, waiting.kind, waiting.counts),
        ),
    ).rowcount
    if changed:
        connection.execute(
            "DELETE FROM verdict WHERE log_id = ? AND sequence = ? AND code = 'parked'", key
        )
    else:
        connection.execute(
            "UPDATE verdict SET code = 'rejected' WHERE log_id = ? AND sequence = ?"
            " AND code = 'parked'",
            key,
        )


def _reject_foreign(
    connection: sqlite3.Connection, place: _Place, commands: Sequence[Command]
) -> None:
    _reject(
        connection,
        place,
        [
            command
            for command in commands
            if _station_of(connection, command.subject) != place.station
        ],
    )


def _reject(connection: sqlite3.Connection, place: _Place, commands: Sequence[Command]) -> None:
    """Verdicts on records of another station's dossiers; they keep the one they have already."""
    note_verdicts(
        connection,
        place.log_id,
        [
            Verdict(command.sequence, VerdictCode.REJECTED, command.kind)
            for command in commands
            if command.verdict is None
        ],
    )


def _station_of(connection: sqlite3.Connection, dossier_id: bytes | None) -> int | None:
    row = connection.execute(
        "SELECT station FROM register_dossier WHERE dossier_id = ?", (dossier_id,)
    ).fetchone()
    return None if row is None else int(row[0])

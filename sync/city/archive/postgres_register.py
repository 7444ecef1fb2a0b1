"""Enters records into the city's register, in PostgreSQL.

Responsible for: the statements around the rules, which are those of `sync.city.archive.dossiers`:
a few for a whole opening, however many records it holds. Rules: one station's records enter one
after another, whichever process opens them; a command that two processes claim at once is one
effect. It must not know how records came or how they are stored.
"""

from collections.abc import Iterable, Sequence

from sync.city.archive.dossiers import Changes, Dossier, Place, Waiting, advance, changing
from sync.city.archive.port import Command, Verdict, VerdictCode
from sync.city.archive.postgres_pool import Connection, RunAgainError

_STATION_LOCK = 0x57_45_53
"""First half of the advisory locks by station."""


async def lock_stations(connection: Connection, stations: Iterable[int]) -> None:
    """Let nobody else enter records of these stations until the end of the transaction."""
    for station in sorted(set(stations)):
        await connection.execute(
            "SELECT pg_advisory_xact_lock($1, $2)", _STATION_LOCK, station & 0x7FFF_FFFF
        )


async def take_effect(connection: Connection, place: Place, commands: Sequence[Command]) -> None:
    """Let these records of one log take effect in their order; verdicts for those that do not."""
    if not commands:
        return
    good = [command for command in commands if command.verdict is None]
    repeated = await _claim(connection, place.log_id, good)
    to_change = changing(commands, repeated)
    if to_change:
        known, parked = await _load(connection, to_change)
        await _write(connection, place, advance(place, to_change, known, parked))


async def note_verdicts(connection: Connection, log_id: int, verdicts: Iterable[Verdict]) -> None:
    """Write down what is known of these records without the register."""
    rows = list(verdicts)
    if rows:
        await connection.execute(
            "INSERT INTO verdict (log_id, sequence, code, kind)"
            " SELECT $1, * FROM unnest($2::bigint[], $3::text[], $4::integer[])",
            *(log_id, [row.sequence for row in rows], [row.code.value for row in rows]),
            [row.kind for row in rows],
        )


async def _claim(
    connection: Connection, log_id: int, commands: Sequence[Command]
) -> frozenset[int]:
    """The sequences of those whose command was entered before, after a verdict on each."""
    # In one order everywhere, so that two processes do not wait for each other.
    ordered = sorted(commands, key=lambda command: (command.eid, command.sequence))
    claimed = await connection.fetch(
        "INSERT INTO effect (eid, digest, log_id, sequence)"
        " SELECT eid, digest, $1, sequence"
        " FROM unnest($2::bytea[], $3::bytea[], $4::bigint[]) AS new (eid, digest, sequence)"
        " ON CONFLICT (eid) DO NOTHING RETURNING sequence",
        *(log_id, [command.eid for command in ordered], [command.digest for command in ordered]),
        [command.sequence for command in ordered],
    )
    if len(claimed) == len(commands):
        return frozenset()
    taken = {row["sequence"] for row in claimed}
    others = [command for command in commands if command.sequence not in taken]
    found = await connection.fetch(
        "SELECT eid, digest, log_id, sequence FROM effect WHERE eid = ANY($1)",
        [command.eid for command in others],
    )
    held = {bytes(eid): (bytes(digest), place) for eid, digest, *place in found}
    verdicts = []
    for command in others:
        digest, effect_place = held[command.eid]
        if effect_place != [log_id, command.sequence]:
            code = VerdictCode.DUPLICATE if digest == command.digest else VerdictCode.CONFLICT
            verdicts.append(Verdict(command.sequence, code, command.kind))
    await note_verdicts(connection, log_id, verdicts)
    return frozenset(verdict.sequence for verdict in verdicts)


async def _load(
    connection: Connection, commands: Sequence[Command]
) -> tuple[dict[bytes, Dossier], list[Waiting]]:
    """The dossiers that the records are about, locked, and what waits for each."""
    subjects = sorted({command.subject for command in commands if command.subject is not None})
    dossiers = await connection.fetch(
        "SELECT dossier_id, dossier_no, station, procedure_id, state, version, last_kind, events"
        " FROM register_dossier WHERE dossier_id = ANY($1) ORDER BY dossier_id FOR UPDATE",
        subjects,
    )
    parked = await connection.fetch(
        "SELECT dossier_id, version, log_id, sequence, station, kind, dossier_no, procedure_id,"
        " state, counts FROM parked WHERE dossier_id = ANY($1)",
        subjects,
    )
    return {bytes(row[0]): Dossier(*row) for row in dossiers}, [Waiting(*row) for row in parked]


async def _write(connection: Connection, place: Place, changes: Changes) -> None:
    await _write_dossiers(connection, place.station, changes)
    await note_verdicts(connection, place.log_id, changes.verdicts)
    await _write_parked(connection, place.now_ms, changes)
    if changes.unparked:
        await connection.execute(
            "DELETE FROM verdict USING unnest($1::bigint[], $2::bigint[]) AS gone (log, place)"
            " WHERE log_id = gone.log AND sequence = gone.place AND code = 'parked'",
            *_keys(changes.unparked),
        )
    if changes.rejected:
        await connection.execute(
            "UPDATE verdict SET code = 'rejected'"
            " FROM unnest($1::bigint[], $2::bigint[]) AS other (log, place)"
            " WHERE log_id = other.log AND sequence = other.place AND code = 'parked'",
            *_keys(changes.rejected),
        )


async def _write_dossiers(connection: Connection, station: int, changes: Changes) -> None:
    made = await connection.fetch(
        "INSERT INTO register_dossier (dossier_id, dossier_no, station, procedure_id, state,"
        " version, last_kind, events)"
        " SELECT * FROM unnest($1::bytea[], $2::text[], $3::bigint[], $4::text[], $5::text[],"
        " $6::bigint[], $7::integer[], $8::bigint[])"
        " ON CONFLICT (dossier_id) DO NOTHING RETURNING 1",
        *_columns(changes.opened, Dossier),
    )
    if len(made) != len(changes.opened):
        # Another station has opened one of them at the same moment: judge all anew.
        raise RunAgainError
    if made:
        await connection.execute(
            "INSERT INTO register_station (station, dossiers) VALUES ($1, $2)"
            " ON CONFLICT (station) DO UPDATE SET dossiers = register_station.dossiers + $2",
            station,
            len(made),
        )
    if changes.changed:
        await connection.execute(
            "UPDATE register_dossier AS old SET dossier_no = new.dossier_no,"
            " procedure_id = new.procedure_id, state = new.state, version = new.version,"
            " last_kind = new.last_kind, events = new.events"
            " FROM unnest($1::bytea[], $2::text[], $3::bigint[], $4::text[], $5::text[],"
            " $6::bigint[], $7::integer[], $8::bigint[]) AS new (dossier_id, dossier_no, station,"
            " procedure_id, state, version, last_kind, events)"
            " WHERE old.dossier_id = new.dossier_id",
            *_columns(changes.changed, Dossier),
        )


async def _write_parked(connection: Connection, now_ms: int, changes: Changes) -> None:
    if changes.parked:
        await connection.execute(
            "INSERT INTO parked (dossier_id, version, log_id, sequence, station, kind, dossier_no,"
            " procedure_id, state, counts, since_ms)"
            " SELECT *, $11::bigint FROM unnest($1::bytea[], $2::bigint[], $3::bigint[],"
            " $4::bigint[], $5::bigint[], $6::integer[], $7::text[], $8::text[], $9::text[],"
            " $10::boolean[])",
            *_columns(changes.parked, Waiting),
            now_ms,
        )
    gone = [*changes.unparked, *changes.rejected]
    if gone:
        await connection.execute(
            "DELETE FROM parked USING unnest($1::bytea[], $2::bigint[], $3::bigint[], $4::bigint[])"
            " AS gone (dossier_id, version, log_id, sequence)"
            " WHERE parked.dossier_id = gone.dossier_id AND parked.version = gone.version"
            " AND parked.log_id = gone.log_id AND parked.sequence = gone.sequence",
            *_columns(gone, Waiting)[:4],
        )


def _keys(waiting: Sequence[Waiting]) -> tuple[list[int], list[int]]:
    return [item.log_id for item in waiting], [item.sequence for item in waiting]


def _columns(
    rows: Sequence[Dossier] | Sequence[Waiting], kind: type[Dossier] | type[Waiting]
) -> list[list[object]]:
    """One array for each column, as `unnest` takes them."""
    return [[row[number] for row in rows] for number in range(len(kind._fields))]

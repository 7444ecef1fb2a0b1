"""What becomes of a log whose history and the city's differ.

Two cases (SPEC: WELCOME). *Fork*: the city has other records under the same log; every record of
ours is journalled again in a new log, and the old one is abandoned, kept and never sent.
*Rollback*: the city has more of our log than we do; the records it sends back are put where they
stood, so that the log is whole again. Rules: both are one transaction of the caller's and change
nothing when done twice. It must not know what a record says.
"""

import sqlite3
from collections.abc import Callable, Iterable
from typing import NamedTuple

from sync.journal.journal import (
    HAS_COPY,
    INSERT_RECORD,
    SEQUENCE_BITS,
    Journal,
    LogRow,
    insert_log,
    next_number,
)
from sync.protocol import merkle
from sync.protocol.errors import ProtocolError
from sync.protocol.record import (
    Kind,
    Record,
    RecordTime,
    decode_record,
    log_id,
    parse_genesis,
)


class Returned(NamedTuple):
    """One record of ours as the city sent it back."""

    sequence: int
    raw: bytes


class Restored(NamedTuple):
    """A record that is back in its place. `fresh`: its command stands nowhere else."""

    record: Record
    log_number: int
    fresh: bool


def abandon(
    connection: sqlite3.Connection, journal: Journal, lid: bytes, time: RecordTime
) -> int | None:
    """Journal the records of a forked log again; how many, None when nothing was to be done.

    A record whose body was purged is not copied: the city's backup has held it long before. Nor is
    one that stands elsewhere already, because the city could not read it or it was said again. One
    whose body is not what its leaf says stays as it is: to sign it again would make it true.
    """
    row = connection.execute(
        "SELECT number FROM log WHERE lid = ? AND state <> 'abandoned'", (lid,)
    ).fetchone()
    if row is None:
        return None
    (number,) = row
    journal.renew(connection, "fork")
    connection.execute("UPDATE log SET state = 'abandoned' WHERE number = ?", (number,))
    copied = 0
    for position, record in _records(connection, number):
        if record.kind == Kind.GENESIS:
            continue
        journal.append_copy(connection, record, position, time)
        copied += 1
    return copied


def _records(connection: sqlite3.Connection, number: int) -> Iterable[tuple[int, Record]]:
    rows = connection.execute(
        "SELECT position, raw, leaf FROM record WHERE position >= ? AND position < ?"  # noqa: S608 - words of ours
        f" AND length(raw) > 0 AND NOT {HAS_COPY} ORDER BY position",
        (number << SEQUENCE_BITS, (number + 1) << SEQUENCE_BITS),
    ).fetchall()
    return (
        (position, decode_record(raw))
        for position, raw, leaf in rows
        if merkle.leaf_hash(raw) == leaf
    )


class _Place(NamedTuple):
    """The log that records are put back into."""

    number: int
    size: int
    frontier: merkle.Frontier


def restore(
    connection: sqlite3.Connection,
    lid: bytes,
    returned: Iterable[Returned],
    tag_of: Callable[[bytes], str],
    time: RecordTime,
) -> list[Restored]:
    """Put records that came back where they stood; those that now are here for the first time.

    `returned` is in order. Records that are here already are passed over; a gap ends it, as does a
    record that cannot be read: the rest waits until what lacks has come. An unknown log is made
    from its genesis. The log must not be open in this run (`Journal.renew` first).
    """
    place = _place(connection, lid)
    restored: list[Restored] = []
    for sequence, raw in returned:
        record = _readable(sequence, raw)
        if record is None:
            break
        if place is None:
            place = _make_log(connection, lid, record, tag_of, time)
        if place is None or sequence > place.size:
            break
        if sequence < place.size:
            continue
        place, fresh = _put_back(connection, place, record, raw)
        restored.append(Restored(record, place.number, fresh))
    if place is not None and restored:
        connection.execute(
            "UPDATE log SET size = ?, frontier = ? WHERE number = ?",
            (place.size, merkle.pack(place.frontier), place.number),
        )
    return restored


def _place(connection: sqlite3.Connection, lid: bytes) -> _Place | None:
    row = connection.execute(
        "SELECT number, size, frontier FROM log WHERE lid = ? AND state <> 'abandoned'", (lid,)
    ).fetchone()
    return _Place(row[0], row[1], merkle.unpack(row[2])) if row is not None else None


def _readable(sequence: int, raw: bytes) -> Record | None:
    try:
        record = decode_record(raw)
    except ProtocolError:
        return None
    return record if record.sequence == sequence else None


def _make_log(
    connection: sqlite3.Connection,
    lid: bytes,
    first: Record,
    tag_of: Callable[[bytes], str],
    time: RecordTime,
) -> _Place | None:
    """The row of a log this database does not know any more; None when this is no start of it."""
    known = connection.execute(
        "SELECT node_id, EXISTS (SELECT 1 FROM log WHERE lid = ?) FROM journal_identity", (lid,)
    ).fetchone()
    try:
        genesis = parse_genesis(first)
    except ProtocolError:
        return None
    identity = genesis.identity
    if known is None or known[1] or identity.node_id != known[0] or log_id(identity) != lid:
        return None
    tag = tag_of(identity.nonce)
    if connection.execute("SELECT 1 FROM log WHERE tag = ?", (tag,)).fetchone():
        tag = lid.hex()  # no number is given out under it any more
    number = next_number(connection)
    row = LogRow(number, identity, tag, genesis.parent, genesis.boot_id, "closed", recovered=True)
    insert_log(connection, row, time)
    return _Place(number, 0, ())


def _put_back(
    connection: sqlite3.Connection, place: _Place, record: Record, raw: bytes
) -> tuple[_Place, bool]:
    position = place.number << SEQUENCE_BITS | record.sequence
    leaf = merkle.leaf_hash(raw)
    # The person may have repeated the command meanwhile: then it stands in a newer log too.
    fresh = not has_command(connection, record.eid)
    connection.execute(
        INSERT_RECORD,
        (
            position,
            leaf,
            record.eid,
            record.subject,
            record.kind,
            record.version,
            record.time.wall_ms,
            raw,
            None if fresh else position,
        ),
    )
    frontier = merkle.append(place.frontier, place.size, leaf)
    return _Place(place.number, place.size + 1, frontier), fresh


def has_command(connection: sqlite3.Connection, eid: bytes) -> bool:
    """Whether this command is in the journal."""
    row = connection.execute(
        "SELECT 1 FROM record WHERE eid = ? AND origin IS NULL", (eid,)
    ).fetchone()
    return row is not None


def is_abandoned(connection: sqlite3.Connection, lid: bytes) -> bool:
    """Whether nothing is left to journal again: the log is abandoned, or none of ours."""
    row = connection.execute("SELECT state FROM log WHERE lid = ?", (lid,)).fetchone()
    return row is None or row[0] == "abandoned"

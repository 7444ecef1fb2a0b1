"""Records whose body the city said it cannot read: it has the leaf alone, the station the rest.

Responsible for which of them are still the station's, and for journalling them again (SPEC: the
ladder). Rules: a record that was journalled again is where its copy is; only a body that gives the
leaf in its log is copied; a genesis never is, it speaks of its own log. It must not know who asks,
why the city could not read, or what a record says.
"""

import json
import sqlite3
from collections.abc import Collection, Mapping
from typing import Final, NamedTuple

from sync.journal.journal import HAS_COPY, SEQUENCE_BITS, Journal
from sync.protocol import merkle
from sync.protocol.errors import ProtocolError
from sync.protocol.limits import MAXIMUM_RECORD_BYTES
from sync.protocol.plain_record import read_plain_record
from sync.protocol.record import Kind, Record, RecordTime, decode_record

ORIGIN_BYTES: Final = 64
"""More than the name of its first copy adds to a record."""


class Withheld(NamedTuple):
    """A record that is at the station alone, though its log is longer at the city.

    `record` is None where it cannot be journalled again; `again` says that it is a copy itself.
    """

    position: int
    kind: int
    subject: bytes | None
    wall_ms: int | None
    record: Record | None
    again: bool


_HERE: Final = (
    "SELECT record.position, record.kind, record.subject, record.wall_ms,"  # noqa: S608 - words of ours
    " record.raw, record.leaf, record.origin FROM json_each(?) AS place"
    " CROSS JOIN record ON record.position = place.value"
    " CROSS JOIN log ON log.number = record.log_number WHERE log.state <> 'abandoned'"
    f" AND NOT {HAS_COPY} ORDER BY record.position"
)


def withheld_here(
    connection: sqlite3.Connection, places: Mapping[bytes, Collection[int]]
) -> list[Withheld]:
    """Those that no copy stands for, oldest first.

    `places` are the withheld sequences of each log, as far as the city's receipts cover them.
    """
    if not any(places.values()):
        return []
    numbers = dict(connection.execute("SELECT lid, number FROM log").fetchall())
    positions = {
        numbers[lid] << SEQUENCE_BITS | sequence
        for lid, sequences in places.items()
        if lid in numbers
        for sequence in sequences
    }
    return [
        Withheld(position, kind, subject, wall_ms, _whole(kind, raw, leaf), origin in positions)
        for position, kind, subject, wall_ms, raw, leaf, origin in connection.execute(
            _HERE, (json.dumps(sorted(positions)),)
        )
    ]


def _whole(kind: int, raw: bytes, leaf: bytes) -> Record | None:
    fits = kind != Kind.GENESIS and len(raw) + ORIGIN_BYTES <= MAXIMUM_RECORD_BYTES
    if not fits or merkle.leaf_hash(raw) != leaf:
        return None
    plain = read_plain_record(raw, 0)  # pages ask every few seconds, for each that is open
    if plain is not None and plain[1] == len(raw):
        return plain[0]
    try:
        return decode_record(raw)
    except ProtocolError:
        return None


def journal_again(
    connection: sqlite3.Connection, journal: Journal, ones: Collection[Withheld], time: RecordTime
) -> int:
    """Append a copy of each that can have one; how many."""
    copied = 0
    for one in ones:
        if one.record is not None:
            journal.append_copy(connection, one.record, one.position, time)
            copied += 1
    return copied

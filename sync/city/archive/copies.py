"""Copies that stand for records of which the city has the leaf alone, in SQLite.

Responsible for: which withheld pairs a readable copy stands for (SPEC: the ladder), in whatever
order the two are opened. Rules: a copy stands for a pair of its own station only, and only when it
gives the pair's leaf; what became of the copy itself is its own verdict. The decisions are pure and
serve both archives. It must not know why something was withheld.
"""

import sqlite3
from collections.abc import Iterator, Sequence
from typing import Final, NamedTuple

from sync.city.archive import taking_in
from sync.city.archive.values import Opening, VerdictCode
from sync.protocol import merkle
from sync.protocol.canonical import Value
from sync.protocol.errors import ProtocolError
from sync.protocol.limits import DIGEST_BYTES, MAXIMUM_INTEGER
from sync.protocol.record import EXT_ORIGIN, Record, encode_record

MAXIMUM_PAIRS_COMPARED: Final = 500
"""Pairs of one station that the copies of one opening are held against, the oldest first."""


class Pair(NamedTuple):
    """A record of which only the leaf came."""

    log_id: int
    sequence: int
    leaf: bytes


def first_leaf(copy: Record) -> bytes | None:
    """The leaf that the copied record had where it stood first; None when it does not say where."""
    match (copy.ext or {}).get(EXT_ORIGIN):
        case [bytes(), int(sequence), bytes()] if 0 <= sequence <= MAXIMUM_INTEGER:
            return _leaf(copy, sequence, _first_ext(copy))
    return None


def stands_for(copy: Record, pair: Pair) -> bool:
    """Whether the copied record, at the place of the pair, has the pair's leaf."""
    forms = (copy.ext, _first_ext(copy))
    return any(_leaf(copy, pair.sequence, ext) == pair.leaf for ext in forms)


def answered(copies: Sequence[Record], pairs: Sequence[Pair]) -> list[Pair]:
    """The pairs that one of the copies stands for."""
    return [pair for pair in pairs if any(stands_for(copy, pair) for copy in copies)]


def first_leaves(opening: Opening) -> list[bytes]:
    """What the copies in an opening stand for where they stood first."""
    return [leaf for copy in opening.copies if (leaf := first_leaf(copy)) is not None]


def new_pairs(opening: Opening) -> list[Pair]:
    """What the opening found withheld."""
    withheld = [one.sequence for one in opening.verdicts if one.code is VerdictCode.WITHHELD]
    if not withheld:
        return []
    leaves = b"".join(run for _, run in opening.leaves)
    spans = ((sequence, (sequence - opening.before) * DIGEST_BYTES) for sequence in withheld)
    return [Pair(opening.log, sequence, leaves[at : at + DIGEST_BYTES]) for sequence, at in spans]


def follow(connection: sqlite3.Connection, opening: Opening) -> None:
    """Let the pairs follow their copies, after the verdicts of the opening were written."""
    new = new_pairs(opening)
    if not new and not opening.copies:
        return
    (node_id,) = connection.execute(
        "SELECT node_id FROM log WHERE id = ?", (opening.log,)
    ).fetchone()
    connection.executemany(
        "INSERT INTO copied (node_id, leaf) VALUES (?, ?) ON CONFLICT DO NOTHING",
        [(node_id, leaf) for leaf in first_leaves(opening)],
    )
    found = [
        pair
        for pair in new
        if connection.execute(
            "SELECT 1 FROM copied WHERE node_id = ? AND leaf = ?", (node_id, pair.leaf)
        ).fetchone()
    ]
    if opening.copies:
        found += answered(opening.copies, list(_waiting(connection, node_id)))
    connection.executemany(
        "UPDATE verdict SET code = ? WHERE log_id = ? AND sequence = ?",
        [(VerdictCode.DUPLICATE.value, pair.log_id, pair.sequence) for pair in found],
    )


def _waiting(connection: sqlite3.Connection, node_id: bytes) -> Iterator[Pair]:
    rows = connection.execute(
        "SELECT log_id, sequence FROM verdict JOIN log ON log.id = log_id"
        " WHERE code = 'withheld' AND node_id = ? ORDER BY log_id, sequence LIMIT ?",
        (node_id, MAXIMUM_PAIRS_COMPARED),
    ).fetchall()
    for log_id, sequence in rows:
        (leaf,) = taking_in.read_leaves(connection, log_id, sequence, sequence + 1)
        yield Pair(log_id, sequence, leaf)


def _first_ext(copy: Record) -> dict[int | str, Value] | None:
    """The `ext` of the record before it was ever copied."""
    rest = {key: value for key, value in (copy.ext or {}).items() if key != EXT_ORIGIN}
    return rest or None


def _leaf(copy: Record, sequence: int, ext: dict[int | str, Value] | None) -> bytes:
    try:
        return merkle.leaf_hash(encode_record(copy._replace(sequence=sequence, ext=ext)))
    except ProtocolError:  # with the name of its place it is too long to have stood there
        return b""

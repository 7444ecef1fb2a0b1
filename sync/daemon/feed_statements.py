"""Every statement on the feeds in sync.db, on a connection inside one of its writer's transactions.

Rules: entries and the head behind them are one transaction; a head only rises. It must not know
where the values come from.
"""

import sqlite3
from collections.abc import Sequence
from typing import Annotated, Final

import msgspec

from sync.daemon.feed_belief import FeedRow
from sync.protocol import merkle
from sync.protocol.feed import FeedKind
from sync.protocol.record import Record


class _Release(msgspec.Struct, frozen=True):
    """What a release says of its object."""

    sha256: Annotated[str, msgspec.Meta(pattern="^[0-9a-f]{64}$")]


_SELECT: Final = "SELECT fid, feed, size, root, frontier, oldest FROM feed"


def feed_rows(connection: sqlite3.Connection) -> dict[bytes, FeedRow]:
    """Every feed that was ever read, by its id."""
    found = connection.execute(f"{_SELECT} ORDER BY feed, fid")
    return {row[0]: _row(row) for row in found}


def feed_row(connection: sqlite3.Connection, fid: bytes) -> FeedRow | None:
    """One feed."""
    row = connection.execute(f"{_SELECT} WHERE fid = ?", (fid,)).fetchone()
    return None if row is None else _row(row)


def add_feed(connection: sqlite3.Connection, row: FeedRow) -> None:
    """Begin to read a feed."""
    connection.execute(
        "INSERT INTO feed (fid, feed, size, root, frontier, oldest) VALUES (?, ?, ?, ?, ?, ?)"
        " ON CONFLICT DO NOTHING",
        (*row[:4], merkle.pack(row.frontier), row.oldest),
    )


def add_entries(connection: sqlite3.Connection, row: FeedRow, records: Sequence[Record]) -> bool:
    """Keep entries and the feed after them; False when the feed is not where they begin."""
    known = feed_row(connection, row.fid)
    if known is None or known.size + len(records) != row.size:
        return False
    connection.executemany(
        "INSERT INTO feed_entry (fid, sequence, kind, eid, subject, body)"
        " VALUES (?, ?, ?, ?, ?, ?)",
        [
            (row.fid, record.sequence, record.kind, record.eid, record.subject, record.body)
            for record in records
        ],
    )
    connection.execute(
        "UPDATE feed SET size = ?, root = ?, frontier = ? WHERE fid = ?",
        (row.size, row.root, merkle.pack(row.frontier), row.fid),
    )
    return True


def release_bodies(connection: sqlite3.Connection) -> list[bytes]:
    """What the catalogue releases that are known say, newest first."""
    found = connection.execute(
        "SELECT body FROM feed_entry WHERE kind = ? ORDER BY rowid DESC",
        (FeedKind.CATALOGUE_RELEASE,),
    )
    return [row[0] for row in found]


def named_objects(connection: sqlite3.Connection) -> set[bytes]:
    """Digests of the objects that the entries name."""
    named = map(object_of, release_bodies(connection))
    return {digest for digest in named if digest is not None}


def object_of(body: bytes) -> bytes | None:
    """The digest that a release's body names; None for a body that names none."""
    try:
        return bytes.fromhex(msgspec.json.decode(body, type=_Release).sha256)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return None


def has_object(connection: sqlite3.Connection, digest: bytes) -> bool:
    """Whether these bytes are here."""
    row = connection.execute("SELECT 1 FROM object WHERE digest = ?", (digest,)).fetchone()
    return row is not None


def add_object(connection: sqlite3.Connection, digest: bytes, content: bytes) -> None:
    """Keep verified bytes."""
    connection.execute(
        "INSERT INTO object (digest, content) VALUES (?, ?) ON CONFLICT DO NOTHING",
        (digest, content),
    )


def _row(row: tuple[bytes, int, int, bytes, bytes, int]) -> FeedRow:
    fid, feed, size, root, frontier, oldest = row
    return FeedRow(fid, feed, size, root, merkle.unpack(frontier), oldest)

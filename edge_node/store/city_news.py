"""What the daemon has written down that the node must act upon, read in one moment.

Responsible for the questions the inbox asks of sync.db. It must not know what follows from the
answers.
"""

import sqlite3
from collections.abc import Mapping
from typing import Final, NamedTuple

from sync.journal.recovery import Returned
from sync.protocol.control_records import KeyRotation, TimeAnchor


class Notice(NamedTuple):
    """A log whose history and the city's differ; `kind` as in sync.db."""

    lid: bytes
    kind: str
    own_size: int
    city_size: int


class FeedHead(NamedTuple):
    """How far the daemon has read one feed of the city; entries before `oldest` were skipped.

    `feed` is its number: from FIRST_OWN_FEED on it is this station's own.
    """

    fid: bytes
    feed: int
    size: int
    root: bytes
    oldest: int


FIRST_OWN_FEED: Final = 16
"""Feeds with lower numbers are for every station (SPEC: feeds)."""


class Entry(NamedTuple):
    """One entry of a feed."""

    fid: bytes
    sequence: int
    kind: int
    eid: bytes
    subject: bytes | None
    body: bytes


class News(NamedTuple):
    """Everything but the entries themselves; None where nothing was heard yet."""

    receipt_number: int | None
    city_time_ms: int | None
    anchor: TimeAnchor | None
    notices: tuple[Notice, ...]
    archived: Mapping[bytes, int]
    feeds: tuple[FeedHead, ...]
    recovered: tuple[bytes, ...]
    keys: tuple[KeyRotation, ...]


NOTHING: Final = News(None, None, None, (), {}, (), (), ())


def news(connection: sqlite3.Connection, boot_id: bytes) -> News:
    """The state of things; the anchor is the newest of this boot."""
    city = connection.execute("SELECT receipt_number FROM city").fetchone()
    contact = connection.execute("SELECT city_time_ms FROM contact").fetchone()
    anchor = connection.execute(
        "SELECT city_time_ms, nonce, boot_id, mono_sent, mono_received FROM anchor"
        " WHERE boot_id = ? ORDER BY mono_received DESC LIMIT 1",
        (boot_id,),
    ).fetchone()
    notices = connection.execute("SELECT lid, kind, own_size, city_size FROM log_notice")
    archived = connection.execute("SELECT lid, archived FROM log_state WHERE archived > 0")
    feeds = connection.execute("SELECT fid, feed, size, root, oldest FROM feed ORDER BY feed, fid")
    recovered = connection.execute("SELECT DISTINCT lid FROM recovered")
    # The first key is the one the station was enrolled with: no change.
    keys = connection.execute("SELECT kid, serial FROM own_key ORDER BY serial LIMIT -1 OFFSET 1")
    return News(
        city[0] if city else None,
        contact[0] if contact else None,
        TimeAnchor(*anchor) if anchor else None,
        tuple(Notice(*row) for row in notices),
        dict(archived.fetchall()),
        tuple(FeedHead(*row) for row in feeds),
        tuple(row[0] for row in recovered),
        tuple(KeyRotation(*row) for row in keys),
    )


def entries(connection: sqlite3.Connection, fid: bytes, first: int, limit: int) -> list[Entry]:
    """At most `limit` entries of a feed from sequence `first` on."""
    rows = connection.execute(
        "SELECT fid, sequence, kind, eid, subject, body FROM feed_entry"
        " WHERE fid = ? AND sequence >= ? ORDER BY sequence LIMIT ?",
        (fid, first, limit),
    )
    return [Entry(*row) for row in rows]


def recovered(connection: sqlite3.Connection, lid: bytes, first: int, limit: int) -> list[Returned]:
    """At most `limit` own records that came back, of one log from sequence `first` on."""
    rows = connection.execute(
        "SELECT sequence, raw FROM recovered WHERE lid = ? AND sequence >= ?"
        " ORDER BY sequence LIMIT ?",
        (lid, first, limit),
    )
    return [Returned(*row) for row in rows]


def stored_object(connection: sqlite3.Connection, digest: bytes) -> bytes | None:
    """An object the city's entries name, once the daemon has fetched and verified it."""
    row = connection.execute("SELECT content FROM object WHERE digest = ?", (digest,)).fetchone()
    return row[0] if row is not None else None


def newest_keyset(connection: sqlite3.Connection) -> bytes | None:
    """The newest keyset message the daemon has verified."""
    row = connection.execute("SELECT message FROM keyset ORDER BY version DESC LIMIT 1").fetchone()
    return row[0] if row is not None else None


def city_time_ms(connection: sqlite3.Connection) -> int | None:
    """The city's clock as last heard."""
    row = connection.execute("SELECT city_time_ms FROM contact").fetchone()
    return row[0] if row is not None else None


def held_blobs(connection: sqlite3.Connection) -> frozenset[bytes]:
    """Attachments with the city's receipt."""
    rows = connection.execute("SELECT digest FROM blob_state WHERE receipt IS NOT NULL")
    return frozenset(row[0] for row in rows)

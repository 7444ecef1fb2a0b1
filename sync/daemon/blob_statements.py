"""Every statement on attachments in sync.db, and the one question to node.db beside its rows.

It must not know where the values come from.
"""

import sqlite3
from collections.abc import Sequence

from sync.journal.blobs import Blob


def newest_row(connection: sqlite3.Connection) -> int:
    """In node.db: grows with every captured attachment."""
    (newest,) = connection.execute("SELECT coalesce(max(rowid), 0) FROM blob").fetchone()
    return int(newest)


def set_wanted(connection: sqlite3.Connection, digests: Sequence[bytes]) -> None:
    """What the city waits for now; a receipt for one of them counts no more: the city lost it."""
    connection.execute("DELETE FROM wanted")
    for digest in digests:
        connection.execute("INSERT OR IGNORE INTO wanted (digest) VALUES (?)", (digest,))
        connection.execute(
            "UPDATE blob_state SET receipt = NULL, offset = 0"
            " WHERE digest = ? AND receipt IS NOT NULL",
            (digest,),
        )


def receipted(connection: sqlite3.Connection) -> set[bytes]:
    """Attachments that the city holds."""
    found = connection.execute("SELECT digest FROM blob_state WHERE receipt IS NOT NULL")
    return {row[0] for row in found}


def set_offset(
    connection: sqlite3.Connection, blob: Blob, offset: int, sent: tuple[int, int]
) -> None:
    """How far the city has an attachment; `sent` is the day and the bytes of this part."""
    connection.execute(
        "INSERT INTO blob_state (digest, offset, total) VALUES (?, ?, ?)"
        " ON CONFLICT (digest) DO UPDATE SET offset = excluded.offset",
        (blob.digest, offset, blob.sealed_bytes),
    )
    _count(connection, sent)


def set_receipt(
    connection: sqlite3.Connection, blob: Blob, message: bytes, sent: tuple[int, int]
) -> None:
    """Keep the city's signed word."""
    connection.execute(
        "INSERT INTO blob_state (digest, offset, total, receipt) VALUES (?1, ?2, ?2, ?3)"
        " ON CONFLICT (digest) DO UPDATE SET offset = ?2, receipt = ?3",
        (blob.digest, blob.sealed_bytes, message),
    )
    connection.execute("DELETE FROM wanted WHERE digest = ?", (blob.digest,))
    _count(connection, sent)


def sent_on(connection: sqlite3.Connection, day: int) -> int:
    """Bytes of attachments that were sent on a local day."""
    row = connection.execute("SELECT sent_bytes FROM blob_day WHERE day = ?", (day,)).fetchone()
    return 0 if row is None else int(row[0])


def _count(connection: sqlite3.Connection, sent: tuple[int, int]) -> None:
    connection.execute(
        "INSERT INTO blob_day (day, sent_bytes) VALUES (?, ?) ON CONFLICT (day)"
        " DO UPDATE SET sent_bytes = sent_bytes + excluded.sent_bytes",
        sent,
    )

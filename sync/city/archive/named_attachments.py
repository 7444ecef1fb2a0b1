"""Which attachments records speak of, in SQLite.

Responsible for: one row for each record that names an attachment, written with the record's
opening. It must not know whether the attachment has come; the attachments' ledger does.
"""

import sqlite3
from collections.abc import Sequence

from sync.city.archive.values import Named


def note(connection: sqlite3.Connection, log_id: int, named: Sequence[Named]) -> None:
    """Write down what these records of a log speak of."""
    connection.executemany(
        "INSERT INTO attachment_named (log_id, sequence, digest) VALUES (?, ?, ?)"
        " ON CONFLICT DO NOTHING",
        [(log_id, *one) for one in named],
    )


def read(connection: sqlite3.Connection, lid: bytes, first: int, end: int) -> list[Named]:
    """What the records `first` … `end` - 1 of a log speak of, in order."""
    rows = connection.execute(
        "SELECT sequence, digest FROM attachment_named JOIN log ON log.id = log_id"
        " WHERE lid = ? AND sequence >= ? AND sequence < ? ORDER BY sequence",
        (lid, first, end),
    )
    return [Named(*row) for row in rows]

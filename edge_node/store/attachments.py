"""Papers captured for a dossier: a name of the dossier's own, and the sealed file behind it."""

import sqlite3
from typing import NamedTuple

from edge_node.store.unit_of_work import Transaction


class AttachmentRow(NamedTuple):
    """One paper; `digest` is of the sealed bytes, `bytes` counts the captured ones."""

    dossier_id: bytes
    name: str
    digest: bytes
    plain_digest: bytes
    media_type: str
    bytes: int
    added_at: str


def find(connection: sqlite3.Connection, dossier_id: bytes, name: str) -> AttachmentRow | None:
    """One paper of a dossier."""
    row = connection.execute(
        "SELECT dossier_id, name, attachment.digest, blob.plain_digest, attachment.media_type,"
        " bytes, added_at FROM attachment JOIN blob ON blob.digest = attachment.digest"
        " WHERE dossier_id = ? AND name = ?",
        (dossier_id, name),
    ).fetchone()
    return AttachmentRow(*row) if row is not None else None


def of_dossier(connection: sqlite3.Connection, dossier_id: bytes) -> list[AttachmentRow]:
    """Every paper of a dossier, by name."""
    rows = connection.execute(
        "SELECT dossier_id, name, attachment.digest, blob.plain_digest, attachment.media_type,"
        " bytes, added_at FROM attachment JOIN blob ON blob.digest = attachment.digest"
        " WHERE dossier_id = ? ORDER BY name",
        (dossier_id,),
    )
    return [AttachmentRow(*row) for row in rows]


def insert(transaction: Transaction, row: AttachmentRow) -> None:
    """Store a paper whose file and `blob` row are there."""
    transaction.connection.execute(
        "INSERT INTO attachment (dossier_id, name, digest, media_type, bytes, added_at)"
        " VALUES (?, ?, ?, ?, ?, ?)",
        (row.dossier_id, row.name, row.digest, row.media_type, row.bytes, row.added_at),
    )


def dossier_of(connection: sqlite3.Connection, digest: bytes) -> bytes | None:
    """The dossier a sealed file belongs to."""
    row = connection.execute("SELECT subject FROM blob WHERE digest = ?", (digest,)).fetchone()
    return row[0] if row is not None else None

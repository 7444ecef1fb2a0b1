"""Papers photographed before their dossier exists: a sealed file each, named by its draft."""

import sqlite3
from typing import NamedTuple

from edge_node.store.unit_of_work import Transaction

_COLUMNS = (
    "draft_id, name, command_id, digest, plain_digest, plain_bytes, sealed_bytes, key_id,"
    " media_type, captured_wall_ms"
)


class CaptureRow(NamedTuple):
    """One photograph; `command_id` is that of the command that will hand its dossier in."""

    draft_id: bytes
    name: str
    command_id: bytes
    digest: bytes
    plain_digest: bytes
    plain_bytes: int
    sealed_bytes: int
    key_id: bytes
    media_type: str
    captured_wall_ms: int


def of_draft(connection: sqlite3.Connection, draft_id: bytes) -> list[CaptureRow]:
    """The photographs of a draft, by name."""
    rows = connection.execute(
        f"SELECT {_COLUMNS} FROM capture WHERE draft_id = ? ORDER BY name",  # noqa: S608
        (draft_id,),
    )
    return [CaptureRow(*row) for row in rows]


def insert(transaction: Transaction, row: CaptureRow) -> None:
    """Store a photograph whose file is there."""
    transaction.connection.execute(
        f"INSERT INTO capture ({_COLUMNS}) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",  # noqa: S608
        row,
    )


def delete(transaction: Transaction, draft_id: bytes, name: str) -> None:
    """Forget a photograph; its file is the caller's affair."""
    transaction.connection.execute(
        "DELETE FROM capture WHERE draft_id = ? AND name = ?", (draft_id, name)
    )


def count(connection: sqlite3.Connection) -> int:
    """How many photographs wait for their dossiers."""
    return int(connection.execute("SELECT count(*) FROM capture").fetchone()[0])


def digests(connection: sqlite3.Connection) -> set[bytes]:
    """The files that must be here for them."""
    return {row[0] for row in connection.execute("SELECT digest FROM capture")}


def without_draft(connection: sqlite3.Connection) -> list[bytes]:
    """The ids of drafts that are gone and have left photographs."""
    rows = connection.execute(
        "SELECT DISTINCT draft_id FROM capture"
        " WHERE NOT EXISTS (SELECT 1 FROM draft WHERE draft.id = capture.draft_id)"
    )
    return [row[0] for row in rows]

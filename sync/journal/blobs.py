"""Attachments in the station's database: one row a sealed file, beside the journal.

Responsible for the rows of `blob` and the name of each file. Rules: a row is written only after its
file is whole on the disk; a row is never deleted, its file only after the city has it for good. The
node writes, the daemon reads. It must not know what an attachment shows.
"""

import sqlite3
from pathlib import Path
from typing import Final, NamedTuple

FOLDER: Final = "blobs"
"""Beside node.db."""


class Blob(NamedTuple):
    """One sealed attachment. `digest` is of the sealed bytes, `plain_digest` of what was captured.

    `key_id` names the city key it is sealed for; `subject` is the dossier's id.
    """

    digest: bytes
    plain_digest: bytes
    plain_bytes: int
    sealed_bytes: int
    key_id: bytes
    media_type: str
    subject: bytes | None


_COLUMNS = "digest, plain_digest, plain_bytes, sealed_bytes, key_id, media_type, subject"


def path_of(database: Path, digest: bytes) -> Path:
    """Where the sealed bytes lie, given the path of node.db."""
    return database.parent / FOLDER / digest.hex()


def add(connection: sqlite3.Connection, blob: Blob, captured_wall_ms: int | None) -> None:
    """Note an attachment whose file is on the disk."""
    connection.execute(
        f"INSERT INTO blob ({_COLUMNS}, captured_wall_ms)"  # noqa: S608 - column names are ours
        " VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
        (*blob, captured_wall_ms),
    )


def find(connection: sqlite3.Connection, digest: bytes) -> Blob | None:
    """One attachment by the digest of its sealed bytes, also when its file was purged."""
    row = connection.execute(
        f"SELECT {_COLUMNS} FROM blob WHERE digest = ?",  # noqa: S608
        (digest,),
    ).fetchone()
    return Blob(*row) if row is not None else None


def find_captured(
    connection: sqlite3.Connection, plain_digest: bytes, subject: bytes
) -> Blob | None:
    """The same content captured before for the same dossier, if its file is still here."""
    row = connection.execute(
        f"SELECT {_COLUMNS} FROM blob"  # noqa: S608
        " WHERE plain_digest = ? AND subject = ? AND purged = 0",
        (plain_digest, subject),
    ).fetchone()
    return Blob(*row) if row is not None else None


def in_sending_order(connection: sqlite3.Connection) -> list[Blob]:
    """Every attachment whose file is here: oldest dossier first, small before large within one."""
    rows = connection.execute(
        f"SELECT {_COLUMNS} FROM blob WHERE purged = 0"  # noqa: S608
        " ORDER BY (SELECT min(position) FROM record WHERE record.subject = blob.subject),"
        " sealed_bytes, rowid"
    )
    return [Blob(*row) for row in rows]


def digests_on_disk(connection: sqlite3.Connection) -> set[bytes]:
    """The attachments whose files must be here."""
    rows = connection.execute("SELECT digest FROM blob WHERE purged = 0")
    return {row[0] for row in rows}


def mark_purged(connection: sqlite3.Connection, digest: bytes) -> None:
    """The file may go. Called before it does: a crash leaves a file too many, never one too few."""
    connection.execute("UPDATE blob SET purged = 1 WHERE digest = ?", (digest,))

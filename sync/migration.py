"""Brings a database file to the schema of this release.

Rules: every owner of tables has a folder of numbered SQL files; each is applied once, in its own
transaction, with its checksum noted; an edited file and a database of a newer release are refused
before anything is changed. It must not know what the tables mean.
"""

import hashlib
import sqlite3
from collections.abc import Mapping, Sequence
from importlib.resources.abc import Traversable
from typing import Final

from sync.group_commit import DatabaseError, DatabaseFault

_LEDGER: Final = """CREATE TABLE IF NOT EXISTS schema_migration (
    owner TEXT NOT NULL,
    version INTEGER NOT NULL,
    checksum TEXT NOT NULL,
    PRIMARY KEY (owner, version)
) STRICT, WITHOUT ROWID"""


def migrate(connection: sqlite3.Connection, owners: Mapping[str, Traversable]) -> None:
    """Apply the numbered migrations of every owner, each file in its own transaction.

    An edited file (its checksum differs from what was applied) and a database written by a
    newer program are refused before anything is changed.
    """
    connection.execute(_LEDGER)
    for owner, folder in owners.items():
        _migrate_owner(connection, owner, _read_migrations(folder))


def _read_migrations(folder: Traversable) -> list[str]:
    names = sorted(entry.name for entry in folder.iterdir() if entry.name.endswith(".sql"))
    for position, name in enumerate(names, start=1):
        if int(name.split("_", 1)[0]) != position:
            raise DatabaseError(DatabaseFault.MIGRATION_EDITED, name)
    return [folder.joinpath(name).read_text(encoding="utf-8") for name in names]


def _migrate_owner(connection: sqlite3.Connection, owner: str, scripts: Sequence[str]) -> None:
    rows = connection.execute(
        "SELECT version, checksum FROM schema_migration WHERE owner = ? ORDER BY version", (owner,)
    ).fetchall()
    if len(rows) > len(scripts):
        raise DatabaseError(DatabaseFault.TOO_NEW, owner)
    for version, script in enumerate(scripts, start=1):
        checksum = hashlib.sha256(script.encode()).hexdigest()
        if version <= len(rows):
            if rows[version - 1][1] != checksum:
                raise DatabaseError(DatabaseFault.MIGRATION_EDITED, f"{owner} {version}")
            continue
        _apply(connection, script, (owner, version, checksum))


def _apply(connection: sqlite3.Connection, script: str, row: tuple[str, int, str]) -> None:
    try:
        # executescript commits what is open first, so the transaction is part of the script.
        connection.executescript(f"BEGIN IMMEDIATE;\n{script}")
        connection.execute("INSERT INTO schema_migration VALUES (?, ?, ?)", row)
        connection.execute("COMMIT")
    except sqlite3.Error:
        if connection.in_transaction:
            connection.execute("ROLLBACK")
        raise

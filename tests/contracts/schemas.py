"""The database schema that a folder of migrations makes.

`python -m tests.contracts.schemas` writes every `schema.sql` afresh.
"""

import asyncio
import re
import sqlite3
import tempfile
from pathlib import Path
from typing import Final

from sync.database import open_reader, open_writer
from tests.contracts.tree import PRODUCT, ROOT

HEADING: Final = "-- The schema after all migrations; a test compares. Never edit by hand.\n\n"
_STATEMENTS: Final = """
    SELECT sql FROM sqlite_schema
    WHERE sql IS NOT NULL AND name <> 'schema_migration' AND name NOT LIKE 'sqlite_%'
    ORDER BY type = 'trigger', type = 'view', type = 'index', rowid
"""
_COMMENT: Final = re.compile(r"--[^\n]*")


def migration_folders() -> list[Path]:
    """Every folder of numbered migrations in the product."""
    found = (path for package in PRODUCT for path in (ROOT / package).rglob("migrations"))
    return sorted(path for path in found if any(path.glob("*.sql")))


async def schema_after(folder: Path) -> list[str]:
    """The statements of the schema, tables first."""
    with tempfile.TemporaryDirectory() as scratch:
        database = Path(scratch) / "schema.db"
        async with open_writer(database, {"owner": folder}):
            pass
        async with open_reader(database) as reader:
            return await reader.query(_read_statements)


def _read_statements(connection: sqlite3.Connection) -> list[str]:
    return [row[0] for row in connection.execute(_STATEMENTS)]


async def schema_written(text: str) -> list[str]:
    """The statements of a `schema.sql`, applied to an empty database and read back."""
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch) / "migrations"
        folder.mkdir()
        (folder / "0001_all.sql").write_text(text)
        return await schema_after(folder)


def normalised(statements: list[str]) -> list[str]:
    """Statements without comments, line breaks and order, which mean nothing to SQLite."""
    return sorted(" ".join(_COMMENT.sub(" ", statement).split()) for statement in statements)


def dump(statements: list[str]) -> str:
    """The text of a `schema.sql`."""
    return HEADING + "\n\n".join(f"{statement};" for statement in statements) + "\n"


async def write_all() -> None:
    """Write `schema.sql` beside every folder of migrations."""
    for folder in migration_folders():
        folder.with_name("schema.sql").write_text(dump(await schema_after(folder)))


if __name__ == "__main__":
    asyncio.run(write_all())

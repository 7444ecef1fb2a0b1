"""`schema.sql`, which people read, is what the migrations, which machines run, make."""

from pathlib import Path

import pytest

from tests.contracts.schemas import (
    dump,
    migration_folders,
    normalised,
    schema_after,
    schema_written,
)
from tests.contracts.tree import ROOT

REMEDY = "run: .venv/bin/python -m tests.contracts.schemas"
EXPECTED_OWNERS = {
    "edge_node/store",
    "sync/city/archive",
    "sync/city/archive/feed_store",
    "sync/daemon",
    "sync/journal",
}


def folder_name(folder: Path) -> str:
    return str(folder.parent.relative_to(ROOT))


def test_every_owner_of_tables_is_looked_at() -> None:
    assert {folder_name(folder) for folder in migration_folders()} == EXPECTED_OWNERS


@pytest.mark.parametrize("folder", migration_folders(), ids=folder_name)
async def test_schema_is_what_the_migrations_make(folder: Path) -> None:
    file = folder.with_name("schema.sql")
    assert file.exists(), REMEDY
    assert normalised(await schema_written(file.read_text())) == normalised(
        await schema_after(folder)
    ), REMEDY


async def test_a_difference_is_noticed(tmp_path: Path) -> None:
    folder = tmp_path / "migrations"
    folder.mkdir()
    (folder / "0001_first.sql").write_text("CREATE TABLE a (x INTEGER) STRICT;")
    written = dump(await schema_after(folder))
    assert normalised(await schema_written(written)) == normalised(await schema_after(folder))
    (folder / "0002_second.sql").write_text("ALTER TABLE a ADD COLUMN y TEXT;")
    assert normalised(await schema_written(written)) != normalised(await schema_after(folder))

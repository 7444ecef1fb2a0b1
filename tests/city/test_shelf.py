"""The shelf in a folder and in PostgreSQL: the same tests for both."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from importlib.resources import files
from pathlib import Path

import pytest

from sync.city.archive.postgres_pool import open_pool
from sync.city.archive.values import ArchiveError
from sync.city.shelf import MAXIMUM_CONTENT_BYTES, FolderShelf, PostgresShelf, Shelf
from tests.city.postgres_server import fresh_database

MIGRATIONS = {"city": files("sync.city.archive") / "migrations_postgres"}


@pytest.fixture
def database() -> Iterator[str]:
    yield from fresh_database()


@pytest.fixture(params=["folder", "postgres"])
async def shelf(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Shelf]:
    if request.param == "folder":
        yield FolderShelf(tmp_path)
        return
    async with open_pool(request.getfixturevalue("database"), MIGRATIONS) as pool:
        yield PostgresShelf(pool)


async def test_what_was_written_is_there(shelf: Shelf) -> None:
    await shelf.write("stations", "a.cbor", b"one")
    await shelf.write("stations", "b.cbor", b"")
    await shelf.write("codes", "a.cbor", b"other folder")
    assert await shelf.read("stations", "a.cbor") == b"one"
    assert await shelf.read("stations", "b.cbor") == b""
    assert set(await shelf.list("stations")) == {"a.cbor", "b.cbor"}
    assert set(await shelf.list("nothing")) == set()
    assert await shelf.read("nothing", "a.cbor") is None


async def test_a_version_says_what_changed(shelf: Shelf) -> None:
    await shelf.write("stations", "a", b"one")
    await shelf.write("stations", "b", b"one")
    before = await shelf.list("stations")
    await shelf.write("stations", "a", b"two")
    after = await shelf.list("stations")
    assert before["a"] != after["a"]
    assert before["b"] == after["b"]
    await shelf.remove("stations", "a")
    await shelf.write("stations", "a", b"two")
    assert (await shelf.list("stations"))["a"] not in {before["a"], after["a"]}


async def test_what_was_removed_is_gone(shelf: Shelf) -> None:
    await shelf.write("codes", "a", b"one")
    await shelf.remove("codes", "a")
    await shelf.remove("codes", "a")
    assert await shelf.read("codes", "a") is None
    assert await shelf.list("codes") == {}


async def test_swap_changes_only_what_was_seen(shelf: Shelf) -> None:
    assert not await shelf.swap("codes", "a", b"seen", b"new")
    assert await shelf.swap("codes", "a", None, b"first")
    assert not await shelf.swap("codes", "a", None, b"again")
    assert not await shelf.swap("codes", "a", b"other", b"new")
    assert await shelf.swap("codes", "a", b"first", b"second")
    assert await shelf.read("codes", "a") == b"second"
    assert not await shelf.swap("codes", "a", b"first", None)
    assert await shelf.swap("codes", "a", b"second", None)
    assert await shelf.swap("codes", "a", None, None)
    assert await shelf.read("codes", "a") is None


async def test_of_many_that_burn_one_code_one_wins(shelf: Shelf) -> None:
    await shelf.write("codes", "a", b"unused")
    won = await asyncio.gather(
        *(shelf.swap("codes", "a", b"unused", b"used by %d" % number) for number in range(16))
    )
    assert sum(won) == 1
    assert await shelf.read("codes", "a") == b"used by %d" % won.index(True)


@pytest.mark.parametrize("name", ["", ".hidden", "../up", "a/b", "UPPER", "a" * 129])
async def test_only_tame_names(shelf: Shelf, name: str) -> None:
    for folder, item in ((name, "good"), ("good", name)):
        with pytest.raises(ValueError, match="no name"):
            await shelf.write(folder, item, b"")
        with pytest.raises(ValueError, match="no name"):
            await shelf.read(folder, item)
    with pytest.raises(ValueError, match="no name"):
        await shelf.list(name)


async def test_a_content_has_a_largest_size(shelf: Shelf) -> None:
    await shelf.write("codes", "a", bytes(MAXIMUM_CONTENT_BYTES))
    with pytest.raises(ValueError, match="too large"):
        await shelf.write("codes", "a", bytes(MAXIMUM_CONTENT_BYTES + 1))
    assert await shelf.read("codes", "a") == bytes(MAXIMUM_CONTENT_BYTES)


async def test_a_file_half_written_is_not_on_the_shelf(tmp_path: Path) -> None:
    shelf = FolderShelf(tmp_path)
    await shelf.write("stations", "a", b"one")
    (tmp_path / "stations" / ".b.123.new").write_bytes(b"ha")
    (tmp_path / "stations" / "folder").mkdir()
    assert set(await shelf.list("stations")) == {"a"}


async def test_a_folder_that_cannot_be_read_is_a_fault(tmp_path: Path) -> None:
    (tmp_path / "stations").write_bytes(b"a file where a folder should be")
    with pytest.raises(ArchiveError):
        await FolderShelf(tmp_path).write("stations", "a", b"")


async def test_a_server_that_went_away_is_a_fault(database: str) -> None:
    async with open_pool(database, MIGRATIONS) as pool:
        shelf = PostgresShelf(pool)
    with pytest.raises(ArchiveError):
        await shelf.read("stations", "a")

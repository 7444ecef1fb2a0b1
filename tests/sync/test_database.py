"""Group commit, undoing, migrations and a full disk, on real files."""

import asyncio
import sqlite3
import threading
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import pytest

from sync.database import (
    MAXIMUM_PENDING,
    DatabaseError,
    DatabaseFault,
    Writer,
    open_reader,
    open_writer,
)

FIRST = "CREATE TABLE thing (id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE) STRICT;"


class RefusedError(Exception):
    """A caller's own refusal."""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    migrations = tmp_path / "migrations"
    migrations.mkdir()
    (migrations / "0001_things.sql").write_text(FIRST)
    return migrations


@pytest.fixture(params=[False, True], ids=["work in its thread", "work in the loop"])
async def writer(
    tmp_path: Path, folder: Path, request: pytest.FixtureRequest
) -> AsyncIterator[Writer]:
    owners = {"test": folder}
    async with open_writer(tmp_path / "a.db", owners, work_in_loop=request.param) as opened:
        yield opened


def insert(name: str) -> Callable[[sqlite3.Connection], int | None]:
    return lambda connection: (
        connection.execute("INSERT INTO thing (name) VALUES (?)", (name,)).lastrowid
    )


def names(connection: sqlite3.Connection) -> list[str]:
    return [row[0] for row in connection.execute("SELECT name FROM thing ORDER BY id")]


class Counter:
    """A participant that counts what was committed, as the journal keeps its head."""

    def __init__(self) -> None:
        self.value = 0
        self.flushed = 0

    def mark(self) -> int:
        return self.value

    def reset(self, mark: int) -> None:
        self.value = mark

    def flush(self, _: sqlite3.Connection) -> None:
        self.flushed = self.value


async def test_what_arrives_together_shares_a_commit(writer: Writer) -> None:
    await writer.transact(insert("first"))
    before = writer.commits
    await asyncio.gather(*(writer.transact(insert(f"n{i}")) for i in range(50)))
    assert writer.commits - before < 10
    assert len(await writer.transact(names)) == 51


async def test_a_refusal_does_not_undo_its_neighbours(writer: Writer) -> None:
    def refuse(connection: sqlite3.Connection) -> None:
        connection.execute("INSERT INTO thing (name) VALUES ('undone')")
        raise RefusedError

    outcomes = await asyncio.gather(
        writer.transact(insert("a")),
        writer.transact(refuse),
        writer.transact(insert("b")),
        return_exceptions=True,
    )
    assert isinstance(outcomes[1], RefusedError)
    assert await writer.transact(names) == ["a", "b"]


async def test_participants_forget_what_was_undone(writer: Writer) -> None:
    counter = Counter()
    writer.join(counter)

    def count(name: str, *, fail: bool) -> Callable[[sqlite3.Connection], int]:
        def work(connection: sqlite3.Connection) -> int:
            counter.value += 1
            connection.execute("INSERT INTO thing (name) VALUES (?)", (name,))
            if fail:
                raise RefusedError
            return counter.value

        return work

    outcomes = await asyncio.gather(
        *(writer.transact(count(f"n{i}", fail=i % 3 == 0)) for i in range(12)),
        return_exceptions=True,
    )
    good = [outcome for outcome in outcomes if isinstance(outcome, int)]
    assert good == list(range(1, 9))
    assert counter.flushed == 8
    assert len(await writer.transact(names)) == 8


async def test_a_cancelled_caller_leaves_a_whole_transaction(writer: Writer) -> None:
    task = asyncio.get_running_loop().create_task(writer.transact(insert("kept")))
    await asyncio.sleep(0)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert await writer.transact(names) == ["kept"]


@pytest.mark.parametrize("in_loop", [False, True])
async def test_who_has_not_begun_when_the_file_is_closed_is_refused(
    tmp_path: Path, folder: Path, *, in_loop: bool
) -> None:
    async def come_late(writer: Writer) -> None:
        with pytest.raises(DatabaseError) as refused:
            _ = await writer.transact(insert("late"))
        assert refused.value.code is DatabaseFault.BUSY

    path = tmp_path / "a.db"
    async with asyncio.TaskGroup() as group, asyncio.timeout(10):
        async with open_writer(path, {"test": folder}, work_in_loop=in_loop) as writer:
            late = group.create_task(come_late(writer))
            await asyncio.sleep(0)
        await late
    async with open_reader(path) as reader:
        assert await reader.query(names) == []


async def test_a_full_disk_is_said_and_loses_nothing(writer: Writer) -> None:
    await writer.transact(insert("before"))
    pages = await writer.transact(lambda c: c.execute("PRAGMA page_count").fetchone()[0])
    await writer.transact(lambda c: c.execute(f"PRAGMA max_page_count={pages}").fetchone())

    with pytest.raises(DatabaseError) as refused:
        await writer.transact(insert("x" * 100_000))
    assert refused.value.code is DatabaseFault.FULL
    assert await writer.transact(names) == ["before"]

    await writer.transact(lambda c: c.execute("PRAGMA max_page_count=100000").fetchone())
    await writer.transact(insert("after"))
    assert await writer.transact(names) == ["before", "after"]


async def test_more_than_may_wait_is_refused_at_once(tmp_path: Path, folder: Path) -> None:
    async with open_writer(tmp_path / "a.db", {"test": folder}) as writer:
        await refuse_what_is_too_much(writer)


async def refuse_what_is_too_much(writer: Writer) -> None:
    held, go = threading.Event(), threading.Event()

    def hold(_: sqlite3.Connection) -> None:
        held.set()
        go.wait()

    loop = asyncio.get_running_loop()
    first = loop.create_task(writer.transact(hold))
    await asyncio.to_thread(held.wait)
    attempts = [
        loop.create_task(writer.transact(insert(f"n{i}"))) for i in range(MAXIMUM_PENDING + 50)
    ]
    outcome, _ = await asyncio.wait(attempts, return_when=asyncio.FIRST_EXCEPTION)
    go.set()
    outcomes = await asyncio.gather(*attempts, return_exceptions=True)
    await first
    assert outcome
    busy = [one for one in outcomes if isinstance(one, DatabaseError)]
    assert len(busy) == 50
    assert {one.code for one in busy} == {DatabaseFault.BUSY}
    assert len(await writer.transact(names)) == MAXIMUM_PENDING


async def test_a_reader_cannot_write_and_sees_what_is_committed(
    writer: Writer, tmp_path: Path
) -> None:
    async with open_reader(tmp_path / "a.db") as reader:
        await writer.transact(insert("seen"))
        assert await reader.query(names) == ["seen"]
        with pytest.raises((DatabaseError, sqlite3.OperationalError)):
            await reader.query(insert("never"))


async def test_every_commit_is_durable_by_the_file_systems_own_word(writer: Writer) -> None:
    def pragmas(connection: sqlite3.Connection) -> tuple[object, ...]:
        ask = ("journal_mode", "synchronous", "foreign_keys")
        return tuple(connection.execute(f"PRAGMA {name}").fetchone()[0] for name in ask)

    assert await writer.transact(pragmas) == ("wal", 2, 1)


async def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(DatabaseError) as refused:
        async with open_reader(tmp_path / "absent.db"):
            pass
    assert refused.value.code is DatabaseFault.MISSING


async def test_an_edited_migration_is_refused(tmp_path: Path, folder: Path) -> None:
    async with open_writer(tmp_path / "a.db", {"test": folder}):
        pass
    (folder / "0001_things.sql").write_text(FIRST + "\n-- edited")
    with pytest.raises(DatabaseError) as refused:
        async with open_writer(tmp_path / "a.db", {"test": folder}):
            pass
    assert refused.value.code is DatabaseFault.MIGRATION_EDITED


async def test_a_database_of_a_newer_release_is_refused(tmp_path: Path, folder: Path) -> None:
    newer = folder / "0002_more.sql"
    newer.write_text("CREATE TABLE more (id INTEGER PRIMARY KEY) STRICT;")
    async with open_writer(tmp_path / "a.db", {"test": folder}):
        pass
    newer.unlink()
    with pytest.raises(DatabaseError) as refused:
        async with open_writer(tmp_path / "a.db", {"test": folder}):
            pass
    assert refused.value.code is DatabaseFault.TOO_NEW


async def test_a_migration_that_fails_half_way_leaves_nothing(tmp_path: Path, folder: Path) -> None:
    (folder / "0002_bad.sql").write_text("CREATE TABLE half (id INTEGER); CREATE nonsense;")
    with pytest.raises(sqlite3.OperationalError):
        async with open_writer(tmp_path / "a.db", {"test": folder}):
            pass
    (folder / "0002_bad.sql").unlink()
    async with open_writer(tmp_path / "a.db", {"test": folder}) as writer:
        tables = await writer.transact(
            lambda c: [row[0] for row in c.execute("SELECT name FROM sqlite_master")]
        )
    assert "thing" in tables
    assert "half" not in tables


async def test_a_file_that_is_no_database_is_named(tmp_path: Path, folder: Path) -> None:
    (tmp_path / "a.db").write_bytes(b"not a database, but long enough to look at" * 100)
    with pytest.raises(DatabaseError) as refused:
        async with open_writer(tmp_path / "a.db", {"test": folder}):
            pass
    assert refused.value.code is DatabaseFault.DAMAGED


@pytest.mark.parametrize("turns", range(0, 60, 3))
async def test_a_caller_cancelled_while_opening_leaves_nothing_open(
    tmp_path: Path, folder: Path, turns: int
) -> None:
    path = tmp_path / "a.db"
    async with open_writer(path, {"test": folder}):
        pass

    async def open_and_stay() -> None:
        async with open_reader(path):
            await asyncio.Event().wait()

    async with asyncio.TaskGroup() as tasks:
        task = tasks.create_task(open_and_stay())
        for _ in range(turns):
            await asyncio.sleep(0)
        task.cancel()
    for thread in threading.enumerate():
        if "connection_worker" in thread.name:
            await asyncio.to_thread(thread.join)

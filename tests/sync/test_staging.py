"""Rows that are made while the disk is busy with the commit before."""

import asyncio
import sqlite3
from collections.abc import AsyncIterator, Callable, Coroutine
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from sync.database import (
    ENOUGH_COMPANY,
    MAXIMUM_GROUP,
    DatabaseError,
    NeedsConnection,
    Rows,
    Writer,
    enough_company,
    open_reader,
    open_writer,
)

SCHEMA = """
CREATE TABLE thing (id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE) STRICT;
CREATE TABLE promise (
    thing INTEGER NOT NULL REFERENCES thing (id) DEFERRABLE INITIALLY DEFERRED
) STRICT;
CREATE TABLE head (last INTEGER NOT NULL) STRICT;
INSERT INTO head VALUES (0);
"""
INSERT = "INSERT INTO thing (id, name) VALUES (?, ?)"


class RefusedError(Exception):
    """A caller's own refusal."""


class Ids:
    """Gives out row ids from memory, as the journal gives out sequences."""

    def __init__(self) -> None:
        self.last = 0

    def mark(self) -> int:
        return self.last

    def reset(self, mark: int) -> None:
        self.last = mark

    def flush(self, connection: sqlite3.Connection) -> None:
        connection.execute("UPDATE head SET last = ?", (self.last,))


class Things:
    """A file with staged and direct writers."""

    def __init__(self, writer: Writer, path: Path) -> None:
        self.writer, self.path, self.ids = writer, path, Ids()
        writer.join(self.ids)

    async def add(self, name: str, *, refuse: bool = False) -> int:
        def stage(rows: Rows) -> int:
            return self._add(lambda row: rows.append((INSERT, row)), name, refuse=refuse)

        return await self.writer.stage(stage, self.direct(name, refuse=refuse))

    async def add_directly(self, name: str, *, refuse: bool = False) -> int:
        return await self.writer.transact(self.direct(name, refuse=refuse))

    def direct(self, name: str, *, refuse: bool = False) -> Callable[[sqlite3.Connection], int]:
        return lambda connection: self._add(
            lambda row: connection.execute(INSERT, row), name, refuse=refuse
        )

    def _add(self, insert: Callable[[tuple[int, str]], object], name: str, *, refuse: bool) -> int:
        self.ids.last += 1
        insert((self.ids.last, name))
        if refuse:
            raise RefusedError
        return self.ids.last

    async def stored(self) -> dict[int, str]:
        """What is in the file, which the kept head must agree with."""

        def read(connection: sqlite3.Connection) -> tuple[dict[int, str], int]:
            rows = dict(connection.execute("SELECT id, name FROM thing ORDER BY id").fetchall())
            return rows, connection.execute("SELECT last FROM head").fetchone()[0]

        async with open_reader(self.path) as reader:
            rows, last = await reader.query(read)
        assert last == len(rows) == self.ids.last
        assert list(rows) == list(range(1, last + 1)), "ids without a gap"
        return rows


@pytest.fixture
def schema(tmp_path: Path) -> Path:
    folder = tmp_path / "migrations"
    folder.mkdir()
    (folder / "0001_things.sql").write_text(SCHEMA)
    return folder


@pytest.fixture(params=[True, False], ids=["work in the loop", "work in its thread"])
async def things(
    tmp_path: Path, schema: Path, request: pytest.FixtureRequest
) -> AsyncIterator[Things]:
    path = tmp_path / "a.db"
    async with open_writer(path, {"test": schema}, work_in_loop=request.param) as writer:
        yield Things(writer, path)


async def outcomes(*calls: Coroutine[None, None, int]) -> list[int | BaseException]:
    return await asyncio.gather(*calls, return_exceptions=True)


async def test_staged_rows_share_a_commit_with_direct_ones(things: Things) -> None:
    found = await outcomes(*(things.add(f"s{n}") for n in range(20)), things.add_directly("d"))
    assert sorted(found) == list(range(1, 22))  # type: ignore[type-var]
    assert set((await things.stored()).values()) == {f"s{n}" for n in range(20)} | {"d"}
    assert things.writer.commits <= 2


async def test_who_comes_in_one_turn_is_staged_after_the_last_of_them(
    tmp_path: Path, schema: Path
) -> None:
    order: list[str] = []

    async with open_writer(tmp_path / "a.db", {"test": schema}, work_in_loop=True) as writer:
        things = Things(writer, tmp_path / "a.db")

        async def come(name: str) -> int:
            def stage(rows: Rows) -> int:
                order.append(f"staged {name}")
                things.ids.last += 1
                rows.append((INSERT, (things.ids.last, name)))
                return things.ids.last

            order.append(f"came {name}")
            return await writer.stage(stage, things.direct(name))

        assert await outcomes(come("a"), come("b")) == [1, 2]
    assert order == ["came a", "came b", "staged a", "staged b"]


async def test_when_all_are_refused_the_next_one_still_gets_its_commit(things: Things) -> None:
    found = await outcomes(things.add("no", refuse=True), things.add("neither", refuse=True))
    assert {type(one) for one in found} == {RefusedError}
    assert await things.add("yes") == 1
    assert await things.stored() == {1: "yes"}


async def test_a_caller_who_left_before_it_was_staged_harms_nobody(things: Things) -> None:
    async with asyncio.TaskGroup() as tasks:
        gone = tasks.create_task(things.add("gone", refuse=True))
        stays = tasks.create_task(things.add("stays"))
        await asyncio.sleep(0)
        gone.cancel()
    assert stays.result() == 1
    assert list((await things.stored()).values()) == ["stays"]


async def test_two_who_come_in_turns_come_to_share_their_commits(things: Things) -> None:
    async def visit(name: str, turns: int) -> None:
        for _ in range(turns):
            await asyncio.sleep(0)
        for number in range(20):
            await things.add(f"{name}{number}")

    await asyncio.gather(visit("a", 0), visit("b", 3))  # b finds a's commit under way
    assert len(await things.stored()) == 40
    assert things.writer.commits <= 25, "20 for two, and some until they have found each other"


@pytest.mark.parametrize(
    ("of_late", "enough"),
    [
        (2, ENOUGH_COMPANY),
        (2 * ENOUGH_COMPANY + 1, ENOUGH_COMPANY),
        (2 * ENOUGH_COMPANY + 2, ENOUGH_COMPANY + 1),
        (4 * MAXIMUM_GROUP, MAXIMUM_GROUP),
    ],
)
def test_a_commit_waits_for_half_of_those_who_came_of_late(of_late: int, enough: int) -> None:
    assert enough_company(of_late) == enough


async def test_a_row_that_is_there_already_is_refused_alone(things: Things) -> None:
    await things.add("first")
    found = await outcomes(things.add("a"), things.add("first"), things.add("b"), things.add("a"))
    refused = [isinstance(one, sqlite3.IntegrityError) for one in found]
    assert refused == [False, True, False, True]
    assert list((await things.stored()).values()) == ["first", "a", "b"]


async def test_a_refusal_leaves_no_row_and_no_number(things: Things) -> None:
    found = await outcomes(things.add("a"), things.add("no", refuse=True), things.add("b"))
    assert [type(one) for one in found] == [int, RefusedError, int]
    assert list((await things.stored()).values()) == ["a", "b"]


async def test_who_must_read_the_file_runs_inside_the_transaction(things: Things) -> None:
    def stage(rows: Rows) -> int:
        things.ids.last += 1
        rows.append((INSERT, (things.ids.last, "never")))
        raise NeedsConnection

    assert await things.writer.stage(stage, things.direct("read first")) == 1
    assert await things.stored() == {1: "read first"}


async def test_what_was_staged_on_a_refused_commit_starts_again(things: Things) -> None:
    """A deferred foreign key fails at COMMIT, when others have built on the group's numbers."""
    broken = "INSERT INTO promise VALUES (?)"
    committing = asyncio.Event()

    def promise(connection: sqlite3.Connection) -> int:
        connection.execute(broken, (999,))
        asyncio.get_running_loop().call_soon(committing.set)
        return 0

    def promise_in_thread(connection: sqlite3.Connection) -> int:
        connection.execute(broken, (999,))
        loop.call_soon_threadsafe(committing.set)
        return 0

    async def late() -> int:
        await committing.wait()
        return await things.add("late")

    loop = asyncio.get_running_loop()
    in_loop = things.writer._work_in_loop
    found = await outcomes(
        things.add("early"),
        things.writer.transact(promise if in_loop else promise_in_thread),
        late(),
    )
    assert isinstance(found[0], sqlite3.IntegrityError)
    assert isinstance(found[1], sqlite3.IntegrityError)
    assert found[2] == 1
    assert await things.stored() == {1: "late"}


async def test_more_than_a_group_is_still_whole(things: Things) -> None:
    found = await outcomes(*(things.add(str(n)) for n in range(3 * MAXIMUM_GROUP)))
    assert sorted(found) == list(range(1, 3 * MAXIMUM_GROUP + 1))  # type: ignore[type-var]
    assert len(await things.stored()) == 3 * MAXIMUM_GROUP


async def test_a_full_disk_refuses_staged_rows_and_forgets_their_numbers(things: Things) -> None:
    await things.add("first")

    def limit(connection: sqlite3.Connection) -> int:
        pages = int(connection.execute("PRAGMA page_count").fetchone()[0])
        connection.execute(f"PRAGMA max_page_count={pages}")
        return pages

    pages = await things.writer.transact(limit)
    found = await outcomes(*(things.add("x" * 3000 + str(n)) for n in range(10)))
    assert {type(one) for one in found} == {DatabaseError}
    assert len(await things.stored()) == 1
    await things.writer.transact(lambda c: c.execute(f"PRAGMA max_page_count={pages * 9}"))
    assert await things.add("again") == 2


ACTIONS = st.lists(
    st.tuples(st.sampled_from("abcdefgh"), st.booleans(), st.booleans(), st.integers(0, 3)),
    max_size=40,
)


@settings(
    max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(actions=ACTIONS)
def test_any_mixture_leaves_numbers_without_gaps(
    tmp_path_factory: pytest.TempPathFactory, actions: list[tuple[str, bool, bool, int]]
) -> None:
    folder = tmp_path_factory.mktemp("mixture")
    (folder / "migrations").mkdir()
    (folder / "migrations" / "0001_things.sql").write_text(SCHEMA)

    async def act(things: Things, name: str, *, staged: bool, refuse: bool, turns: int) -> int:
        for _ in range(turns):
            await asyncio.sleep(0)
        call = things.add if staged else things.add_directly
        return await call(name, refuse=refuse)

    async def run() -> None:
        path, owners = folder / "a.db", {"test": folder / "migrations"}
        async with open_writer(path, owners, work_in_loop=True) as writer:
            things = Things(writer, path)
            found = await outcomes(
                *(
                    act(things, name, staged=staged, refuse=refuse, turns=turns)
                    for name, staged, refuse, turns in actions
                )
            )
            stored = await things.stored()
            said = {one for one in found if isinstance(one, int)}
            assert said == set(stored)
            for (name, *_), one in zip(actions, found, strict=True):
                assert not isinstance(one, int) or stored[one] == name

    asyncio.run(run())

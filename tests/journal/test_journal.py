"""The journal against the tree's own definition, through restarts and undone transactions."""

import contextlib
import hashlib
import sqlite3
from collections.abc import AsyncIterator, Callable
from functools import partial
from importlib.resources import files
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge_node.domain.codes import epoch_tag
from sync.database import Writer, open_writer
from sync.journal import backlog
from sync.journal.journal import DuplicateCommand, Journal, JournalEvent, Position, Run
from sync.protocol import merkle
from sync.protocol.record import Kind, RecordTime, decode_record, log_id, parse_genesis

RUN = Run("26560", bytes(8), "board", "test")
TIME = RecordTime(1, 1_790_000_000_000, 2)
OWNERS = {"journal": files("sync.journal") / "migrations"}


def entropy_from(start: int) -> Callable[[int], bytes]:
    """Different bytes at every call, the same in every run."""
    state = [start]

    def draw(count: int) -> bytes:
        state[0] += 1
        return hashlib.sha256(str(state[0]).encode()).digest()[:count]

    return draw


def event(number: int, *, subject: bytes | None = None) -> JournalEvent:
    return JournalEvent(number.to_bytes(16, "big"), 16, subject, 1, b'{"type":"x"}')


@contextlib.asynccontextmanager
async def run_of_the_node(path: Path, start: int) -> AsyncIterator[tuple[Writer, Journal]]:
    """One process's life: a writer with a fresh journal."""
    async with open_writer(path, OWNERS) as writer:
        journal = Journal(RUN, entropy=entropy_from(start), tag_of=epoch_tag)
        writer.join(journal)
        yield writer, journal


def execute(statement: str, connection: sqlite3.Connection) -> None:
    connection.execute(statement)


async def append(writer: Writer, journal: Journal, number: int) -> Position:
    return await writer.transact(lambda connection: journal.append(connection, event(number), TIME))


def check_whole(connection: sqlite3.Connection) -> None:
    """Every log's stored frontier is the root of its own leaves, and leaves are of its bytes."""
    for head in backlog.heads(connection):
        stored = backlog.records(connection, head.lid, 0, head.size + 10)
        assert len(stored) == head.size
        assert [merkle.leaf_hash(one.raw) for one in stored] == [one.leaf for one in stored]
        assert merkle.root(merkle.unpack(head.frontier)) == merkle.root_of(
            one.leaf for one in stored
        )
        decoded = [decode_record(one.raw) for one in stored]
        assert [record.sequence for record in decoded] == list(range(head.size))
        assert log_id(parse_genesis(decoded[0]).identity) == head.lid


async def test_the_first_append_opens_a_log_with_its_genesis(tmp_path: Path) -> None:
    async with run_of_the_node(tmp_path / "n.db", 100) as (writer, journal):
        assert await writer.transact(backlog.heads) == []
        position = await append(writer, journal, 1)
        assert position.sequence == 1
        (head,) = await writer.transact(backlog.heads)
        assert head.size == 2
        genesis = parse_genesis(
            decode_record(
                (await writer.transact(lambda c: backlog.records(c, head.lid, 0, 1)))[0].raw
            )
        )
        assert genesis.station == 26560
        assert genesis.parent is None
        await writer.transact(check_whole)


async def test_every_run_has_its_own_log_that_names_the_one_before(tmp_path: Path) -> None:
    lids: list[bytes] = []
    heads: list[backlog.Head] = []
    for start in (100, 200, 300):
        async with run_of_the_node(tmp_path / "n.db", start) as (writer, journal):
            lids.append((await append(writer, journal, start)).lid)
            heads = await writer.transact(backlog.heads)
            await writer.transact(check_whole)
    assert len(set(lids)) == 3
    assert [head.closed for head in heads] == [True, True, False]
    assert heads[0].parent is None
    for before, after in pairwise(heads):
        assert after.parent is not None
        assert after.parent.lid == before.lid
        assert after.parent.size == before.size


async def test_a_start_without_an_append_opens_nothing(tmp_path: Path) -> None:
    for start in (100, 200):
        async with run_of_the_node(tmp_path / "n.db", start) as (writer, _):
            assert await writer.transact(backlog.heads) == []


async def test_a_command_is_appended_once(tmp_path: Path) -> None:
    async with run_of_the_node(tmp_path / "n.db", 100) as (writer, journal):
        await append(writer, journal, 1)
        with pytest.raises(DuplicateCommand):
            await append(writer, journal, 1)
        await append(writer, journal, 2)
        (head,) = await writer.transact(backlog.heads)
        assert head.size == 3
        await writer.transact(check_whole)


async def test_an_undone_first_append_opens_the_log_again(tmp_path: Path) -> None:
    async with run_of_the_node(tmp_path / "n.db", 100) as (writer, journal):

        def refuse(connection: sqlite3.Connection) -> None:
            journal.append(connection, event(1), TIME)
            raise ValueError("undone")

        with pytest.raises(ValueError, match=r"^undone$"):
            await writer.transact(refuse)
        assert await writer.transact(backlog.heads) == []
        assert (await append(writer, journal, 2)).sequence == 1
        await writer.transact(check_whole)


async def test_dossier_numbers_count_within_a_log_and_never_meet(tmp_path: Path) -> None:
    seen = []
    for start in (100, 200):
        async with run_of_the_node(tmp_path / "n.db", start) as (writer, journal):
            for _ in range(3):
                seen.append(  # noqa: PERF401 - one transaction each
                    await writer.transact(partial(journal.next_dossier, time=TIME))
                )
    assert [number for _, number in seen] == [1, 2, 3, 1, 2, 3]
    assert len(set(seen)) == 6


async def test_a_tag_used_before_is_drawn_again(tmp_path: Path) -> None:
    def same_tag_first(count: int) -> bytes:
        calls.append(count)
        # The first nonce has the tag of the first run; the second one is free.
        return bytes(count) if len(calls) == 1 else b"\xff" * count

    calls: list[int] = []
    async with open_writer(tmp_path / "n.db", OWNERS) as writer:
        first = Journal(RUN, entropy=bytes, tag_of=epoch_tag)
        writer.join(first)
        await append(writer, first, 1)
    async with open_writer(tmp_path / "n.db", OWNERS) as writer:
        second = Journal(RUN, entropy=same_tag_first, tag_of=epoch_tag)
        writer.join(second)
        tag, _ = await writer.transact(lambda c: second.next_dossier(c, TIME))
    assert tag == epoch_tag(b"\xff" * 8)
    assert len(calls) == 2


async def test_the_journal_refuses_changes(tmp_path: Path) -> None:
    async with run_of_the_node(tmp_path / "n.db", 100) as (writer, journal):
        await append(writer, journal, 1)
        for statement in ("UPDATE record SET raw = x'00'", "DELETE FROM record"):
            with pytest.raises(sqlite3.IntegrityError, match="append-only"):
                await writer.transact(partial(execute, statement))


async def test_waiting_counts_what_no_receipt_covers(tmp_path: Path) -> None:
    async with run_of_the_node(tmp_path / "n.db", 100) as (writer, journal):
        positions = [await append(writer, journal, number) for number in range(1, 6)]
        lid = positions[0].lid
        everything = await writer.transact(lambda c: backlog.waiting(c, {}, 16))
        assert everything == backlog.Backlog(6, 5, TIME.wall_ms)
        some = await writer.transact(lambda c: backlog.waiting(c, {lid: 4}, 16))
        assert (some.events, some.dossiers) == (2, 2)
        none = await writer.transact(lambda c: backlog.waiting(c, {lid: 6}, 16))
        assert none == backlog.Backlog(0, 0, None)
        kinds = [
            decode_record(one.raw).kind
            for one in await writer.transact(lambda c: backlog.records(c, lid, 0, 2))
        ]
        assert kinds == [Kind.GENESIS, 16]


@given(st.lists(st.booleans(), min_size=1, max_size=30))
def test_refusals_in_any_order_leave_a_whole_tree(outcomes: list[bool]) -> None:
    """Appends of which some are undone, all in shared commits, always leave a valid log."""
    import asyncio  # noqa: PLC0415
    import tempfile  # noqa: PLC0415

    async def scenario(path: Path) -> None:
        async with run_of_the_node(path, 100) as (writer, journal):

            def work(number: int, *, good: bool) -> Callable[[sqlite3.Connection], Position]:
                def do(connection: sqlite3.Connection) -> Position:
                    position = journal.append(connection, event(number), TIME)
                    if not good:
                        raise ValueError
                    return position

                return do

            answers = await asyncio.gather(
                *(writer.transact(work(i, good=good)) for i, good in enumerate(outcomes)),
                return_exceptions=True,
            )
            kept = [one for one in answers if isinstance(one, Position)]
            assert len(kept) == sum(outcomes)
            assert [one.sequence for one in kept] == list(range(1, len(kept) + 1))
            await writer.transact(check_whole)

    with tempfile.TemporaryDirectory() as folder:
        asyncio.run(scenario(Path(folder) / "n.db"))

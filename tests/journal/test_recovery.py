"""A forked log is journalled again, a set-back one made whole: once, in one transaction."""

import shutil
import sqlite3
from functools import partial
from pathlib import Path

import pytest

from edge_node.domain.codes import epoch_tag
from sync.database import Writer
from sync.journal import backlog
from sync.journal.journal import DuplicateCommand, Journal
from sync.journal.recovery import Restored, Returned, abandon, restore
from sync.protocol.record import (
    EXT_ORIGIN,
    Kind,
    Record,
    content_digest,
    decode_record,
    encode_record,
)
from tests.journal.test_journal import (
    TIME,
    append,
    check_whole,
    event,
    execute,
    run_of_the_node,
)

SUBJECT = b"s" * 16


async def give_up(writer: Writer, journal: Journal, lid: bytes) -> int | None:
    return await writer.transact(lambda c: abandon(c, journal, lid, TIME))


async def put_back(writer: Writer, lid: bytes, returned: list[Returned]) -> list[Restored]:
    return await writer.transact(lambda c: restore(c, lid, returned, epoch_tag, TIME))


async def all_of(writer: Writer, lid: bytes) -> list[Returned]:
    records = await writer.transact(lambda c: backlog.records(c, lid, 0, 1000))
    return [Returned(number, one.raw) for number, one in enumerate(records)]


async def test_every_record_of_a_forked_log_is_journalled_again(tmp_path: Path) -> None:
    async with run_of_the_node(tmp_path / "n.db", 100) as (writer, journal):
        old = (await append(writer, journal, 1)).lid
        await append(writer, journal, 2)
        before = [decode_record(one.raw) for one in await all_of(writer, old)]
        assert await give_up(writer, journal, old) == 2
        (head,) = await writer.transact(backlog.heads)
        after = [decode_record(one.raw) for one in await all_of(writer, head.lid)]
        assert [record.kind for record in after] == [Kind.GENESIS, 16, 16]
        for copy, first in zip(after[1:], before[1:], strict=True):
            assert (copy.eid, content_digest(copy)) == (first.eid, content_digest(first))
            assert copy.ext == {EXT_ORIGIN: [old, first.sequence, bytes(8)]}
        assert (await writer.transact(lambda c: backlog.waiting(c, {}, 16))).events == 3
        await writer.transact(check_whole)


async def test_abandoning_twice_is_once(tmp_path: Path) -> None:
    async with run_of_the_node(tmp_path / "n.db", 100) as (writer, journal):
        old = (await append(writer, journal, 1)).lid
        assert await give_up(writer, journal, old) == 1
        assert await give_up(writer, journal, old) is None
        assert await give_up(writer, journal, b"x" * 16) is None
        (head,) = await writer.transact(backlog.heads)
        assert head.size == 2


async def test_a_command_stays_once_though_its_record_stands_twice(tmp_path: Path) -> None:
    async with run_of_the_node(tmp_path / "n.db", 100) as (writer, journal):
        old = (await append(writer, journal, 1)).lid
        await give_up(writer, journal, old)
        with pytest.raises(DuplicateCommand):
            await append(writer, journal, 1)
        assert (await append(writer, journal, 2)).sequence == 2


async def test_a_copy_that_forks_again_names_the_first_origin(tmp_path: Path) -> None:
    async with run_of_the_node(tmp_path / "n.db", 100) as (writer, journal):
        old = (await append(writer, journal, 1)).lid
        await give_up(writer, journal, old)
        (second,) = await writer.transact(backlog.heads)
        assert await give_up(writer, journal, second.lid) == 1
        (third,) = await writer.transact(backlog.heads)
        copy = decode_record((await all_of(writer, third.lid))[1].raw)
        assert copy.ext == {EXT_ORIGIN: [old, 1, bytes(8)]}


async def test_what_its_leaf_does_not_say_is_not_signed_again(tmp_path: Path) -> None:
    async with run_of_the_node(tmp_path / "n.db", 100) as (writer, journal):
        lid = (await append(writer, journal, 1)).lid
        await append(writer, journal, 2)
        await writer.transact(partial(execute, "DROP TRIGGER record_is_never_changed"))
        other = encode_record(Record(1, 16, bytes(16), None, 1, TIME, 0, b"another"))
        await writer.transact(
            partial(execute, f"UPDATE record SET raw = x'{other.hex()}' WHERE position & 255 = 1")  # noqa: S608 - bytes of ours
        )
        assert await give_up(writer, journal, lid) == 1


async def test_an_undone_abandonment_leaves_everything_as_it_was(tmp_path: Path) -> None:
    async with run_of_the_node(tmp_path / "n.db", 100) as (writer, journal):
        old = (await append(writer, journal, 1)).lid

        def fail(connection: sqlite3.Connection) -> None:
            abandon(connection, journal, old, TIME)
            raise ValueError("cut")

        with pytest.raises(ValueError, match=r"^cut$"):
            await writer.transact(fail)
        (head,) = await writer.transact(backlog.heads)
        assert (head.lid, head.size, head.closed) == (old, 2, False)
        assert (await append(writer, journal, 2)).lid == old


async def test_a_set_back_log_is_whole_again(tmp_path: Path) -> None:
    path, copy = tmp_path / "n.db", tmp_path / "copy.db"
    async with run_of_the_node(path, 100) as (writer, journal):
        lid = (await append(writer, journal, 1)).lid
    shutil.copy(path, copy)
    async with run_of_the_node(path, 100) as (writer, journal):
        lost_log = (await append(writer, journal, 2)).lid
        await append(writer, journal, 3)
        returned = await all_of(writer, lost_log)
        root_before = (await writer.transact(backlog.heads))[-1].frontier
    async with run_of_the_node(copy, 300) as (writer, journal):
        await append(writer, journal, 4)
        back = await put_back(writer, lost_log, returned)
        assert [(one.record.sequence, one.fresh) for one in back] == [
            (0, True),
            (1, True),
            (2, True),
        ]
        heads = {head.lid: head for head in await writer.transact(backlog.heads)}
        assert set(heads) > {lid, lost_log}
        assert (heads[lost_log].size, heads[lost_log].closed) == (3, True)
        assert heads[lost_log].frontier == root_before
        await writer.transact(check_whole)
        with pytest.raises(DuplicateCommand):
            await append(writer, journal, 3)
        # The new run's log goes on, and the next one does not follow what came back.
        assert (await append(writer, journal, 5)).sequence == 2
    async with run_of_the_node(copy, 400) as (writer, journal):
        await append(writer, journal, 6)
        newest = (await writer.transact(backlog.heads))[-1]
        assert newest.parent is not None
        assert newest.parent.lid not in {lid, lost_log}


async def test_putting_back_twice_or_in_parts_is_putting_back_once(tmp_path: Path) -> None:
    async with run_of_the_node(tmp_path / "a.db", 100) as (writer, journal):
        lid = (await append(writer, journal, 1)).lid
        await append(writer, journal, 2)
        returned = await all_of(writer, lid)
        identity = await writer.transact(backlog.identity)
        assert identity is not None
    async with run_of_the_node(tmp_path / "b.db", 500) as (writer, _):
        await writer.transact(
            lambda c: c.execute(
                "INSERT INTO journal_identity VALUES (1, ?, '26560', ?)",
                (identity.node_id, identity.hardware_id),
            )
        )
        assert await put_back(writer, lid, returned[1:]) == []  # without its start: it waits
        assert len(await put_back(writer, lid, returned[:2])) == 2
        assert len(await put_back(writer, lid, returned)) == 1
        assert await put_back(writer, lid, returned) == []
        assert await put_back(writer, lid, [Returned(9, returned[1].raw)]) == []
        await writer.transact(check_whole)


async def test_another_station_s_log_is_not_taken(tmp_path: Path) -> None:
    async with run_of_the_node(tmp_path / "a.db", 100) as (writer, journal):
        lid = (await append(writer, journal, 1)).lid
        returned = await all_of(writer, lid)
    async with run_of_the_node(tmp_path / "b.db", 500) as (writer, journal):
        await append(writer, journal, 1)
        assert await put_back(writer, lid, returned) == []
        assert await put_back(writer, lid, [Returned(0, b"no record")]) == []
        assert len(await writer.transact(backlog.heads)) == 1


async def test_a_command_repeated_after_the_loss_stands_twice_and_counts_once(
    tmp_path: Path,
) -> None:
    path, copy = tmp_path / "n.db", tmp_path / "copy.db"
    async with run_of_the_node(path, 100) as (writer, journal):
        await append(writer, journal, 1)
    shutil.copy(path, copy)
    async with run_of_the_node(path, 200) as (writer, journal):
        lost = (await append(writer, journal, 2)).lid
        returned = await all_of(writer, lost)
    async with run_of_the_node(copy, 300) as (writer, journal):
        await append(writer, journal, 2)
        back = await put_back(writer, lost, returned)
        assert [one.fresh for one in back] == [True, False]
        await writer.transact(check_whole)


async def test_a_body_may_be_emptied_and_nothing_else(tmp_path: Path) -> None:
    async with run_of_the_node(tmp_path / "n.db", 100) as (writer, journal):
        entry = event(1, subject=SUBJECT)
        await writer.transact(lambda c: journal.append(c, entry, TIME))

        def run(statement: str, connection: sqlite3.Connection) -> None:
            connection.execute(statement)

        for refused in (
            "UPDATE record SET raw = x'', leaf = zeroblob(32)",
            "UPDATE record SET raw = x'', eid = zeroblob(16)",
            "UPDATE record SET raw = x'', subject = NULL WHERE subject IS NOT NULL",
            "UPDATE record SET raw = x'00'",
        ):
            with pytest.raises(sqlite3.IntegrityError, match="append-only"):
                await writer.transact(partial(run, refused))
        await writer.transact(partial(run, "UPDATE record SET raw = x'' WHERE kind = 16"))
        (head,) = await writer.transact(backlog.heads)
        assert [bool(one.raw) for one in await all_of(writer, head.lid)] == [True, False]

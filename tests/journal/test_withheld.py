"""What the city cannot read is the station's until a copy of it has come to the city."""

import asyncio
import sqlite3
from collections.abc import Mapping
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sync.database import Writer
from sync.group_commit import Rows
from sync.journal import backlog
from sync.journal.journal import SEQUENCE_BITS, Journal, JournalEvent
from sync.journal.recovery import abandon
from sync.journal.withheld import ORIGIN_BYTES, Withheld, journal_again, withheld_here
from sync.protocol import merkle
from sync.protocol.limits import MAXIMUM_RECORD_BYTES
from sync.protocol.record import EXT_ORIGIN, Kind, Record, content_digest, decode_record
from tests.journal.test_journal import TIME, append, check_whole, event, execute, run_of_the_node

Places = Mapping[bytes, set[int]]


async def here(writer: Writer, places: Places) -> list[Withheld]:
    return await writer.transact(lambda c: withheld_here(c, places))


async def again(writer: Writer, journal: Journal, places: Places) -> int:
    def work(connection: sqlite3.Connection) -> int:
        return journal_again(connection, journal, withheld_here(connection, places), TIME)

    return await writer.transact(work)


async def records(writer: Writer, lid: bytes) -> list[Record]:
    found = await writer.transact(lambda c: backlog.records(c, lid, 0, 1000))
    return [decode_record(one.raw) for one in found]


def spoil(position: int, raw: bytes, connection: sqlite3.Connection) -> None:
    """As a card does that forgets: past every trigger."""
    connection.execute("DROP TRIGGER record_is_never_changed")
    connection.execute("UPDATE record SET raw = ? WHERE position = ?", (raw, position))


async def test_a_copy_says_the_same_at_another_place_and_names_the_first(tmp_path: Path) -> None:
    async with run_of_the_node(tmp_path / "n.db", 100) as (writer, journal):
        lid = (await append(writer, journal, 1)).lid
        await append(writer, journal, 2)
        assert await again(writer, journal, {lid: {1}}) == 1
        first, _, copy = (await records(writer, lid))[1:]
        assert copy == first._replace(sequence=3, ext={EXT_ORIGIN: [lid, 1, bytes(8)]})
        assert content_digest(copy) == content_digest(first)
        # From now on the record is where its copy is.
        assert await here(writer, {lid: {1}}) == []
        assert await again(writer, journal, {lid: {1}}) == 0
        await writer.transact(check_whole)


async def test_a_copy_that_is_withheld_too_is_copied_once_more_and_names_the_first(
    tmp_path: Path,
) -> None:
    async with run_of_the_node(tmp_path / "n.db", 100) as (writer, journal):
        lid = (await append(writer, journal, 1)).lid
        (one,) = await here(writer, {lid: {1}})
        assert (one.position & ((1 << SEQUENCE_BITS) - 1), one.again) == (1, False)
        await again(writer, journal, {lid: {1}})
        (one,) = await here(writer, {lid: {1, 2}})
        assert (one.position & ((1 << SEQUENCE_BITS) - 1), one.again) == (2, True)
        assert await again(writer, journal, {lid: {1, 2}}) == 1
        last = (await records(writer, lid))[-1]
        assert (last.sequence, last.ext) == (3, {EXT_ORIGIN: [lid, 1, bytes(8)]})


@pytest.mark.parametrize("left", [b"", b"\x88", None], ids=["purged", "cut", "another"])
async def test_a_body_that_is_not_what_was_signed_is_never_signed_again(
    tmp_path: Path, left: bytes | None
) -> None:
    async with run_of_the_node(tmp_path / "n.db", 100) as (writer, journal):
        position = await append(writer, journal, 1)
        await append(writer, journal, 2)
        place = position.log_number << SEQUENCE_BITS | 1
        stored = await writer.transact(lambda c: backlog.records(c, position.lid, 2, 1))
        await writer.transact(partial(spoil, place, stored[0].raw if left is None else left))
        (one,) = await here(writer, {position.lid: {1}})
        assert one.record is None
        assert await again(writer, journal, {position.lid: {1}}) == 0
        assert len(await writer.transact(lambda c: backlog.leaves(c, position.lid, 99))) == 3


async def test_a_genesis_and_what_cannot_be_decoded_have_no_copy(tmp_path: Path) -> None:
    async with run_of_the_node(tmp_path / "n.db", 100) as (writer, journal):
        lid = (await append(writer, journal, 1)).lid
        odd = b"of a program that wrote what nobody reads"

        def add(connection: sqlite3.Connection) -> None:
            connection.execute(
                "INSERT INTO record (position, leaf, eid, kind, version, raw)"
                " VALUES (7, ?, zeroblob(16), 16, 0, ?)",
                (merkle.leaf_hash(odd), odd),
            )

        await writer.transact(add)
        ones = await here(writer, {lid: {0, 7}})
        assert [(one.kind, one.record) for one in ones] == [(Kind.GENESIS, None), (16, None)]
        counted = backlog.Backlog(0, 0, None).plus(ones, 16)
        assert counted == backlog.Backlog(2, 1, TIME.wall_ms, withheld=2, stuck=2)


async def test_a_record_too_long_for_its_origin_has_no_copy(tmp_path: Path) -> None:
    async with run_of_the_node(tmp_path / "n.db", 100) as (writer, journal):
        lid = (await append(writer, journal, 1)).lid
        spare = MAXIMUM_RECORD_BYTES - ORIGIN_BYTES
        frame = len((await writer.transact(lambda c: backlog.records(c, lid, 1, 1)))[0].raw)
        room = spare - frame + len(event(1).body) - 2  # a longer body has a longer head
        for number, extra in ((2, 0), (3, 1)):
            long = JournalEvent(number.to_bytes(16, "big"), 16, None, 1, b"x" * (room + extra))
            await writer.transact(partial(journal.append, event=long, time=TIME))
        fits, too_long = await here(writer, {lid: {2, 3}})
        assert fits.record is not None
        assert too_long.record is None
        assert await again(writer, journal, {lid: {2, 3}}) == 1


async def test_a_log_that_is_given_up_later_is_not_copied_twice(tmp_path: Path) -> None:
    async with run_of_the_node(tmp_path / "n.db", 100) as (writer, journal):
        lid = (await append(writer, journal, 1)).lid
        await append(writer, journal, 2)
        await again(writer, journal, {lid: {1}})
        # The original has its copy; the copy and the other record move on.
        assert await writer.transact(lambda c: abandon(c, journal, lid, TIME)) == 2
        (head,) = await writer.transact(backlog.heads)
        moved = await records(writer, head.lid)
        assert [record.eid[-1] for record in moved[1:]] == [2, 1]
        assert moved[2].ext == {EXT_ORIGIN: [lid, 1, bytes(8)]}
        assert await here(writer, {lid: {1, 3}}) == []


async def test_a_copy_waits_for_nobody_who_only_adds_rows(tmp_path: Path) -> None:
    """A submission that is staged behind it stands behind it."""
    async with run_of_the_node(tmp_path / "n.db", 100) as (writer, journal):
        lid = (await append(writer, journal, 1)).lid
        await again(writer, journal, {lid: {1}})

        def stage(connection: sqlite3.Connection) -> int:
            rows: Rows = []
            position = journal.stage(rows, event(9), TIME)
            for statement, row in rows:
                connection.execute(statement, row)
            return position.sequence

        assert await writer.transact(stage) == 3
        await writer.transact(check_whole)


async def test_nothing_is_withheld_in_logs_nobody_knows(tmp_path: Path) -> None:
    async with run_of_the_node(tmp_path / "n.db", 100) as (writer, journal):
        lid = (await append(writer, journal, 1)).lid
        assert await here(writer, {b"x" * 16: {1}, lid: {99}}) == []
        assert await here(writer, {}) == []
        await writer.transact(partial(execute, "UPDATE log SET state = 'abandoned'"))
        assert await here(writer, {lid: {1}}) == []


@settings(max_examples=40)
@given(st.lists(st.sampled_from(["append", "withhold", "again", "fork"]), max_size=14))
def test_every_event_is_in_one_place_whatever_comes(deeds: list[str]) -> None:
    """Never lost, never counted twice: beyond the mark, read by the city, or withheld."""
    with TemporaryDirectory() as folder:
        asyncio.run(_live(Path(folder) / "n.db", deeds))


async def _live(path: Path, deeds: list[str]) -> None:
    async with run_of_the_node(path, 100) as (writer, journal):
        made = 0
        places: dict[bytes, set[int]] = {}
        for deed in ["append", *deeds]:
            heads = await writer.transact(backlog.heads)
            head = heads[-1] if heads else None
            if deed == "append":
                made += 1
                await append(writer, journal, made)
            elif deed == "withhold" and head is not None:
                # The city holds the log up to here and cannot read its last record.
                places.setdefault(head.lid, set()).add(head.size - 1)
            elif deed == "again":
                await again(writer, journal, places)
            elif head is not None:
                await writer.transact(partial(abandon, journal=journal, lid=head.lid, time=TIME))
        standing = await writer.transact(_standing)
        assert sorted(standing) == list(range(1, made + 1))
        kept = [one.record.eid[-1] for one in await here(writer, places) if one.record is not None]
        assert len(kept) == len(set(kept))
        await writer.transact(check_whole)


def _standing(connection: sqlite3.Connection) -> list[int]:
    """The commands of all records that no copy stands for."""
    rows = connection.execute(
        "SELECT eid FROM record JOIN log ON log.number = record.log_number"
        " WHERE kind = 16 AND log.state <> 'abandoned' AND NOT EXISTS"
        " (SELECT 1 FROM record AS copy WHERE copy.origin = record.position)"
    )
    return [row[0][-1] for row in rows]

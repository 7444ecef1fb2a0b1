"""Lanes: three logs side by side, their parents, their ends."""

from functools import partial
from pathlib import Path

import pytest

from sync.database import Writer
from sync.journal import backlog
from sync.journal.journal import (
    LANE_BULK,
    LANE_DOSSIERS,
    LANE_URGENT,
    MAXIMUM_LOG_AGE_MS,
    Journal,
    JournalEvent,
    Position,
)
from sync.protocol.record import Genesis, RecordTime, decode_record, parse_genesis
from tests.journal.test_journal import TIME, check_whole, event, run_of_the_node


async def append(
    writer: Writer,
    journal: Journal,
    number: int,
    lane: int = LANE_DOSSIERS,
    time: RecordTime = TIME,
) -> Position:
    entry: JournalEvent = event(number)._replace(lane=lane)
    return await writer.transact(lambda connection: journal.append(connection, entry, time))


async def genesis_of(writer: Writer, lid: bytes) -> Genesis:
    first = await writer.transact(lambda c: backlog.records(c, lid, 0, 1))
    return parse_genesis(decode_record(first[0].raw))


async def test_each_lane_has_its_own_log_opened_when_needed(tmp_path: Path) -> None:
    async with run_of_the_node(tmp_path / "n.db", 100) as (writer, journal):
        urgent = await append(writer, journal, 1, LANE_URGENT)
        dossier = await append(writer, journal, 2)
        again = await append(writer, journal, 3, LANE_URGENT)
        bulk = await append(writer, journal, 4, LANE_BULK)
        heads = await writer.transact(backlog.heads)
        assert [head.identity.lane for head in heads] == [LANE_URGENT, LANE_DOSSIERS, LANE_BULK]
        assert [head.identity.number for head in heads] == [0, 1, 2]
        assert [head.size for head in heads] == [3, 2, 2]
        assert not any(head.closed for head in heads)
        assert (urgent.lid, urgent.sequence) == (again.lid, again.sequence - 1)
        assert len({urgent.lid, dossier.lid, bulk.lid}) == 3
        await writer.transact(check_whole)


async def test_a_parent_is_the_newest_log_of_the_same_lane(tmp_path: Path) -> None:
    async with run_of_the_node(tmp_path / "n.db", 100) as (writer, journal):
        urgent = await append(writer, journal, 1, LANE_URGENT)
        dossier = await append(writer, journal, 2)
    async with run_of_the_node(tmp_path / "n.db", 200) as (writer, journal):
        second_dossier = await append(writer, journal, 3)
        second_urgent = await append(writer, journal, 4, LANE_URGENT)
        for after, before in ((second_dossier, dossier), (second_urgent, urgent)):
            parent = (await genesis_of(writer, after.lid)).parent
            assert parent is not None
            assert (parent.lid, parent.size) == (before.lid, 2)
        # A lane that is used for the first time has none, whatever stands in the others.
        bulk = await append(writer, journal, 5, LANE_BULK)
        assert (await genesis_of(writer, bulk.lid)).parent is None


async def test_dossier_numbers_carry_the_tag_of_the_dossier_lane(tmp_path: Path) -> None:
    async with run_of_the_node(tmp_path / "n.db", 100) as (writer, journal):
        await append(writer, journal, 1, LANE_URGENT)
        first = await writer.transact(partial(journal.next_dossier, time=TIME))
        await append(writer, journal, 2, LANE_URGENT)
        second = await writer.transact(partial(journal.next_dossier, time=TIME))
        assert (first[0], first[1] + 1) == second
        rows = await writer.transact(
            lambda c: c.execute("SELECT tag FROM log WHERE lane = 1").fetchall()
        )
        assert rows == [(first[0],)]


async def test_a_genesis_states_boot_and_last_receipt(tmp_path: Path) -> None:
    async with run_of_the_node(tmp_path / "n.db", 100) as (writer, journal):
        first = await append(writer, journal, 1)
        assert (await genesis_of(writer, first.lid)).last_receipt is None
        journal.last_receipt = 77
        urgent = await append(writer, journal, 2, LANE_URGENT)
        genesis = await genesis_of(writer, urgent.lid)
        assert (genesis.last_receipt, genesis.boot_id) == (77, journal.boot_id)
        heads = await writer.transact(backlog.heads)
        assert [head.boot_id for head in heads] == [journal.boot_id] * 2


@pytest.mark.parametrize(("later_ms", "same"), [(MAXIMUM_LOG_AGE_MS - 1, True), (1, False)])
async def test_a_log_ends_with_its_thirtieth_day(
    tmp_path: Path, later_ms: int, *, same: bool
) -> None:
    later_ms += 0 if same else MAXIMUM_LOG_AGE_MS - 1
    async with run_of_the_node(tmp_path / "n.db", 100) as (writer, journal):
        first = await append(writer, journal, 1)
        later = TIME._replace(mono_ms=TIME.mono_ms + later_ms)
        second = await append(writer, journal, 2, time=later)
        assert (first.lid == second.lid) is same
        if not same:
            genesis = await genesis_of(writer, second.lid)
            assert genesis.reason == "age"
            assert genesis.parent is not None
            assert genesis.parent.size == 2
            heads = await writer.transact(backlog.heads)
            assert [head.closed for head in heads] == [True, False]
        await writer.transact(check_whole)


async def test_renewing_closes_every_lane_and_says_why(tmp_path: Path) -> None:
    async with run_of_the_node(tmp_path / "n.db", 100) as (writer, journal):
        await append(writer, journal, 1, LANE_URGENT)
        await append(writer, journal, 2)
        await writer.transact(lambda c: journal.renew(c, "key rotation"))
        assert all(head.closed for head in await writer.transact(backlog.heads))
        after = await append(writer, journal, 3)
        assert (await genesis_of(writer, after.lid)).reason == "key rotation"
        await writer.transact(check_whole)


async def test_an_undone_renewal_leaves_the_logs_open(tmp_path: Path) -> None:
    async with run_of_the_node(tmp_path / "n.db", 100) as (writer, journal):
        first = await append(writer, journal, 1)

        def refuse(connection: object) -> None:
            journal.renew(connection, "fork")  # type: ignore[arg-type]
            journal.append(connection, event(2), TIME)  # type: ignore[arg-type]
            raise ValueError("undone")

        with pytest.raises(ValueError, match=r"^undone$"):
            await writer.transact(refuse)
        second = await append(writer, journal, 3)
        assert (first.lid, first.sequence + 1) == (second.lid, second.sequence)
        await writer.transact(check_whole)

"""Behaviours of every archive: taking in, comparing, handing out, setting back, looking up."""

import asyncio
import random
from dataclasses import replace

from sync.city.archive.port import (
    AskedHead,
    Caller,
    Head,
    MustOpen,
    Opening,
    Stored,
    StoredBatch,
    Unreadable,
)
from sync.city.intake import Refusal, Refuse
from sync.city.receiving.opening import open_work
from sync.protocol import merkle
from tests.city.archive_bench import CITY_KEY, KEYS, Bench, lie
from tests.city.station import SimulatedStation


async def a_sealed_batch_is_stored_before_it_is_opened(bench: Bench) -> None:
    station = SimulatedStation()
    station.append_many(4)
    stored = await bench.offer(station)
    assert isinstance(stored, Stored)
    assert stored.head == Head(station.log.lid, 5, station.log.root(), 0, 0, ())
    assert (stored.number, stored.new_records) == (1, 5)
    assert await bench.statuses() == ["stored"] * 5
    await bench.open_all()
    assert await bench.statuses() == ["entered"] * 5
    assert (await bench.head(station)).applied == 5
    assert await bench.archive.claim(bench.now_ms, 10) == []


async def however_it_is_cut_every_record_is_stored_once(bench: Bench) -> None:
    station = SimulatedStation()
    station.append_many(30)
    chooser = random.Random(7)  # noqa: S311 - repeatable tests
    for _ in range(25):
        first = chooser.randrange(31)
        await bench.offer(station, first, chooser.randint(1, 31 - first))
        if chooser.random() < 0.3:
            await bench.open_all()
    outcome = await bench.offer(station)
    assert isinstance(outcome, Stored)
    assert (outcome.head.size, outcome.head.root) == (31, station.log.root())
    await bench.open_all()
    assert [line.seq for line in await bench.lines()] == list(range(31))
    assert set(await bench.statuses()) == {"entered"}
    assert await bench.archive.leaves(station.log.lid, 0, 99) == station.log.leaves


async def the_same_again_stores_nothing_and_opens_nothing(bench: Bench) -> None:
    station = SimulatedStation()
    station.append_many(5)
    await bench.offer(station, 0, 3)
    await bench.offer(station, 3)
    for first, count in ((0, 3), (3, 3), (0, None)):
        data = station.batch(CITY_KEY.public_key(), first, count)
        again = await bench.archive.store(bench.arrival(station, data))
        assert isinstance(again, Stored)
        assert (again.head.size, again.number, again.new_records) == (6, 2, 0)
    assert len(await bench.lines()) == 6


async def many_at_once_store_it_once(bench: Bench) -> None:
    station = SimulatedStation()
    station.append_many(20)
    data = station.batch(CITY_KEY.public_key())
    outcomes = await asyncio.gather(*(bench.offer_bytes(station, data) for _ in range(8)))
    stored = [outcome for outcome in outcomes if isinstance(outcome, Stored)]
    assert sorted(outcome.new_records for outcome in stored) == [0] * 7 + [21]
    assert {outcome.head.root for outcome in stored} == {station.log.root()}


async def a_gap_is_told_at_once(bench: Bench) -> None:
    station = SimulatedStation()
    station.append_many(5)
    assert await bench.offer(station, 2) == Refuse(Refusal.GAP, 0)
    await bench.offer(station, 0, 2)
    assert await bench.offer(station, 4) == Refuse(Refusal.GAP, 2)


async def another_history_is_a_fork(bench: Bench) -> None:
    station = SimulatedStation()
    station.append_many(3)
    branch = station.log.copy()
    station.append(body=b'{"n":1}')
    station.append(body=b'{"n":1}', log=branch)
    station.append(log=branch)
    await bench.offer(station)
    for first in (0, 2, 4, 5):
        assert await bench.offer(station, first, log=branch) == Refuse(Refusal.FORK, 5), first
    assert (await bench.head(station)).root == station.log.root()


async def an_overlap_adds_only_what_is_new(bench: Bench) -> None:
    station = SimulatedStation()
    station.append_many(4)
    await bench.offer(station, 0, 3)
    stored = await bench.offer(station, 1)
    assert isinstance(stored, Stored)
    assert stored.new_records == 2
    batch = await bench.archive.batch_at(station.node_id, station.log.lid, 3)
    assert isinstance(batch, StoredBatch)
    assert (batch.start, batch.end) == (3, 5)
    await bench.open_all()
    assert [line.seq for line in await bench.lines()] == [0, 1, 2, 3, 4]
    assert await bench.archive.leaves(station.log.lid, 2, 4) == station.log.leaves[2:4]


async def a_log_belongs_to_the_node_that_opened_it(bench: Bench) -> None:
    owner, other = SimulatedStation(1), SimulatedStation(2, code=26561)
    await bench.offer(owner)
    arrival = bench.arrival(owner, owner.batch(CITY_KEY.public_key()))
    foreign = arrival._replace(header=replace(arrival.header, node_id=other.node_id))
    assert await bench.archive.store(foreign) == Refuse(Refusal.FOREIGN, 0)
    assert await bench.archive.store_opened(foreign, []) == Refuse(Refusal.FOREIGN, 0)
    assert await bench.archive.batch_at(other.node_id, owner.log.lid, 0) is None
    caller = Caller(other.node_id, other.code)
    (head,), _ = await bench.archive.greet(caller, [AskedHead(owner.log.lid, 1)], 1)
    assert (head.size, head.root) == (0, merkle.EMPTY_ROOT)


async def what_cannot_be_read_goes_to_quarantine_with_all_after_it(bench: Bench) -> None:
    station = SimulatedStation()
    station.append_many(5)
    await bench.offer(station, 0, 2)
    await bench.offer_bytes(station, lie(station, 2, [b"\x01", b"\x02"], station.log.root(4)))
    number = (await bench.offer(station, 4)).number  # type: ignore[union-attr]  # the roots fit
    assert (await bench.head(station)).size == 6
    await bench.open_all()
    head = await bench.head(station, 2)
    assert (head.size, head.root, head.applied) == (2, station.log.root(2), 2)
    items = await bench.archive.quarantined(station.code)
    assert [(item.first, item.records, item.reason) for item in items] == [
        (2, 2, "malformed"),
        (4, 2, "malformed"),
    ]
    # Wary now: the good records are stored only once they were opened.
    data = station.batch(CITY_KEY.public_key(), 2, 2)
    assert isinstance(await bench.archive.store(bench.arrival(station, data)), MustOpen)
    again = await bench.offer(station, 2, 2)
    assert isinstance(again, Stored)
    assert again.number > number
    await bench.open_all()
    data = station.batch(CITY_KEY.public_key(), 4)
    assert isinstance(await bench.archive.store(bench.arrival(station, data)), Stored)
    await bench.open_all()
    assert await bench.statuses() == ["entered"] * 6


async def a_root_that_the_records_do_not_give_is_found_at_opening(bench: Bench) -> None:
    station = SimulatedStation()
    station.append_many(2)
    raws = station.log.raws
    await bench.offer_bytes(station, lie(station, 0, raws, b"\x05" * 32))
    assert (await bench.head(station)).size == 3
    # The honest log contradicts the stored root: only opening can tell who is right.
    stored = await bench.offer(station)
    assert isinstance(stored, Stored)
    assert [unreadable.reason for unreadable in bench.unreadable] == ["root_mismatch"]
    await bench.open_all()
    assert await bench.statuses() == ["entered"] * 3


async def setting_back_what_moved_on_changes_nothing(bench: Bench) -> None:
    station = SimulatedStation()
    await bench.offer(station)
    (work,) = await bench.archive.claim(bench.now_ms, 10)
    # By its id: the log is claimed, and another process leaves it alone for a while.
    await bench.open_log(work.lid)
    late = Unreadable(work.log, 0, "malformed", work.batches[0].number)
    assert not await bench.archive.set_back(late, bench.now_ms)
    assert (await bench.head(station)).size == 1


async def what_was_claimed_before_it_was_set_back_is_passed_over(bench: Bench) -> None:
    station = SimulatedStation()
    station.append_many(2)
    await bench.offer_bytes(station, lie(station, 0, [b"\x01"] * 3, station.log.root()))
    (stale,) = await bench.archive.claim(bench.now_ms, 10)
    await bench.open_log(station.log.lid)
    # The station sends again, good this time, to the same place of the log.
    await bench.offer(station)
    (bad,) = bench.unreadable
    assert not await bench.archive.set_back(bad, bench.now_ms)
    fresh = await bench.archive.claim_log(station.log.lid, 10)
    assert fresh is not None
    opening = open_work(fresh, KEYS).opening
    assert opening is not None
    number = stale.batches[0].number
    gone = opening._replace(leaves=[(number, leaves) for _, leaves in opening.leaves])
    assert await bench.archive.enter([gone], bench.now_ms) == 0
    assert (await bench.head(station)).applied == 0
    await bench.open_log(station.log.lid)
    assert await bench.statuses() == ["entered"] * 3


async def only_one_opening_counts(bench: Bench) -> None:
    station = SimulatedStation()
    station.append_many(3)
    await bench.offer(station)
    (work,) = await bench.archive.claim(bench.now_ms, 10)
    opening = open_work(work, KEYS).opening
    assert isinstance(opening, Opening)
    results = await asyncio.gather(
        *(bench.archive.enter([opening], bench.now_ms) for _ in range(4))
    )
    assert sorted(results) == [0, 0, 0, 4]
    (summary,) = await bench.archive.summarise(bench.now_ms)
    assert (summary.stored, summary.entered, summary.dossiers) == (4, 4, 3)


async def work_is_handed_out_in_order_and_in_measure(bench: Bench) -> None:
    stations = [SimulatedStation(seed, code=seed) for seed in (1, 2, 3)]
    for station in stations:
        station.append_many(5)
        await bench.offer(station, 0, 4)
        await bench.offer(station, 4)
    seen: set[bytes] = set()
    works = await bench.archive.claim(bench.now_ms, 8)
    assert 1 <= len(works) < 3
    for work in works:
        assert work.opened == work.batches[0].start == 0
        ends = [batch.end for batch in work.batches]
        assert [batch.start for batch in work.batches] == [0, *ends[:-1]]
    while works:
        seen.update(work.lid for work in works)
        for work in works:
            opening = open_work(work, KEYS).opening
            assert opening is not None
            await bench.archive.enter([opening], bench.now_ms)
        works = await bench.archive.claim(bench.now_ms, 8)
    assert seen == {station.log.lid for station in stations}
    assert await bench.archive.claim_log(stations[0].log.lid, 8) is None
    assert set(await bench.statuses()) == {"entered"}


BEHAVIOURS = [
    a_sealed_batch_is_stored_before_it_is_opened,
    however_it_is_cut_every_record_is_stored_once,
    the_same_again_stores_nothing_and_opens_nothing,
    many_at_once_store_it_once,
    a_gap_is_told_at_once,
    another_history_is_a_fork,
    an_overlap_adds_only_what_is_new,
    a_log_belongs_to_the_node_that_opened_it,
    what_cannot_be_read_goes_to_quarantine_with_all_after_it,
    a_root_that_the_records_do_not_give_is_found_at_opening,
    setting_back_what_moved_on_changes_nothing,
    what_was_claimed_before_it_was_set_back_is_passed_over,
    only_one_opening_counts,
    work_is_handed_out_in_order_and_in_measure,
]

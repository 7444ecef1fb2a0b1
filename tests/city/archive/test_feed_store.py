"""The feeds' store and the ledger of attachments: the same tests for both databases."""

import asyncio
from collections.abc import AsyncIterator, Iterator, Sequence
from hashlib import sha256
from pathlib import Path

import pytest
from msgspec import json

from sync.city.archive.feed_store.port import (
    Draft,
    FeedHead,
    FeedName,
    LedgerBlob,
    Limit,
    Stamp,
)
from sync.city.archive.feed_store.rows import CHECKPOINT_ENTRIES
from sync.city.feeds.announcements import status_draft
from sync.protocol import merkle
from sync.protocol.feed import EVERY_STATION, Feed, FeedIdentity, FeedKind, feed_id
from sync.protocol.record import Record, decode_record
from tests.city.feed_places import (
    CITY_ID,
    Judged,
    Opening,
    in_postgres,
    in_sqlite,
    judged_postgres,
    judged_sqlite,
)
from tests.city.postgres_server import fresh_database

CATALOGUE = FeedName(Feed.CATALOGUE, EVERY_STATION)
STATION = FeedName(Feed.STATION, 26560)
ALL = Limit(10_000, 1 << 30)
NODE = b"n" * 16


def stamp(number: int) -> Stamp:
    return Stamp(number.to_bytes(8), 1_795_300_000_000 + number)


def drafts(first: int, end: int, key: str = "") -> list[Draft]:
    return [
        Draft(
            FeedKind.DECISION,
            sha256(b"%d" % number).digest()[:16],
            b'{"n":%d}' % number,
            state_key=key.format(number % 7),
        )
        for number in range(first, end)
    ]


@pytest.fixture(params=["sqlite", "postgres"])
def place(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Opening]:
    if request.param == "sqlite":
        path = tmp_path / "feeds.db"
        yield lambda: in_sqlite(path)
        return
    for url in fresh_database():
        yield lambda url=url: in_postgres(url)  # type: ignore[misc]


def newest(records: Sequence[Record]) -> Sequence[Record]:
    return records[-3:]


async def test_entries_have_places_in_the_order_they_came(place: Opening) -> None:
    async with place() as at:
        await at.store.append(STATION, drafts(0, 3), stamp(1))
        head = await at.store.append(STATION, drafts(3, 5), stamp(2))
        found = await at.store.read(head.fid, 0, ALL)
    assert found is not None
    records = [decode_record(raw) for raw in found.entries]
    assert [record.sequence for record in records] == [0, 1, 2, 3, 4]
    assert [record.body for record in records] == [draft.body for draft in drafts(0, 5)]
    assert [record.time.wall_ms for record in records] == [1_795_300_000_001] * 3 + [
        1_795_300_000_002
    ] * 2
    assert head.root == merkle.root_of(map(merkle.leaf_hash, found.entries))
    assert head.fid == feed_id(FeedIdentity(CITY_ID, 0, stamp(1).nonce, *STATION))


async def test_the_same_entry_is_appended_once(place: Opening) -> None:
    async with place() as at:
        await at.store.append(STATION, drafts(0, 3), stamp(1))
        head = await at.store.append(STATION, [*drafts(1, 5), *drafts(4, 5)], stamp(2))
        again = await at.store.append(STATION, drafts(0, 5), stamp(3))
    assert head.size == 5
    assert again == head


async def test_what_one_feed_holds_another_may_hold_too(place: Opening) -> None:
    async with place() as at:
        await at.store.append(STATION, drafts(0, 3), stamp(1))
        other = await at.store.append(FeedName(Feed.STATION, 26561), drafts(0, 3), stamp(2))
    assert other.size == 3


@pytest.mark.parametrize("first", [0, 1, 63, 64, 65, 127, 128, 199, 200])
async def test_any_position_is_read_with_the_root_before_it(place: Opening, first: int) -> None:
    async with place() as at:
        head = await at.store.append(STATION, drafts(0, 200), stamp(1))
        found = await at.store.read(head.fid, first, Limit(10, 1 << 20))
        whole = await at.store.read(head.fid, 0, ALL)
        root = await at.store.root_at(head.fid, first)
    assert found is not None
    assert whole is not None
    assert found.entries == whole.entries[first : first + 10]
    expected = merkle.root_of(map(merkle.leaf_hash, whole.entries[:first]))
    assert merkle.root(found.before) == root == expected
    assert 3 * CHECKPOINT_ENTRIES < 200, "several checkpoints are crossed"


async def test_a_read_stops_at_its_size_but_gives_one(place: Opening) -> None:
    async with place() as at:
        head = await at.store.append(STATION, drafts(0, 9), stamp(1))
        one = await at.store.read(head.fid, 2, Limit(9, 1))
        some = await at.store.read(head.fid, 2, Limit(9, 150))
    assert one is not None
    assert some is not None
    assert len(one.entries) == 1
    assert 1 < len(some.entries) < 7


async def test_beyond_the_end_there_is_nothing(place: Opening) -> None:
    async with place() as at:
        head = await at.store.append(STATION, drafts(0, 2), stamp(1))
        assert await at.store.read(head.fid, 3, ALL) is None
        assert await at.store.root_at(head.fid, 3) is None
        assert await at.store.read(b"?" * 16, 0, ALL) is None
        assert await at.store.find(b"?" * 16) is None


async def test_a_feed_is_opened_empty_and_once(place: Opening) -> None:
    async with place() as at:
        heads = await asyncio.gather(
            *(at.store.ensure(STATION, stamp(number)) for number in range(8))
        )
        assert len({head.fid for head in heads}) == 1
        assert heads[0].size == 0
        assert await at.store.heads(STATION.station) == [heads[0]]
        assert await at.store.heads(1) == []


async def test_two_who_append_at_once_do_not_lose_or_double(place: Opening) -> None:
    async with place() as at:
        await asyncio.gather(
            *(
                at.store.append(STATION, drafts(number, number + 4), stamp(number))
                for number in range(0, 40, 2)
            )
        )
        head = (await at.store.heads(STATION.station))[0]
        found = await at.store.read(head.fid, 0, ALL)
    assert found is not None
    eids = [decode_record(raw).eid for raw in found.entries]
    assert len(eids) == len(set(eids)) == head.size == 42
    assert head.root == merkle.root_of(map(merkle.leaf_hash, found.entries))


async def test_a_snapshot_restates_what_still_counts(place: Opening) -> None:
    async with place() as at:
        before = await at.store.append(CATALOGUE, drafts(0, 70, "key {}"), stamp(1))
        await at.store.append(CATALOGUE, drafts(70, 71), stamp(2))
        head = await at.store.restate(CATALOGUE, newest, stamp(3))
        found = await at.store.read(head.fid, head.start, ALL)
        after = await at.store.append(CATALOGUE, drafts(0, 3, "key {}"), stamp(4))
    assert (before.start, head.start) == (0, 71)
    assert found is not None
    marker, *kept = [decode_record(raw) for raw in found.entries]
    assert marker.kind == FeedKind.SNAPSHOT_MARKER
    assert marker.body == b'{"type":"snapshot","entries":3}'
    assert [record.eid for record in kept] == [draft.eid for draft in drafts(67, 70)]
    assert head.start_frontier == found.before
    assert after == head, "what was said before the snapshot is still known"


async def test_a_second_snapshot_counts_from_the_first(place: Opening) -> None:
    async with place() as at:
        await at.store.append(CATALOGUE, drafts(0, 7, "key {}"), stamp(1))
        await at.store.restate(CATALOGUE, newest, stamp(2))
        await at.store.append(CATALOGUE, drafts(7, 8, "key {}"), stamp(3))
        head = await at.store.restate(CATALOGUE, lambda records: records, stamp(4))
        found = await at.store.read(head.fid, head.start, ALL)
    assert found is not None
    eids = [decode_record(raw).eid for raw in found.entries[1:]]
    assert eids == [draft.eid for draft in (*drafts(4, 7), *drafts(7, 8))]


async def test_a_renamed_feed_keeps_its_entries(place: Opening) -> None:
    async with place() as at:
        head = await at.store.append(STATION, drafts(0, 5), stamp(1))
        renamed = await at.store.rename(head.fid, stamp(2))
        assert renamed is not None
        assert await at.store.find(head.fid) is None
        assert await at.store.rename(head.fid, stamp(3)) is None
        assert await at.store.find(renamed.fid) == renamed
        grown = await at.store.append(STATION, drafts(0, 6), stamp(4))
    assert (renamed.number, renamed.size, renamed.root) == (1, 5, head.root)
    assert renamed.fid == feed_id(FeedIdentity(CITY_ID, 1, stamp(2).nonce, *STATION))
    assert (grown.fid, grown.size) == (renamed.fid, 6)


async def test_all_is_there_after_a_new_start(place: Opening) -> None:
    async with place() as at:
        head = await at.store.append(STATION, drafts(0, 5), stamp(1))
    async with place() as at:
        assert await at.store.heads(STATION.station) == [head]
        assert isinstance(head, FeedHead)


@pytest.fixture(params=["sqlite", "postgres"])
async def archive(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Judged]:
    if request.param == "sqlite":
        async with judged_sqlite(tmp_path / "city.db") as judged:
            yield judged
        return
    url: str = request.getfixturevalue("database")
    async with judged_postgres(url) as judged:
        yield judged


@pytest.fixture
def database() -> Iterator[str]:
    yield from fresh_database()


async def told(archive: Judged) -> list[tuple[int, str]]:
    """What the station was told so far: sequence and code."""
    stamped = stamp(len(archive.lid))
    while await archive.store.tell_statuses(2, status_draft, stamped):
        pass
    heads = await archive.store.heads(STATION.station)
    if not heads:
        return []
    found = await archive.store.read(heads[0].fid, 0, ALL)
    assert found is not None
    bodies = [json.decode(decode_record(raw).body) for raw in found.entries]
    assert {body["lid"] for body in bodies} <= {archive.lid.hex()}
    return [(body["sequence"], body["code"]) for body in bodies]


async def test_a_station_is_told_once_what_became_of_a_record(archive: Judged) -> None:
    assert await told(archive) == []
    for sequence, code in ((1, "parked"), (2, "duplicate"), (3, "rejected"), (4, "conflict")):
        await archive.judge(sequence, code)
    assert sorted(await told(archive)) == [(1, "parked"), (3, "rejected"), (4, "conflict")]
    assert len(await told(archive)) == 3


async def test_a_parked_record_that_is_entered_is_told_too(archive: Judged) -> None:
    await archive.judge(1, "parked")
    await told(archive)
    await archive.judge(1, None)
    assert await told(archive) == [(1, "parked"), (1, "entered")]
    assert len(await told(archive)) == 2


async def test_a_parked_record_that_is_refused_later_is_told_so(archive: Judged) -> None:
    await archive.judge(1, "parked")
    await told(archive)
    await archive.judge(1, "rejected")
    assert await told(archive) == [(1, "parked"), (1, "rejected")]


async def test_what_comes_and_goes_between_two_looks_is_not_told(archive: Judged) -> None:
    await archive.judge(1, "parked")
    await archive.judge(1, None)
    assert await told(archive) == []


async def test_two_who_tell_at_once_tell_once(archive: Judged) -> None:
    for sequence in range(20):
        await archive.judge(sequence, "rejected")
    await asyncio.gather(
        *(archive.store.tell_statuses(7, status_draft, stamp(number)) for number in range(6))
    )
    assert sorted(await told(archive)) == [(number, "rejected") for number in range(20)]


def blob(number: int, size_bytes: int = 100, node_id: bytes = NODE) -> LedgerBlob:
    return LedgerBlob(sha256(b"%d" % number).digest(), node_id, size_bytes, b"signed")


async def test_an_attachment_is_announced_once(place: Opening) -> None:
    async with place() as at:
        assert await at.ledger.find(blob(1).digest) is None
        assert await at.ledger.announce(blob(1), 1000) == blob(1)
        other = blob(1)._replace(node_id=b"o" * 16)
        assert await at.ledger.announce(other, 1000) == blob(1)
        assert await at.ledger.find(blob(1).digest) == blob(1)


async def test_a_quota_counts_what_is_announced(place: Opening) -> None:
    async with place() as at:
        assert await at.ledger.announce(blob(1, 600), 1000) is not None
        assert await at.ledger.announce(blob(2, 401), 1000) is None
        assert await at.ledger.announce(blob(2, 400), 1000) is not None
        assert await at.ledger.announce(blob(1, 600), 0) is not None, "known already"
        assert await at.ledger.announce(blob(3, 1000, b"o" * 16), 1000) is not None


async def test_a_quota_holds_for_many_at_once(place: Opening) -> None:
    async with place() as at:
        noted = await asyncio.gather(
            *(at.ledger.announce(blob(number), 500) for number in range(20))
        )
    assert sum(one is not None for one in noted) == 5


async def test_what_is_awaited_is_asked_for_until_it_came(place: Opening) -> None:
    first, second = blob(1).digest, blob(2).digest
    async with place() as at:
        await at.ledger.await_blobs(NODE, [second], 1)
        await at.ledger.await_blobs(NODE, [first, second], 2)
        assert await at.ledger.awaited(NODE, 9) == [second, first]
        assert await at.ledger.awaited(NODE, 1) == [second]
        assert await at.ledger.awaited(b"o" * 16, 9) == []
        await at.ledger.announce(blob(2), 1000)
        assert await at.ledger.awaited(NODE, 9) == [second, first]
        await at.ledger.note_stored(second, 3)
        assert await at.ledger.awaited(NODE, 9) == [first]
        await at.ledger.await_blobs(NODE, [second], 4)
        assert await at.ledger.awaited(NODE, 9) == [first]
        assert await at.ledger.find(second) == blob(2)._replace(stored_ms=3)


async def test_what_was_lost_is_asked_for_again(place: Opening) -> None:
    async with place() as at:
        await at.ledger.announce(blob(1), 1000)
        await at.ledger.note_lost(blob(1).digest)
        assert await at.ledger.awaited(NODE, 9) == []
        await at.ledger.note_stored(blob(1).digest, 3)
        await at.ledger.note_lost(blob(1).digest)
        assert await at.ledger.awaited(NODE, 9) == [blob(1).digest]
        assert await at.ledger.find(blob(1).digest) == blob(1)

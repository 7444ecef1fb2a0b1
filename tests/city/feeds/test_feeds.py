"""What a station reads of the city's logs, over real HTTP."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from hashlib import sha256
from pathlib import Path

import pytest

from sync.city.archive.feed_store.port import Draft, FeedName
from sync.city.feeds.desk import MAXIMUM_WAITING, RENAME_INTERVAL_MS
from sync.dictionary import DICTIONARIES
from sync.protocol import merkle
from sync.protocol.batch import SignedBatch
from sync.protocol.entries import Entry
from sync.protocol.errors import ProtocolError, ProtocolErrorCode
from sync.protocol.feed import (
    EVERY_STATION,
    Feed,
    FeedKind,
    Reader,
    open_feed_batch,
    parse_feed_batch,
)
from sync.protocol.keyset import keys_by_id
from sync.protocol.session_extras import FeedHead, FeedState, bearer
from tests.city.down_server import KEYS, DownCity, down_city
from tests.city.station import SimulatedStation

CATALOGUE = FeedName(Feed.CATALOGUE, EVERY_STATION)
STATION = FeedName(Feed.STATION, 26560)


@pytest.fixture
async def city(tmp_path: Path) -> AsyncIterator[DownCity]:
    async with down_city(tmp_path / "city") as city:
        yield city


def drafts(first: int, end: int, size_bytes: int = 0) -> list[Draft]:
    return [
        Draft(
            FeedKind.DECISION,
            sha256(b"%d" % number).digest()[:16],
            b'{"n":%d}' % number + bytes(size_bytes),
        )
        for number in range(first, end)
    ]


def parse(data: bytes, station: SimulatedStation) -> SignedBatch:
    find_key = keys_by_id([KEYS.feed_key.public_key().public_bytes_raw()])
    return parse_feed_batch(data, Reader(KEYS.city_id, station.code, find_key))


def entries(data: bytes, station: SimulatedStation) -> list[Entry]:
    return open_feed_batch(
        parse(data, station),
        find_encryption_key=lambda _: station.encryption_key,
        find_dictionary=DICTIONARIES.get,
    )


async def offered(
    city: DownCity, station: SimulatedStation, seen: Sequence[FeedHead] = ()
) -> dict[int, FeedState]:
    states = await city.feeds.offered(city.reader(station), seen)
    return {state.feed: state for state in states}


async def read_all(
    city: DownCity, state: FeedState, station: SimulatedStation, first: int = 0
) -> list[Entry]:
    found: list[Entry] = []
    while first + len(found) < state.size:
        status, _, data = await city.request(
            "GET", f"/v1/feeds/{state.fid.hex()}?from={first + len(found)}", station
        )
        assert status == 200
        found += entries(data, station)
    return found


async def test_a_station_reads_its_feed_to_the_end(city: DownCity) -> None:
    station = city.stations[0]
    await city.feeds.append(STATION, drafts(0, 700))
    state = (await offered(city, station))[Feed.STATION]
    found = await read_all(city, state, station)
    assert [entry.record.body for entry in found if entry.record] == [
        draft.body for draft in drafts(0, 700)
    ]
    assert merkle.root_of(entry.leaf for entry in found) == state.root


async def test_batches_of_large_entries_are_cut_by_size(city: DownCity) -> None:
    station = city.stations[0]
    await city.feeds.append(STATION, drafts(0, 12, 50_000))
    state = (await offered(city, station))[Feed.STATION]
    _, _, data = await city.request("GET", f"/v1/feeds/{state.fid.hex()}", station)
    assert 1 < parse(data, station).header.count < 12
    assert len(await read_all(city, state, station)) == 12


async def test_every_batch_says_what_came_before_it(city: DownCity) -> None:
    station = city.stations[0]
    await city.feeds.append(STATION, drafts(0, 10))
    state = (await offered(city, station))[Feed.STATION]
    _, _, data = await city.request("GET", f"/v1/feeds/{state.fid.hex()}?from=7", station)
    found = await read_all(city, state, station)
    header = parse(data, station).header
    assert (header.first, header.count) == (7, 3)
    assert header.previous_root == merkle.root_of(entry.leaf for entry in found[:7])
    assert header.root == state.root


async def test_a_station_feed_opens_for_that_station_only(city: DownCity) -> None:
    station, other = city.stations
    await city.feeds.append(STATION, drafts(0, 1))
    fid = (await offered(city, station))[Feed.STATION].fid
    status, _, data = await city.request("GET", f"/v1/feeds/{fid.hex()}", station)
    assert status == 200
    assert b'{"n":0}' not in data
    with pytest.raises(ProtocolError) as mismatch:
        parse(data, other)
    assert mismatch.value.code is ProtocolErrorCode.NODE_MISMATCH
    with pytest.raises(ProtocolError) as closed:
        open_feed_batch(
            parse(data, station),
            find_encryption_key=lambda _: other.encryption_key,
            find_dictionary=DICTIONARIES.get,
        )
    assert closed.value.code is ProtocolErrorCode.CANNOT_OPEN


async def test_another_station_is_not_told_that_a_feed_exists(city: DownCity) -> None:
    station, other = city.stations
    await city.feeds.append(STATION, drafts(0, 1))
    fid = (await offered(city, station))[Feed.STATION].fid
    known = await city.request("GET", f"/v1/feeds/{fid.hex()}", other)
    unknown = await city.request("GET", f"/v1/feeds/{'ab' * 16}", other)
    assert known[0] == unknown[0] == 404
    assert known[2] == unknown[2]
    assert Feed.STATION in await offered(city, other)
    assert fid not in {state.fid for state in (await offered(city, other)).values()}


async def test_a_feed_for_all_is_read_by_all(city: DownCity) -> None:
    await city.feeds.append(CATALOGUE, drafts(0, 2))
    for station in city.stations:
        state = (await offered(city, station))[Feed.CATALOGUE]
        assert len(await read_all(city, state, station)) == 2


@pytest.mark.parametrize("header", ["", "Bearer", "Bearer zz", "Bearer " + "00" * 56, "Basic x"])
async def test_without_a_token_there_is_nothing(city: DownCity, header: str) -> None:
    fid = (await offered(city, city.stations[0]))[Feed.STATION].fid
    for path in (f"/v1/feeds/{fid.hex()}", f"/v1/objects/{'ab' * 32}"):
        status, _, body = await city.request("GET", path, headers={"Authorization": header})
        assert status == 401
        assert b"no-session" in body


async def test_a_token_ends_after_an_hour_and_with_the_station(city: DownCity) -> None:
    station = city.stations[0]
    fid = (await offered(city, station))[Feed.STATION].fid
    headers = {"Authorization": bearer(city.token(station))}
    path = f"/v1/feeds/{fid.hex()}"
    assert (await city.request("GET", path, headers=headers))[0] == 204
    city.clock.now_ms += 3_600_000
    assert (await city.request("GET", path, headers=headers))[0] == 401
    assert (await city.request("GET", path, station))[0] == 204
    city.stations.remove(station)
    assert (await city.request("GET", path, station))[0] == 401


async def test_who_asks_beyond_the_end_is_told_so(city: DownCity) -> None:
    station = city.stations[0]
    fid = (await offered(city, station))[Feed.STATION].fid
    status, _, body = await city.request("GET", f"/v1/feeds/{fid.hex()}?from=1", station)
    assert status == 409
    assert b'"have":0' in body


@pytest.mark.parametrize("query", ["from=-1", "from=x", "from=1e3", "wait=x", f"from={1 << 63}"])
async def test_a_number_that_is_none_is_refused(city: DownCity, query: str) -> None:
    station = city.stations[0]
    fid = (await offered(city, station))[Feed.STATION].fid
    status, _, _ = await city.request("GET", f"/v1/feeds/{fid.hex()}?{query}", station)
    assert status == 422


@pytest.mark.parametrize("fid", ["ab", "zz" * 16, "AB" * 16, "ab" * 17])
async def test_a_name_that_is_none_is_not_found(city: DownCity, fid: str) -> None:
    assert (await city.request("GET", f"/v1/feeds/{fid}", city.stations[0]))[0] == 404


async def until_waiting(city: DownCity, number: int) -> None:
    while city.feeds.waiting < number:  # noqa: ASYNC110 - the server is another task
        await asyncio.sleep(0)


async def test_an_entry_answers_who_waits_for_it(city: DownCity) -> None:
    station = city.stations[0]
    fid = (await offered(city, station))[Feed.STATION].fid
    async with asyncio.TaskGroup() as group:
        waiting = group.create_task(city.request("GET", f"/v1/feeds/{fid.hex()}?wait=55", station))
        await until_waiting(city, 1)
        await city.feeds.append(STATION, drafts(0, 1))
    status, _, data = waiting.result()
    assert status == 200
    assert [entry.record.body for entry in entries(data, station) if entry.record] == [b'{"n":0}']


async def test_news_of_another_feed_ends_the_wait_with_nothing(city: DownCity) -> None:
    station = city.stations[0]
    fid = (await offered(city, station))[Feed.STATION].fid
    async with asyncio.TaskGroup() as group:
        waiting = group.create_task(city.request("GET", f"/v1/feeds/{fid.hex()}?wait=55", station))
        await until_waiting(city, 1)
        await city.feeds.append(CATALOGUE, drafts(0, 1))
    assert waiting.result()[0] == 204


async def test_what_another_station_is_told_wakes_nobody(city: DownCity) -> None:
    station, other = city.stations
    fid = (await offered(city, station))[Feed.STATION].fid
    await offered(city, other)
    async with asyncio.TaskGroup() as group:
        waiting = group.create_task(city.request("GET", f"/v1/feeds/{fid.hex()}?wait=1", station))
        await until_waiting(city, 1)
        await city.feeds.append(FeedName(Feed.STATION, other.code), drafts(0, 1))
        status, _, data = await waiting
    assert (status, data) == (204, b"")


async def test_another_process_that_appends_is_seen(city: DownCity) -> None:
    station = city.stations[0]
    fid = (await offered(city, station))[Feed.STATION].fid
    async with asyncio.TaskGroup() as group:
        waiting = group.create_task(city.request("GET", f"/v1/feeds/{fid.hex()}?wait=55", station))
        await until_waiting(city, 1)
        # Into the store itself: nobody in this process rings.
        await city.feeds.store.append(STATION, drafts(0, 1), city.feeds._stamp())
    assert waiting.result()[0] == 200


async def test_many_may_wait_but_not_any_number(city: DownCity) -> None:
    station = city.stations[0]
    fid = (await offered(city, station))[Feed.STATION].fid
    city.feeds.waiting = MAXIMUM_WAITING
    status, headers, _ = await city.request("GET", f"/v1/feeds/{fid.hex()}?wait=1", station)
    assert status == 503
    assert "Retry-After" in headers
    assert (await city.request("GET", f"/v1/feeds/{fid.hex()}", station))[0] == 204


async def test_a_server_that_stops_lets_go_who_waits(tmp_path: Path) -> None:
    async with asyncio.TaskGroup() as group, down_city(tmp_path / "stopping") as city:
        station = city.stations[0]
        fid = (await offered(city, station))[Feed.STATION].fid
        path = f"/v1/feeds/{fid.hex()}?wait=55"
        waiting = group.create_task(city.request("GET", path, station))
        await until_waiting(city, 1)
        city.feeds.close()
        assert (await waiting)[0] == 204
        status, _, _ = await city.request("GET", path, station)
        assert status == 204, "and nobody waits any more"


async def test_who_hangs_up_waits_no_more(city: DownCity) -> None:
    station = city.stations[0]
    fid = (await offered(city, station))[Feed.STATION].fid
    async with asyncio.TaskGroup() as group:
        waiting = group.create_task(city.request("GET", f"/v1/feeds/{fid.hex()}?wait=1", station))
        await until_waiting(city, 1)
        waiting.cancel()
    while city.feeds.waiting:  # noqa: ASYNC110 - the server is another task
        await asyncio.sleep(0.01)


def head_of(state: FeedState, entries_: Sequence[Entry]) -> FeedHead:
    return FeedHead(state.fid, len(entries_), merkle.root_of(entry.leaf for entry in entries_))


async def test_a_station_that_agrees_is_told_the_root_where_it_is(city: DownCity) -> None:
    station = city.stations[0]
    await city.feeds.append(STATION, drafts(0, 5))
    state = (await offered(city, station))[Feed.STATION]
    some = (await read_all(city, state, station))[:3]
    seen = head_of(state, some)
    again = (await offered(city, station, [seen]))[Feed.STATION]
    assert (again.fid, again.size, again.root) == (state.fid, 5, seen.root)


async def test_a_restored_city_goes_on_under_the_next_number(city: DownCity) -> None:
    station = city.stations[0]
    await city.feeds.append(STATION, drafts(0, 5))
    state = (await offered(city, station))[Feed.STATION]
    seen = FeedHead(state.fid, 6, b"r" * 32)
    renamed = (await offered(city, station, [seen]))[Feed.STATION]
    assert renamed.fid != state.fid
    assert (renamed.size, renamed.root) == (5, state.root)
    assert len(await read_all(city, renamed, station)) == 5
    path = f"/v1/feeds/{state.fid.hex()}"
    assert (await city.request("GET", path, station))[0] == 404
    again = (await offered(city, station, [seen]))[Feed.STATION]
    assert again.fid == renamed.fid, "what was renamed already is not renamed again"


async def test_another_history_is_found_at_the_same_size(city: DownCity) -> None:
    station = city.stations[0]
    await city.feeds.append(STATION, drafts(0, 5))
    state = (await offered(city, station))[Feed.STATION]
    renamed = (await offered(city, station, [FeedHead(state.fid, 3, b"r" * 32)]))[Feed.STATION]
    assert renamed.fid != state.fid


async def test_one_station_cannot_have_the_feed_of_all_renamed_at_will(city: DownCity) -> None:
    station, other = city.stations
    await city.feeds.append(CATALOGUE, drafts(0, 2))
    before = (await offered(city, station))[Feed.CATALOGUE]
    lie = FeedHead(before.fid, 9, b"r" * 32)
    at_once = (await offered(city, station, [lie]))[Feed.CATALOGUE]
    assert at_once.fid == before.fid
    city.clock.now_ms += RENAME_INTERVAL_MS
    renamed = (await offered(city, station, [lie]))[Feed.CATALOGUE]
    assert renamed.fid != before.fid
    lie = FeedHead(renamed.fid, 9, b"r" * 32)
    assert (await offered(city, station, [lie]))[Feed.CATALOGUE].fid == renamed.fid
    assert (await offered(city, other))[Feed.CATALOGUE].fid == renamed.fid


async def test_a_public_object_is_fetched_by_its_digest(city: DownCity) -> None:
    station = city.stations[0]
    digest = await city.public.keep(b"catalogue")
    status, headers, body = await city.request("GET", f"/v1/objects/{digest.hex()}", station)
    assert (status, body) == (200, b"catalogue")
    assert headers["Content-Type"] == "application/octet-stream"
    assert (await city.request("GET", f"/v1/objects/{'ab' * 32}", station))[0] == 404


async def test_what_stations_sent_is_no_public_object(city: DownCity) -> None:
    digest = await city.reception.objects.keep(b"sealed scan")
    path = f"/v1/objects/{digest.hex()}"
    assert (await city.request("GET", path, city.stations[0]))[0] == 404

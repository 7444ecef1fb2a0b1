"""Slip keys on the public feed: every state of every key, for every station, and nothing else."""

import json
import secrets
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from sync.city.archive.feed_store.port import FeedHead, Limit
from sync.city.feeds.announcements import KEYS_FEED
from sync.city.feeds.desk import CityVoice, Feeds
from sync.city.feeds.publishing import SNAPSHOT_ENTRIES, Publisher
from sync.city.trust.slip_key_news import MAXIMUM_KEYS, SlipKeyNews, within_limit
from sync.city.trust.slip_keys import Known, SlipKeys, Word
from sync.protocol.feed import EVERY_STATION, FeedKind
from sync.protocol.record import Record, decode_record
from sync.protocol.slip import slip_key_id
from tests.city.server import TestCity, running_city
from tests.city.station import SimulatedStation

REASON = "mất máy ở nhà ông Ví Dụ"
LID = "ab" * 16


def raw_key(number: int) -> bytes:
    key = Ed25519PrivateKey.from_private_bytes(number.to_bytes(32, "big"))
    return key.public_key().public_bytes_raw()


def begun(raw: bytes) -> Word:
    return Word(slip_key_id(raw).hex(), Known(public_key=raw.hex()))


def ended(raw: bytes) -> Word:
    return Word(slip_key_id(raw).hex(), Known(ended=True, positions=[(LID, 7)]))


def keys_of(city: TestCity) -> SlipKeys:
    return SlipKeys(city.server.storage.shelf)


def news_of(city: TestCity) -> SlipKeyNews:
    """What a city process has that was just started."""
    server = city.server
    voice = CityVoice(city.identity, city.clock, secrets.token_bytes, lambda: 0.0)
    feeds = Feeds(server.storage.feeds, voice)
    publisher = Publisher(server.storage.shelf, feeds, city.clock)
    return SlipKeyNews(keys_of(city), server.registrar.stations, publisher)


async def head_of(city: TestCity) -> FeedHead | None:
    heads = await city.server.storage.feeds.heads(EVERY_STATION)
    return next((head for head in heads if head.name == KEYS_FEED), None)


async def entries(city: TestCity, *, from_start: bool = False) -> list[Record]:
    head = await head_of(city)
    if head is None:
        return []
    first = head.start if from_start else 0
    found = await city.server.storage.feeds.read(head.fid, first, Limit(500, 1 << 30))
    assert found is not None
    return [decode_record(raw) for raw in found.entries]


async def said(city: TestCity, **options: bool) -> list[dict[str, Any]]:
    found = [entry for entry in await entries(city, **options) if entry.kind == FeedKind.SLIP_KEY]
    return [json.loads(entry.body) for entry in found]


async def test_a_key_in_a_stations_log_is_told_to_every_station(tmp_path: Path) -> None:
    station, other, raw = SimulatedStation(), SimulatedStation(2, code=26561), raw_key(1)
    kid, lid = slip_key_id(raw).hex(), station.log.lid.hex()
    async with running_city(tmp_path) as city:
        await city.enrol(station)
        await city.enrol(other)
        body = {"kid": kid, "public_key": raw.hex(), "announced_at": "x"}
        station.append(136, body=json.dumps(body).encode())
        await city.send(station)
        end = {"kid": kid, "positions": [[lid, 2]], "reason": REASON, "officer": "vidu"}
        station.append(137, body=json.dumps(end).encode())
        await city.send(station, 2)
        while not (told := await said(city)) or not told[-1]["ended"]:
            await city.greet(other)
        welcome = await city.greet(other)
        assert {one.feed for one in welcome.feeds} >= {int(KEYS_FEED.feed)}
        assert told[-1] == {
            "type": "slip_key.stated",
            "station": "26560",
            "public_key": raw.hex(),
            "ended": True,
            "positions": [[lid, 2]],
        }
        bodies = b"".join(entry.body for entry in await entries(city))
        for part in (*REASON.split(), "vidu", station.node_id.hex()):
            assert part.encode() not in bodies


async def test_what_an_older_city_kept_is_told_once_after_its_upgrade(tmp_path: Path) -> None:
    station, raw = SimulatedStation(), raw_key(2)
    async with running_city(tmp_path) as city:
        await city.enrol(station)
        await keys_of(city).hear(station.node_id, [begun(raw)])
        await news_of(city).tell()
        before = await head_of(city)
        assert before is not None
        news = news_of(city)
        assert await news.tell() == 1
        assert await news.tell() == 0
        assert await head_of(city) == before
        assert [one["public_key"] for one in await said(city)] == [raw.hex()]


async def test_a_key_waits_for_its_station_and_an_end_for_its_key(tmp_path: Path) -> None:
    station, raw, lost = SimulatedStation(), raw_key(3), raw_key(4)
    async with running_city(tmp_path) as city:
        await keys_of(city).hear(station.node_id, [begun(raw), ended(lost)])
        news = news_of(city)
        assert await news.tell() == 0
        await city.enrol(station)
        assert await news.tell() == 1
        await keys_of(city).hear(station.node_id, [begun(lost)])
        assert await news.tell() == 1
        by_key = {one["public_key"]: one for one in await said(city)}
        assert not by_key[raw.hex()]["ended"]
        assert by_key[lost.hex()]["positions"] == [[LID, 7]]


async def test_a_new_station_reads_the_newest_state_of_every_key(tmp_path: Path) -> None:
    station = SimulatedStation()
    raws = [raw_key(number) for number in range(10, 10 + MAXIMUM_KEYS)]
    async with running_city(tmp_path) as city:
        await city.enrol(station)
        news = news_of(city)
        await keys_of(city).hear(station.node_id, [begun(raw) for raw in raws])
        await news.tell()
        await keys_of(city).hear(station.node_id, [ended(raw) for raw in raws])
        await news.tell()
        head = await head_of(city)
        assert head is not None
        assert head.size > SNAPSHOT_ENTRIES
        told = await said(city, from_start=True)
        assert {one["public_key"] for one in told if one["ended"]} == {raw.hex() for raw in raws}


def test_a_station_cannot_fill_the_feed_of_the_others() -> None:
    greedy, modest = (SimulatedStation(seed).node_id for seed in (1, 2))
    versions = {f"{number:08x}-{greedy.hex()}": "v" for number in range(MAXIMUM_KEYS + 5)}
    versions |= {f"{number:08x}-{modest.hex()}": "v" for number in range(3)}
    kept = within_limit(versions)
    assert sum(name.endswith(greedy.hex()) for name in kept) == MAXIMUM_KEYS
    assert sum(name.endswith(modest.hex()) for name in kept) == 3

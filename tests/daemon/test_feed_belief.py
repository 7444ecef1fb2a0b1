"""Batches of a feed that are not believed: forged, foreign, misplaced, another history."""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from sync.city.archive.feed_store.port import FeedName
from sync.city.feeds.desk import BATCH, CityVoice, Feeds
from sync.daemon.answers import Answer
from sync.daemon.events import Pulled
from sync.daemon.feed_belief import FeedFault
from sync.dictionary import CURRENT_DICTIONARY
from sync.protocol import merkle
from sync.protocol.batch import MEDIA_TYPE
from sync.protocol.batch_header import SealingTime
from sync.protocol.entries import withheld
from sync.protocol.feed import (
    EVERY_STATION,
    Feed,
    FeedIdentity,
    FeedInput,
    build_feed_batch,
)
from sync.protocol.record import RecordTime
from sync.protocol.session_extras import FeedHead, FeedState
from tests.city.down_server import KEYS, NOW_MS, DownCity, Keys, down_city
from tests.city.station import SimulatedStation
from tests.daemon.listening_station import Listener, drafts, listening, welcome

CATALOGUE = FeedName(Feed.CATALOGUE, EVERY_STATION)
STATION = FeedName(Feed.STATION, 26560)


@pytest.fixture
async def city(tmp_path: Path) -> AsyncIterator[DownCity]:
    async with down_city(tmp_path / "city") as city:
        yield city


@pytest.fixture
async def listener(city: DownCity, tmp_path: Path) -> AsyncIterator[Listener]:
    async with listening(city, tmp_path) as listener:
        yield listener


async def forged(listener: Listener, data: bytes) -> list[str]:
    """What a station notes about these bytes in place of the city's answer."""
    listener.line.answers.append(Answer(200, MEDIA_TYPE, "", data, 0.0))
    pulled = await listener.feeds.pull()
    assert pulled == Pulled(0, more=False)
    assert await listener.bodies() == []
    return await listener.notices()


@dataclass
class Forger:
    """A feed of its own under any keys, in the city's place."""

    city: DownCity

    def feeds(self, **changes: Any) -> Feeds:
        keys = Keys(**{**KEYS._asdict(), **changes})
        voice = CityVoice(keys, self.city.clock, bytes, lambda: 0.0)
        return Feeds(self.city.feeds.store, voice)

    async def batch(self, feeds: Feeds, name: FeedName, station: SimulatedStation) -> bytes:
        head = await feeds.store.ensure(name, feeds._stamp())
        batch = await feeds.batch(self.city.reader(station), head.fid, 0)
        assert batch is not None
        return batch


async def test_a_batch_that_another_key_signed_is_refused(listener: Listener) -> None:
    await listener.city.feeds.append(STATION, drafts(0, 1))
    await listener.greet()
    forger = Forger(listener.city)
    feeds = forger.feeds(feed_key=KEYS.receipt_key)
    data = await forger.batch(feeds, STATION, listener.station)
    assert await forged(listener, data) == [FeedFault.FORGED]


async def test_a_batch_of_another_city_is_refused(listener: Listener) -> None:
    await listener.city.feeds.append(STATION, drafts(0, 1))
    await listener.greet()
    forger = Forger(listener.city)
    data = await forger.batch(forger.feeds(city_id=b"OTHERCIT"), STATION, listener.station)
    assert await forged(listener, data) == [FeedFault.FORGED]


async def test_a_batch_of_another_feed_is_refused(listener: Listener) -> None:
    await listener.city.feeds.append(STATION, drafts(0, 1))
    await listener.greet()
    await listener.city.feeds.append(CATALOGUE, drafts(0, 1))
    forger = Forger(listener.city)
    data = await forger.batch(forger.feeds(), CATALOGUE, listener.station)
    assert await forged(listener, data) == [FeedFault.FORGED]


async def test_a_batch_from_another_place_is_refused(listener: Listener) -> None:
    await listener.city.feeds.append(STATION, drafts(0, 3))
    await listener.greet()
    head = await listener.own()
    reader = listener.city.reader(listener.station)
    data = await listener.city.feeds.batch(reader, head.fid, 1)
    assert data is not None
    assert await forged(listener, data) == [FeedFault.FORGED]


async def test_a_changed_byte_is_refused(listener: Listener) -> None:
    await listener.city.feeds.append(STATION, drafts(0, 3))
    await listener.greet()
    head = await listener.own()
    reader = listener.city.reader(listener.station)
    data = bytearray(await listener.city.feeds.batch(reader, head.fid, 0) or b"")
    data[-1] ^= 1
    assert await forged(listener, bytes(data)) == [FeedFault.FORGED]


async def test_another_history_is_refused(listener: Listener) -> None:
    await listener.city.feeds.append(STATION, drafts(0, 3))
    await listener.greet()
    await listener.pull_all()
    head = await listener.own()
    await listener.city.feeds.append(STATION, drafts(3, 4))
    root = merkle.leaf_hash(b"other").hex()
    await listener.rows(f"UPDATE feed SET root = x'{root}'")  # noqa: S608
    state = FeedState(head.fid, Feed.STATION, 4, b"?" * 32, 0, ())
    claimed = FeedHead(head.fid, 3, bytes.fromhex(root))
    listener.feeds._claimed = {head.fid: claimed}
    await listener.feeds.welcomed(welcome([state._replace(root=claimed.root)]))
    pulled = await listener.feeds.pull()
    assert pulled == Pulled(0, more=False)
    assert await listener.notices() == [FeedFault.FORK]
    assert (await listener.own()).size == 3


async def test_an_entry_that_shows_only_its_leaf_is_refused(listener: Listener) -> None:
    """The city has no reason to withhold what it says itself."""
    await listener.city.feeds.append(STATION, drafts(0, 1))
    await listener.greet()
    head = await listener.own()
    found = await listener.city.feeds.store.read(head.fid, 0, BATCH)
    assert found is not None
    leaf = merkle.leaf_hash(found.entries[0])
    hidden = found._replace(entries=[withheld(0, leaf)])
    data = sign_with_root(listener, hidden, merkle.root_of([leaf]))
    assert await forged(listener, data) == [FeedFault.FORGED]


def sign_with_root(listener: Listener, found: Any, root: bytes) -> bytes:
    head = found.head
    identity = FeedIdentity(KEYS.city_id, head.number, head.nonce, *head.name)
    return build_feed_batch(
        FeedInput(
            identity,
            found.first,
            merkle.root(found.before),
            root,
            found.entries,
            SealingTime(bytes(8), RecordTime(0, NOW_MS, 2)),
        ),
        feed_key=KEYS.feed_key,
        recipient=listener.station.encryption_key.public_key(),
        dictionary=CURRENT_DICTIONARY,
    )


async def test_a_root_that_the_entries_do_not_give_is_refused(listener: Listener) -> None:
    await listener.city.feeds.append(STATION, drafts(0, 1))
    await listener.greet()
    head = await listener.own()
    found = await listener.city.feeds.store.read(head.fid, 0, BATCH)
    data = sign_with_root(listener, found, b"?" * 32)
    assert await forged(listener, data) == [FeedFault.FORGED]


async def test_the_same_bytes_honestly_signed_are_taken(listener: Listener) -> None:
    """The negative control of the forgeries above: the forger's tools make good batches too."""
    await listener.city.feeds.append(STATION, drafts(0, 1))
    await listener.greet()
    head = await listener.own()
    found = await listener.city.feeds.store.read(head.fid, 0, BATCH)
    assert found is not None
    root = merkle.root_of([merkle.leaf_hash(found.entries[0])])
    answer = Answer(200, MEDIA_TYPE, "", sign_with_root(listener, found, root), 0.0)
    listener.line.answers.append(answer)
    assert await listener.feeds.pull() == Pulled(1, more=False)
    assert await listener.notices() == []

"""The station's side of feeds, against the city's own code over real HTTP."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest
from msgspec import json

from sync.city.archive.feed_store.port import Draft, FeedName
from sync.city.feeds import BATCH, CityVoice, Feeds
from sync.daemon.answers import Answer
from sync.daemon.events import Failed, Failure, Problem, Pulled, Refusal
from sync.daemon.feed_belief import FeedFault
from sync.daemon.feeds import CityFeeds, FeedAccess
from sync.daemon.keyring import Keyring
from sync.daemon.ports import Line
from sync.daemon.statements import OWNERS
from sync.daemon.transport import open_transport
from sync.database import Writer, open_writer
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
    FeedKind,
    build_feed_batch,
)
from sync.protocol.handshake import Welcome
from sync.protocol.record import RecordTime
from sync.protocol.session_extras import FeedHead, FeedState
from tests.city.down_server import KEYS, NOW_MS, DownCity, Keys, down_city
from tests.city.station import SimulatedStation
from tests.daemon.line import KEYSET, Meddler
from tests.daemon.station import FixedClock

CATALOGUE = FeedName(Feed.CATALOGUE, EVERY_STATION)
STATION = FeedName(Feed.STATION, 26560)


@dataclass
class Listener:
    """One station that reads, with what it has stored."""

    city: DownCity
    station: SimulatedStation
    writer: Writer
    line: Meddler
    feeds: CityFeeds

    async def greet(self, *extra: FeedState) -> bool:
        """HELLO and WELCOME, as far as they are about feeds."""
        heads = await self.feeds.heads()
        offered = await self.city.feeds.offered(self.city.reader(self.station), heads)
        self.line.transport.token = self.city.token(self.station)
        return await self.feeds.welcomed(welcome((*offered, *extra)))

    async def pull_all(self) -> int:
        """Pull to the end; how many entries came."""
        total, more = 0, True
        while more:
            pulled = await self.feeds.pull()
            assert isinstance(pulled, Pulled), pulled
            total, more = total + pulled.entries, pulled.more
        return total

    async def rows(self, sql: str) -> list[tuple[Any, ...]]:
        return await self.writer.transact(lambda raw: raw.execute(sql).fetchall())

    async def bodies(self) -> list[bytes]:
        found = await self.rows("SELECT body FROM feed_entry ORDER BY fid, sequence")
        return [row[0] for row in found]

    async def notices(self) -> list[str]:
        return [row[0] for row in await self.rows("SELECT kind FROM log_notice")]

    async def own(self) -> FeedHead:
        [row] = await self.rows("SELECT fid, size, root FROM feed WHERE feed = 16")
        return FeedHead(*row)


def welcome(feeds: Sequence[FeedState]) -> Welcome:
    return Welcome(KEYS.city_id, b"g" * 8, b"n" * 16, NOW_MS, (), 0, feeds=tuple(feeds))


@contextlib.asynccontextmanager
async def listening(
    city: DownCity, folder: Path, station: SimulatedStation | None = None
) -> AsyncIterator[Listener]:
    station = station or city.stations[0]
    async with (
        open_writer(folder / "sync.db", OWNERS) as writer,
        open_transport(city.url, "", clock_plausible=True) as transport,
    ):
        line = Meddler(transport)
        yield Listener(city, station, writer, line, reader_of(line, writer, station))


def reader_of(line: Line, writer: Writer, station: SimulatedStation) -> CityFeeds:
    return CityFeeds(
        FeedAccess(
            line, writer, Keyring(KEYSET), station.code, station.encryption_key, FixedClock()
        )
    )


@pytest.fixture
async def city(tmp_path: Path) -> AsyncIterator[DownCity]:
    async with down_city(tmp_path / "city") as city:
        yield city


@pytest.fixture
async def listener(city: DownCity, tmp_path: Path) -> AsyncIterator[Listener]:
    async with listening(city, tmp_path) as listener:
        yield listener


def drafts(first: int, end: int, key: str = "") -> list[Draft]:
    return [
        Draft(
            FeedKind.DECISION,
            sha256(b"%d" % number).digest()[:16],
            b'{"n":%d}' % number,
            b"s" * 16,
            state_key=key.format(number),
        )
        for number in range(first, end)
    ]


async def test_a_station_reads_to_the_end_and_then_only_what_is_new(listener: Listener) -> None:
    await listener.city.feeds.append(STATION, drafts(0, 600))
    assert await listener.greet()
    assert await listener.pull_all() == 600
    assert await listener.bodies() == [draft.body for draft in drafts(0, 600)]
    assert not await listener.greet()
    await listener.city.feeds.append(STATION, drafts(600, 603))
    assert await listener.greet()
    assert await listener.pull_all() == 3
    assert (await listener.own()).size == 603
    assert await listener.notices() == []


async def test_an_entry_is_kept_as_the_city_said_it(listener: Listener) -> None:
    await listener.city.feeds.append(STATION, drafts(0, 1))
    await listener.greet()
    await listener.pull_all()
    draft = drafts(0, 1)[0]
    found = await listener.rows("SELECT sequence, kind, eid, subject, body FROM feed_entry")
    assert found == [(0, FeedKind.DECISION, draft.eid, b"s" * 16, draft.body)]


async def test_feeds_for_all_and_its_own_are_read(listener: Listener) -> None:
    await listener.city.feeds.append(CATALOGUE, drafts(0, 2))
    await listener.city.feeds.append(STATION, drafts(2, 5))
    await listener.city.feeds.append(FeedName(Feed.STATION, 26561), drafts(5, 9))
    await listener.greet()
    assert await listener.pull_all() == 5
    assert await listener.rows("SELECT feed, size FROM feed ORDER BY feed") == [(1, 2), (16, 3)]


async def test_a_new_start_goes_on_where_it_was(city: DownCity, tmp_path: Path) -> None:
    await city.feeds.append(STATION, drafts(0, 600))
    async with listening(city, tmp_path) as listener:
        await listener.greet()
        await listener.feeds.pull()
    async with listening(city, tmp_path) as listener:
        before = (await listener.own()).size
        assert 0 < before < 600
        await listener.greet()
        assert await listener.pull_all() == 600 - before


async def test_a_new_station_begins_at_the_snapshot(listener: Listener) -> None:
    await listener.city.feeds.append(CATALOGUE, drafts(0, 90, "key {}"))
    await listener.city.feeds.restate(CATALOGUE, lambda records: records[-2:])
    await listener.greet()
    assert await listener.pull_all() == 3
    assert await listener.rows("SELECT size, oldest FROM feed WHERE feed = 1") == [(93, 90)]
    await listener.city.feeds.append(CATALOGUE, drafts(90, 91))
    await listener.greet()
    assert await listener.pull_all() == 1
    assert await listener.notices() == []


async def test_a_station_that_knows_the_feed_reads_through_a_snapshot(listener: Listener) -> None:
    await listener.city.feeds.append(CATALOGUE, drafts(0, 5, "key {}"))
    await listener.greet()
    await listener.pull_all()
    await listener.city.feeds.restate(CATALOGUE, lambda records: records[-2:])
    await listener.greet()
    assert await listener.pull_all() == 3
    assert await listener.rows("SELECT size, oldest FROM feed WHERE feed = 1") == [(8, 0)]


async def test_a_restored_city_is_read_anew_and_nothing_is_taken_back(listener: Listener) -> None:
    city = listener.city
    await city.feeds.append(STATION, drafts(0, 5))
    await listener.greet()
    await listener.pull_all()
    # The station has one entry more than the city, which was set back.
    await listener.rows("UPDATE feed SET size = 6, root = zeroblob(32) WHERE feed = 16")
    assert await listener.greet()
    assert await listener.pull_all() == 5
    rows = await listener.rows("SELECT fid, size FROM feed WHERE feed = 16 ORDER BY size")
    assert [size for _, size in rows] == [5, 6]
    assert await listener.notices() == []
    assert len(await listener.bodies()) == 10
    assert not await listener.greet()


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


async def test_a_welcome_with_another_root_is_a_fork(listener: Listener) -> None:
    await listener.city.feeds.append(STATION, drafts(0, 3))
    await listener.greet()
    await listener.pull_all()
    [head] = await listener.feeds.heads()
    state = FeedState(head.fid, Feed.STATION, 5, b"?" * 32, 0, ())
    assert not await listener.feeds.welcomed(welcome([state]))
    assert await listener.notices() == [FeedFault.FORK]


async def test_a_city_that_has_less_is_a_rollback(listener: Listener) -> None:
    await listener.city.feeds.append(STATION, drafts(0, 3))
    await listener.greet()
    await listener.pull_all()
    [head] = await listener.feeds.heads()
    state = FeedState(head.fid, Feed.STATION, 2, b"?" * 32, 0, ())
    assert not await listener.feeds.welcomed(welcome([state]))
    assert await listener.notices() == [FeedFault.ROLLBACK]
    assert len(await listener.bodies()) == 3


async def test_a_refused_feed_does_not_hold_up_the_others(listener: Listener) -> None:
    await listener.city.feeds.append(CATALOGUE, drafts(0, 1))
    await listener.city.feeds.append(STATION, drafts(1, 3))
    await listener.greet()
    listener.line.answers.append(Answer(200, MEDIA_TYPE, "", b"nonsense", 0.0))
    assert await listener.feeds.pull() == Pulled(0, more=True)
    assert await listener.pull_all() == 2
    assert await listener.notices() == [FeedFault.FORGED]
    assert await listener.greet(), "the next welcome begins anew"
    assert await listener.pull_all() == 1


@pytest.mark.parametrize(
    ("answer", "outcome"),
    [
        (Answer(200, "text/html", "", b"<html>", 0.0), Failed(Failure.CAPTIVE_PORTAL)),
        (Answer(302, "text/html", "", b"", 0.0), Failed(Failure.CAPTIVE_PORTAL)),
        (Answer(500, "text/html", "", b"", 0.0), Failed(Failure.CITY_ERROR)),
        (Answer(503, "text/html", "7", b"", 0.0), Problem(Refusal.BUSY, 7.0)),
        (Answer(204, "", "", b"", 0.0), Pulled(0, more=False)),
        (Answer(404, "text/html", "", b"", 0.0), Pulled(0, more=False)),
    ],
)
async def test_an_answer_that_is_no_batch(
    listener: Listener, answer: Answer, outcome: object
) -> None:
    await listener.city.feeds.append(STATION, drafts(0, 1))
    await listener.greet()
    listener.line.answers.append(answer)
    assert await listener.feeds.pull() == outcome
    assert await listener.notices() == []
    await listener.greet()
    assert await listener.pull_all() == 1


async def test_a_token_that_has_ended_asks_for_a_new_greeting(listener: Listener) -> None:
    await listener.city.feeds.append(STATION, drafts(0, 1))
    await listener.greet()
    listener.city.clock.now_ms += 3_600_000
    assert await listener.feeds.pull() == Problem(Refusal.NO_SESSION)


async def test_a_city_that_is_away_is_said(listener: Listener) -> None:
    await listener.city.feeds.append(STATION, drafts(0, 1))
    await listener.greet()
    listener.line.transport._base_url = "http://127.0.0.1:9"
    assert await listener.feeds.pull() == Failed(Failure.UNREACHABLE)


async def until_waiting(city: DownCity) -> None:
    while not city.feeds.waiting:  # noqa: ASYNC110 - the server is another task
        await asyncio.sleep(0)


async def test_news_is_heard_while_it_is_said(listener: Listener) -> None:
    await listener.greet()
    async with asyncio.TaskGroup() as group:
        heard = group.create_task(listener.feeds.listen(55.0))
        await until_waiting(listener.city)
        await listener.city.feeds.append(STATION, drafts(0, 1))
    assert heard.result()
    asked = len(listener.line.asked)
    assert await listener.pull_all() == 1
    assert len(listener.line.asked) == asked, "what came while listening is not asked for again"


async def test_news_of_a_feed_for_all_is_heard_too(listener: Listener) -> None:
    await listener.city.feeds.append(CATALOGUE, drafts(0, 1))
    await listener.greet()
    await listener.pull_all()
    async with asyncio.TaskGroup() as group:
        heard = group.create_task(listener.feeds.listen(55.0))
        await until_waiting(listener.city)
        await listener.city.feeds.append(CATALOGUE, drafts(1, 2))
    assert heard.result()
    assert await listener.pull_all() == 1


async def test_silence_is_no_failure(listener: Listener) -> None:
    await listener.greet()
    assert await listener.feeds.listen(1.5)
    assert await listener.pull_all() == 0


async def test_without_a_feed_of_its_own_there_is_nothing_to_listen_to(
    listener: Listener,
) -> None:
    await listener.feeds.welcomed(welcome([]))
    assert not await listener.feeds.listen(55.0)


async def test_a_city_that_does_not_answer_is_not_listened_to(listener: Listener) -> None:
    await listener.greet()
    listener.line.answers.append(Answer(500, "", "", b"", 0.0))
    assert not await listener.feeds.listen(55.0)
    listener.line.transport._base_url = "http://127.0.0.1:9"
    assert not await listener.feeds.listen(55.0)


async def test_listening_that_is_broken_off_loses_nothing(listener: Listener) -> None:
    await listener.greet()
    async with asyncio.TaskGroup() as group:
        heard = group.create_task(listener.feeds.listen(55.0))
        await until_waiting(listener.city)
        heard.cancel()
    await listener.city.feeds.append(STATION, drafts(0, 1))
    await listener.greet()
    assert await listener.pull_all() == 1


def release(content: bytes, version: str = "2026.12.1") -> Draft:
    body = {
        "type": "catalogue.released",
        "version": version,
        "valid_from": "2026-12-01",
        "sha256": sha256(content).hexdigest(),
        "bytes": len(content),
    }
    eid = sha256(version.encode()).digest()[:16]
    return Draft(FeedKind.CATALOGUE_RELEASE, eid, json.encode(body))


async def test_a_release_comes_with_its_files(listener: Listener) -> None:
    await listener.city.public.keep(b"packed")
    await listener.city.feeds.append(CATALOGUE, [release(b"packed")])
    await listener.greet()
    await listener.pull_all()
    found = await listener.rows("SELECT digest, content FROM object")
    assert found == [(sha256(b"packed").digest(), b"packed")]
    assert not await listener.greet()


async def test_a_release_whose_files_are_missing_is_asked_for_at_the_next_welcome(
    listener: Listener,
) -> None:
    await listener.city.feeds.append(CATALOGUE, [release(b"packed")])
    await listener.greet()
    await listener.pull_all()
    assert await listener.rows("SELECT * FROM object") == []
    await listener.city.public.keep(b"packed")
    assert await listener.greet()
    await listener.pull_all()
    assert len(await listener.rows("SELECT * FROM object")) == 1


@pytest.mark.parametrize(
    ("answer", "outcome"),
    [
        (Answer(200, "application/octet-stream", "", b"lie", 0.0), Pulled(0, more=False)),
        (Answer(200, "text/html", "", b"<html>", 0.0), Failed(Failure.CAPTIVE_PORTAL)),
        (Answer(200, MEDIA_TYPE, "", b"batch", 0.0), Failed(Failure.BAD_ANSWER)),
        (Answer(500, "", "", b"", 0.0), Failed(Failure.CITY_ERROR)),
    ],
)
async def test_files_that_are_not_the_announced_ones_are_not_kept(
    listener: Listener, answer: Answer, outcome: object
) -> None:
    await listener.city.public.keep(b"packed")
    await listener.city.feeds.append(CATALOGUE, [release(b"packed")])
    await listener.greet()
    await listener.feeds.pull()
    listener.line.answers.append(answer)
    assert await listener.feeds.pull() == outcome
    assert await listener.rows("SELECT * FROM object") == []
    await listener.greet()
    await listener.pull_all()
    assert len(await listener.rows("SELECT * FROM object")) == 1


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

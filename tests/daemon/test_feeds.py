"""The station's side of feeds, against the city's own code over real HTTP."""

import asyncio
from collections.abc import AsyncIterator
from hashlib import sha256
from pathlib import Path

import pytest
from msgspec import json

from sync.city.archive.feed_store.port import Draft, FeedName
from sync.daemon.answers import Answer
from sync.daemon.events import Failed, Failure, Problem, Pulled, Refusal
from sync.daemon.feed_belief import FeedFault
from sync.protocol.batch import MEDIA_TYPE
from sync.protocol.feed import (
    EVERY_STATION,
    Feed,
    FeedKind,
)
from sync.protocol.session_extras import FeedState
from tests.city.down_server import DownCity, down_city
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

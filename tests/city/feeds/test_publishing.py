"""What the city announces: checked words, the spool, catalogue releases, the command line."""

import re
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from msgspec import json

from edge_node.domain.city_words import KINDS as NODE_KINDS
from edge_node.domain.city_words import read_word
from sync.city.archive.feed_store.port import FeedHead, FeedName, Limit, Stamp
from sync.city.archive.values import ArchiveError, ArchiveFault
from sync.city.feeds import publishing
from sync.city.feeds.announcements import (
    KINDS,
    MAXIMUM_ANNOUNCEMENT_BYTES,
    Announcement,
    AnnouncementError,
    DecisionMade,
    DossierReassigned,
    OfficerChanged,
    PaymentConfirmed,
    RecordStatusChanged,
    address,
    key_change,
    read_announcements,
)
from sync.city.feeds.publishing import (
    REFUSED_SPOOL,
    SNAPSHOT_ENTRIES,
    SPOOL,
    announce_key_change,
    publish,
    publish_release,
    publish_spooled,
)
from sync.city.feeds.releases import (
    pack_release,
)
from sync.city.storage import open_bucket
from sync.city.web.down import Around, Down, Places
from sync.protocol.feed import EVERY_STATION, Feed, FeedKind
from sync.protocol.handshake import Hello
from sync.protocol.record import CONTENT_CBOR, Record, decode_record
from tests.city.announcement_samples import DECISION, DOSSIER, GOOD, release_folder
from tests.city.down_server import DownCity, down_city
from tests.city.server import running_city
from tests.city.station import SEALED_AT, SimulatedStation


@pytest.fixture
async def city(tmp_path: Path) -> AsyncIterator[DownCity]:
    async with down_city(tmp_path / "city") as city:
        yield city


async def entries(city: DownCity, feed: Feed, station: int = EVERY_STATION) -> list[Record]:
    for head in await city.feeds.store.heads(station):
        if head.name == FeedName(feed, station):
            found = await city.feeds.store.read(head.fid, 0, Limit(500, 1 << 30))
            assert found is not None
            return [decode_record(raw) for raw in found.entries]
    return []


@pytest.mark.parametrize("kind", GOOD, ids=lambda kind: kind.__name__)
def test_what_the_city_says_the_node_understands(kind: type[Announcement]) -> None:
    [said] = read_announcements(json.encode(GOOD[kind]), kind)
    draft = address(said, 26560)[0].draft
    assert draft.kind in NODE_KINDS
    word = read_word(draft.kind, draft.body)
    assert type(word).__name__ == kind.__name__
    assert json.decode(draft.body) | GOOD[kind] == json.decode(draft.body)


def test_every_kind_has_its_number() -> None:
    assert set(GOOD) == set(KINDS)
    assert {int(kind) for kind in KINDS.values()} == set(NODE_KINDS)


@pytest.mark.parametrize(
    ("kind", "change", "complaint"),
    [
        (DecisionMade, {"state": 1}, "$[0].state"),
        (DecisionMade, {"state": ""}, "$[0].state"),
        (DecisionMade, {"dossier_id": "12"}, "$[0].dossier_id"),
        (DecisionMade, {"decided_at": "2026-11-22T10:00:00"}, "$[0].decided_at"),
        (DecisionMade, {"decided_at": "yesterday"}, "$[0].decided_at"),
        (DecisionMade, {"desision": "x"}, "desision"),
        (DecisionMade, {"type": "result.arrived"}, "$[0].type"),
        (PaymentConfirmed, {"amount_vnd": 0}, "$[0].amount_vnd"),
        (PaymentConfirmed, {"amount_vnd": 1.5}, "$[0].amount_vnd"),
        (PaymentConfirmed, {"reference": "abc"}, "$[0].reference"),
        (PaymentConfirmed, {"reference": "A" * 14}, "$[0].reference"),
        (RecordStatusChanged, {"code": "lost"}, "$[0].code"),
        (OfficerChanged, {"role": "king"}, "$[0].role"),
        (DossierReassigned, {"to_station": 0}, "$[0].to_station"),
    ],
)
def test_a_wrong_field_is_named(
    kind: type[Announcement], change: dict[str, Any], complaint: str
) -> None:
    with pytest.raises(AnnouncementError, match=re.escape(complaint)) as refused:
        read_announcements(json.encode({**GOOD[kind], **change}), kind)
    assert "\n" not in str(refused.value)


@pytest.mark.parametrize("data", [b"", b"nonsense", b"3", b'"text"', b"[3]", b"\xff", b"[" * 5000])
def test_what_is_no_announcement_is_refused(data: bytes) -> None:
    with pytest.raises(AnnouncementError):
        read_announcements(data, DecisionMade)


def test_a_list_is_read_in_its_order() -> None:
    second = {**DECISION, "state": "refused"}
    said = read_announcements(json.encode([DECISION, second]), DecisionMade)
    assert [one.state for one in said] == ["finished", "refused"]


def test_an_entry_that_no_record_could_hold_is_refused() -> None:
    said = OfficerChanged(
        officer_id="an", name="x" * MAXIMUM_ANNOUNCEMENT_BYTES, role="chief", active=True,
        changed_at=read_announcements(json.encode(DECISION), DecisionMade)[0].decided_at,
    )  # fmt: skip
    with pytest.raises(AnnouncementError, match="bytes"):
        address(said, 26560)


def test_both_ends_hear_of_a_reassignment() -> None:
    [said] = read_announcements(json.encode(GOOD[DossierReassigned]), DossierReassigned)
    told = address(said, 26560)
    assert [entry.name.station for entry in told] == [26560, 26561]
    assert told[0].draft == told[1].draft
    assert told[0].draft.subject == bytes.fromhex(DOSSIER)


def test_a_dossier_is_not_reassigned_to_where_it_is() -> None:
    same = {**GOOD[DossierReassigned], "to_station": 26560}
    [said] = read_announcements(json.encode(same), DossierReassigned)
    with pytest.raises(AnnouncementError, match="to_station"):
        address(said, 26560)


async def test_what_is_laid_down_reaches_the_feed_once(city: DownCity) -> None:
    said = read_announcements(json.encode([DECISION, {**DECISION, "state": "x"}]), DecisionMade)
    told = [entry for one in said for entry in address(one, 26560)]
    await publish(city.publisher.shelf, told, 1)
    assert await entries(city, Feed.STATION, 26560) == []
    assert await publish_spooled(city.publisher) == 2
    found = await entries(city, Feed.STATION, 26560)
    assert [json.decode(record.body)["state"] for record in found] == ["finished", "x"]
    assert [record.subject for record in found] == [bytes.fromhex(DOSSIER)] * 2
    assert await city.publisher.shelf.list(SPOOL) == {}
    await publish(city.publisher.shelf, told, 2)
    await publish_spooled(city.publisher)
    assert await entries(city, Feed.STATION, 26560) == found, "said twice is one entry"


async def test_a_stop_between_appending_and_clearing_away_doubles_nothing(
    city: DownCity,
) -> None:
    [said] = read_announcements(json.encode(DECISION), DecisionMade)
    shelf = city.publisher.shelf
    await publish(shelf, address(said, 26560), 1)
    [name] = await shelf.list(SPOOL)
    content = await shelf.read(SPOOL, name)
    assert content is not None
    await publish_spooled(city.publisher)
    await shelf.write(SPOOL, name, content)
    await publish_spooled(city.publisher)
    assert len(await entries(city, Feed.STATION, 26560)) == 1


async def test_what_cannot_be_read_is_put_aside_and_holds_nothing_up(city: DownCity) -> None:
    shelf = city.publisher.shelf
    await shelf.write(SPOOL, "00000000000000-0000-bad", b"nonsense")
    [said] = read_announcements(json.encode(DECISION), DecisionMade)
    await publish(shelf, address(said, 26560), 1)
    await publish_spooled(city.publisher)
    assert len(await entries(city, Feed.STATION, 26560)) == 1
    assert list(await shelf.list(REFUSED_SPOOL)) == ["00000000000000-0000-bad"]
    assert await shelf.list(SPOOL) == {}


async def test_nothing_is_signed_that_stations_could_not_read(city: DownCity) -> None:
    """Spooled by another program, or damaged: the form is right, and the words are not."""
    shelf = city.publisher.shelf
    said = read_announcements(json.encode(DECISION), DecisionMade)[0]
    [good] = address(said, 26560)
    for number, wrong in enumerate(
        (
            good.draft._replace(body=good.draft.body.replace(b"finished", b"")),
            good.draft._replace(eid=b"e" * 16),
            good.draft._replace(subject=None),
        )
    ):
        await publish(shelf, [good._replace(draft=wrong)], number)
    await publish(shelf, [good], 9)
    await publish_spooled(city.publisher)
    assert [entry.eid for entry in await entries(city, Feed.STATION, 26560)] == [good.draft.eid]
    assert len(await shelf.list(REFUSED_SPOOL)) == 3


async def test_a_change_of_keys_is_for_everybody(city: DownCity) -> None:
    shelf = city.publisher.shelf
    await announce_key_change(shelf, b"signed revocation", "0011223344556677", 1)
    await publish_spooled(city.publisher)
    [record] = await entries(city, Feed.KEYS)
    assert (record.kind, record.body) == (FeedKind.KEY_CHANGE, b"signed revocation")
    assert record.content_type == CONTENT_CBOR
    assert key_change(b"signed revocation", "x").draft.eid == record.eid


async def test_a_long_feed_for_everybody_gets_a_snapshot(city: DownCity) -> None:
    """Of keys about which much was said only the newest word counts for a new station."""
    shelf = city.publisher.shelf
    for number in range(SNAPSHOT_ENTRIES + 1):
        await announce_key_change(shelf, b"word %d" % number, f"key{number % 3}", number)
    await publish_spooled(city.publisher)
    [head] = await city.feeds.store.heads(EVERY_STATION)
    assert head.start == SNAPSHOT_ENTRIES + 1
    marker, *kept = (await entries(city, Feed.KEYS))[head.start :]
    assert marker.kind == FeedKind.SNAPSHOT_MARKER
    assert [record.body for record in kept] == [b"word 62", b"word 63", b"word 64"]
    await announce_key_change(shelf, b"one more", "key0", 99)
    await publish_spooled(city.publisher)
    [again] = await city.feeds.store.heads(EVERY_STATION)
    assert again.start == head.start, "not at every entry"


async def test_a_feed_of_one_station_is_read_whole(city: DownCity) -> None:
    said = [
        OfficerChanged(
            officer_id=f"o{number}", name="An", role="chief", active=True,
            changed_at=read_announcements(json.encode(DECISION), DecisionMade)[0].decided_at,
        )
        for number in range(SNAPSHOT_ENTRIES + 9)
    ]  # fmt: skip
    await publish(city.publisher.shelf, [e for one in said for e in address(one, 26560)], 1)
    while await publish_spooled(city.publisher):
        pass
    [head] = await city.feeds.store.heads(26560)
    assert (head.size, head.start) == (SNAPSHOT_ENTRIES + 9, 0)


async def test_a_release_is_there_before_it_is_announced(city: DownCity, tmp_path: Path) -> None:
    packed = pack_release(release_folder(tmp_path / "release"))
    await publish_release(city.publisher.shelf, city.public, packed, 1)
    await publish_spooled(city.publisher)
    [record] = await entries(city, Feed.CATALOGUE)
    digest = json.decode(record.body)["sha256"]
    path = f"/v1/objects/{digest}"
    status, _, content = await city.request("GET", path, city.stations[0])
    assert (status, content) == (200, packed.content)


class Full:
    """A store whose disk is full."""

    async def ensure(self, name: FeedName, stamp: Stamp) -> FeedHead:
        del name, stamp
        raise ArchiveError(ArchiveFault.FULL)


async def test_a_city_whose_disk_is_full_still_greets(tmp_path: Path) -> None:
    station = SimulatedStation()
    async with running_city(tmp_path) as city:
        await city.enrol(station)
        storage = city.server.storage
        for feeds, offered in ((storage.feeds, 1), (Full(), 0)):
            places = Places(
                feeds,  # type: ignore[arg-type]
                storage.blobs,
                storage.shelf,
                open_bucket(city.settings),
            )
            stations = city.server.registrar.stations
            down = Down(city.identity, stations, places, Around(city.clock, bytes))
            hello = Hello(station.node_id, station.code, b"n" * 16, (), SEALED_AT)
            parts = await down.welcome_parts(hello)
            assert len(parts.feeds) == offered
            assert parts.sealed_token is not None


def test_the_spool_is_looked_at_often() -> None:
    assert publishing.LOOK_S <= 1.0

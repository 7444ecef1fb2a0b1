"""What the city announces: checked words, the spool, catalogue releases, the command line."""

import asyncio
import os
import re
import sys
from collections.abc import AsyncIterator
from datetime import date
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest
from msgspec import json

from edge_node.domain.city_words import KINDS as NODE_KINDS
from edge_node.domain.city_words import read_word
from edge_node.usecases.releases import unpack
from sync.city import publishing
from sync.city.announcements import (
    KINDS,
    MAXIMUM_ANNOUNCEMENT_BYTES,
    Announcement,
    AnnouncementError,
    CatalogueReleased,
    DecisionMade,
    DossierReassigned,
    OfficerChanged,
    PaymentConfirmed,
    RecordStatusChanged,
    ResultArrived,
    address,
    key_change,
    read_announcements,
)
from sync.city.archive.feed_store.port import FeedHead, FeedName, Limit, Stamp
from sync.city.archive.values import ArchiveError, ArchiveFault
from sync.city.down import Around, Down, Places
from sync.city.publishing import (
    REFUSED_SPOOL,
    SNAPSHOT_ENTRIES,
    SPOOL,
    announce_key_change,
    publish,
    publish_release,
    publish_spooled,
)
from sync.city.releases import (
    MAXIMUM_UNPACKED_BYTES,
    RELEASE_FILE,
    current_releases,
    pack_release,
)
from sync.city.storage import open_bucket
from sync.protocol.feed import EVERY_STATION, Feed, FeedKind
from sync.protocol.handshake import Hello
from sync.protocol.record import CONTENT_CBOR, Record, RecordTime, decode_record
from tests.city.down_server import DownCity, down_city
from tests.city.server import running_city
from tests.city.station import SEALED_AT, SimulatedStation
from tests.contracts.tree import ROOT

DOSSIER = "ab" * 16
AT = "2026-11-22T10:00:00+07:00"
DECISION: dict[str, Any] = {
    "type": "decision.made",
    "dossier_id": DOSSIER,
    "dossier_no": "T26560-TEST-00001-0",
    "state": "finished",
    "decided_at": AT,
}
GOOD: dict[type[Announcement], dict[str, Any]] = {
    DecisionMade: DECISION,
    ResultArrived: {
        "type": "result.arrived",
        "dossier_id": DOSSIER,
        "dossier_no": "T26560-TEST-00001-0",
        "arrived_at": AT,
    },
    PaymentConfirmed: {
        "type": "payment.confirmed",
        "reference": "26560K7XM001",
        "amount_vnd": 10_000,
        "transaction": "FT26326000001",
        "paid_at": AT,
    },
    RecordStatusChanged: {
        "type": "record.status",
        "lid": "cd" * 16,
        "sequence": 7,
        "code": "conflict",
    },
    OfficerChanged: {
        "type": "officer.changed",
        "officer_id": "an",
        "name": "Trần Thị An",
        "role": "officer",
        "active": True,
        "changed_at": AT,
    },
    DossierReassigned: {
        "type": "dossier.reassigned",
        "dossier_id": DOSSIER,
        "dossier_no": "T26560-TEST-00001-0",
        "from_station": 26560,
        "to_station": 26561,
        "reassigned_at": AT,
    },
    CatalogueReleased: {
        "type": "catalogue.released",
        "version": "2026.12.1",
        "valid_from": "2026-12-01",
        "sha256": "ef" * 32,
        "bytes": 1,
    },
}


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


def release_folder(folder: Path, version: str = "2026.12.1", **changes: Any) -> Path:
    folder.mkdir(exist_ok=True)
    content = json.encode({"procedures": [version]})
    (folder / "procedures.json").write_bytes(content)
    said = {
        "version": version,
        "valid_from": "2026-12-01",
        "valid_to": None,
        "files": {"procedures.json": sha256(content).hexdigest()},
        **changes,
    }
    (folder / RELEASE_FILE).write_bytes(json.encode(said))
    return folder


def test_a_release_is_packed_as_the_node_unpacks_it(tmp_path: Path) -> None:
    packed = pack_release(release_folder(tmp_path))
    said = packed.announcement
    assert (said.version, said.valid_from) == ("2026.12.1", date(2026, 12, 1))
    assert (said.sha256, said.bytes) == (
        sha256(packed.content).hexdigest(),
        len(packed.content),
    )
    files = unpack(packed.content)
    assert files["procedures.json"] == b'{"procedures":["2026.12.1"]}'
    assert set(files) == {"procedures.json", RELEASE_FILE}
    assert pack_release(tmp_path) == packed, "the same folder gives the same object"


def test_the_built_in_catalogue_can_be_published() -> None:
    packed = pack_release(ROOT / "edge_node" / "data")
    assert set(unpack(packed.content)) >= {RELEASE_FILE, "procedures.json", "calendar.json"}


@pytest.mark.parametrize(
    ("changes", "complaint"),
    [
        ({"version": ""}, "version"),
        ({"valid_from": "soon"}, "valid_from"),
        ({"files": {}}, "files"),
        ({"files": {"../secret": "ab" * 32}}, "files"),
        ({"files": {"procedures.json": "xy"}}, "files"),
        ({"files": {"procedures.json": "ab" * 32}}, "procedures.json"),
        ({"files": {"missing.json": "ab" * 32}}, "missing.json"),
    ],
)
def test_a_release_that_no_station_could_use_is_refused(
    tmp_path: Path, changes: dict[str, Any], complaint: str
) -> None:
    with pytest.raises(AnnouncementError) as refused:
        pack_release(release_folder(tmp_path, **changes))
    assert complaint in str(refused.value)


def test_a_folder_without_a_release_is_refused(tmp_path: Path) -> None:
    with pytest.raises(AnnouncementError, match=RELEASE_FILE):
        pack_release(tmp_path)


def test_a_link_is_no_file_of_a_release(tmp_path: Path) -> None:
    release_folder(tmp_path)
    (tmp_path / "elsewhere").write_bytes((tmp_path / "procedures.json").read_bytes())
    (tmp_path / "procedures.json").unlink()
    (tmp_path / "procedures.json").symlink_to(tmp_path / "elsewhere")
    with pytest.raises(AnnouncementError, match="regular"):
        pack_release(tmp_path)


def test_a_release_has_a_greatest_size(tmp_path: Path) -> None:
    release_folder(tmp_path)
    large = bytes(MAXIMUM_UNPACKED_BYTES)
    (tmp_path / "procedures.json").write_bytes(large)
    said = json.decode((tmp_path / RELEASE_FILE).read_bytes())
    said["files"] = {"procedures.json": sha256(large).hexdigest()}
    (tmp_path / RELEASE_FILE).write_bytes(json.encode(said))
    with pytest.raises(AnnouncementError, match="bytes in all"):
        pack_release(tmp_path)


def released(version: str, day: str) -> Record:
    body = json.encode({**GOOD[CatalogueReleased], "version": version, "valid_from": day})
    return Record(0, FeedKind.CATALOGUE_RELEASE, bytes(16), None, 0, RecordTime(0, 0, 2), 0, body)


def test_a_new_station_needs_the_release_in_force_and_the_later_ones() -> None:
    history = [
        released("1", "2026-01-01"),
        released("2", "2026-06-01"),
        released("3", "2027-01-01"),
        released("2b", "2026-06-01"),
    ]
    kept = current_releases(history, date(2026, 11, 22))
    versions = [json.decode(record.body)["version"] for record in kept]
    assert versions == ["2", "3", "2b"]
    assert current_releases(history[2:3], date(2026, 11, 22)) == history[2:3]
    assert current_releases([], date(2026, 11, 22)) == []


async def test_a_release_is_there_before_it_is_announced(city: DownCity, tmp_path: Path) -> None:
    packed = pack_release(release_folder(tmp_path / "release"))
    await publish_release(city.publisher.shelf, city.public, packed, 1)
    await publish_spooled(city.publisher)
    [record] = await entries(city, Feed.CATALOGUE)
    digest = json.decode(record.body)["sha256"]
    path = f"/v1/objects/{digest}"
    status, _, content = await city.request("GET", path, city.stations[0])
    assert (status, content) == (200, packed.content)


async def edge_city(*arguments: str) -> tuple[int, str, str]:
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "sync.city", *arguments,
        stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE, cwd=ROOT,
        env={**os.environ, "COLUMNS": "200"},
    )  # fmt: skip
    out, error = await process.communicate()
    return process.returncode or 0, out.decode(), error.decode()


def write_config(folder: Path) -> str:
    path = folder / "city.toml"
    path.write_text(
        '[city]\nname = "Thành phố Thử"\nstate_directory = "city"\n[listen]\nport = 0\n'
    )
    return str(path)


async def test_the_command_line_tells_a_running_server(tmp_path: Path) -> None:
    config, file = write_config(tmp_path), tmp_path / "decision.json"
    file.write_bytes(json.encode(DECISION))
    release_folder(tmp_path / "release")
    station = SimulatedStation()
    async with running_city(tmp_path) as city:
        await city.enrol(station)
        for words in (
            ("decision", "--station", "26560", str(file)),
            ("catalogue", str(tmp_path / "release")),
        ):
            status, out, error = await edge_city(
                "publish", words[0], "--config", config, *words[1:]
            )
            assert (status, error) == (0, ""), error
            assert "laid down" in out
        welcome = await city.greet(station)
        sizes: dict[int, int] = {}
        while sizes.get(Feed.STATION) != 1 or sizes.get(Feed.CATALOGUE) != 1:
            welcome = await city.greet(station)
            sizes = {state.feed: state.size for state in welcome.feeds}
        assert welcome.sealed_token is not None
        status, out, _ = await edge_city("publish", "waiting", "--config", config)
        assert (status, out) == (0, "0 waiting, 0 put aside\n")


async def test_the_command_line_refuses_what_no_station_could_use(tmp_path: Path) -> None:
    config, file = write_config(tmp_path), tmp_path / "decision.json"
    station = SimulatedStation()
    async with running_city(tmp_path) as city:
        await city.enrol(station)
        trials = (
            ({**DECISION, "state": 1}, "26560", "$[0].state"),
            (DECISION, "99999", "station 99999 is not enrolled"),
        )
        for said, code, complaint in trials:
            file.write_bytes(json.encode(said))
            status, _, error = await edge_city(
                "publish", "decision", "--config", config, "--station", code, str(file)
            )
            assert status == 2
            assert complaint in error
            assert error.startswith("edge-city: ")
            assert len(error.splitlines()) == 1
        shelf = city.server.storage.shelf
        assert await shelf.list(SPOOL) == {}


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

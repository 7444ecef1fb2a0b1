"""Catalogue releases: what is packed, what is refused, what a new station needs."""

from datetime import date
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest
from msgspec import json

from edge_node.usecases.releases import unpack
from sync.city.feeds.announcements import (
    AnnouncementError,
    CatalogueReleased,
)
from sync.city.feeds.releases import (
    MAXIMUM_UNPACKED_BYTES,
    RELEASE_FILE,
    current_releases,
    pack_release,
)
from sync.protocol.feed import FeedKind
from sync.protocol.record import Record, RecordTime
from tests.city.announcement_samples import GOOD, release_folder
from tests.contracts.tree import ROOT


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

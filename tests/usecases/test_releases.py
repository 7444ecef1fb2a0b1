"""Catalogue releases: taken whole, in force from their day, kept over a restart."""

import hashlib
from datetime import date
from pathlib import Path

import msgspec
import pytest

from edge_node.data import read_release
from edge_node.usecases import lookup
from edge_node.usecases.station import Station
from sync.protocol.canonical import Value, encode
from sync.protocol.compression import compress
from tests.usecases.city_side import (
    CATALOGUE_FID,
    Daemon,
    daemon_of,
    inbox_of,
    kept,
)
from tests.usecases.samples import submit
from tests.web.station import TestClock, open_station


def packed(files: dict[str, bytes]) -> Value:
    return {name: content for name, content in files.items()}  # noqa: C416 - another value type


def release(version: str, valid_from: str) -> bytes:
    """The built-in release under another version and date, packed as the city packs it."""
    files = read_release()
    manifest = msgspec.json.decode(files["release.json"])
    manifest.update(version=version, valid_from=valid_from)
    files["release.json"] = msgspec.json.encode(manifest)
    return compress(encode(packed(files)), b"")


async def announce(daemon: Daemon, content: bytes, version: str, valid_from: str) -> None:
    body = {
        "type": "catalogue.released",
        "version": version,
        "valid_from": valid_from,
        "sha256": hashlib.sha256(content).hexdigest(),
        "bytes": len(content),
    }
    await daemon.entry(64, body, fid=CATALOGUE_FID, feed=1)


async def fetch(daemon: Daemon, content: bytes) -> None:
    digest = hashlib.sha256(content).digest()
    await daemon.run("INSERT INTO object VALUES (?, ?)", digest, content)


async def test_a_release_waits_for_its_bytes_and_its_day(
    station: Station, daemon: Daemon, tmp_path: Path, clock: TestClock
) -> None:
    content = release("2026.12.1", "2026-11-24")
    await announce(daemon, content, "2026.12.1", "2026-11-24")
    opened = await inbox_of(station)
    assert await kept(station) == {"waiting": 1}
    await fetch(daemon, content)
    await opened.look()
    assert await kept(station) == {}
    assert station.catalogue.version == "2026.11.1"
    clock.advance(24 * 3600)
    await opened.look_if_changed()
    assert station.catalogue.version == "2026.12.1"
    assert station.catalogue.valid_from == date(2026, 11, 24)


async def test_a_release_in_force_survives_a_restart(tmp_path: Path, clock: TestClock) -> None:
    content = release("2026.11.2", "2026-11-02")
    async with daemon_of(tmp_path) as daemon:
        await fetch(daemon, content)
        await announce(daemon, content, "2026.11.2", "2026-11-02")
        async with open_station(tmp_path, clock) as station:
            await inbox_of(station)
            assert station.catalogue.version == "2026.11.2"
    async with open_station(tmp_path, clock) as station:
        assert station.catalogue.version == "2026.11.1"
        await inbox_of(station)
        assert station.catalogue.version == "2026.11.2"


async def test_what_a_release_no_longer_offers_is_still_known_for_old_dossiers(
    station: Station, daemon: Daemon
) -> None:
    answer = await submit(station)
    files = read_release()
    known = msgspec.json.decode(files["procedures.json"])
    known["procedures"] = [one for one in known["procedures"] if one["id"] != "res-temporary"]
    files["procedures.json"] = msgspec.json.encode(known)
    shelves = msgspec.json.decode(files["services.json"])
    shelves["common"] = [one for one in shelves["common"] if one != "res-temporary"]
    files["services.json"] = msgspec.json.encode(shelves)
    manifest = msgspec.json.decode(files["release.json"])
    manifest.update(version="2026.11.3", valid_from="2026-11-03")
    for name in ("procedures.json", "services.json"):
        manifest["files"][name] = hashlib.sha256(files[name]).hexdigest()
    files["release.json"] = msgspec.json.encode(manifest)
    content = compress(encode(packed(files)), b"")
    await fetch(daemon, content)
    await announce(daemon, content, "2026.11.3", "2026-11-03")
    await inbox_of(station)
    assert "res-temporary" not in station.catalogue.procedures
    assert (await lookup.dossier(station, answer.dossier_no)).procedure_id == "res-temporary"


@pytest.mark.parametrize("fault", ["digest", "packing", "catalogue", "version"])
async def test_a_bad_release_is_refused_and_shown(
    station: Station, daemon: Daemon, fault: str
) -> None:
    content = release("2026.11.2", "2026-11-02")
    version = "2026.11.2"
    if fault == "packing":
        content = b"not zstd"
    elif fault == "catalogue":
        content = compress(encode({"release.json": b"{}"}), b"")
    elif fault == "version":
        version = "2026.11.9"
    await announce(daemon, content, version, "2026-11-02")
    if fault == "digest":
        digest = hashlib.sha256(content).digest()
        await daemon.run("INSERT INTO object VALUES (?, ?)", digest, content + b"!")
    else:
        await fetch(daemon, content)
    await inbox_of(station)
    assert await kept(station) == {"refused": 1}
    assert station.catalogue.version == "2026.11.1"

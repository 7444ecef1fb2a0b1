"""Keys that ended: what they sign is set aside, the city says so, and a person may let it in."""

import asyncio
from hashlib import sha256
from pathlib import Path

import pytest
from typer.testing import CliRunner

from sync.city.__main__ import app
from sync.city.receiving.quarantine import MISSING, RELEASED, outcome, wish
from sync.city.shelf import FolderShelf
from sync.city.trust import keyring
from sync.city.trust.ceremony import Role, with_new_key, without_key
from sync.city.trust.enrolment import CERTIFICATE_DAYS, EnrolmentError, Registrar
from sync.city.trust.keysets import publish
from sync.city.trust.office import look
from sync.city.trust.recertify import recertify
from sync.city.trust.revocations import parse_positions, revoke
from sync.city.trust.stations import (
    REVOCATIONS,
    STATIONS,
    StationDirectory,
    StationFile,
    pack_station,
    read_content,
)
from sync.protocol.cose import raw_key_id
from sync.protocol.custody import CustodyReason, verify_custody
from sync.protocol.keyset import keys_by_id, sign_keyset
from sync.protocol.revocation import sign_revocation, verify_revocation
from tests.city.server import TestCity, running_city
from tests.city.station import SimulatedStation

REASON = "máy bị mất"


def kid_of(station: SimulatedStation) -> bytes:
    return raw_key_id(station.signing_key.public_key().public_bytes_raw())


async def set_aside(city: TestCity, station: SimulatedStation, first: int) -> CustodyReason:
    data = station.batch(city.identity.encryption_key.public_key(), first)
    reply = await city.post("/v1/batches", data)
    assert reply.status == 200, reply.body
    custody = verify_custody(reply.body, keys_by_id([city.identity.receipt_public]))
    assert custody.batch_digest == sha256(data).digest()
    assert (custody.lid, custody.first) == (station.log.lid, first)
    return CustodyReason(custody.reason)


async def test_everything_of_a_revoked_key_is_set_aside(tmp_path: Path) -> None:
    station, other = SimulatedStation(1), SimulatedStation(2, 26561)
    async with running_city(tmp_path) as city:
        await city.enrol(station)
        await city.enrol(other)
        city.receipt(await city.send(station))
        (done,) = await revoke(city.server.registrar, station.code, b"", (None, REASON))
        assert (done.kid, done.positions, done.reason) == (kid_of(station), None, REASON)
        station.append()
        assert await set_aside(city, station, 1) is CustodyReason.REVOKED
        assert await set_aside(city, station, 0) is CustodyReason.REVOKED
        assert (await city.greet(station)).logs[0].size == 1
        city.receipt(await city.send(other))
        assert len(await city.export(station.code)) == 1


async def test_a_revocation_is_a_place_in_a_log(tmp_path: Path) -> None:
    station = SimulatedStation()
    station.append_many(5)
    async with running_city(tmp_path) as city:
        await city.enrol(station)
        positions = [(station.log.lid, 4)]
        await revoke(city.server.registrar, station.code, b"", (positions, REASON))
        city.receipt(await city.send(station, 0, count=4))
        # A batch that begins where all is good and goes on beyond it is not good.
        assert await set_aside(city, station, 3) is CustodyReason.REVOKED
        assert await set_aside(city, station, 4) is CustodyReason.REVOKED
        station.open_log()
        assert await set_aside(city, station, 0) is CustodyReason.REVOKED
        assert len(await city.export()) == 4


async def test_a_later_revocation_only_takes_away(tmp_path: Path) -> None:
    station = SimulatedStation()
    station.append_many(3)
    async with running_city(tmp_path) as city:
        await city.enrol(station)
        registrar, lid = city.server.registrar, station.log.lid
        await revoke(registrar, station.code, b"", ([(lid, 2)], REASON))
        city.clock.now_ms += 1
        await revoke(registrar, station.code, b"", ([(lid, 4)], REASON))
        standing = registrar.stations.standing
        now_ms = city.clock.now_ms
        assert standing(kid_of(station), lid, 0, now_ms, count=2) is None
        assert standing(kid_of(station), lid, 2, now_ms, count=1) is CustodyReason.REVOKED


async def test_who_is_not_enrolled_cannot_be_revoked(tmp_path: Path) -> None:
    station = SimulatedStation()
    async with running_city(tmp_path) as city:
        await city.enrol(station)
        for code, kid in ((1, b""), (station.code, b"12345678")):
            with pytest.raises(EnrolmentError):
                await revoke(city.server.registrar, code, kid, (None, REASON))


async def test_only_the_citys_own_word_counts(tmp_path: Path) -> None:
    station = SimulatedStation()
    async with running_city(tmp_path / "a") as city, running_city(tmp_path / "b") as stranger:
        await city.enrol(station)
        await stranger.enrol(station)
        await revoke(stranger.server.registrar, station.code, b"", (None, REASON))
        registrar = city.server.registrar
        theirs = stranger.server.registrar.shelf
        (name,) = await theirs.list(REVOCATIONS)
        message = await theirs.read(REVOCATIONS, name)
        assert message is not None
        for number, content in enumerate((message, message[:-1], b"", b"noise")):
            await registrar.shelf.write(REVOCATIONS, f"{number}.cbor", content)
        # The certificate of another city makes nobody a station of this one.
        (file,) = await theirs.list(STATIONS)
        certificate = await theirs.read(STATIONS, file)
        assert certificate is not None
        await registrar.shelf.write(STATIONS, "f.cbor", certificate)
        await look(registrar)
        assert len(registrar.stations.all()) == 1
        city.receipt(await city.send(station))


async def test_a_running_server_hears_of_it_from_the_shelf(tmp_path: Path) -> None:
    station = SimulatedStation()
    async with running_city(tmp_path) as city:
        await city.enrol(station)
        shelf = FolderShelf(city.settings.city.state_directory)  # as the command opens it
        beside = StationDirectory(shelf, city.identity)
        registrar = city.server.registrar
        await revoke(registrar_beside(city, beside, shelf), station.code, b"", (None, REASON))
        assert not registrar.stations.revoked(kid_of(station))
        await look(registrar)
        assert registrar.stations.revoked(kid_of(station))
        assert registrar.stations.find_node(station.node_id) is None
        assert registrar.stations.any_node(station.node_id) is not None
        (name,) = await shelf.list(REVOCATIONS)
        message = await shelf.read(REVOCATIONS, name)
        assert message is not None
        known = verify_revocation(message, keys_by_id(city.identity.keyset.keyset.ca_keys))
        assert sign_revocation(known, city.identity.ca_key) == message


def registrar_beside(city: TestCity, stations: StationDirectory, shelf: FolderShelf) -> Registrar:
    ours = city.server.registrar
    return Registrar(city.identity, shelf, stations, ours.facts, ours.clock_ms, ours.entropy)


async def release(city: TestCity, *items: int) -> list[str]:
    """What the running server makes of it; the test's own time limit ends the wait."""
    shelf, said = city.server.registrar.shelf, []
    for item in items:
        await wish(shelf, item)
    for item in items:
        while (word := await outcome(shelf, item)) is None:  # noqa: ASYNC110
            await asyncio.sleep(0.05)
        said.append(word)
    return said


async def test_released_batches_go_the_ordinary_way(tmp_path: Path) -> None:
    station = SimulatedStation()
    station.append_many(6)
    async with running_city(tmp_path) as city:
        await city.enrol(station)
        await revoke(city.server.registrar, station.code, b"", (None, REASON))
        key = city.identity.encryption_key.public_key()
        for first in (0, 3, 5):
            reply = await city.post("/v1/batches", station.batch(key, first, 2))
            assert reply.status == 200
        archive = city.server.archive
        ids = [item.id for item in await archive.quarantined(None)]
        assert await release(city, *ids) == [RELEASED, "gap", "gap"]
        assert (await city.greet(station)).logs[0].size == 2
        items = await archive.quarantined(None)
        assert [item.released_ms is not None for item in items] == [True, False, False]
        assert await release(city, 999) == [MISSING]
        assert await archive.read_quarantined(ids[0]) is not None
        # Once the records between are there too, the others continue them.
        reply = await city.post("/v1/batches", station.batch(key, 2, 1))
        assert reply.status == 200
        newest = (await archive.quarantined(None))[-1].id
        assert await release(city, newest, *ids[1:]) == [RELEASED] * 3
        assert (await city.greet(station)).logs[0].size == station.log.size
        await city.until_entered(station)


async def test_an_expired_key_enrolled_anew_has_its_batches_let_in(tmp_path: Path) -> None:
    station = SimulatedStation()
    async with running_city(tmp_path) as city:
        await city.enrol(station)
        city.clock.now_ms += CERTIFICATE_DAYS * 86_400_000
        assert await set_aside(city, station, 0) is CustodyReason.EXPIRED
        await city.enrol(station)
        (item,) = await city.server.archive.quarantined(station.code)
        assert item.reason == "expired"
        assert await release(city, item.id) == [RELEASED]
        assert (await city.greet(station)).logs[0].size == 1


async def test_a_retired_ca_key_brings_no_stolen_key_back_to_life(tmp_path: Path) -> None:
    station, other = SimulatedStation(1), SimulatedStation(2, 26561)
    async with running_city(tmp_path) as city:
        await city.enrol(station)
        await city.enrol(other)
        registrar, identity = city.server.registrar, city.identity
        await revoke(registrar, station.code, b"", (None, REASON))
        old = raw_key_id(identity.ca_public)
        assert registrar.stations.signed_by(old) == 3
        roots = list(keyring.read_ring(identity.directory).roots().values())
        raw = keyring.make_key(identity.directory, Role.CA).public_key().public_bytes_raw()
        rotated = with_new_key(identity.keyset.keyset, Role.CA, raw)
        await publish(identity, registrar.shelf, sign_keyset(rotated, roots))
        assert await recertify(registrar) == 3
        assert await recertify(registrar) == 0
        assert registrar.stations.signed_by(old) == 0
        retired = without_key(identity.keyset.keyset, Role.CA, old)
        await publish(identity, registrar.shelf, sign_keyset(retired, roots))
        await look(registrar)
        assert await set_aside(city, station, 0) is CustodyReason.REVOKED
        city.receipt(await city.send(other))


def test_places_are_given_as_text() -> None:
    assert parse_positions(["00" * 16 + ":7"]) == ((bytes(16), 7),)
    for text in ("", "00:7", "00" * 16, "00" * 16 + ":-1", "zz" * 16 + ":1"):
        with pytest.raises(ValueError, match=r"not|hex"):
            parse_positions([text])


@pytest.mark.parametrize(
    ("arguments", "word"),
    [
        (["--reason", "x"], "--from"),
        (["--reason", "x", "--all", "--from", "00" * 16 + ":1"], "--from"),
        (["--reason", "x", "--from", "nonsense"], "--from"),
        (["--reason", "x", "--all", "--key", "x"], "--key"),
        (["--reason", "x", "--all"], "no station"),
    ],
)
def test_the_command_wants_it_said_clearly(tmp_path: Path, arguments: list[str], word: str) -> None:
    config = tmp_path / "city.toml"
    config.write_text('[city]\nname = "Thử"\nstate_directory = "state"\n', encoding="utf-8")
    words = ["revoke", "--station", "26560", "--config", str(config), *arguments]
    result = CliRunner().invoke(app, words)
    assert result.exit_code == 2
    assert word in result.stderr
    assert result.stderr.count("\n") == 1


def test_a_damaged_station_file_is_nobody() -> None:
    assert read_content(b"noise") is None
    file = StationFile(b"x", "Tên", (b"y",))
    assert read_content(pack_station(file)) == file

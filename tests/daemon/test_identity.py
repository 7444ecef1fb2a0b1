"""An enrolment counts only for this node, this station and this key."""

from collections.abc import AsyncIterator
from pathlib import Path

import msgspec
import pytest

from sync.daemon.identity import (
    ENROLMENT_INVALID,
    ENROLMENT_MISSING,
    ENROLMENT_OTHER,
    KEYS_MISSING,
    NODE_MISSING,
    NotEnrolledError,
    ensure_keys,
    make_request,
    read_credentials,
    read_node_identity,
)
from sync.daemon.settings import City, Settings, Station
from sync.keys import KeyFileError, KeyFileFault
from tests.daemon.city_simulator import CitySimulator, Listening
from tests.daemon.station import StationFiles, station_files, write_config

WHERE = Listening("https://city.example:8443", "")


@pytest.fixture
async def station(tmp_path: Path) -> AsyncIterator[StationFiles]:
    async with station_files(tmp_path / "station") as files:
        await files.submit(1)
        await files.enrol(CitySimulator(), WHERE)
        yield files


async def refusal(settings: Settings) -> str:
    with pytest.raises(NotEnrolledError) as refused:
        await read_credentials(settings)
    assert "\n" not in str(refused.value)
    return refused.value.code


async def test_our_own_enrolment_is_taken(station: StationFiles) -> None:
    credentials = await read_credentials(station.settings)
    assert credentials.city_url == WHERE.url
    moved = msgspec.structs.replace(station.settings, city=City(url="https://new.example"))
    assert (await read_credentials(moved)).city_url == "https://new.example"


async def test_what_is_missing_is_named(station: StationFiles, tmp_path: Path) -> None:
    assert await refusal(write_config(tmp_path / "empty")) == NODE_MISSING
    station.settings.files.enrolment.unlink()
    assert await refusal(station.settings) == ENROLMENT_MISSING
    for path in station.settings.files.keys_directory.iterdir():
        path.unlink()
    assert await refusal(station.settings) == KEYS_MISSING


async def test_noise_and_changed_bytes_are_no_enrolment(station: StationFiles) -> None:
    path = station.settings.files.enrolment
    good = path.read_bytes()
    for bad in (b"", b"noise", good[:-1] + bytes([good[-1] ^ 1]), good + b"\0", bytes(1 << 20)):
        path.write_bytes(bad)
        assert await refusal(station.settings) == ENROLMENT_INVALID


async def test_a_city_at_an_open_address_is_refused(station: StationFiles) -> None:
    await station.enrol(CitySimulator(), Listening("http://city.example", ""))
    assert await refusal(station.settings) == ENROLMENT_INVALID


async def test_the_enrolment_of_another_station_is_refused(
    station: StationFiles, tmp_path: Path
) -> None:
    async with station_files(tmp_path / "other") as other:
        other.luck.seed(99)
        await other.submit(1)
        await other.enrol(CitySimulator(), WHERE)
        station.settings.files.enrolment.write_bytes(other.settings.files.enrolment.read_bytes())
        assert await refusal(station.settings) == ENROLMENT_OTHER


async def test_the_enrolment_of_an_earlier_key_is_refused(station: StationFiles) -> None:
    for path in station.settings.files.keys_directory.iterdir():
        path.unlink()
    ensure_keys(station.settings.files.keys_directory)
    assert await refusal(station.settings) == ENROLMENT_OTHER


async def test_the_configuration_must_name_the_nodes_station(station: StationFiles) -> None:
    other = msgspec.structs.replace(station.settings, station=Station(code="10000"))
    assert await refusal(other) == ENROLMENT_OTHER


async def test_keys_are_made_once(station: StationFiles) -> None:
    directory = station.settings.files.keys_directory
    identity = await read_node_identity(station.settings)
    first, second = (make_request(identity, ensure_keys(directory)) for _ in range(2))
    assert first.fingerprint == second.fingerprint
    (directory / "encryption.pem").chmod(0o604)
    with pytest.raises(KeyFileError) as refused:
        ensure_keys(directory)
    assert refused.value.fault is KeyFileFault.PERMISSIONS


async def test_keys_may_be_lent_by_the_service_manager(
    station: StationFiles, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    directory, lent = station.settings.files.keys_directory, tmp_path / "lent"
    before = (await read_credentials(station.settings)).keys.public
    directory.rename(lent)
    directory.mkdir()
    assert await refusal(station.settings) == KEYS_MISSING
    monkeypatch.setenv("CREDENTIALS_DIRECTORY", str(lent))
    assert (await read_credentials(station.settings)).keys.public == before
    assert ensure_keys(directory).public == before
    assert not list(directory.iterdir())
    (lent / "signing.pem").chmod(0o644)
    with pytest.raises(KeyFileError) as refused:
        await read_credentials(station.settings)
    assert refused.value.fault is KeyFileFault.PERMISSIONS


async def test_a_key_behind_a_link_is_refused(station: StationFiles, tmp_path: Path) -> None:
    path = station.settings.files.keys_directory / "signing.pem"
    path.symlink_to(path.rename(tmp_path / "elsewhere.pem"))
    with pytest.raises(KeyFileError) as refused:
        await read_credentials(station.settings)
    assert refused.value.fault is KeyFileFault.NOT_A_FILE

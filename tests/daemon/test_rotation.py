"""The city changes its keys while a station works: nothing lost, nothing forged believed."""

from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from sync.city.trust import keyring
from sync.city.trust.ceremony import Role, with_new_key, with_new_roots, without_key
from sync.city.trust.keysets import publish
from sync.daemon.events import State
from sync.daemon.loop import run_once
from sync.daemon.report import exit_code
from sync.protocol.cose import raw_key_id
from sync.protocol.enrolment import SignedKeyset
from sync.protocol.keyset import Keyset, sign_keyset
from tests.city.server import TestCity, running_city
from tests.daemon.station import StationFiles, station_files, surroundings
from tests.daemon.test_real_city import enrol_at


async def sent(station: StationFiles, count: int) -> int:
    """Hand in records and send them; how the one session ended."""
    await station.submit(count)
    return exit_code(await run_once(station.settings, surroundings()))


async def change(city: TestCity, keyset: Keyset) -> None:
    registrar = city.server.registrar
    roots = list(keyring.read_ring(city.identity.directory).roots().values())
    await publish(city.identity, registrar.shelf, sign_keyset(keyset, roots))


async def rotate(city: TestCity, role: Role) -> None:
    key = keyring.make_key(city.identity.directory, role)
    raw = key.public_key().public_bytes_raw()
    await change(city, with_new_key(city.identity.keyset.keyset, role, raw))


async def everything_arrived(city: TestCity, station: StationFiles) -> bool:
    own = await station.records()
    return len(await city.export()) == sum(len(raws) for raws in own.values())


async def test_a_station_follows_every_rotation(tmp_path: Path) -> None:
    async with running_city(tmp_path) as city, station_files(tmp_path / "station") as station:
        await station.submit(1)
        await enrol_at(city, station)
        assert await sent(station, 5) == 0
        for role in (Role.RECEIPT, Role.ENCRYPTION, Role.FEED, Role.CA, Role.RECEIPT):
            await rotate(city, role)
            assert await sent(station, 5) == 0, role
        first = station.settings.files.enrolment.read_bytes()
        rows = await station.ask("SELECT version FROM keyset ORDER BY version")
        assert rows[-1] == (6,)
        assert station.settings.files.enrolment.read_bytes() == first
        assert await everything_arrived(city, station)


async def test_a_retired_receipt_key_and_new_roots_are_followed_too(tmp_path: Path) -> None:
    async with running_city(tmp_path) as city, station_files(tmp_path / "station") as station:
        await station.submit(1)
        await enrol_at(city, station)
        assert await sent(station, 3) == 0
        # All this happens while the station is away.
        await rotate(city, Role.RECEIPT)
        old = city.identity.keyset.keyset.receipt_keys[1]
        await change(city, without_key(city.identity.keyset.keyset, Role.RECEIPT, raw_key_id(old)))
        roots = keyring.make_roots(city.identity.directory)
        raw = [key.public_key().public_bytes_raw() for key in roots]
        await change(city, with_new_roots(city.identity.keyset.keyset, raw))
        await rotate(city, Role.ENCRYPTION)
        assert await sent(station, 3) == 0
        assert await sent(station, 3) == 0
        rows = await station.ask("SELECT version FROM keyset ORDER BY version")
        assert [version for (version,) in rows][-1] == 5
        assert await everything_arrived(city, station)


async def test_a_keyset_the_roots_did_not_sign_changes_nothing(tmp_path: Path) -> None:
    async with running_city(tmp_path) as city, station_files(tmp_path / "station") as station:
        await station.submit(1)
        await enrol_at(city, station)
        assert await sent(station, 3) == 0
        # Somebody has the server: its own receipt key, and one root of three.
        identity = city.identity
        thief = Ed25519PrivateKey.generate()
        raw = thief.public_key().public_bytes_raw()
        forged = with_new_key(identity.keyset.keyset, Role.RECEIPT, raw)
        (root, *_) = keyring.read_ring(identity.directory).roots().values()
        message = sign_keyset(forged, [root, thief])
        held = identity._held
        identity._held = held._replace(
            signing={**held.signing, Role.RECEIPT: thief},
            published=(*held.published, SignedKeyset(message, forged)),
        )
        await station.submit(2)
        session = await run_once(station.settings, surroundings())
        assert session.state is not State.IDLE
        assert exit_code(session) != 0
        assert await station.ask("SELECT version FROM keyset") == []
        identity._held = held
        assert await sent(station, 1) == 0
        assert await everything_arrived(city, station)

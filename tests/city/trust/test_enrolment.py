"""Enrolment over the real wire, and everybody who tries to get in without the right."""

import asyncio
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey

from sync.city.commands.trust import issue_code
from sync.city.trust.codes import MAXIMUM_TRIES
from sync.city.trust.enrolment import CERTIFICATE_DAYS, RENEW_DAYS, EnrolmentError, Operator, enrol
from sync.protocol.certificate import verify_certificate
from sync.protocol.enrolment import Enrolment, Expected, verify_enrolment
from sync.protocol.enrolment_code import EnrolmentCode
from sync.protocol.errors import ProtocolError, ProtocolErrorCode
from sync.protocol.keyset import keys_by_id
from sync.protocol.rekey import sign_rekey
from sync.protocol.request import StationRequest, sign_request
from tests.city.server import TestCity, running_city
from tests.city.station import SimulatedStation

DAY_MS = 86_400_000


def request_of(
    station: SimulatedStation, secret: bytes | None = None, nonce: bytes = b"n" * 16
) -> bytes:
    request = StationRequest(
        station.node_id,
        station.code,
        station.signing_key.public_key().public_bytes_raw(),
        station.encryption_key.public_key().public_bytes_raw(),
        bytes(16),
        "test",
        nonce,
    )
    return sign_request(request, station.signing_key, secret)


async def code_for(city: TestCity, station: int = 26560) -> EnrolmentCode:
    return await issue_code(city.server.registrar, station, "Công an phường Thử", 72)


async def ask(city: TestCity, message: bytes) -> tuple[int, Any]:
    reply = await city.post("/v1/enrol", message)
    return reply.status, reply.body if reply.status == 200 else reply.json().get("detail")


def expected(code: EnrolmentCode) -> Expected:
    return Expected(None, code.root_hash, code.secret)


async def taken_in(city: TestCity, station: SimulatedStation, code: EnrolmentCode) -> Enrolment:
    status, answer = await ask(city, request_of(station, code.secret))
    assert status == 200, answer
    return verify_enrolment(answer, expected(code))


async def test_a_code_takes_a_station_in(tmp_path: Path) -> None:
    station = SimulatedStation()
    async with running_city(tmp_path) as city:
        code = await code_for(city)
        assert code.city_url == city.server.url
        enrolment = await taken_in(city, station, code)
        assert enrolment.city_url == city.server.url
        assert enrolment.ca_pem.startswith("-----BEGIN CERTIFICATE-----")
        certificate = verify_certificate(enrolment.certificate, keys_by_id(enrolment.ca_keys))
        assert certificate.node_id == station.node_id
        assert certificate.not_after_ms == city.clock.now_ms + CERTIFICATE_DAYS * DAY_MS
        city.receipt(await city.send(station))
        page = (await city.request("GET", "/")).body.decode()
    assert "Công an phường Thử" in page


async def test_the_sixth_try_is_too_late_even_with_the_right_code(tmp_path: Path) -> None:
    station = SimulatedStation()
    async with running_city(tmp_path) as city:
        code = await code_for(city)
        wrong = request_of(station, b"w" * 16)
        for _ in range(MAXIMUM_TRIES):
            assert await ask(city, wrong) == (403, "code_wrong")
        assert await ask(city, request_of(station, code.secret)) == (403, "code_tries")
        assert (await city.send(station)).status == 401
        await taken_in(city, station, await code_for(city))


async def test_codes_end(tmp_path: Path) -> None:
    station = SimulatedStation()
    async with running_city(tmp_path) as city:
        code = await code_for(city)
        city.clock.now_ms = code.expires_ms
        assert await ask(city, request_of(station, code.secret)) == (403, "code_expired")
        city.clock.now_ms -= 1
        await taken_in(city, station, code)


async def test_a_used_code_serves_nobody_else_and_repeats_itself(tmp_path: Path) -> None:
    station, thief = SimulatedStation(1), SimulatedStation(2)
    async with running_city(tmp_path) as city:
        code = await code_for(city)
        first = await taken_in(city, station, code)
        assert await ask(city, request_of(thief, code.secret)) == (403, "code_used")
        # Whoever replays what was sent learns what was answered, and nothing changes.
        again = await taken_in(city, station, code)
        assert again.certificate == first.certificate
        status, answer = await ask(city, request_of(station, code.secret, b"m" * 16))
        assert status == 200
        assert verify_enrolment(answer, expected(code)).certificate == first.certificate
        assert (await city.send(thief)).status == 401


async def test_a_request_without_or_with_another_mac_is_refused(tmp_path: Path) -> None:
    station, other = SimulatedStation(1), SimulatedStation(2, 26561)
    async with running_city(tmp_path) as city:
        code, others = await code_for(city), await code_for(city, 26561)
        assert await ask(city, request_of(station)) == (403, "code_wrong")
        assert await ask(city, request_of(station, others.secret)) == (403, "code_wrong")
        assert await ask(city, request_of(SimulatedStation(3, 100), code.secret)) == (
            403,
            "code_unknown",
        )
        message = bytearray(request_of(station, code.secret))
        message[-1] ^= 1
        assert await ask(city, bytes(message)) == (422, "not_a_request")
        # The MAC of another request, under the station's own signature.
        assert (await city.send(station)).status == 401
        await taken_in(city, other, others)


async def test_an_answer_is_believed_only_under_the_code_and_the_roots(tmp_path: Path) -> None:
    station = SimulatedStation()
    async with running_city(tmp_path / "a") as city, running_city(tmp_path / "b") as stranger:
        code = await code_for(city)
        strange = await code_for(stranger)
        _, forged = await ask(stranger, request_of(station, strange.secret))
        with pytest.raises(ProtocolError) as caught:
            verify_enrolment(forged, Expected(None, None, code.secret))
        assert caught.value.code is ProtocolErrorCode.BAD_MAC
        with pytest.raises(ProtocolError) as caught:
            verify_enrolment(forged, Expected(None, code.root_hash, None))
        assert caught.value.code is ProtocolErrorCode.WRONG_ROOT
        # A station of one city is nobody at the other.
        assert (await city.send(station)).status == 401


async def test_of_many_stations_at_once_with_one_code_one_is_taken_in(tmp_path: Path) -> None:
    stations = [SimulatedStation(seed) for seed in range(6)]
    async with running_city(tmp_path) as city:
        code = await code_for(city)
        replies = await asyncio.gather(
            *(ask(city, request_of(station, code.secret)) for station in stations)
        )
        assert sorted(status for status, _ in replies) == [200, *[403] * 5]
        assert len(city.server.registrar.stations.all()) == 1


async def test_somebody_elses_key_or_node_cannot_be_taken(tmp_path: Path) -> None:
    owner, thief = SimulatedStation(1), SimulatedStation(2, 26561)
    async with running_city(tmp_path) as city:
        await taken_in(city, owner, await code_for(city))
        code = await code_for(city, 26561)
        thief.signing_key = owner.signing_key
        assert await ask(city, request_of(thief, code.secret)) == (403, "key_taken")
        thief.signing_key, thief.node_id = Ed25519PrivateKey.generate(), owner.node_id
        assert await ask(city, request_of(thief, code.secret)) == (403, "other_station")
        city.receipt(await city.send(owner))


async def test_a_request_on_a_stick_uses_its_code_up_too(tmp_path: Path) -> None:
    station = SimulatedStation()
    async with running_city(tmp_path) as city:
        registrar, code = city.server.registrar, await code_for(city)
        with pytest.raises(EnrolmentError) as caught:
            await enrol(registrar, request_of(station, b"w" * 16), Operator())
        assert caught.value.fault == "code_wrong"
        _, answer = await enrol(registrar, request_of(station, code.secret), Operator())
        verify_enrolment(answer, expected(code))
        thief = SimulatedStation(2)
        assert await ask(city, request_of(thief, code.secret)) == (403, "code_used")


def rekeyed(station: SimulatedStation, seed: bytes) -> tuple[SimulatedStation, bytes]:
    new = SimulatedStation()
    new.node_id, new.code, new.logs = station.node_id, station.code, station.logs
    new.signing_key = Ed25519PrivateKey.from_private_bytes(seed * 32)
    new.encryption_key = X25519PrivateKey.from_private_bytes(seed * 32)
    return new, sign_rekey(request_of(new), station.signing_key)


async def change(city: TestCity, message: bytes) -> tuple[int, Any]:
    reply = await city.post("/v1/rekey", message)
    return reply.status, reply.body if reply.status == 200 else reply.json().get("detail")


async def test_new_keys_are_taken_over_and_old_batches_still_count(tmp_path: Path) -> None:
    station = SimulatedStation()
    station.append_many(3)
    async with running_city(tmp_path) as city:
        await city.enrol(station)
        old = station.batch(city.identity.encryption_key.public_key(), 0, 2)
        new, message = rekeyed(station, b"\1")
        status, answer = await change(city, message)
        assert status == 200, answer
        enrolment = verify_enrolment(answer, Expected(trusted=city.identity.keyset.keyset))
        certificate = verify_certificate(enrolment.certificate, keys_by_id(enrolment.ca_keys))
        assert certificate.signing_key == new.signing_key.public_key().public_bytes_raw()
        city.receipt(await city.post("/v1/batches", old))
        city.receipt(await city.send(new, 2))
        assert len(city.server.registrar.stations.all()) == 1
        # The answer was lost: the old key may ask again, for the same new key only.
        again = await change(city, message)
        assert again[0] == 200
        assert verify_enrolment(again[1]).certificate == enrolment.certificate
        _, other = rekeyed(station, b"\2")
        assert await change(city, other) == (401, "unknown_key")


async def test_a_stranger_or_another_stations_key_vouches_for_nobody(tmp_path: Path) -> None:
    station, other = SimulatedStation(1), SimulatedStation(2, 26561)
    async with running_city(tmp_path) as city:
        await city.enrol(station)
        await city.enrol(other)
        new, _ = rekeyed(station, b"\1")
        for key in (other.signing_key, Ed25519PrivateKey.generate()):
            assert await change(city, sign_rekey(request_of(new), key)) == (401, "unknown_key")
        assert (await city.post("/v1/rekey", b"noise")).status == 422


async def test_a_certificate_is_renewed_before_its_end_and_not_after(tmp_path: Path) -> None:
    station = SimulatedStation()
    async with running_city(tmp_path) as city:
        await city.enrol(station)
        (known,) = city.server.registrar.stations.all()
        assert known.not_after_ms is not None
        same = sign_rekey(request_of(station), station.signing_key)
        assert (await change(city, same))[0] == 200
        (unchanged,) = city.server.registrar.stations.all()
        assert unchanged.not_after_ms == known.not_after_ms
        city.clock.now_ms = known.not_after_ms - RENEW_DAYS * DAY_MS
        assert (await change(city, same))[0] == 200
        (renewed,) = city.server.registrar.stations.all()
        assert renewed.not_after_ms == city.clock.now_ms + CERTIFICATE_DAYS * DAY_MS
        city.clock.now_ms = renewed.not_after_ms
        assert await change(city, same) == (403, "expired")
        code = await code_for(city)
        await taken_in(city, station, code)
        city.receipt(await city.send(station))

"""A station enrols with a one-time code, changes its keys, and survives whoever stands between."""

import contextlib
import secrets
from collections.abc import AsyncIterator
from pathlib import Path

import msgspec
import pytest
from aiohttp import web

from sync.city.commands.trust import issue_code
from sync.city.trust.enrolment import Operator, enrol
from sync.daemon import identity as own
from sync.daemon.enrol import (
    ANSWER_FORGED,
    CITY_UNREACHABLE,
    CODE_ADDRESS,
    CODE_MISTYPED,
    CODE_OTHER_STATION,
    EnrolError,
    EnrolmentOutcome,
    accept_answer,
    coded_request,
    enrol_with_code,
    read_code,
)
from sync.daemon.identity import (
    ENROLMENT_OTHER,
    NotEnrolledError,
    certificate_for,
    ensure_keys,
    ensure_next_keys,
    load_keys,
    read_credentials,
    read_enrolment,
    read_node_identity,
    settle_keys,
)
from sync.daemon.rekey import Renewal, needs_renewal, renew_in_time, rotate_keys
from sync.daemon.settings import City
from sync.daemon.transport import open_transport
from sync.protocol.batch import MEDIA_TYPE
from sync.protocol.enrolment_code import EnrolmentCode, qr_text, typed_form
from tests.city.server import TestCity, running_city
from tests.daemon.station import StationFiles, station_files


@contextlib.asynccontextmanager
async def both(folder: Path) -> AsyncIterator[tuple[TestCity, StationFiles]]:
    async with running_city(folder / "city") as city, station_files(folder / "station") as station:
        await station.submit(3)
        yield city, station


async def code_of(city: TestCity, station: int = 26560) -> EnrolmentCode:
    return await issue_code(city.server.registrar, station, "Trạm Thử", 72)


async def attempt(station: StationFiles, text: str, url: str = "") -> EnrolmentOutcome:
    return await enrol_with_code(station.settings, text, secrets.token_bytes, url=url)


async def refusal(station: StationFiles, text: str, url: str = "") -> str:
    with pytest.raises(EnrolError) as caught:
        await attempt(station, text, url)
    assert "\n" not in str(caught.value)
    assert not station.settings.files.enrolment.exists()
    return caught.value.code


@contextlib.asynccontextmanager
async def impostor(
    body: bytes, media_type: str = MEDIA_TYPE, status: int = 200
) -> AsyncIterator[str]:
    """Somebody on loopback who answers everything with the same."""

    async def answer(request: web.Request) -> web.Response:
        await request.read()
        return web.Response(status=status, body=body, content_type=media_type)

    app = web.Application()
    app.router.add_route("*", "/{path:.*}", answer)
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    try:
        site = web.TCPSite(runner, "127.0.0.1", 0)
        await site.start()
        yield f"http://127.0.0.1:{runner.addresses[0][1]}"
    finally:
        await runner.cleanup()


async def test_the_scanned_code_is_all_it_takes(tmp_path: Path) -> None:
    async with both(tmp_path) as (city, station):
        outcome = await attempt(station, qr_text(await code_of(city)))
        assert outcome.station == "26560"
        assert outcome.city_url == city.server.url
        credentials = await read_credentials(station.settings)
        assert credentials.enrolment.keyset.keyset == city.identity.keyset.keyset
        modes = {path.stat().st_mode & 0o777 for path in _keys(station)}
        assert modes == {0o600}


async def test_the_typed_code_needs_the_address(tmp_path: Path) -> None:
    async with both(tmp_path) as (city, station):
        text = typed_form((await code_of(city)).secret).lower().replace("-", " ")
        assert await refusal(station, text) == CODE_ADDRESS
        assert (await attempt(station, text, city.server.url)).city_url == city.server.url


@pytest.mark.parametrize("text", ["", "WES1:", "WES1:AAAA", "0" * 27 + "1", "ABCD-EFGH", "é" * 28])
async def test_a_mistyped_code_never_leaves_the_station(tmp_path: Path, text: str) -> None:
    async with station_files(tmp_path / "station") as station:
        await station.submit(1)
        assert await refusal(station, text, "https://127.0.0.1:1") == CODE_MISTYPED


async def test_every_single_wrong_character_is_noticed(tmp_path: Path) -> None:
    text = typed_form(bytes(range(16)))
    for place, character in enumerate(text):
        if character != "-":
            other = "7" if character != "7" else "8"
            with pytest.raises(EnrolError):
                read_code(text[:place] + other + text[place + 1 :])


async def test_another_stations_code_is_not_sent(tmp_path: Path) -> None:
    async with both(tmp_path) as (city, station):
        other = await code_of(city, 26561)
        assert await refusal(station, qr_text(other)) == CODE_OTHER_STATION
        url = city.server.url
        assert await refusal(station, typed_form(other.secret), url) == "code_unknown"
        await code_of(city)
        assert await refusal(station, typed_form(other.secret), url) == "code_wrong"


async def test_a_city_with_other_roots_is_not_believed(tmp_path: Path) -> None:
    async with both(tmp_path) as (city, station):
        code = await code_of(city)
        changed = code._replace(root_hash=bytes(32))
        assert await refusal(station, qr_text(changed)) == ANSWER_FORGED


async def test_who_stands_between_can_only_make_it_fail(tmp_path: Path) -> None:
    async with both(tmp_path) as (city, station), running_city(tmp_path / "evil") as evil:
        code = await code_of(city)
        typed = typed_form(code.secret)
        identity = await read_node_identity(station.settings)
        keys = ensure_keys(station.settings.files.keys_directory)
        plain = own.make_request(identity, keys).message
        _, without_mac = await enrol(evil.server.registrar, plain, Operator())
        request = coded_request(station.settings, identity, read_code(typed), secrets.token_bytes)
        true = (await city.post("/v1/enrol", request.message)).body
        flipped = true[:-80] + bytes([true[-80] ^ 1]) + true[-79:]
        for body in (without_mac, flipped, b"", b"noise", true + b"\0", bytes(300 << 10)):
            async with impostor(body) as url:
                assert await refusal(station, typed, url) == ANSWER_FORGED
        async with impostor(b"<html>log in</html>", "text/html") as url:
            assert await refusal(station, typed, url) == CITY_UNREACHABLE
        async with impostor(b'{"detail": 7}', "application/problem+json", 403) as url:
            assert await refusal(station, typed, url) == "city_refuses"
        # Relayed unchanged it is the city's own word.
        async with impostor(true) as url:
            assert (await attempt(station, typed, url)).city_url == city.server.url


async def test_a_lost_answer_is_asked_for_again(tmp_path: Path) -> None:
    async with both(tmp_path) as (city, station):
        code = await code_of(city)
        typed = typed_form(code.secret)
        identity = await read_node_identity(station.settings)
        request = coded_request(station.settings, identity, read_code(typed), secrets.token_bytes)
        assert (await city.post("/v1/enrol", request.message)).status == 200
        await attempt(station, qr_text(code))
        await attempt(station, qr_text(code))
        await read_credentials(station.settings)


async def test_nobody_at_the_address(tmp_path: Path) -> None:
    async with both(tmp_path) as (city, station):
        text = typed_form((await code_of(city)).secret)
        async with impostor(b"") as url:
            pass
        assert await refusal(station, text, url) == CITY_UNREACHABLE
        assert await refusal(station, text, "http://city.example") == CODE_ADDRESS


async def test_the_same_two_messages_as_files(tmp_path: Path) -> None:
    async with both(tmp_path) as (city, station):
        code = read_code(typed_form((await code_of(city)).secret))
        identity = await read_node_identity(station.settings)
        request = coded_request(station.settings, identity, code, secrets.token_bytes)
        _, answer = await enrol(city.server.registrar, request.message, Operator())
        wrong = code._replace(secret=bytes(16))
        with pytest.raises(EnrolError):
            accept_answer(station.settings, identity, answer, wrong)
        assert not station.settings.files.enrolment.exists()
        accept_answer(station.settings, identity, answer, code)
        await read_credentials(station.settings)


async def enrolled(city: TestCity, station: StationFiles) -> None:
    await attempt(station, qr_text(await code_of(city)))


async def rotate(city: TestCity, station: StationFiles) -> None:
    credentials = await read_credentials(station.settings)
    enrolment = credentials.enrolment
    async with open_transport(credentials.city_url, enrolment.ca_pem, clock_plausible=True) as line:
        await rotate_keys(
            station.settings, credentials, line, enrolment.keyset.keyset, secrets.token_bytes
        )


async def test_new_keys_are_in_use_and_the_old_ones_gone(tmp_path: Path) -> None:
    async with both(tmp_path) as (city, station):
        await enrolled(city, station)
        before = load_keys(station.settings.files.keys_directory).public
        await rotate(city, station)
        credentials = await read_credentials(station.settings)
        assert set(credentials.keys.public).isdisjoint(before)
        assert sorted(path.name for path in _keys(station)) == ["encryption.pem", "signing.pem"]
        (known,) = city.server.registrar.stations.all()
        assert known.certificate.signing_key == credentials.keys.public[0]


async def test_a_change_of_keys_cut_off_anywhere_leaves_a_station_that_works(
    tmp_path: Path,
) -> None:
    async with both(tmp_path) as (city, station):
        await enrolled(city, station)
        directory = station.settings.files.keys_directory
        old, before = load_keys(directory), station.settings.files.enrolment.read_bytes()
        following = ensure_next_keys(directory)
        # 1. The next keys are made, nobody knows them.
        assert (await read_credentials(station.settings)).keys.public == old.public
        # 2. The city knows them, the answer was lost: the same keys are introduced again.
        copies = {path: path.read_bytes() for path in _keys(station)}
        await rotate(city, station)
        after = station.settings.files.enrolment.read_bytes()
        station.settings.files.enrolment.write_bytes(before)
        _restore(station, copies)
        assert (await read_credentials(station.settings)).keys.public == old.public
        await rotate(city, station)
        assert load_keys(directory).public == following.public
        # 3. The enrolment is in place, the files are not moved, or only one of them is.
        for cut in (False, True):
            station.settings.files.enrolment.write_bytes(after)
            _restore(station, copies)
            if cut:
                (directory / "encryption-next.pem").replace(directory / "encryption.pem")
            credentials = await read_credentials(station.settings)
            assert credentials.keys.public == following.public
            certificate = certificate_for(credentials.enrolment, credentials.identity)
            settle_keys(directory, certificate)
            assert load_keys(directory).public == following.public
            assert len(_keys(station)) == 2


async def test_a_certificate_near_its_end_is_renewed(tmp_path: Path) -> None:
    async with both(tmp_path) as (city, station):
        await enrolled(city, station)
        credentials = await read_credentials(station.settings)
        end_ms = certificate_for(credentials.enrolment, credentials.identity).not_after_ms
        assert end_ms is not None
        assert not needs_renewal(credentials, end_ms - 30 * 86_400_000)
        assert needs_renewal(credentials, end_ms - 30 * 86_400_000 + 1)
        city.clock.now_ms = end_ms - 29 * 86_400_000
        async with open_transport(
            credentials.city_url, credentials.enrolment.ca_pem, clock_plausible=False
        ) as line:
            heard: list[int | None] = [None, end_ms - 31 * 86_400_000, city.clock.now_ms]

            async def city_time_ms() -> int | None:
                return heard.pop(0)

            renewal = Renewal(
                station.settings,
                credentials,
                line,
                lambda: credentials.enrolment.keyset.keyset,
                secrets.token_bytes,
                city_time_ms,
            )
            assert [await renew_in_time(renewal) for _ in range(3)] == [False, False, True]
        renewed = await read_credentials(station.settings)
        assert renewed.keys.public == credentials.keys.public
        assert not needs_renewal(renewed, city.clock.now_ms)


async def test_an_enrolment_of_other_keys_is_refused(tmp_path: Path) -> None:
    async with both(tmp_path) as (city, station):
        await enrolled(city, station)
        for path in _keys(station):
            path.unlink()
        ensure_keys(station.settings.files.keys_directory)
        with pytest.raises(NotEnrolledError) as caught:
            await read_credentials(station.settings)
        assert caught.value.code == ENROLMENT_OTHER


async def test_the_configured_address_comes_first(tmp_path: Path) -> None:
    async with both(tmp_path) as (city, station):
        code = await code_of(city)
        lost = code._replace(city_url="https://127.0.0.1:1")
        settings = msgspec.structs.replace(station.settings, city=City(url=city.server.url))
        await enrol_with_code(settings, qr_text(lost), secrets.token_bytes)
        assert read_enrolment(settings.files.enrolment).city_url == city.server.url


def _keys(station: StationFiles) -> list[Path]:
    return list(station.settings.files.keys_directory.glob("*.pem"))


def _restore(station: StationFiles, copies: dict[Path, bytes]) -> None:
    for path in _keys(station):
        path.unlink()
    for path, content in copies.items():
        path.write_bytes(content)
        path.chmod(0o600)

"""What strangers and broken stations send, and what the page says."""

import asyncio
import ssl
from collections.abc import AsyncIterator
from io import BytesIO
from pathlib import Path

import aiohttp
import pytest
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from sync.city.problems import TITLES
from sync.city.receiving.admission import MAXIMUM_BODY_BYTES
from sync.city.serve import PortBusyError, Surroundings, running
from sync.city.trust.office import look
from sync.city.trust.stations import STATIONS, station_name
from sync.city.web.app import SECURITY_HEADERS
from sync.city.web.page import read_texts, say_age, say_number
from sync.protocol.batch import MEDIA_TYPE, BatchInput
from sync.protocol.custody import CustodyReason
from sync.protocol.keyset import verify_keyset
from sync.protocol.limits import MAXIMUM_BATCH_BYTES, MAXIMUM_CONTROL_BYTES
from sync.protocol.problems import Problem
from tests.city.server import NOW_MS, make_settings, running_city
from tests.city.station import SEALED_AT, SimulatedStation

PATHS = st.sampled_from(["/v1/hello", "/v1/batches"])


def damage(data: bytes, position: int, value: int) -> bytes:
    at = position % len(data)
    return data[:at] + bytes([value]) + data[at + 1 :]


async def test_no_bytes_make_the_server_fail(tmp_path: Path) -> None:
    station = SimulatedStation()
    station.append()
    async with running_city(tmp_path) as city:
        await city.enrol(station)
        good = {
            "/v1/hello": station.hello(),
            "/v1/batches": station.batch(city.identity.encryption_key.public_key()),
        }
        bodies = st.one_of(
            st.binary(max_size=200),
            st.builds(lambda tail: b"\xd2\x84" + tail, st.binary(max_size=200)),
            st.builds(
                damage,
                st.sampled_from(list(good.values())),
                st.integers(0, 4000),
                st.integers(0, 255),
            ),
        )
        cases: list[tuple[str, bytes]] = []
        collect_cases(PATHS, bodies, cases)
        statuses = set()
        for path, body in cases:
            if body in good.values():
                continue
            reply = await city.post(path, body)
            statuses.add(reply.status)
            assert 400 <= reply.status < 500, (path, body.hex(), reply.body)
            assert reply.json()["status"] == reply.status
        assert {401, 422} <= statuses
        assert city.receipt(await city.send(station)).size == 2


def collect_cases(
    paths: st.SearchStrategy[str],
    bodies: st.SearchStrategy[bytes],
    cases: list[tuple[str, bytes]],
) -> None:
    """Draw the examples first: one server then answers them all."""

    @settings(max_examples=150, suppress_health_check=list(HealthCheck))
    @given(paths, bodies)
    def draw(path: str, body: bytes) -> None:
        cases.append((path, body))

    draw()


async def test_each_fault_has_its_status_and_code(tmp_path: Path) -> None:
    station, stranger = SimulatedStation(1), SimulatedStation(2)
    station.append_many(2)
    async with running_city(tmp_path) as city:
        await city.enrol(station)
        public = city.identity.encryption_key.public_key()
        other = X25519PrivateKey.generate().public_key()
        for body, status, code in (
            (b"", 422, "malformed"),
            (stranger.batch(public), 401, "unknown-key"),
            (station.batch(other), 409, "unknown-enc-key"),
            (station.batch(public) + b"\0", 422, "malformed"),
            (station.batch(public)[:-1], 422, "malformed"),
            (BytesIO(bytes(MAXIMUM_BATCH_BYTES + 1)), 413, "too-large"),
        ):
            reply = await city.post("/v1/batches", body)
            assert (reply.status, reply.json()["code"]) == (status, code)
        assert (await city.post("/v1/hello", stranger.hello())).status == 401
        assert (await city.post("/v1/hello", bytes(MAXIMUM_CONTROL_BYTES + 1))).status == 413
        assert (await city.post("/v1/batches", b"x", "text/plain")).status == 415
        assert (await city.request("GET", "/v1/batches")).status == 405
        assert (await city.request("GET", "/nothing")).json()["type"] == "about:blank"
        assert await city.export() == []


@pytest.mark.parametrize(
    ("entries", "root", "reason"),
    [([b"\x01"], None, "malformed"), (None, b"\0" * 32, "root_mismatch")],
)
async def test_a_batch_that_lies_is_set_aside_at_opening_and_never_taken_again(
    tmp_path: Path, entries: list[bytes] | None, root: bytes | None, reason: str
) -> None:
    station = SimulatedStation()
    station.append_many(2)
    log = station.log
    async with running_city(tmp_path) as city:
        await city.enrol(station)
        public = city.identity.encryption_key.public_key()
        lying = BatchInput(
            log.identity,
            None,
            station.code,
            0,
            log.root(0),
            root or log.root(),
            entries or log.raws,
            SEALED_AT,
        )
        # It continues its log, so it is receipted before anybody has read it.
        assert city.receipt(await city.post("/v1/batches", station.seal(lying, public))).size
        while (await city.greet(station)).logs[0].size:
            pass
        (item,) = await city.server.archive.quarantined(station.code)
        assert (item.reason, item.first) == (reason, 0)
        reply = await city.post("/v1/batches", station.seal(lying, public))
        if entries:
            # Only a signed word may lead to a withheld record.
            word = city.custody(reply)
            assert (word.reason, word.first) == (CustodyReason.UNREADABLE, 0)
            assert word.count == len(entries)
        else:
            assert (reply.status, reply.json()["code"]) == (422, "root-mismatch")
            assert reply.json()["stored"] is True
        assert city.receipt(await city.send(station)).root == log.root()
        await city.until_entered(station)
        assert {line["status"] for line in await city.export()} == {"entered"}


async def test_a_station_that_names_another_is_not_believed(tmp_path: Path) -> None:
    station, other = SimulatedStation(1), SimulatedStation(2, code=26561)
    station.append()
    async with running_city(tmp_path) as city:
        await city.enrol(station)
        await city.enrol(other)
        station.code = 26561
        assert (await city.post("/v1/hello", station.hello())).status == 401
        assert (await city.send(station)).status == 401


async def test_enrolled_removed_and_enrolled_again_without_a_restart(tmp_path: Path) -> None:
    station = SimulatedStation()
    async with running_city(tmp_path) as city:
        assert (await city.send(station)).status == 401
        await city.enrol(station, "Công an phường Thử")
        city.receipt(await city.send(station))
        registrar = city.server.registrar
        name = station_name(station.node_id)
        content = await registrar.shelf.read(STATIONS, name)
        assert content is not None
        await registrar.shelf.remove(STATIONS, name)
        await look(registrar)
        assert (await city.send(station)).status == 401
        await registrar.shelf.write(STATIONS, name, content)
        await look(registrar)
        city.receipt(await city.send(station))
        page = (await city.request("GET", "/")).body.decode()
    assert "Công an phường Thử" in page


async def test_more_than_the_server_can_hold_is_asked_to_wait(tmp_path: Path) -> None:
    # A body without a length counts as the largest that is allowed.
    places = MAXIMUM_BODY_BYTES // MAXIMUM_BATCH_BYTES
    async with running_city(tmp_path) as city, asyncio.TaskGroup() as group:
        release = asyncio.Event()

        async def slow_body() -> AsyncIterator[bytes]:
            yield b"x"
            await release.wait()

        held = [group.create_task(city.post("/v1/hello", slow_body())) for _ in range(places)]
        # The requests take their places in their own time.
        full = f"city_requests_in_progress {places}.0"
        while full not in (await city.request("GET", "/metrics")).body.decode():
            pass
        reply = await city.post("/v1/hello", b"x")
        assert reply.status == 429
        assert reply.json()["code"] == "slow-down"
        assert int(reply.headers["Retry-After"]) > 0
        assert (await city.request("GET", "/healthz")).status == 200
        release.set()
        assert {(await task).status for task in held} == {422}
        assert (await city.post("/v1/hello", b"x")).status == 422


async def test_every_answer_has_the_security_headers(tmp_path: Path) -> None:
    async with running_city(tmp_path) as city:
        for path in ("/", "/healthz", "/metrics", "/v1/keyset", "/static/city.css", "/nothing"):
            reply = await city.request("GET", path)
            for name in SECURITY_HEADERS:
                assert name in reply.headers, (path, name)
            assert "Server" not in reply.headers


async def test_keyset_is_signed_by_the_citys_roots(tmp_path: Path) -> None:
    async with running_city(tmp_path) as city:
        reply = await city.request("GET", "/v1/keyset")
        keyset = verify_keyset(reply.body, city.identity.keyset.keyset)
    assert keyset.receipt_keys == (city.identity.receipt_public,)
    assert keyset.encryption_keys == (city.identity.encryption_public,)
    assert reply.headers["Content-Type"] == MEDIA_TYPE


async def test_page_is_complete_in_both_languages(tmp_path: Path) -> None:
    station = SimulatedStation()
    station.append_many(1200)
    async with running_city(tmp_path) as city:
        empty = (await city.request("GET", "/")).body.decode()
        assert "Chưa có trạm nào" in empty
        await city.enrol(station, "Phường <b>Thử</b>")
        for first in range(0, 1201, 400):
            city.receipt(await city.send(station, first, count=min(400, 1201 - first)))
        vietnamese = (await city.request("GET", "/")).body.decode()
        city.clock.now_ms += 5 * 3600 * 1000
        english = (await city.request("GET", "/?lang=en")).body.decode()
    assert '<html lang="vi">' in vietnamese
    assert "Phường &lt;b&gt;Thử&lt;/b&gt;" in vietnamese
    assert "1.201" in vietnamese
    assert "Mã 26560" in vietnamese
    assert '<html lang="en">' in english
    assert "1,201" in english
    assert "5 h ago" in english
    assert "Silent for more than 4 hours" in english
    assert "style=" not in vietnamese
    assert "<script>" not in vietnamese


async def test_metrics_count_and_name_no_person(tmp_path: Path) -> None:
    station = SimulatedStation()
    station.append_many(3)
    async with running_city(tmp_path) as city:
        await city.enrol(station, "Tên trạm")
        city.receipt(await city.send(station))
        await city.post("/v1/hello", b"")
        text = (await city.request("GET", "/metrics")).body.decode()
    assert "city_records_total 4.0" in text
    assert 'city_problems_total{code="malformed"} 1.0' in text
    assert "Tên trạm" not in text
    for name in (
        'city_station_last_contact_timestamp_seconds{station="26560"}',
        'city_station_behind_records{station="26560"}',
        "city_opening_lag_seconds",
        "city_unarchived_records 4.0",
        "city_parked_age_seconds",
        "city_quarantined_items",
        'city_request_seconds_bucket{le="0.05"}',
    ):
        assert name in text, name


def test_both_languages_have_the_same_sentences() -> None:
    vietnamese, english = read_texts("vi"), read_texts("en")
    assert vietnamese.keys() == english.keys()
    assert all(vietnamese.values())
    assert all(english.values())
    for name, text in vietnamese.items():
        assert text.count("{") == english[name].count("{"), name


def test_every_problem_has_a_title() -> None:
    assert TITLES.keys() == set(Problem)


@pytest.mark.parametrize(
    ("age_ms", "words"),
    [
        (None, "chưa từng liên lạc"),
        (0, "vừa xong"),
        (119_999, "vừa xong"),
        (120_000, "2 phút trước"),
        (59 * 60_000, "59 phút trước"),
        (60 * 60_000, "1 giờ trước"),
        (47 * 3_600_000, "47 giờ trước"),
        (48 * 3_600_000, "2 ngày trước"),
    ],
)
def test_ages_in_words(age_ms: int | None, words: str) -> None:
    assert say_age(age_ms, read_texts("vi")) == words


def test_numbers_in_both_languages() -> None:
    assert (say_number(1234567, "vi"), say_number(1234567, "en")) == ("1.234.567", "1,234,567")


async def test_old_tls_and_plain_text_are_refused(tmp_path: Path) -> None:
    async with running_city(tmp_path) as city:
        old = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        old.check_hostname, old.verify_mode = False, ssl.CERT_NONE
        old.minimum_version = ssl.TLSVersion.MINIMUM_SUPPORTED
        with pytest.warns(DeprecationWarning, match="TLS"):
            old.maximum_version = ssl.TLSVersion.TLSv1_1
        with pytest.raises(aiohttp.ClientConnectorError):
            await city.request("GET", "/healthz", ssl=old)
        plain = city.server.url.replace("https:", "http:")
        with pytest.raises(aiohttp.ClientError):
            await city.session.get(plain + "/healthz")


async def test_a_busy_port_is_named(tmp_path: Path) -> None:
    async with running_city(tmp_path) as city:
        taken = make_settings(tmp_path / "second", port=city.server.port)
        with pytest.raises(PortBusyError):
            async with running(taken, Surroundings(lambda: NOW_MS, lambda size: b"i" * size)):
                pass

"""The city's page on a citizen's phone: what it knows, how old that is, and no person."""

import re
from pathlib import Path

import pytest

from edge_node.domain.dossier import DossierState
from edge_node.domain.public_state import PUBLIC_STATE as STATION_STATES
from sync.city.web.page import LANGUAGES, read_texts
from sync.city.web.public_page import BURST_LOOKS
from sync.city.web.tracking import (
    PUBLIC_STATE,
    STALE_AFTER_MS,
    say_time,
    steps,
)
from sync.protocol.tracking import dossier_token, ticket_token
from tests.city.server import NOW_MS, TestCity, running_city
from tests.city.station import SimulatedStation

NUMBER = "T26560-7KXM-00001-3"
BODY = (
    b'{"type":"dossier.submitted","dossier_no":"T26560-7KXM-00001-3","procedure_id":"p",'
    b'"applicant":{"full_name":"Ng\xe1\xbb\x8dc M\xe1\xba\xabu","id_number":"079190000017"}}'
)
MAXIMUM_PAGE_BYTES = 15_000


async def text(city: TestCity, path: str, status: int = 200) -> str:
    reply = await city.request("GET", path)
    assert reply.status == status
    assert reply.headers["Cache-Control"] == "no-store"
    assert reply.headers["X-Robots-Tag"] == "noindex, nofollow"
    assert "Set-Cookie" not in reply.headers
    return reply.body.decode()


async def weight(city: TestCity, page: str) -> int:
    """Bytes of the page with its style sheet."""
    style = re.search(r'stylesheet" href="([^"]+)"', page)
    assert style is not None
    return len(page.encode()) + len((await city.request("GET", style[1])).body)


async def test_a_dossier_from_its_station_to_the_phone(tmp_path: Path) -> None:
    station = SimulatedStation()
    subject = station.append(body=BODY).subject
    assert subject is not None
    path = f"/t/{dossier_token(subject)}"
    async with running_city(tmp_path) as city:
        await city.enrol(station, "Công an phường Bà Rịa")
        assert "Thành phố chưa có hồ sơ này" in await text(city, path, 404)
        await city.send(station)
        await city.until_entered(station)
        page = await text(city, path)
        assert NUMBER in page
        assert "Đã nộp, chờ tiếp nhận" in page
        assert "Công an phường Bà Rịa" in page
        assert "Thành phố đã nhận và ghi sổ" in page
        assert "tạm mất mạng" not in page
        for personal in ("Ngọc", "079190000017"):
            assert personal not in page
        assert "<script" not in page
        assert await weight(city, page) <= MAXIMUM_PAGE_BYTES

        received = b'{"type":"dossier.received","state":"received"}'
        station.append(17, subject=subject, version=2, body=received)
        await city.send(station, 2)
        await city.until_entered(station)
        assert 'aria-current="step">Received<' in await text(city, f"{path.lower()}?lang=en")

        city.clock.now_ms += STALE_AFTER_MS + 60_000
        stale = await text(city, path)
        assert "Trạm tạm mất mạng từ " in stale
        assert "Ngày hẹn không đổi" in stale
        assert "(31 phút trước)" in stale


async def test_what_the_city_cannot_know_is_said_in_words(tmp_path: Path) -> None:
    async with running_city(tmp_path) as city:
        number = ticket_token(bytes(32), 1, "2026-11-23")
        assert "chỉ xem được tại trạm" in await text(city, f"/t/{number}", 404)
        assert "Không tìm thấy" in await text(city, "/t/nothing", 404)
        for _ in range(BURST_LOOKS):
            reply = await city.request("GET", "/t/nothing")
        reply = await city.request("GET", "/t/nothing")
        assert reply.status == 429
        assert int(reply.headers["Retry-After"]) > 0


def test_station_and_city_tell_the_same_seven_states() -> None:
    told = {state.value: STATION_STATES[state].value for state in DossierState}
    assert dict(PUBLIC_STATE) == told
    assert len(set(PUBLIC_STATE.values())) == 7


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_state_has_its_words(language: str) -> None:
    texts = read_texts(f"tracking-{language}")
    for state in set(PUBLIC_STATE.values()):
        assert texts[f"state_{state}"]
        assert texts[f"state_{state}_text"]
        assert [mark for _, mark in steps(state)].count("now") == 1
    assert texts.keys() == read_texts("tracking-vi").keys()


def test_another_day_is_said_with_its_date() -> None:
    assert re.fullmatch(r"\d\d:\d\d", say_time(NOW_MS, NOW_MS))
    assert re.fullmatch(r"\d\d:\d\d \d\d/\d\d/\d{4}", say_time(NOW_MS, NOW_MS + 3 * 86_400_000))

"""The exchange with the city on the technician's page, and what may be asked of the service."""

from html import unescape

import pytest

from edge_node.usecases import technician
from edge_node.usecases.station import Station
from edge_node.usecases.technician import MAXIMUM_CODE_CHARACTERS, PATIENCE_MS
from edge_node.web.localisation import LANGUAGES, load_translators
from edge_node.web.status.road import GIGABYTE, size
from tests.usecases.city_side import Daemon
from tests.web.counter_client import enter, look, send
from tests.web.station import TestClock
from tests.web.status.conftest import Client

DAY_MS = 86_400_000


async def requests(station: Station) -> list[tuple[str, str]]:
    rows = await station.store.read(
        lambda c: c.execute("SELECT kind, argument FROM request_to_daemon ORDER BY id").fetchall()
    )
    return [(row[0], row[1]) for row in rows]


async def ask(client: Client, kind: str, **fields: str) -> str:
    status, _, where = await send(client, "/status/requests", kind=kind, **fields)
    assert status == 303
    return where


async def test_before_the_service_ever_ran_the_page_says_so(client: Client) -> None:
    page = await look(client, "/status")
    assert "Dịch vụ gửi chưa chạy lần nào." in page
    assert "<progress" not in page


async def test_a_backlog_on_its_way_has_a_bar_with_numbers(
    client: Client, daemon: Daemon, clock: TestClock
) -> None:
    await daemon.run("INSERT INTO progress VALUES (1, 2000, 500, ?, ?, 0, 240)", 4 << 20, 1 << 20)
    day = clock.read().wall_ms // DAY_MS
    await daemon.run("INSERT INTO link VALUES (?, ?, 2048)", day, 3 << 20)
    page = await look(client, "/status")
    assert "Đã gửi 500 trên 2.000 bản ghi (1 MB trên 4 MB)" in page
    assert 'max="2000" value="500"' in page
    assert "Còn khoảng 4 phút" in page
    assert "Hôm nay gửi 3 MB, nhận 2 KB" in page
    await daemon.run("UPDATE progress SET records_done = 2000")
    assert "<progress" not in await look(client, "/status")


async def test_counts_are_shown_when_there_is_something_to_count(
    client: Client, daemon: Daemon
) -> None:
    page = await look(client, "/status")
    assert "Thành phố từ chối" not in page
    lid = b"l" * 16
    for sequence, code in enumerate(("rejected", "conflict", "parked", "duplicate")):
        await daemon.run(
            "INSERT INTO record_status (lid, sequence, code) VALUES (?, ?, ?)", lid, sequence, code
        )
    await daemon.run("INSERT INTO aside VALUES (zeroblob(32), ?, 0, 7, 2, x'')", lid)
    page = await look(client, "/status")
    assert "<dt>Thành phố từ chối</dt><dd>2</dd>" in page
    assert "<dt>Chờ bước trước ở thành phố</dt><dd>1</dd>" in page
    assert "<dt>Bị giữ riêng</dt><dd>7</dd>" in page
    assert "Thành phố giữ riêng 7 bản ghi" in page


@pytest.mark.parametrize(
    ("kind", "title"),
    [
        ("lost_archived", "Thành phố mất phần đã hứa lưu"),
        ("branch_other_hardware", "Có máy khác dùng khóa của trạm"),
        ("missing_tail", "Thiếu bản ghi trạm từng báo có"),
    ],
)
async def test_the_three_alarms_are_on_the_page(
    client: Client, daemon: Daemon, kind: str, title: str
) -> None:
    await daemon.notice(b"l" * 16, kind, 3, 9)
    page = await look(client, "/status")
    assert title in page
    assert "job-bad" in page


async def test_a_stranger_asks_for_nothing(client: Client, station: Station) -> None:
    page = await look(client, "/status")
    assert 'action="/status/requests"' not in page
    assert "Cán bộ đăng nhập ở quầy" in page
    status, _, where = await send(client, "/status/requests", kind="stick_export")
    assert (status, where) == (303, "/counter/sign-in")
    assert await requests(station) == []


async def test_an_officer_asks_and_sees_the_answer_grow(
    client: Client, station: Station, daemon: Daemon
) -> None:
    await enter(client)
    assert await ask(client, "stick_export") == "/status#tools"
    assert await requests(station) == [("stick_export", "")]
    assert "Ghi ra USB: đang chờ dịch vụ gửi, bấm lúc 08:42" in await look(client, "/status")
    await daemon.run("INSERT INTO request_answer VALUES (1, 'running', 0, 0, '', NULL)")
    assert "Ghi ra USB: đang làm" in await look(client, "/status")
    await daemon.run("UPDATE request_answer SET done = 120, total = 480")
    page = await look(client, "/status")
    assert "Ghi ra USB: 120 trên 480" in page
    assert 'max="480" value="120"' in page
    await daemon.run("UPDATE request_answer SET state = 'done', finished_wall_ms = 1795398120000")
    assert "Ghi ra USB: xong lúc" in await look(client, "/status")


@pytest.mark.parametrize(
    ("code", "words"),
    [
        ("interrupted", "Bấm lại."),
        ("unknown_request", "chưa làm được việc đó"),
        ("stick_full", "đọc mã: stick_full"),
    ],
)
async def test_a_failure_says_what_to_do(
    client: Client, daemon: Daemon, code: str, words: str
) -> None:
    await enter(client)
    await ask(client, "stick_import")
    await daemon.run("INSERT INTO request_answer VALUES (1, 'failed', 0, 0, ?, 1)", code)
    page = await look(client, "/status")
    assert "Đọc từ USB: không làm được" in page
    assert words in page


async def test_one_request_at_a_time_and_a_silent_service_holds_nobody_up(
    client: Client, station: Station, clock: TestClock
) -> None:
    await enter(client)
    await ask(client, "stick_export")
    where = await ask(client, "stick_export")
    assert where == "/status?problem=request_open#tools"
    assert "Yêu cầu trước chưa xong." in await look(client, where.partition("#")[0])
    clock.advance(PATIENCE_MS // 1000)
    assert "dịch vụ gửi không trả lời" in await look(client, "/status")
    await enter(client)
    assert await ask(client, "stick_export") == "/status#tools"
    assert len(await requests(station)) == 2


async def test_an_enrolment_code_is_taken_and_not_kept_for_ever(
    client: Client, station: Station, daemon: Daemon
) -> None:
    await enter(client)
    for wrong in ("", "  ", "x" * (MAXIMUM_CODE_CHARACTERS + 1)):
        assert "enrolment_code_form" in await ask(client, "enrol", code=wrong)
    await ask(client, "enrol", code=" abcd-efgh jkmn ")
    assert await requests(station) == [("enrol", "abcd-efghjkmn")]
    assert "abcd" not in await look(client, "/status")
    await daemon.run("INSERT INTO request_answer VALUES (1, 'done', 0, 0, '', 1)")
    await ask(client, "enrol", code="other")
    assert await requests(station) == [("enrol", ""), ("enrol", "other")]


async def test_an_unknown_request_and_an_unknown_problem_are_nothing(client: Client) -> None:
    await enter(client)
    status, _, _ = await send(client, "/status/requests", kind="format_disk")
    assert status == 400
    page = await look(client, "/status?problem=<script>alert(1)</script>")
    assert "alert(1)" not in page


async def test_english_is_complete(client: Client, daemon: Daemon) -> None:
    await enter(client)
    await ask(client, "enrol", code="abc")
    await daemon.run("INSERT INTO progress VALUES (1, 20, 5, 100, 10, 0, NULL)")
    await daemon.notice(b"l" * 16, "missing_tail", 3, 9)
    async with client.get("/status?lang=en") as response:
        page = unescape(await response.text())
    assert "5 of 20 records sent (1 KB of 1 KB)" in page
    assert "Enrolling the station" in page
    assert "status." not in page.partition("<main")[2]


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize(
    ("value", "text"),
    [(0, "0 KB"), (1, "1 KB"), (1023 << 10, "1.023 KB"), (1 << 20, "1 MB"), (GIGABYTE, "1 GB")],
)
def test_bytes_in_words(language: str, value: int, text: str) -> None:
    shown = size(load_translators()[language], value)
    assert shown.replace(",", ".") == text


async def test_the_node_s_own_notices_settle(station: Station, daemon: Daemon) -> None:
    await daemon.notice(b"l" * 16, "rollback", 3, 9)
    assert (await technician.city_words(station)).alarms == {"rollback"}

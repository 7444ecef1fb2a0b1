"""The desk page: what it shows, its switches with and without script, what it refuses."""

import contextlib
import os
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from aiohttp.test_utils import TestClient, TestServer
from yarl import URL

from edge_node.demo.desk import NEWEST_PAPERS
from edge_node.demo.samples import SAMPLES
from hardware.scanner import SerialScanner
from tests.demo.desk import Demo, demo
from tests.web.pages import Browser

PERSON = {"Accept": "text/html,application/xhtml+xml"}


@pytest.fixture
async def shown(tmp_path: Path) -> AsyncIterator[Demo]:
    async with demo(tmp_path) as running:
        yield running


@pytest.fixture
async def client(shown: Demo) -> AsyncIterator[Browser]:
    async with TestClient(TestServer(shown.app)) as opened:
        yield opened


async def test_the_page_shows_everything(shown: Demo, client: Browser) -> None:
    answer = await client.get("/")
    html = await answer.text()
    assert answer.status == 200
    for url in (shown.layout.urls[name] for name in ("kiosk", "counter", "display", "status")):
        assert f'href="{url}"' in html
    for sample in SAMPLES:
        assert f'action="/scan/{sample.id}"' in html
        assert sample.text not in html
    for word in ("Đường truyền thông suốt", "Nguyễn Văn Mẫu", "city", "đang chạy", "đã dừng"):
        assert word in html
    assert "Chưa in tờ nào" in html


async def test_every_answer_is_guarded(client: Browser) -> None:
    for path in ("/", "/state", "/static/desk.js", "/static/desk.css", "/nothing"):
        answer = await client.get(path)
        policy = answer.headers["Content-Security-Policy"]
        assert "default-src 'none'" in policy
        assert "unsafe" not in policy
        assert answer.headers["X-Content-Type-Options"] == "nosniff"
        assert "Server" not in answer.headers


async def test_the_switch_of_the_line(shown: Demo, client: Browser) -> None:
    for path, whole, words in (
        ("/line/cut", False, "Đường truyền bị cắt"),
        ("/line/restore", True, "Đường truyền thông suốt"),
    ):
        answer = await client.post(path)
        assert (answer.status, answer.content_type) == (200, "application/json")
        assert shown.line.whole is whole
        assert (await (await client.get("/state")).json())["line"] is whole
        by_person = await client.post(path, headers=PERSON)
        assert by_person.history[0].status == 303
        assert 'role="status" data-whole="Đường truyền thông suốt"' in await by_person.text()
        assert f">{words}</p>" in await by_person.text()


async def test_a_card_on_the_reader_reaches_it(shown: Demo, client: Browser) -> None:
    reader = SerialScanner(shown.layout.scanner)
    async with contextlib.aclosing(reader.frames()) as frames:
        for sample in SAMPLES[:2]:
            assert (await client.post(f"/scan/{sample.id}")).status == 200
            assert await anext(frames) == sample.text.encode()
    assert (await client.post("/scan/nobody")).status == 404


def has_paper(shown: Demo) -> bool:
    return not shown.printer.faults.paper_out


async def test_paper_out_and_in_again(shown: Demo, client: Browser) -> None:
    assert (await client.post("/paper/ticket/out")).status == 200
    assert not has_paper(shown)
    by_person = await client.post("/paper/ticket/in", headers=PERSON)
    assert (by_person.status, by_person.url.path) == (200, "/")
    assert has_paper(shown)
    for path in ("/paper/label/out", "/paper/ticket/burning"):
        assert (await client.post(path)).status == 404


async def test_a_device_that_is_away_is_said(client: Browser) -> None:
    answer = await client.post("/paper/slip/out")
    assert answer.status == 502
    assert "/fault: ClientConnectorError" in await answer.text()


async def test_printed_paper_is_shown_newest_first(shown: Demo, client: Browser) -> None:
    for number in range(NEWEST_PAPERS + 2):
        role = "slip" if number % 2 else "ticket"
        file = shown.print(role, f"page-{number:03d}.png")
        os.utime(file, ns=(number, number))
    (shown.layout.paper["ticket"] / "page-000.json").write_text("{}")
    papers = (await (await client.get("/state")).json())["papers"]
    newest = NEWEST_PAPERS + 1
    assert len(papers) == NEWEST_PAPERS
    assert papers[0] == {"role": "slip", "url": f"/paper/slip/page-{newest:03d}.png"}
    html = await (await client.get("/")).text()
    assert html.count("<img ") == NEWEST_PAPERS
    assert 'alt="Giấy hẹn A5"' in html
    picture = await client.get(papers[0]["url"])
    assert (picture.status, picture.content_type) == (200, "image/png")
    assert picture.headers["Cache-Control"] == "no-store"


NOT_GIVEN = [
    "/paper/ticket/none.png",
    "/paper/label/page-000.png",
    "/paper/ticket/page-000.json",
    "/paper/ticket/..%2F..%2Fsecret.png",
    "/paper/ticket/..%2fslip%2fpage-001.png",
    "/paper/..%2F..%2F/secret.png",
    "/paper/ticket/%2Fetc%2Fpasswd.png",
    "/paper/ticket/a%00.png",
    "/paper/ticket/.png",
    "/static/..%2Flayout.py",
    "/static/../layout.py",
    "/static/",
]


async def test_nothing_else_is_given_out(shown: Demo, client: Browser) -> None:
    shown.print("ticket", "page-000.png")
    shown.print("slip", "page-001.png")
    (shown.layout.state / "secret.png").write_bytes(b"secret")
    assert (await client.get("/paper/slip/page-001.png")).status == 200
    for path in NOT_GIVEN:
        answer = await client.get(URL(path, encoded=True))
        assert answer.status in {403, 404}, path
        assert b"secret" not in await answer.read()

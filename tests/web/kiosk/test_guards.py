"""What surrounds every page: headers, foreign forms, static files, errors of ours."""

import gzip
import re

import pytest
from aiohttp import web
from aiohttp.test_utils import TestClient, TestServer

from edge_node.domain.errors import DomainError, ErrorCode, Fault
from edge_node.usecases.station import Station
from edge_node.web.pages import FORM_TIMEOUT_S, MAXIMUM_FIELD_CHARACTERS, MAXIMUM_FORM_FIELDS
from tests.web.pages import Browser, get, post
from tests.web.station import make_app


async def test_the_policy_allows_nothing_inline_and_nothing_foreign(client: Browser) -> None:
    async with client.get("/kiosk") as answer:
        policy = answer.headers["Content-Security-Policy"]
        html = await answer.text()
        assert answer.headers["Cache-Control"] == "no-store"
    assert "default-src 'none'" in policy
    assert "unsafe" not in policy
    assert "require-trusted-types-for 'script'" in policy
    assert not re.search(r"<style|\sstyle=|\son[a-z]+=|<script(?![^>]*\ssrc=)", html)
    assert not re.search(r'(?:src|href)="(?:https?:)?//', html)


@pytest.mark.parametrize(
    "headers",
    [
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site"},
        {"Origin": "https://example.org"},
        {"Origin": "null"},
        {},
    ],
)
async def test_a_foreign_form_is_refused(station: Station, headers: dict[str, str]) -> None:
    async with (
        TestClient(TestServer(make_app(station))) as client,
        client.post("/kiosk/ticket", data={}, headers=headers) as answer,
    ):
        assert answer.status == 403
        assert "không đến từ màn hình của trạm" in await answer.text()


async def test_our_own_form_needs_only_the_origin(station: Station) -> None:
    async with TestClient(TestServer(make_app(station))) as client:
        origin = str(client.make_url("/")).rstrip("/")
        async with client.post(
            "/kiosk/reset", headers={"Origin": origin}, allow_redirects=False
        ) as answer:
            assert answer.status == 303


async def test_static_files_are_kept_for_ever_and_compressed(client: Browser) -> None:
    page = await get(client, "/kiosk")
    address = re.search(r'href="(/static/[^"]*kiosk\.css)"', page.html)
    assert address is not None
    async with client.get(address[1], headers={"Accept-Encoding": "gzip"}) as answer:
        assert answer.status == 200
        assert "immutable" in answer.headers["Cache-Control"]
        assert answer.headers["Content-Encoding"] == "gzip"
    async with client.get("/static/0123456789ab/css/kiosk.css") as answer:
        assert answer.status == 200, "a page left open over an update still finds its files"
        assert answer.headers["Cache-Control"] == "no-store"
    for path in ("css/nothing.css", "../app.py", "fonts/.gitignore"):
        async with client.get(f"/static/0123456789ab/{path}") as answer:
            assert answer.status == 404, path


async def test_every_asset_a_page_names_exists(client: Browser) -> None:
    page = await get(client, "/kiosk")
    for address in set(re.findall(r'(?:href|src)="(/static/[^"#]*)', page.html)):
        async with client.get(address) as answer:
            assert answer.status == 200, address


async def test_a_page_weighs_little(client: Browser) -> None:
    """Everything a cold kiosk loads, compressed, stays below 60 KB."""
    page = await get(client, "/kiosk")
    total = len(gzip.compress(page.html.encode()))
    for address in set(re.findall(r'(?:href|src)="(/static/[^"#]*)', page.html)):
        async with client.get(address, headers={"Accept-Encoding": "gzip"}) as answer:
            total += int(answer.headers["Content-Length"])
    assert total < 60 << 10


async def test_too_much_is_refused_with_words(client: Browser) -> None:
    many = {f"field{number}": "x" for number in range(MAXIMUM_FORM_FIELDS + 1)}
    assert (await post(client, "/kiosk/person", **many)).status in (400, 422)
    long = await post(client, "/kiosk/ticket", service="x" * (MAXIMUM_FIELD_CHARACTERS + 1))
    assert long.status == 400
    assert "làm lại" in long.text
    huge = await post(client, "/kiosk/ticket", service="x" * (300 << 10))
    assert huge.status == 413
    assert FORM_TIMEOUT_S <= 30


async def fail_with_domain_error(request: web.Request) -> web.Response:
    raise DomainError(ErrorCode.STORAGE_FULL, fault=Fault.STATION)


async def fail_unexpectedly(request: web.Request) -> web.Response:
    raise RuntimeError("secret inside")


@pytest.mark.parametrize(
    ("handler", "status", "words"),
    [
        (fail_with_domain_error, 507, "Xin đến quầy; cán bộ nhận hồ sơ giấy"),
        (fail_unexpectedly, 500, "Máy gặp lỗi chưa lường trước."),
    ],
)
async def test_a_failure_of_ours_is_a_page_with_a_remedy(
    station: Station, handler: web.RequestHandler, status: int, words: str
) -> None:
    app = make_app(station)
    app.router.add_get("/kiosk/fail", handler)  # type: ignore[arg-type]
    async with TestClient(TestServer(app)) as client, client.get("/kiosk/fail") as answer:
        text = await answer.text()
        assert answer.status == status
        assert words in text
        assert "secret inside" not in text
        assert answer.headers["X-Request-Id"]

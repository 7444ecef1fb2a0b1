"""What LAN clients are promised: shapes, keys, tokens, refusals, silence about people."""

import asyncio
import json
import logging
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from aiohttp.test_utils import TestClient, TestServer

from edge_node.health.examine import Devices
from edge_node.usecases.intake import MAXIMUM_KEY_CHARACTERS
from edge_node.usecases.station import Station
from edge_node.web.api import MAXIMUM_BODY_BYTES
from tests.usecases.samples import APPLICANT
from tests.web.lan import (
    DOSSIERS,
    PAIRED,
    PROBLEM,
    TICKETS,
    dossier,
    hand_in,
    make_lan_app,
    paired,
    refusal,
)
from tests.web.pages import Browser

KEY = {**PAIRED, "Idempotency-Key": "k1"}
JSON = {"Content-Type": "application/json"}


NOT_KEYS = [
    (None, "idempotency_key_missing"),
    ("", "idempotency_key_missing"),
    ("x" * (MAXIMUM_KEY_CHARACTERS + 1), "idempotency_key_malformed"),
    ("khóa", "idempotency_key_malformed"),
]

NOT_TOKENS = [
    None,
    "",
    "Bearer",
    "Bearer wrong",
    "Basic dGhpZXQtYmk6MDAwMQ==",
    PAIRED["Authorization"].removeprefix("Bearer "),
    "Bearer " + "x" * 4000,
]

MISPLACED: list[tuple[dict[str, Any], str, str]] = [
    ({"priority": 1}, "", "Object contains unknown field `priority`"),
    ({"applicant": {**APPLICANT, "email": ""}}, "applicant", "unknown field `email`"),
    ({"documents": [{"id": "ct01", "got": True}]}, "documents[0]", "unknown field `got`"),
    ({"documents": [{"id": "ct01"}]}, "documents[0]", "missing required field `have`"),
    ({"applicant": {"full_name": "X"}}, "applicant", "missing required field `id_number`"),
    ({"answers": {"new_address": 1.5}}, "answers[...]", "got `float`"),
    ({"answers": {"new_address": [[[["x"]]]]}}, "answers[...]", "got `array`"),
    ({"answers": {"new_address": None}}, "answers[...]", "got `null`"),
    ({"applicant": {**APPLICANT, "id_number": 79190000017}}, "applicant.id_number", "`int`"),
    ({"procedure_id": None}, "procedure_id", "got `null`"),
]

IMPOSSIBLE: list[tuple[dict[str, Any], str, dict[str, Any]]] = [
    ({"procedure_id": "no-such"}, "procedure_unknown", {}),
    ({"answers": {"colour": "red"}}, "answer_unknown", {"name": "colour"}),
    ({"answers": {"members": 10**17}}, "answer_invalid", {"name": "members"}),
    ({"answers": {"members": 10**30}}, "answer_invalid", {"name": "members"}),
    ({"documents": [{"id": "no", "have": True}]}, "document_unknown", {"name": "no"}),
    (
        {"applicant": {**APPLICANT, "id_number": "07919000001"}},
        "identity_number_length",
        {"length": 11},
    ),
    (
        {"applicant": {**APPLICANT, "id_number": "07919000001X"}},
        "identity_number_digits",
        {},
    ),
    ({"applicant": {**APPLICANT, "sex": "x"}}, "sex_invalid", {}),
    ({"applicant": {**APPLICANT, "date_of_birth": "31.2.1990"}}, "date_of_birth_invalid", {}),
    ({"applicant": {**APPLICANT, "full_name": "A\x00B"}}, "name_invalid", {}),
]

NOT_DOSSIERS = [
    b"",
    b"{",
    b"null",
    b"[]",
    b'"x"',
    b'{"procedure_id": "\xff\xfe"}',
    b'{"procedure_id": "\\ud800"}',
    "{}".encode("utf-16"),
    b"\xef\xbb\xbf{}",
    b"[" * 60_000,
    b'{"x": ' * 10_000,
    b'{"answers": {"a": ' + b"[" * 30_000,
    json.dumps(dossier()).encode() + b" x",
    json.dumps(dossier()).encode().replace(b'"res-temporary"', b"NaN"),
]

NOT_JSON = ["text/plain", "application/xml", "nonsense", ""]

NOT_THERE = [
    (f"{DOSSIERS}/{'0' * 32}", "dossier_unknown"),
    (f"{DOSSIERS}/nonsense", "dossier_number_form"),
    (f"{DOSSIERS}/%00%ff%2f..%2f", "dossier_number_form"),
    (f"{DOSSIERS}/{'9' * 3000}", "dossier_number_form"),
    (f"{DOSSIERS}/", "not_found"),
    ("/api/v1/", "not_found"),
    ("/api/v2/health", "not_found"),
    ("/api/nothing?q=1", "not_found"),
]

OTHER_METHODS = [
    ("GET", DOSSIERS, "POST"),
    ("DELETE", f"{DOSSIERS}/x", "GET"),
    ("OPTIONS", TICKETS, "POST"),
    ("PATCH", "/api/v1/health", "GET"),
    ("TRACE", "/api/v1/procedures", "GET"),
    ("POST", "/api/openapi.json", "GET"),
]


@pytest.fixture
async def lan(station: Station, tmp_path: Path) -> AsyncIterator[Browser]:
    devices = Devices(data_directory=tmp_path, version="1.2.3")
    server = TestServer(make_lan_app(paired(station), devices))
    async with TestClient(server) as client:
        yield client


async def waiting(lan: Browser) -> int:
    """How many dossiers the station holds for the city."""
    report = await (await lan.get("/api/v1/health")).json()
    return int(report["backlog"]["dossiers"])


async def test_a_dossier_is_answered_with_exactly_what_is_promised(lan: Browser) -> None:
    answer = await hand_in(lan)
    assert (answer.status, answer.content_type) == (201, "application/json")
    assert "Idempotency-Replayed" not in answer.headers
    body = await answer.json()
    assert list(body) == ["dossier_id", "dossier_no", "state", "ticket", "saved_at", "log"]
    assert (body["state"], body["ticket"]) == ("submitted", "A001")
    assert body["saved_at"] == "2026-11-23T08:42:00+07:00"
    assert body["dossier_no"].startswith("T26560-")
    assert len(bytes.fromhex(body["dossier_id"])) == len(bytes.fromhex(body["log"]["lid"])) == 16
    assert body["log"] == {"lid": body["log"]["lid"], "seq": 1}


async def test_the_same_key_gets_the_same_bytes(lan: Browser) -> None:
    first = await hand_in(lan)
    again = await hand_in(lan)
    assert (again.status, again.headers["Idempotency-Replayed"]) == (200, "true")
    assert await again.read() == await first.read()
    assert await waiting(lan) == 1


async def test_fifty_at_once_under_one_key_are_one_dossier(lan: Browser) -> None:
    answers = await asyncio.gather(*(hand_in(lan) for _ in range(50)))
    assert sorted(answer.status for answer in answers) == [200] * 49 + [201]
    assert len({await answer.read() for answer in answers}) == 1
    assert await waiting(lan) == 1


async def test_another_dossier_under_the_same_key_is_refused(lan: Browser) -> None:
    await hand_in(lan)
    problem = await refusal(await hand_in(lan, documents=[]), 422)
    assert problem["code"] == "idempotency_key_reused"
    assert await waiting(lan) == 1


async def test_a_key_that_is_none(lan: Browser) -> None:
    for key, code in NOT_KEYS:
        headers = PAIRED if key is None else {**PAIRED, "Idempotency-Key": key}
        answer = await lan.post(DOSSIERS, json=dossier(), headers=headers)
        assert (await refusal(answer, 400))["code"] == code
        assert await waiting(lan) == 0


async def test_without_a_known_token_nothing_goes(lan: Browser) -> None:
    for header in NOT_TOKENS:
        headers = {"Idempotency-Key": "k1"} | ({} if header is None else {"Authorization": header})
        for answer in (
            await lan.post(DOSSIERS, json=dossier(), headers=headers),
            await lan.post(TICKETS, json={"service": "residence"}, headers=headers),
            await lan.get(f"{DOSSIERS}/T26560-0000-00001-0", headers=headers),
        ):
            assert answer.headers["WWW-Authenticate"] == "Bearer"
            assert (await refusal(answer, 401))["code"] == "device_unknown"
        assert await waiting(lan) == 0


async def test_the_place_of_a_fault_is_named(lan: Browser) -> None:
    for changes, place, reason in MISPLACED:
        problem = await refusal(await hand_in(lan, **changes), 400)
        assert problem["code"] == "body_malformed"
        assert problem["params"]["place"] == place
        assert reason in problem["params"]["reason"]


async def test_content_that_cannot_be(lan: Browser) -> None:
    for changes, code, params in IMPOSSIBLE:
        problem = await refusal(await hand_in(lan, **changes), 422)
        assert (problem["code"], problem["params"]) == (code, params)
        assert await waiting(lan) == 0
    # The key was not used up: the corrected dossier goes in under it.
    assert (await hand_in(lan)).status == 201


async def test_bodies_that_are_no_dossier(lan: Browser) -> None:
    for body in NOT_DOSSIERS:
        answer = await lan.post(DOSSIERS, data=body, headers={**KEY, **JSON})
        assert (await refusal(answer, 400))["code"] == "body_malformed"
        assert await waiting(lan) == 0


async def test_only_json_is_read(lan: Browser) -> None:
    for content_type in NOT_JSON:
        body = json.dumps(dossier()).encode()
        answer = await lan.post(DOSSIERS, data=body, headers={**KEY, "Content-Type": content_type})
        problem = await refusal(answer, 400)
        assert problem["params"] == {"place": "Content-Type", "reason": "application/json"}


async def raw_status(lan: Browser, *headers: bytes) -> bytes:
    """The status line of an answer to bytes that no well-behaved client sends."""
    reader, writer = await asyncio.open_connection("127.0.0.1", lan.port)
    lines = (b"POST /api/v1/dossiers HTTP/1.1", b"Host: x", b"Connection: close", *headers)
    writer.write(b"\r\n".join((*lines, b"Content-Length: 2", b"", b"{}")))
    answer = await reader.read()
    writer.close()
    await writer.wait_closed()
    assert PROBLEM.encode() in answer
    return answer.split(b"\r\n", 1)[0]


async def test_headers_no_client_library_sends(lan: Browser) -> None:
    token, json_type = PAIRED["Authorization"].encode(), b"Content-Type: application/json"
    paired_device = (b"Authorization: " + token, b"Idempotency-Key: k", json_type)
    assert await raw_status(lan, b"Authorization: Bearer \xff\xfe") == b"HTTP/1.1 401 Unauthorized"
    for header in (b"Idempotency-Key: \xff", b"Content-Encoding: gzip", b"Accept-Language: \xff"):
        assert await raw_status(lan, *paired_device, header) == b"HTTP/1.1 400 Bad Request"


async def test_a_body_just_too_large(lan: Browser) -> None:
    small = json.dumps(dossier()).encode()
    fits = small + b" " * (MAXIMUM_BODY_BYTES - len(small))
    answer = await lan.post(DOSSIERS, data=fits + b" ", headers={**KEY, **JSON})
    assert (await refusal(answer, 413))["code"] == "body_too_large"
    answer = await lan.post(DOSSIERS, data=fits, headers={**KEY, **JSON})
    assert answer.status == 201


async def test_reading_a_dossier_says_who_holds_it_and_masks_the_number(lan: Browser) -> None:
    saved = await (await hand_in(lan)).json()
    by_number = await lan.get(f"{DOSSIERS}/{saved['dossier_no']}", headers=PAIRED)
    assert by_number.status == 200
    assert by_number.headers["Cache-Control"] == "no-store"
    view = await by_number.json()
    for name in ("dossier_id", "dossier_no", "state", "ticket", "saved_at"):
        assert view[name] == saved[name]
    assert view["custody"] == "station"
    assert view["applicant"]["id_number_masked"] == "079•••••0017"
    assert APPLICANT["id_number"] not in await by_number.text()
    assert "answer:duration" in view["missing"]
    by_id = await lan.get(f"{DOSSIERS}/{saved['dossier_id']}", headers=PAIRED)
    assert await by_id.json() == view
    typed = await lan.get(f"{DOSSIERS}/{saved['dossier_no'].lower()}", headers=PAIRED)
    assert await typed.json() == view


async def test_what_is_not_there(lan: Browser) -> None:
    for path, code in NOT_THERE:
        assert (await refusal(await lan.get(path, headers=PAIRED), 404))["code"] == code


async def test_a_mistyped_number_is_told_from_an_unknown_one(lan: Browser) -> None:
    number = (await (await hand_in(lan)).json())["dossier_no"]
    wrong = number[:-1] + ("0" if number[-1] != "0" else "1")
    answer = await lan.get(f"{DOSSIERS}/{wrong}", headers=PAIRED)
    assert (await refusal(answer, 404))["code"] == "dossier_number_check"


async def test_other_methods(lan: Browser) -> None:
    for method, path, allowed in OTHER_METHODS:
        answer = await lan.request(method, path)
        assert answer.headers["Allow"] == allowed
        assert (await refusal(answer, 405))["code"] == "method_not_allowed"


async def test_tickets(lan: Browser) -> None:
    headers = {**PAIRED, "Idempotency-Key": "t1"}
    first = await lan.post(TICKETS, json={"service": "residence"}, headers=headers)
    assert first.status == 201
    body = await first.json()
    assert list(body) == ["ticket", "service", "issued_at"]
    assert (body["ticket"], body["service"]) == ("A001", "residence")
    again = await lan.post(TICKETS, json={"service": "residence"}, headers=headers)
    assert (again.status, await again.json()) == (200, body)
    assert again.headers["Idempotency-Replayed"] == "true"
    without_key = await lan.post(TICKETS, json={"service": "residence"}, headers=PAIRED)
    assert (without_key.status, (await without_key.json())["ticket"]) == (201, "A002")
    empty = {**PAIRED, "Idempotency-Key": ""}
    answer = await lan.post(TICKETS, json={"service": "residence"}, headers=empty)
    assert (await refusal(answer, 400))["code"] == "idempotency_key_missing"
    unknown = await lan.post(TICKETS, json={"service": "no-such"}, headers=PAIRED)
    assert (await refusal(unknown, 422))["code"] == "service_unknown"
    extra = await lan.post(TICKETS, json={"service": "residence", "n": 2}, headers=PAIRED)
    assert (await refusal(extra, 400))["code"] == "body_malformed"


async def test_procedures_are_open_to_everybody(lan: Browser, station: Station) -> None:
    body = await (await lan.get("/api/v1/procedures")).json()
    assert body["catalogue"] == station.catalogue.version
    ids = {one["id"] for one in body["procedures"]}
    assert "res-temporary" in ids
    hidden = {one.id for one in station.catalogue.procedures.values() if one.kiosk == "hidden"}
    assert ids | hidden == set(station.catalogue.procedures)
    assert not ids & hidden
    assert {one["letter"] for one in body["services"]} >= {"A"}


async def test_health_has_the_promised_shape_and_counts_truly(lan: Browser) -> None:
    body = await (await lan.get("/api/v1/health")).json()
    assert {"verdict", "checks", "backlog"} <= set(body)
    assert set(body["backlog"]) == {"events", "dossiers", "oldest_s"}
    assert body["backlog"] == {"events": 0, "dossiers": 0, "oldest_s": None}
    await hand_in(lan)
    backlog = (await (await lan.get("/api/v1/health")).json())["backlog"]
    # The log's own first record waits for the city too.
    assert (backlog["dossiers"], backlog["events"]) == (1, 2)
    assert backlog["oldest_s"] is not None


async def test_no_answer_tells_what_software_this_is(lan: Browser) -> None:
    answers = [
        await hand_in(lan),
        await lan.get("/api/v1/health"),
        await lan.get("/api/openapi.json"),
        await lan.get("/api/nothing"),
        await lan.post("/api/v1/health"),
    ]
    assert [answer.headers.get("Server") for answer in answers] == [None] * 5
    for answer in answers:
        assert answer.headers["X-Content-Type-Options"] == "nosniff"


async def test_a_full_disk_is_507_and_the_key_stays_free(lan: Browser, station: Station) -> None:
    async def limit(pages: int) -> None:
        await station.store.write(
            station.moment(),
            lambda t: t.connection.execute(f"PRAGMA max_page_count={pages}").fetchone(),
        )

    await hand_in(lan, "before")
    await limit(1)  # SQLite takes the present size instead
    key, answer = "", await lan.get("/api/v1/procedures")
    for number in range(40):
        key = f"full-{number}"
        answer = await hand_in(lan, key)
        if answer.status != 201:
            break
    problem = await refusal(answer, 507)
    assert (problem["code"], problem["fault"]) == ("storage_full", "station")
    await limit(1_000_000)
    assert (await hand_in(lan, key)).status == 201


async def test_nothing_personal_in_refusals_and_logs(
    lan: Browser, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    changes: list[dict[str, Any]] = [
        {},
        {"documents": []},
        {"applicant": {**APPLICANT, "id_number": "079190000017 9"}},
        {"applicant": {**APPLICANT, "sex": "Nguyễn Thị Mẫu"}},
        {"applicant": {**APPLICANT, "phone": 901234567}},
        {"answers": {"owner_agrees": "0901234567"}},
    ]
    texts = [await (await hand_in(lan, **one)).text() for one in changes]
    saved = json.loads(texts[0])
    await lan.get(f"{DOSSIERS}/{saved['dossier_no']}", headers=PAIRED)
    for text in [*texts, *(record.getMessage() for record in caplog.records)]:
        for secret in ("0791900000", "Nguyễn", "Mẫu", "901234567", "Ví Dụ", "thiet-bi"):
            assert secret not in text

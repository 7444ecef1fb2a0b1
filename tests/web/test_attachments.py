"""Attachments over HTTP: the file is the body, refusals come before it is read."""

from collections.abc import AsyncIterator
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from aiohttp import ClientResponse, web
from aiohttp.test_utils import TestClient, TestServer

from edge_node.domain.retention import DiskLevel
from edge_node.health.examine import Devices
from edge_node.usecases import attachments
from edge_node.usecases.attachments import MAXIMUM_ATTACHMENT_BYTES
from edge_node.usecases.station import Station
from tests.usecases.city_side import daemon_of
from tests.usecases.test_attachments import JPEG, OTHER, give_key
from tests.web.lan import DOSSIERS, PAIRED, hand_in, make_lan_app, paired, refusal

Lan = TestClient[web.Request, web.Application]
HEADERS = {**PAIRED, "Content-Type": "image/jpeg"}


@pytest.fixture
async def lan(station: Station, tmp_path: Path) -> AsyncIterator[Lan]:
    await attachments.clear_strays(station)
    async with daemon_of(tmp_path) as daemon:
        await give_key(daemon)
        devices = Devices(data_directory=tmp_path, version="1.2.3")
        async with TestClient(TestServer(make_lan_app(paired(station), devices))) as client:
            yield client


async def put(
    lan: Lan, number: str, content: Any = JPEG, name: str = "ct01.jpg", **headers: str
) -> ClientResponse:
    path = f"{DOSSIERS}/{number}/attachments/{name}"
    return await lan.put(path, data=content, headers={**HEADERS, **headers})


async def filed(lan: Lan) -> str:
    body = await (await hand_in(lan)).json()
    return str(body["dossier_no"])


async def test_a_paper_is_attached_once(lan: Lan) -> None:
    number = await filed(lan)
    first = await put(lan, number)
    again = await put(lan, number)
    assert (first.status, again.status) == (201, 200)
    body = await first.json()
    assert body == await again.json()
    assert (body["name"], body["bytes"], body["dossier_no"]) == ("ct01.jpg", len(JPEG), number)
    assert (await refusal(await put(lan, number, OTHER), 409))["code"] == "attachment_taken"


async def test_a_stranger_attaches_nothing(lan: Lan) -> None:
    number = await filed(lan)
    answer = await put(lan, number, Authorization="Bearer wrong")
    assert (await refusal(answer, 401))["code"] == "device_unknown"


@pytest.mark.parametrize(
    ("name", "media", "status", "code"),
    [
        ("CT01", "image/jpeg", 422, "attachment_name_invalid"),
        ("ct01", "image/gif", 415, "attachment_type_unknown"),
        ("ct01", "image/png", 422, "attachment_content_other"),
    ],
)
async def test_what_is_no_paper_is_refused(
    lan: Lan, name: str, media: str, status: int, code: str
) -> None:
    number = await filed(lan)
    answer = await put(lan, number, JPEG, name, **{"Content-Type": media})
    assert (await refusal(answer, status))["code"] == code


async def test_too_much_is_refused_before_and_while_it_comes(lan: Lan) -> None:
    number = await filed(lan)

    async def endless() -> AsyncIterator[bytes]:
        sent = 0
        while sent <= MAXIMUM_ATTACHMENT_BYTES:
            yield JPEG * 512
            sent += len(JPEG) * 512

    declared = await put(lan, number, BytesIO(bytes(MAXIMUM_ATTACHMENT_BYTES + 1)))
    assert (await refusal(declared, 413))["code"] == "attachment_too_large"
    streamed = await put(lan, number, endless())
    assert (await refusal(streamed, 413))["code"] == "attachment_too_large"


async def test_an_unknown_dossier_and_a_full_disk(lan: Lan, station: Station) -> None:
    number = await filed(lan)
    unknown = await put(lan, "T26560-7KXM-00001-3")
    assert unknown.status == 404
    station.room.level = DiskLevel.NO_SCANS
    answer = await refusal(await put(lan, number), 507)
    assert (answer["code"], answer["fault"]) == ("scans_paused", "station")

"""The station's figures for Prometheus: readable by its own parser, and silent about people."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from aiohttp import web
from aiohttp.test_utils import TestClient, TestServer
from prometheus_client.parser import text_string_to_metric_families

from edge_node.health.examine import Devices
from edge_node.usecases.station import Station
from edge_node.usecases.technician import MAXIMUM_METRICS_BYTES, METRICS_NAME
from tests.usecases.samples import APPLICANT, submit
from tests.web.lan import make_lan_app

Lan = TestClient[web.Request, web.Application]


@pytest.fixture
async def lan(station: Station, tmp_path: Path) -> AsyncIterator[Lan]:
    devices = Devices(data_directory=tmp_path, version="1.2.3")
    async with TestClient(TestServer(make_lan_app(station, devices))) as client:
        yield client


async def figures(lan: Lan) -> tuple[str, dict[tuple[str, str], float]]:
    async with lan.get("/metrics") as answer:
        assert answer.status == 200
        text = await answer.text()
    found = {}
    for family in text_string_to_metric_families(text):
        for sample in family.samples:
            found[sample.name, next(iter(sample.labels.values()), "")] = sample.value
    return text, found


async def test_the_station_s_own_figures(lan: Lan, station: Station) -> None:
    await submit(station)
    text, found = await figures(lan)
    assert found["ward_node_verdict", "normal"] == 1
    assert found["ward_node_check", "database"] == 0
    assert found["ward_node_waiting", "dossiers"] == 1
    assert found["ward_node_inbox_kept", "refused"] == 0
    for personal in (APPLICANT["full_name"], APPLICANT["id_number"]):
        assert personal not in text


async def test_the_sync_service_s_figures_stand_behind_them(lan: Lan, tmp_path: Path) -> None:
    (tmp_path / METRICS_NAME).write_text("# TYPE edge_x gauge\nedge_x 3\n")
    _, found = await figures(lan)
    assert found["edge_x", ""] == 3
    (tmp_path / METRICS_NAME).write_bytes(b"edge_y 1\n" * MAXIMUM_METRICS_BYTES)
    text, _ = await figures(lan)
    assert "edge_y" not in text

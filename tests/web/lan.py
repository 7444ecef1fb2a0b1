"""A LAN client of a real station: a paired device that speaks JSON."""

import dataclasses
import hashlib
from typing import Any

from aiohttp import ClientResponse, web
from aiohttp.test_utils import TestClient

from edge_node.health.examine import Devices, examine
from edge_node.health.runner import HealthReport
from edge_node.usecases.scans import ScanDesk
from edge_node.usecases.station import Station
from edge_node.web.app import create_app
from tests.usecases.samples import APPLICANT

TOKEN = "thiet-bi-thu-0001"
DOSSIERS = "/api/v1/dossiers"
TICKETS = "/api/v1/tickets"
PAIRED = {"Authorization": f"Bearer {TOKEN}"}
PROBLEM = "application/problem+json"


def paired(station: Station) -> Station:
    """The station with one device it knows."""
    digest = hashlib.sha256(TOKEN.encode()).digest()
    return dataclasses.replace(station, devices=frozenset({digest}))


def make_lan_app(station: Station, devices: Devices) -> web.Application:
    """The whole web application, with the real examination behind its health."""

    async def health() -> HealthReport:
        return await examine(station, devices)

    return create_app(station, health=health, scans=ScanDesk(station.changes), version="1.2.3")


def dossier(**changes: Any) -> dict[str, Any]:
    """A temporary-residence dossier; `changes` replace whole fields."""
    return {
        "procedure_id": "res-temporary",
        "applicant": APPLICANT,
        "answers": {"new_address": "45 Hẻm Mẫu, Phường Bà Rịa"},
        "documents": [{"id": "ct01", "have": True}],
        **changes,
    }


async def hand_in(
    lan: "TestClient[web.Request, web.Application]", key: str = "k1", **changes: Any
) -> ClientResponse:
    """POST a dossier as a paired device."""
    headers = {**PAIRED, "Idempotency-Key": key}
    return await lan.post(DOSSIERS, json=dossier(**changes), headers=headers)


async def refusal(answer: ClientResponse, status: int) -> dict[str, Any]:
    """The problem details of a refusal, checked for what every refusal has."""
    assert answer.status == status, await answer.text()
    assert answer.content_type == PROBLEM
    assert answer.headers["Cache-Control"] == "no-store"
    problem: dict[str, Any] = await answer.json(content_type=PROBLEM)
    assert problem["status"] == status
    assert problem["type"] == f"urn:ward-edge-node:problem:{problem['code']}"
    assert problem["title"]
    assert problem["remedy"]
    return problem

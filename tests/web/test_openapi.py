"""The OpenAPI document tells the truth: by its own rules, by the router, under attack."""

import asyncio
import json
import re
import sys
from pathlib import Path
from typing import Any

import jsonschema_rs
import pytest
from aiohttp import ClientSession
from aiohttp.test_utils import BaseTestServer, TestServer
from schemathesis.specs.openapi.definitions import OPENAPI_31_VALIDATOR

from edge_node.domain.errors import ErrorCode
from edge_node.health.examine import Devices
from edge_node.usecases.station import Station
from edge_node.web.api import OPERATIONS, PREFIX, routes
from edge_node.web.openapi import describe
from edge_node.web.problems import status_of
from tests.web.lan import PAIRED, make_lan_app, paired

HEALTH = "/api/v1/health"
ITSELF = "/openapi.json"
EXAMPLES = 40
CHECKS = (
    "not_a_server_error",
    "status_code_conformance",
    "content_type_conformance",
    "response_schema_conformance",
    "response_headers_conformance",
    "negative_data_rejection",
    "missing_required_header",
    "unsupported_method",
    "allow_header_conformance",
    "ignored_auth",
)


@pytest.fixture
def document() -> dict[str, Any]:
    return describe(OPERATIONS, "1.2.3")


def operations(document: dict[str, Any]) -> set[tuple[str, str]]:
    return {(method.upper(), path) for path, item in document["paths"].items() for method in item}


def test_it_is_openapi_3_1(document: dict[str, Any]) -> None:
    OPENAPI_31_VALIDATOR.validate(document)
    for schema in document["components"]["schemas"].values():
        jsonschema_rs.meta.validate(schema)
    broken = {**document, "paths": {"/v1/health": {"get": {"responses": []}}}}
    assert not OPENAPI_31_VALIDATOR.is_valid(broken)


def test_every_route_is_described_and_every_description_is_a_route(
    station: Station, document: dict[str, Any]
) -> None:
    routed = {
        (route.method, route.path.removeprefix(PREFIX))
        for route in routes("1.2.3")
        if route.method != "*" and route.path != PREFIX + ITSELF
    }
    assert routed == operations(document)


def test_every_reference_leads_somewhere(document: dict[str, Any]) -> None:
    names = set(re.findall(r"'#/components/schemas/(\w+)'", str(document)))
    assert names <= set(document["components"]["schemas"])
    assert "Problem" in names


def test_every_problem_has_its_status_and_nothing_is_left_open(document: dict[str, Any]) -> None:
    for method, path in operations(document):
        responses = document["paths"][path][method.lower()]["responses"]
        assert "default" not in responses
        for status, response in responses.items():
            for content in response["content"].values():
                for part in content["schema"].get("allOf", [])[1:]:
                    codes = part["properties"]["code"]["enum"]
                    assert {str(status_of(ErrorCode(code))) for code in codes} == {status}


def test_keys_and_tokens_are_told(document: dict[str, Any]) -> None:
    submit = document["paths"]["/v1/dossiers"]["post"]
    take = document["paths"]["/v1/tickets"]["post"]
    read = document["paths"]["/v1/dossiers/{dossier_no}"]["get"]
    assert [one["required"] for one in submit["parameters"]] == [True]
    assert [one["required"] for one in take["parameters"]] == [False]
    assert "Idempotency-Replayed" in submit["responses"]["200"]["headers"]
    for operation in (submit, take, read):
        assert operation["security"] == [{"device": []}]
        assert "WWW-Authenticate" in operation["responses"]["401"]["headers"]
    assert {"201", "200", "400", "401", "413", "422", "507"} <= set(submit["responses"])
    assert "security" not in document["paths"]["/v1/health"]["get"]


async def attack(server: BaseTestServer, folder: Path, document: Path | None, *more: str) -> str:
    """What schemathesis found, or nothing when it found nothing."""
    at = ("--url", str(server.make_url("/api")), str(document)) if document else ()
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "schemathesis.cli", "run"),
        *(at or (str(server.make_url("/api/openapi.json")),)),
        *("--header", f"Authorization: {PAIRED['Authorization']}"),
        *("--checks", ",".join(CHECKS)),
        *("--max-examples", str(EXAMPLES), "--seed", "20261122"),
        *("--phases", "examples,coverage,fuzzing", "--warnings", "off"),
        *("--suppress-health-check", "all", "--continue-on-failure", *more),
        cwd=folder,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    output, _ = await process.communicate()
    return output.decode(errors="replace") if process.returncode else ""


@pytest.mark.timeout(400)
async def test_nothing_found_by_attack(station: Station, tmp_path: Path) -> None:
    devices = Devices(data_directory=tmp_path, version="1.2.3")
    async with TestServer(make_lan_app(paired(station), devices)) as server:
        found = await attack(server, tmp_path, None)
        async with ClientSession() as session, session.get(server.make_url(HEALTH)) as answer:
            report = await answer.json()
    assert not found, found
    assert report["backlog"]["dossiers"] > 0, "the attack never got a dossier in"


async def test_the_attack_finds_a_document_that_lies(
    station: Station, document: dict[str, Any], tmp_path: Path
) -> None:
    lie = {"type": "object", "required": ["promised"]}
    health = document["paths"]["/v1/health"]["get"]
    health["responses"]["200"]["content"]["application/json"]["schema"] = lie
    file = tmp_path / "lie.json"
    file.write_text(json.dumps(document), encoding="utf-8")
    devices = Devices(data_directory=tmp_path, version="1.2.3")
    async with TestServer(make_lan_app(paired(station), devices)) as server:
        found = await attack(server, tmp_path, file, "--include-path", "/v1/health")
    assert "promised" in found

"""The OpenAPI 3.1 document, made from the operations table and the msgspec types.

It must not know what an operation does, only what it takes and gives.
"""

from collections.abc import Iterable, Sequence
from http import HTTPStatus
from typing import Any, Final, Protocol

import msgspec

from edge_node.web.problems import PROBLEM_TYPE, Problem

JSON_TYPE: Final = "application/json"
_REFERENCE: Final = "#/components/schemas/{name}"
_PARAMETER_PATTERN: Final = "^[ -~]{1,64}$"


class Described(Protocol):
    """What the document needs of an operation."""

    @property
    def method(self) -> str: ...  # noqa: D102
    @property
    def path(self) -> str: ...  # noqa: D102
    @property
    def summary(self) -> str: ...  # noqa: D102
    @property
    def answers(self) -> dict[int, type[msgspec.Struct]]: ...  # noqa: D102
    @property
    def body(self) -> type[msgspec.Struct] | None: ...  # noqa: D102
    @property
    def device(self) -> bool: ...  # noqa: D102
    @property
    def idempotent(self) -> bool: ...  # noqa: D102


def describe(operations: Sequence[Described], version: str) -> dict[str, Any]:
    """The document for these operations."""
    types = _types(operations)
    schemas, components = msgspec.json.schema_components(types, ref_template=_REFERENCE)
    reference = dict(zip(types, schemas, strict=True))
    paths: dict[str, dict[str, Any]] = {}
    for operation in operations:
        entry = _operation(operation, reference)
        paths.setdefault(operation.path, {})[operation.method.lower()] = entry
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "Ward edge node",
            "version": version,
            "description": "The JSON interface of a ward police station's one-stop desk.",
        },
        "servers": [{"url": "/api"}],
        "paths": paths,
        "components": {
            "schemas": components,
            "securitySchemes": {"device": {"type": "http", "scheme": "bearer"}},
        },
    }


def _types(operations: Iterable[Described]) -> list[type[msgspec.Struct]]:
    found: dict[type[msgspec.Struct], None] = {Problem: None}
    for operation in operations:
        if operation.body is not None:
            found[operation.body] = None
        for answer in operation.answers.values():
            found[answer] = None
    return list(found)


def _operation(
    operation: Described, reference: dict[type[msgspec.Struct], dict[str, Any]]
) -> dict[str, Any]:
    responses: dict[str, Any] = {
        str(status): {
            "description": HTTPStatus(status).phrase,
            "content": {JSON_TYPE: {"schema": reference[answer]}},
        }
        for status, answer in operation.answers.items()
    }
    responses["default"] = {
        "description": "A problem: `code` is stable, `title` and `remedy` are for people",
        "content": {PROBLEM_TYPE: {"schema": reference[Problem]}},
    }
    entry: dict[str, Any] = {
        "summary": operation.summary,
        "operationId": operation.path.strip("/").replace("/", "_").replace("{", "").replace("}", "")
        + "_"
        + operation.method.lower(),
        "parameters": _parameters(operation),
        "responses": responses,
    }
    if operation.body is not None:
        entry["requestBody"] = {
            "required": True,
            "content": {JSON_TYPE: {"schema": reference[operation.body]}},
        }
    if operation.device:
        entry["security"] = [{"device": []}]
    return entry


def _parameters(operation: Described) -> list[dict[str, Any]]:
    parameters: list[dict[str, Any]] = [
        {
            "name": part.strip("{}"),
            "in": "path",
            "required": True,
            "schema": {"type": "string", "pattern": _PARAMETER_PATTERN},
        }
        for part in operation.path.split("/")
        if part.startswith("{")
    ]
    if operation.idempotent:
        parameters.append(
            {
                "name": "Idempotency-Key",
                "in": "header",
                "required": True,
                "description": "Made by the client; the same key always gets the same answer.",
                "schema": {"type": "string", "minLength": 1, "maxLength": 255},
            }
        )
    return parameters

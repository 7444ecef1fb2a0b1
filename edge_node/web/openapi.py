"""The OpenAPI 3.1 document, made from the operations table and the msgspec types.

Rules: every status an operation can answer is listed, each with the problem codes that lead to it,
so that a client knows all of them beforehand. It must not know what an operation does, only what
it takes, gives and refuses.
"""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from http import HTTPStatus
from typing import Any, Final, Literal, Protocol, TypeAlias

import msgspec

from edge_node.domain.errors import ErrorCode
from edge_node.web.problems import PROBLEM_TYPE, Problem, status_of

JSON_TYPE: Final = "application/json"
KeyUse: TypeAlias = Literal["none", "optional", "required"]
"""Whether an operation takes an `Idempotency-Key`."""

_REFERENCE: Final = "#/components/schemas/{name}"
_PARAMETER_PATTERN: Final = "^[ -~]{1,64}$"
_KEY_PATTERN: Final = "^[ -~]{1,255}$"
_TEXT: Final = {"schema": {"type": "string"}}
_PROBLEM_HEADERS: Final = {
    HTTPStatus.UNAUTHORIZED: {"WWW-Authenticate": {"required": True, **_TEXT}},
    HTTPStatus.SERVICE_UNAVAILABLE: {
        "Retry-After": {"required": True, "description": "Seconds.", **_TEXT}
    },
}


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
    def example(self) -> msgspec.Struct | None: ...  # noqa: D102
    @property
    def device(self) -> bool: ...  # noqa: D102
    @property
    def key(self) -> KeyUse: ...  # noqa: D102
    @property
    def problems(self) -> tuple[ErrorCode, ...]: ...  # noqa: D102
    @property
    def media(self) -> tuple[str, ...]: ...  # noqa: D102


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
            "description": "The JSON interface of a ward police station's one-stop desk."
            " A refusal is a problem: `code` is stable, `title` and `remedy` are for people.",
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
    entry: dict[str, Any] = {
        "summary": operation.summary,
        "operationId": operation.path.strip("/").replace("/", "_").replace("{", "").replace("}", "")
        + "_"
        + operation.method.lower(),
        "parameters": _parameters(operation),
        "responses": _answers(operation, reference) | _problems(operation, reference[Problem]),
    }
    if operation.body is not None:
        entry["requestBody"] = {
            "required": True,
            "content": {
                JSON_TYPE: {
                    "schema": reference[operation.body],
                    "example": msgspec.to_builtins(operation.example),
                }
            },
        }
    if operation.media:
        file = {"schema": {"type": "string", "format": "binary"}}
        entry["requestBody"] = {"required": True, "content": dict.fromkeys(operation.media, file)}
    if operation.device:
        entry["security"] = [{"device": []}]
    return entry


def _answers(
    operation: Described, reference: dict[type[msgspec.Struct], dict[str, Any]]
) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for status, answer in operation.answers.items():
        found[str(status)] = {
            "description": HTTPStatus(status).phrase,
            "content": {JSON_TYPE: {"schema": reference[answer]}},
        }
    if operation.key != "none":
        found[str(HTTPStatus.OK.value)] |= {
            "description": "This key was answered before; the same answer again",
            "headers": {"Idempotency-Replayed": {"required": True, **_TEXT}},
        }
    return found


def _problems(operation: Described, reference: dict[str, Any]) -> dict[str, Any]:
    """One response a status; its schema names the codes that lead to it."""
    codes: dict[int, list[str]] = defaultdict(list)
    for code in _codes(operation):
        codes[status_of(code)].append(code.value)
    found: dict[str, Any] = {}
    for status, names in sorted(codes.items()):
        narrowed = {"properties": {"code": {"enum": names}, "status": {"const": status}}}
        found[str(status)] = {
            "description": f"{HTTPStatus(status).phrase}: {', '.join(names)}",
            "content": {PROBLEM_TYPE: {"schema": {"allOf": [reference, narrowed]}}},
        }
        if headers := _PROBLEM_HEADERS.get(HTTPStatus(status)):
            found[str(status)]["headers"] = headers
    return found


def _codes(operation: Described) -> Iterable[ErrorCode]:
    """What follows from the operation's kind, and what it lists itself."""
    if operation.device:
        yield ErrorCode.DEVICE_UNKNOWN
    if operation.body is not None:
        yield from (ErrorCode.BODY_MALFORMED, ErrorCode.BODY_TOO_LARGE)
        yield from (ErrorCode.STORAGE_FULL, ErrorCode.STORAGE_FAILING, ErrorCode.BUSY)
    if operation.key != "none":
        yield from (ErrorCode.IDEMPOTENCY_KEY_MISSING, ErrorCode.IDEMPOTENCY_KEY_MALFORMED)
        yield ErrorCode.IDEMPOTENCY_KEY_REUSED
    yield from operation.problems
    yield ErrorCode.INTERNAL


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
    if operation.key != "none":
        parameters.append(
            {
                "name": "Idempotency-Key",
                "in": "header",
                "required": operation.key == "required",
                "description": "Made by the client; the same key always gets the same answer.",
                "schema": {"type": "string", "pattern": _KEY_PATTERN},
            }
        )
    return parameters

"""Errors of the JSON interface as RFC 9457 problem details.

Rules: `code` is the stable name a program may rely on; `title` and `remedy` are words for people
in the language asked for; nothing personal and nothing about our insides is in an answer.
"""

import functools
import logging
import re
from collections.abc import Mapping
from typing import Final

import msgspec
from aiohttp import web
from aiohttp.typedefs import Handler

from edge_node.domain.errors import DomainError, ErrorCode, Fault
from edge_node.web.keys import TRANSLATORS
from edge_node.web.localisation import DEFAULT_LANGUAGE

PROBLEM_TYPE: Final = "application/problem+json"
RETRY_AFTER_S: Final = 2

_STATUSES: Final[Mapping[ErrorCode, int]] = {
    ErrorCode.IDEMPOTENCY_KEY_MISSING: 400,
    ErrorCode.IDEMPOTENCY_KEY_MALFORMED: 400,
    ErrorCode.BODY_MALFORMED: 400,
    ErrorCode.DEVICE_UNKNOWN: 401,
    ErrorCode.NOT_FOUND: 404,
    ErrorCode.DOSSIER_UNKNOWN: 404,
    ErrorCode.DOSSIER_NUMBER_FORM: 404,
    ErrorCode.DOSSIER_NUMBER_CHECK: 404,
    ErrorCode.APPOINTMENT_UNKNOWN: 404,
    ErrorCode.PAPER_SLIP_UNKNOWN: 404,
    ErrorCode.PAPER_KIT_UNKNOWN: 404,
    ErrorCode.METHOD_NOT_ALLOWED: 405,
    ErrorCode.APPOINTMENT_FULL: 409,
    ErrorCode.APPOINTMENT_USED: 409,
    ErrorCode.APPOINTMENT_CANCELLED: 409,
    ErrorCode.ACTION_NOT_ALLOWED: 409,
    ErrorCode.VERSION_CONFLICT: 409,
    ErrorCode.DOSSIER_NUMBERS_EXHAUSTED: 409,
    ErrorCode.TICKET_NUMBERS_EXHAUSTED: 409,
    ErrorCode.ATTACHMENT_TAKEN: 409,
    ErrorCode.PHOTOS_TOO_MANY: 409,
    ErrorCode.RESUME_CODE_UNKNOWN: 404,
    ErrorCode.REQUEST_OPEN: 409,
    ErrorCode.ATTACHMENT_KEY_MISSING: 409,
    ErrorCode.PAPER_SLIP_SPENT: 409,
    ErrorCode.SLIP_KEY_MISSING: 409,
    ErrorCode.BODY_TOO_LARGE: 413,
    ErrorCode.ATTACHMENT_TOO_LARGE: 413,
    ErrorCode.ATTACHMENT_TYPE_UNKNOWN: 415,
    ErrorCode.INTERNAL: 500,
    ErrorCode.BUSY: 503,
    ErrorCode.STORAGE_FAILING: 503,
    ErrorCode.SCANS_PAUSED: 507,
    ErrorCode.STORAGE_FULL: 507,
}
_HTTP_CODES: Final[Mapping[int, ErrorCode]] = {
    404: ErrorCode.NOT_FOUND,
    405: ErrorCode.METHOD_NOT_ALLOWED,
    413: ErrorCode.BODY_TOO_LARGE,
}
_OTHERWISE: Final = ErrorCode.BODY_MALFORMED
_PLACE: Final = re.compile(r" - at `\$\.?(?P<place>[\w.\[\]…]*)`")

logger = logging.getLogger(__name__)


class Problem(msgspec.Struct, frozen=True, kw_only=True):
    """RFC 9457 problem details; `params` are the facts the words are made of."""

    type: str
    title: str
    status: int
    code: str
    fault: str
    remedy: str
    params: dict[str, str | int] = {}


def status_of(code: ErrorCode) -> int:
    """The HTTP status of an error code; 422 for what the caller can mend in the content."""
    return _STATUSES.get(code, 422)


def problem(request: web.Request, error: DomainError) -> web.Response:
    """The answer to a refusal."""
    status = status_of(error.code)
    words = request.app[TRANSLATORS][_language(request)]
    key = f"error.{error.code.value}"
    body = Problem(
        type=f"urn:ward-edge-node:problem:{error.code.value}",
        title=words(key, **error.params),
        status=status,
        code=error.code.value,
        fault=error.fault.value,
        remedy=words(f"{key}.remedy", **error.params),
        params=error.params,
    )
    headers = {"Cache-Control": "no-store"}
    if status == web.HTTPUnauthorized.status_code:
        headers["WWW-Authenticate"] = "Bearer"
    if status == web.HTTPServiceUnavailable.status_code:
        headers["Retry-After"] = str(RETRY_AFTER_S)
    return web.Response(
        body=msgspec.json.encode(body), status=status, content_type=PROBLEM_TYPE, headers=headers
    )


def answer_with_problems(handler: Handler) -> Handler:
    """A JSON handler whose every failure is answered with problem details."""

    @functools.wraps(handler)
    async def answered(request: web.Request) -> web.StreamResponse:
        try:
            return await handler(request)
        except web.HTTPException as error:
            answer = problem(request, DomainError(_HTTP_CODES.get(error.status, _OTHERWISE)))
            allow = error.headers.get("Allow")
            if allow is not None:
                answer.headers["Allow"] = allow
            return answer
        except DomainError as error:
            return problem(request, error)
        except Exception:
            logger.exception("%s %s failed", request.method, request.match_info.route.resource)
            return problem(request, DomainError(ErrorCode.INTERNAL, fault=Fault.STATION))

    return answered


def malformed(error: msgspec.ValidationError) -> DomainError:
    """Which field of the body is wrong; never what was in it."""
    text = str(error)
    found = _PLACE.search(text)
    reason = _PLACE.sub("", text)
    # msgspec quotes an invalid value only for enumerations; names of fields are ours.
    if reason.startswith("Invalid"):
        reason = "Invalid value"
    place = found["place"] if found else ""
    return DomainError(ErrorCode.BODY_MALFORMED, place=place[:80], reason=reason[:120])


def _language(request: web.Request) -> str:
    wanted = request.headers.get("Accept-Language", DEFAULT_LANGUAGE)
    return "en" if wanted.lower().startswith("en") else DEFAULT_LANGUAGE

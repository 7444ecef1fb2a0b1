"""Answers that say no: RFC 9457 problem details.

A problem is a hint for the station and a sentence for a person with curl; stations act on signed
messages only. Nothing from a record's body may appear in one.
"""

from collections.abc import Mapping
from typing import Final

import msgspec
from aiohttp import web

from sync.city.archive.port import ArchiveFault
from sync.protocol.errors import ProtocolErrorCode
from sync.protocol.problems import HTTP_STATUS, PROBLEM_MEDIA_TYPE, Problem, problem_of

TYPE_PREFIX: Final = "urn:wes1:problem:"
RETRY_AFTER_S: Final = 5
"""Seconds a station is asked to wait when the city is busy; it adds its own jitter."""

_WAIT: Final = frozenset({Problem.BUSY, Problem.SLOW_DOWN, Problem.STORAGE_FULL})

TITLES: Final[Mapping[Problem, str]] = {
    Problem.GAP: "Records before this batch are missing; ask where to resume",
    Problem.FORK: "Another history of this log is stored; ask where to resume",
    Problem.MALFORMED: "The bytes cannot be read",
    Problem.ROOT_MISMATCH: "The records do not give the root in the header",
    Problem.UNKNOWN_KEY: "No enrolled station has signed this",
    Problem.REVOKED: "This station's certificate is no longer valid",
    Problem.TOO_LARGE: "Too large; cut it smaller",
    Problem.UNSUPPORTED: "This version, format or dictionary is not known here",
    Problem.UNKNOWN_ENCRYPTION_KEY: "Not sealed for a key of this city",
    Problem.SLOW_DOWN: "Too many requests; wait",
    Problem.BUSY: "Busy; wait",
    Problem.STORAGE_FULL: "The city has no room; nothing was stored",
    Problem.CODE_REFUSED: "This enrolment code is wrong, used or past its time",
    Problem.NO_SESSION: "No session with this token; greet again",
    Problem.NOT_FOUND: "There is no such thing here",
    Problem.WRONG_OFFSET: "The upload goes on at another offset",
}

ARCHIVE_PROBLEMS: Final[Mapping[ArchiveFault, Problem]] = {
    ArchiveFault.FULL: Problem.STORAGE_FULL,
    ArchiveFault.BUSY: Problem.BUSY,
    ArchiveFault.BROKEN: Problem.BUSY,
    ArchiveFault.MISSING: Problem.BUSY,
}


class Refused(Exception):  # noqa: N818 - an answer, not a fault of the program
    """The request is answered with this problem; `extra` are further members of the body.

    `retry_after_s` is set for a wait that was worked out; others wait RETRY_AFTER_S.
    """

    def __init__(self, problem: Problem, detail: str = "", **extra: int | bool) -> None:
        super().__init__(problem.value)
        self.problem = problem
        self.detail = detail
        self.extra = extra
        self.retry_after_s = RETRY_AFTER_S


def refuse(code: ProtocolErrorCode, detail: str = "", **extra: int | bool) -> Refused:
    """The refusal of bytes that the protocol refuses with this code."""
    return Refused(problem_of(code), detail or code.value, **extra)


def slow_down(retry_after_s: int) -> Refused:
    """The city has enough to do; come back after so many seconds."""
    refused = Refused(Problem.SLOW_DOWN)
    refused.retry_after_s = retry_after_s
    return refused


def problem_response(refused: Refused) -> web.Response:
    """The HTTP answer."""
    problem = refused.problem
    body = {
        "type": TYPE_PREFIX + problem.value,
        "title": TITLES[problem],
        "status": HTTP_STATUS[problem],
        "code": problem.value,
        **({"detail": refused.detail} if refused.detail else {}),
        **refused.extra,
    }
    headers = {"Retry-After": str(refused.retry_after_s)} if problem in _WAIT else {}
    return _response(HTTP_STATUS[problem], body, headers)


def plain_problem(status: int, title: str, headers: Mapping[str, str]) -> web.Response:
    """A problem without a type of its own, such as 404."""
    return _response(status, {"type": "about:blank", "title": title, "status": status}, headers)


def _response(status: int, body: object, headers: Mapping[str, str]) -> web.Response:
    return web.Response(
        status=status,
        body=msgspec.json.encode(body),
        content_type=PROBLEM_MEDIA_TYPE,
        headers=headers,
    )

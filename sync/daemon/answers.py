"""What an HTTP answer means before any signature is looked at.

Pure. Only a 200 with the protocol's media type can carry a message; everything else is a refusal
that changes when and how much is sent, or nobody's answer at all (a captive portal, a proxy, a web
page). It must not know keys or the session's rules.
"""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final, NamedTuple, TypeAlias

import msgspec

from sync.daemon.events import Failed, Failure, Problem, Refusal
from sync.protocol import problems
from sync.protocol.batch import MEDIA_TYPE

TYPE_PREFIX: Final = "urn:wes1:problem:"


class Answer(NamedTuple):
    """An HTTP answer as it came; `retry_after` is the header's text, "" when absent.

    `headers` are those that begin with `upload-`, their names in small letters.
    """

    status: int
    media_type: str
    retry_after: str
    body: bytes
    elapsed_s: float
    headers: Mapping[str, str] = MappingProxyType({})


class Message(NamedTuple):
    """Bytes that claim to be a signed message, and how long they took."""

    body: bytes
    elapsed_s: float


Meaning: TypeAlias = Message | Problem | Failed

_REFUSALS: Final[Mapping[problems.Problem, Refusal]] = {
    problems.Problem.GAP: Refusal.GAP,
    problems.Problem.FORK: Refusal.FORK,
    problems.Problem.MALFORMED: Refusal.MALFORMED,
    problems.Problem.ROOT_MISMATCH: Refusal.ROOT_MISMATCH,
    problems.Problem.UNKNOWN_KEY: Refusal.UNKNOWN_KEY,
    problems.Problem.REVOKED: Refusal.REVOKED,
    problems.Problem.TOO_LARGE: Refusal.TOO_LARGE,
    problems.Problem.UNSUPPORTED: Refusal.UNSUPPORTED,
    problems.Problem.UNKNOWN_ENCRYPTION_KEY: Refusal.UNKNOWN_ENCRYPTION_KEY,
    problems.Problem.SLOW_DOWN: Refusal.BUSY,
    problems.Problem.BUSY: Refusal.BUSY,
    problems.Problem.STORAGE_FULL: Refusal.STORAGE_FULL,
    problems.Problem.NO_SESSION: Refusal.NO_SESSION,
    problems.Problem.NOT_FOUND: Refusal.NOT_FOUND,
    problems.Problem.WRONG_OFFSET: Refusal.WRONG_OFFSET,
    problems.Problem.CODE_REFUSED: Refusal.CODE_REFUSED,
}

_BY_STATUS: Final[Mapping[int, Refusal]] = {
    413: Refusal.TOO_LARGE,
    429: Refusal.BUSY,
    503: Refusal.BUSY,
    507: Refusal.STORAGE_FULL,
}
"""A proxy before the city may answer these in its own words."""


class _Details(msgspec.Struct, frozen=True):
    type: str = ""


_decoder: Final = msgspec.json.Decoder(_Details)


def meaning(answer: Answer, records: int) -> Meaning:
    """What `answer` says to a request that carried so many records (0: a greeting)."""
    if answer.status == 200:
        if answer.media_type == MEDIA_TYPE:
            return Message(answer.body, answer.elapsed_s)
        return Failed(Failure.CAPTIVE_PORTAL)
    refusal = _named(answer) or _BY_STATUS.get(answer.status)
    if refusal is not None:
        return Problem(refusal, seconds(answer.retry_after), records)
    if answer.media_type == problems.PROBLEM_MEDIA_TYPE or 500 <= answer.status <= 510:
        return Failed(Failure.CITY_ERROR)
    # A redirect, a log-in page, somebody else's web server: not the city.
    return Failed(Failure.CAPTIVE_PORTAL)


def seconds(retry_after: str) -> float | None:
    """The delay form of Retry-After (RFC 9110 §10.2.3); a date needs a clock we do not trust."""
    text = retry_after.strip()
    return float(text) if text.isascii() and text.isdigit() and len(text) <= 9 else None


def _named(answer: Answer) -> Refusal | None:
    if answer.media_type != problems.PROBLEM_MEDIA_TYPE:
        return None
    try:
        name = _decoder.decode(answer.body).type.removeprefix(TYPE_PREFIX)
        problem = problems.Problem(name)
    except (msgspec.DecodeError, UnicodeDecodeError, ValueError):
        return None
    # The status must fit the name, or the answer is nobody's.
    if problems.HTTP_STATUS[problem] != answer.status and answer.status != 400:
        return None
    return _REFUSALS.get(problem, Refusal.OTHER)

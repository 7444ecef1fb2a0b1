"""Problem types of the city's HTTP interface (RFC 9457) and the status of each.

A problem is a hint. Stations act on signed WELCOME and receipts only; a problem tells them to ask
again, to cut smaller, or to wait.
"""

from collections.abc import Mapping
from enum import StrEnum
from typing import Final

from sync.protocol.errors import ProtocolErrorCode

PROBLEM_MEDIA_TYPE: Final = "application/problem+json"


class Problem(StrEnum):
    """The ``type`` member of a problem, after ``urn:wes1:problem:``."""

    GAP = "gap"
    FORK = "fork"
    MALFORMED = "malformed"
    ROOT_MISMATCH = "root-mismatch"
    UNKNOWN_KEY = "unknown-key"
    REVOKED = "revoked"
    TOO_LARGE = "too-large"
    UNSUPPORTED = "unsupported"
    UNKNOWN_ENCRYPTION_KEY = "unknown-enc-key"
    SLOW_DOWN = "slow-down"
    BUSY = "busy"
    STORAGE_FULL = "storage-full"
    CODE_REFUSED = "code-refused"
    NO_SESSION = "no-session"
    NOT_FOUND = "not-found"
    WRONG_OFFSET = "wrong-offset"


HTTP_STATUS: Final[Mapping[Problem, int]] = {
    Problem.GAP: 409,
    Problem.FORK: 409,
    Problem.MALFORMED: 422,
    Problem.ROOT_MISMATCH: 422,
    Problem.UNKNOWN_KEY: 401,
    Problem.REVOKED: 403,
    Problem.TOO_LARGE: 413,
    Problem.UNSUPPORTED: 415,
    Problem.UNKNOWN_ENCRYPTION_KEY: 409,
    Problem.SLOW_DOWN: 429,
    Problem.BUSY: 503,
    Problem.STORAGE_FULL: 507,
    Problem.CODE_REFUSED: 403,
    Problem.NO_SESSION: 401,
    Problem.NOT_FOUND: 404,
    Problem.WRONG_OFFSET: 409,
}

_OTHERWISE: Final[Mapping[ProtocolErrorCode, Problem]] = {
    ProtocolErrorCode.UNSUPPORTED: Problem.UNSUPPORTED,
    ProtocolErrorCode.UNKNOWN_DICTIONARY: Problem.UNSUPPORTED,
    ProtocolErrorCode.TOO_LARGE: Problem.TOO_LARGE,
    ProtocolErrorCode.BAD_SIGNATURE: Problem.UNKNOWN_KEY,
    ProtocolErrorCode.UNKNOWN_KEY: Problem.UNKNOWN_KEY,
    ProtocolErrorCode.NODE_MISMATCH: Problem.UNKNOWN_KEY,
    ProtocolErrorCode.ROOT_MISMATCH: Problem.ROOT_MISMATCH,
    ProtocolErrorCode.GAP: Problem.GAP,
    ProtocolErrorCode.FORK: Problem.FORK,
    ProtocolErrorCode.NOT_SEALED: Problem.UNKNOWN_ENCRYPTION_KEY,
    ProtocolErrorCode.UNKNOWN_ENCRYPTION_KEY: Problem.UNKNOWN_ENCRYPTION_KEY,
    ProtocolErrorCode.TOO_FEW_SIGNATURES: Problem.UNKNOWN_KEY,
    ProtocolErrorCode.WRONG_ROOT: Problem.UNKNOWN_KEY,
    ProtocolErrorCode.BAD_CHECK: Problem.CODE_REFUSED,
    ProtocolErrorCode.BAD_MAC: Problem.CODE_REFUSED,
    ProtocolErrorCode.CODE_EXPIRED: Problem.CODE_REFUSED,
}


def problem_of(code: ProtocolErrorCode) -> Problem:
    """The problem that answers bytes refused with this code."""
    return _OTHERWISE.get(code, Problem.MALFORMED)

"""The words of a sync session: states, what can happen, what to do about it.

Responsible for the vocabulary that `session.py` decides in and the shell carries out. Values only;
it must not know the rules that join them, bytes, files or HTTP.
"""

from enum import StrEnum
from typing import Final, NamedTuple, TypeAlias


class State(StrEnum):
    """Where a session stands."""

    OFFLINE = "offline"
    HELLO = "hello"
    DRAIN = "drain"
    PULL = "pull"
    BLOBS = "blobs"
    WAIT_APPLIED = "wait_applied"
    IDLE = "idle"
    BACKOFF = "backoff"
    REFUSED = "refused"
    STOPPED = "stopped"


class Failure(StrEnum):
    """Why the last exchange did not do what it should; the values are stable."""

    UNREACHABLE = "city_unreachable"
    TIMEOUT = "city_timeout"
    CERTIFICATE = "certificate"
    CAPTIVE_PORTAL = "captive_portal"
    BAD_ANSWER = "bad_answer"
    FORGED = "bad_signature"
    BUSY = "city_busy"
    CITY_ERROR = "city_error"
    CITY_FULL = "city_full"
    DISAGREEMENT = "city_disagrees"
    RECORD_REFUSED = "record_refused"
    UNKNOWN_KEY = "unknown_key"
    REVOKED = "revoked"
    UNSUPPORTED = "protocol_unsupported"
    FORK = "fork"
    STATION = "station_fault"


OFFLINE_FAILURES: Final = frozenset(
    {Failure.UNREACHABLE, Failure.TIMEOUT, Failure.CERTIFICATE, Failure.CAPTIVE_PORTAL}
)
"""Failures after which nobody can say that the city was reached."""


class Refusal(StrEnum):
    """What an unsigned answer of the city asks for."""

    GAP = "gap"
    FORK = "fork"
    ROOT_MISMATCH = "root_mismatch"
    UNKNOWN_KEY = "unknown_key"
    UNKNOWN_ENCRYPTION_KEY = "unknown_encryption_key"
    REVOKED = "revoked"
    TOO_LARGE = "too_large"
    MALFORMED = "malformed"
    UNSUPPORTED = "unsupported"
    BUSY = "busy"
    STORAGE_FULL = "storage_full"
    OTHER = "other"


class NoticeKind(StrEnum):
    """What a person must be told about one log."""

    FORK = "fork"
    ROLLBACK = "rollback"


class LogReport(NamedTuple):
    """One log as a verified welcome shows it.

    `agrees`: the station's own root at min(own_size, city_size) equals the city's.
    """

    lid: bytes
    own_size: int
    city_size: int
    applied: int
    agrees: bool


class LogSize(NamedTuple):
    """One log of the journal and how many records it holds."""

    lid: bytes
    size: int


class Started(NamedTuple):
    """The process is ready to talk."""


class Timer(NamedTuple):
    """The time of the last `Wait` is over."""


class Grown(NamedTuple):
    """The journal as it is now, oldest log first."""

    logs: tuple[LogSize, ...]


class Welcomed(NamedTuple):
    """A verified answer to the last greeting. `city_changed`: it was restored or replaced."""

    reports: tuple[LogReport, ...]
    city_changed: bool = False


class Receipted(NamedTuple):
    """A verified receipt for the batch in flight."""

    lid: bytes
    size: int
    applied: int
    plain_bytes: int
    elapsed_s: float


class Problem(NamedTuple):
    """An unsigned refusal. `records` were in the batch it answers (0 for a greeting)."""

    refusal: Refusal
    retry_after_s: float | None = None
    records: int = 0


class Failed(NamedTuple):
    """No usable answer."""

    failure: Failure


class Pulled(NamedTuple):
    """So many entries of a feed were stored. `more`: a feed is still behind."""

    entries: int
    more: bool


class PartSent(NamedTuple):
    """So many bytes of an attachment were taken. `more`: another part may go now."""

    sent_bytes: int
    more: bool


class Called(NamedTuple):
    """The city has news in a feed."""


class Stop(NamedTuple):
    """The process was told to end."""


Event: TypeAlias = (
    Started
    | Timer
    | Grown
    | Welcomed
    | Receipted
    | Problem
    | Failed
    | Pulled
    | PartSent
    | Called
    | Stop
)


class SendHello(NamedTuple):
    """Greet the city and compare these logs; None means every log of the journal."""

    lids: tuple[bytes, ...] | None


class SendBatch(NamedTuple):
    """Send records of one log from sequence `first`."""

    lid: bytes
    first: int
    maximum_records: int
    target_bytes: int
    compressed: bool


class Wait(NamedTuple):
    """Do nothing for so long, unless an event comes."""

    delay_s: float


class Notice(NamedTuple):
    """Write down what a person must be told."""

    kind: NoticeKind
    lid: bytes
    own_size: int
    city_size: int


class ChangeEncryptionKey(NamedTuple):
    """Seal from now on to the city's next encryption key."""


class Finish(NamedTuple):
    """Close everything and end."""


Action: TypeAlias = SendHello | SendBatch | Wait | Notice | ChangeEncryptionKey | Finish

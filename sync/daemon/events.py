"""The words of a sync session: states, what can happen, what to do about it.

Responsible for the vocabulary that `session.py` decides in and the shell carries out. Values only;
it must not know the rules that join them, bytes, files or HTTP.
"""

from enum import StrEnum
from typing import Final, NamedTuple, TypeAlias

LANE_URGENT: Final = 0
LANE_DOSSIERS: Final = 1
LANE_BULK: Final = 2


class State(StrEnum):
    """Where a session stands."""

    OFFLINE = "offline"
    HELLO = "hello"
    DRAIN = "drain"
    KEYS = "keys"
    RECOVER = "recover"
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
    EXPIRED = "certificate_expired"
    SET_ASIDE = "set_aside"
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
    NO_SESSION = "no_session"
    NOT_FOUND = "not_found"
    WRONG_OFFSET = "wrong_offset"
    CODE_REFUSED = "code_refused"
    OTHER = "other"


class NoticeKind(StrEnum):
    """What a person must be told about one log."""

    FORK = "fork"
    ROLLBACK = "rollback"
    LOST_ARCHIVED = "lost_archived"
    WITHHELD = "withheld"
    ASIDE = "aside"


class LogReport(NamedTuple):
    """One log as a verified welcome shows it.

    `agrees`: the station's own root at min(own_size, city_size) equals the city's. From sync.db:
    `archived` is the most that was ever promised as backed up, `aside` the end of what the city
    has set aside, `recovered` the end of the own records that came back.
    """

    lid: bytes
    own_size: int
    city_size: int
    applied: int
    agrees: bool
    archived: int = 0
    aside: int = 0
    recovered: int = 0


class LogSize(NamedTuple):
    """One log of the journal, how many records it holds, and its lane (0 goes first)."""

    lid: bytes
    size: int
    lane: int = LANE_DOSSIERS


class Policy(NamedTuple):
    """What the city asks of its stations; None leaves it to the station."""

    spread_s: int | None = None
    hello_interval_s: int | None = None
    maximum_batch_bytes: int | None = None


class Started(NamedTuple):
    """The process is ready to talk; `outage_s` since the city was last heard, None if unknown."""

    outage_s: float | None = 0.0


class Timer(NamedTuple):
    """The time of the last `Wait` is over."""


class Grown(NamedTuple):
    """The journal as it is now, oldest log first; `blobs` when an attachment may be sent."""

    logs: tuple[LogSize, ...]
    blobs: bool = False


class Welcomed(NamedTuple):
    """A verified answer to the last greeting.

    `city_changed`: it was restored or replaced. `newer_keys`: its keyset is newer than ours.
    `feeds`, `blobs`: there is something to read, or an attachment to send.
    """

    reports: tuple[LogReport, ...]
    city_changed: bool = False
    policy: Policy = Policy()
    newer_keys: bool = False
    feeds: bool = False
    blobs: bool = False


class Receipted(NamedTuple):
    """A verified receipt for the batch in flight; `sent_bytes` is its envelope."""

    lid: bytes
    size: int
    applied: int
    plain_bytes: int
    elapsed_s: float
    sent_bytes: int = 0


class SetAside(NamedTuple):
    """A verified word that the batch in flight is kept aside: no receipt, not lost either."""

    lid: bytes
    first: int
    records: int
    reason: int


class Problem(NamedTuple):
    """An unsigned refusal. `records` were in the batch it answers (0 for a greeting)."""

    refusal: Refusal
    retry_after_s: float | None = None
    records: int = 0


class Failed(NamedTuple):
    """No usable answer."""

    failure: Failure


class KeysKnown(NamedTuple):
    """The city's keyset was read; `changed` when it is newer than the one before."""

    changed: bool


class Recovered(NamedTuple):
    """Own records of a log that came back are stored, up to `size`."""

    lid: bytes
    size: int


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
    | SetAside
    | Problem
    | Failed
    | KeysKnown
    | Recovered
    | Pulled
    | PartSent
    | Called
    | Stop
)


class SendHello(NamedTuple):
    """Greet the city and compare these logs; None means every log of the journal."""

    lids: tuple[bytes, ...] | None


class SendBatch(NamedTuple):
    """Send records of one log from sequence `first`; `withheld`: the first one's leaf alone.

    `dense`: in as few bytes as can be, whatever the work.
    """

    lid: bytes
    first: int
    maximum_records: int
    target_bytes: int
    compressed: bool
    withheld: bool = False
    dense: bool = False


class FetchKeys(NamedTuple):
    """Read the city's keyset."""


class FetchBack(NamedTuple):
    """Read own records of a log that only the city has, from `first` on, up to `city_size`."""

    lid: bytes
    first: int
    own_size: int
    city_size: int


class PullFeed(NamedTuple):
    """Read one batch of a feed that is behind."""


class SendPart(NamedTuple):
    """Send one part of an attachment."""


class Wait(NamedTuple):
    """Do nothing for so long, unless an event comes.

    `since_welcome`: the time counts from the last welcome, not from now. `listen`: meanwhile the
    city may call.
    """

    delay_s: float
    since_welcome: bool = False
    listen: bool = False


class Notice(NamedTuple):
    """Write down what a person must be told.

    Of a withheld record the sizes are its sequence + 1 and its sequence; of bytes set aside the
    end of those bytes and what the city holds.
    """

    kind: NoticeKind
    lid: bytes
    own_size: int
    city_size: int


class ChangeEncryptionKey(NamedTuple):
    """Seal from now on to the city's next encryption key."""


class Finish(NamedTuple):
    """Close everything and end."""


Action: TypeAlias = (
    SendHello
    | SendBatch
    | FetchKeys
    | FetchBack
    | PullFeed
    | SendPart
    | Wait
    | Notice
    | ChangeEncryptionKey
    | Finish
)

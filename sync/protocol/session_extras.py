"""The optional parts of HELLO and WELCOME: feed heads, policy, wanted attachments, notices.

Each part has its encoder and its strict reader; a message without them is complete. The session
token is sealed for the station, so that whoever ends the TLS connection does not learn it.
"""

from collections.abc import Sequence
from typing import Final, NamedTuple

from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey

from sync.protocol import merkle
from sync.protocol.canonical import Value
from sync.protocol.errors import ProtocolError, ProtocolErrorCode
from sync.protocol.fields import ControlMap, any_bytes, array, bytes_of, text, tuple_of, unsigned
from sync.protocol.limits import (
    DIGEST_BYTES,
    LOG_ID_BYTES,
    MAXIMUM_BATCH_BYTES,
    MAXIMUM_FEEDS,
    MAXIMUM_NOTICES,
    MAXIMUM_TOKEN_BYTES,
    MAXIMUM_WANTED_BLOBS,
    MINIMUM_TOKEN_BYTES,
)
from sync.protocol.merkle import Frontier
from sync.protocol.seal import open_sealed, seal

BEARER: Final = "Bearer "

TOKEN_LABEL: Final = b"wes1/token\x00"
_POLICY_KEYS: Final = frozenset(range(1, 6))
_MINUTES_OF_A_DAY: Final = 24 * 60


class FeedHead(NamedTuple):
    """How far the station has one of the city's feeds, and its root there."""

    fid: bytes
    size: int
    root: bytes


class FeedState(NamedTuple):
    """How far the city has a feed; ``root`` is at the smaller of the two sizes.

    ``start`` is the sequence of the last snapshot marker: a station without entries may begin
    there, with ``start_frontier``, the frontier over the entries before it.
    """

    fid: bytes
    feed: int
    size: int
    root: bytes
    start: int
    start_frontier: Frontier


class Policy(NamedTuple):
    """What the city asks of its stations. Times in seconds, sizes in bytes.

    ``spread_s``: random delay of the first HELLO after an outage. ``hello_interval_s``: longest
    silence. ``blob_bytes_per_day``: None means no limit. ``blob_minutes``: when attachments may
    travel, minutes of the local day, [from, to); None means always.
    """

    spread_s: int
    hello_interval_s: int
    maximum_batch_bytes: int
    blob_bytes_per_day: int | None
    blob_minutes: tuple[int, int] | None


class Notice(NamedTuple):
    """Something about one log that a person must see; codes that are not known are kept."""

    code: str
    lid: bytes


def encode_feed_heads(heads: Sequence[FeedHead]) -> Value:
    """``[[fid, size, root], …]``. Errors: TOO_LARGE."""
    _check_count(heads, MAXIMUM_FEEDS, "feeds")
    return [list(head) for head in heads]


def parse_feed_heads(value: Value, place: str) -> tuple[FeedHead, ...]:
    """``[[fid, size, root], …]``."""
    items = [tuple_of(item, 3, place) for item in array(value, MAXIMUM_FEEDS, place)]
    return tuple(
        FeedHead(
            bytes_of(fid, LOG_ID_BYTES, place),
            unsigned(size, place),
            bytes_of(root, DIGEST_BYTES, place),
        )
        for fid, size, root in items
    )


def encode_feed_states(states: Sequence[FeedState]) -> Value:
    """``[[fid, feed, size, root, start, frontier], …]``. Errors: TOO_LARGE."""
    _check_count(states, MAXIMUM_FEEDS, "feeds")
    return [[*state[:5], merkle.pack(state.start_frontier)] for state in states]


def parse_feed_states(value: Value, place: str) -> tuple[FeedState, ...]:
    """``[[fid, feed, size, root, start, frontier], …]``."""
    return tuple(_feed_state(item, place) for item in array(value, MAXIMUM_FEEDS, place))


def encode_policy(policy: Policy) -> Value:
    """The map of a policy."""
    return {
        1: policy.spread_s,
        2: policy.hello_interval_s,
        3: policy.maximum_batch_bytes,
        4: policy.blob_bytes_per_day,
        5: None if policy.blob_minutes is None else list(policy.blob_minutes),
    }


def parse_policy(value: Value, place: str) -> Policy:
    """A policy that a station can follow. Errors: MALFORMED (ranges), UNSUPPORTED (keys)."""
    fields = ControlMap(value, _POLICY_KEYS)
    policy = Policy(
        spread_s=fields.unsigned(1),
        hello_interval_s=fields.unsigned(2),
        maximum_batch_bytes=fields.unsigned(3),
        blob_bytes_per_day=fields.optional(4, unsigned),
        blob_minutes=fields.optional(5, _minutes),
    )
    if policy.hello_interval_s == 0 or not 0 < policy.maximum_batch_bytes <= MAXIMUM_BATCH_BYTES:
        raise ProtocolError(ProtocolErrorCode.MALFORMED, f"{place}: policy")
    return policy


def encode_wanted(digests: Sequence[bytes]) -> Value:
    """``[H(cipher), …]`` of the attachments that the city waits for. Errors: TOO_LARGE."""
    _check_count(digests, MAXIMUM_WANTED_BLOBS, "wanted attachments")
    return list(digests)


def parse_wanted(value: Value, place: str) -> tuple[bytes, ...]:
    """``[H(cipher), …]``."""
    items = array(value, MAXIMUM_WANTED_BLOBS, place)
    return tuple(bytes_of(item, DIGEST_BYTES, place) for item in items)


def encode_notices(notices: Sequence[Notice]) -> Value:
    """``[[code, lid], …]``. Errors: TOO_LARGE."""
    _check_count(notices, MAXIMUM_NOTICES, "notices")
    return [list(notice) for notice in notices]


def parse_notices(value: Value, place: str) -> tuple[Notice, ...]:
    """``[[code, lid], …]``."""
    items = [tuple_of(item, 2, place) for item in array(value, MAXIMUM_NOTICES, place)]
    return tuple(
        Notice(text(code, place), bytes_of(lid, LOG_ID_BYTES, place)) for code, lid in items
    )


def seal_token(token: bytes, recipient: X25519PublicKey, nonce: bytes) -> bytes:
    """The session's token for the station alone; ``nonce`` is that of its HELLO."""
    _check_token(token)
    return seal(token, recipient, TOKEN_LABEL + nonce)


def open_token(sealed: bytes, key: X25519PrivateKey, nonce: bytes) -> bytes:
    """The token in WELCOME. Errors: CANNOT_OPEN, MALFORMED (its length)."""
    token = open_sealed(sealed, key, TOKEN_LABEL + nonce)
    _check_token(token)
    return token


def bearer(token: bytes) -> str:
    """The value of the HTTP header Authorization that shows this token."""
    return BEARER + token.hex()


def read_bearer(header: str) -> bytes | None:
    """The token in an Authorization header, or None when there is none of the right form."""
    if not header.startswith(BEARER) or len(header) > 8 + 2 * MAXIMUM_TOKEN_BYTES:
        return None
    try:
        return bytes.fromhex(header.removeprefix(BEARER))
    except ValueError:
        return None


def _feed_state(value: Value, place: str) -> FeedState:
    fid, feed, size, root, start, packed = tuple_of(value, 6, place)
    state = FeedState(
        fid=bytes_of(fid, LOG_ID_BYTES, place),
        feed=unsigned(feed, place),
        size=unsigned(size, place),
        root=bytes_of(root, DIGEST_BYTES, place),
        start=unsigned(start, place),
        start_frontier=merkle.unpack(any_bytes(packed, place)),
    )
    if state.start > state.size or len(state.start_frontier) != state.start.bit_count():
        raise ProtocolError(ProtocolErrorCode.MALFORMED, f"{place}: start of a feed")
    return state


def _minutes(value: Value, place: str) -> tuple[int, int]:
    start, end = (unsigned(item, place) for item in tuple_of(value, 2, place))
    if max(start, end) > _MINUTES_OF_A_DAY:
        raise ProtocolError(ProtocolErrorCode.MALFORMED, f"{place}: minutes of the day")
    return start, end


def _check_count(items: Sequence[object], maximum: int, what: str) -> None:
    if len(items) > maximum:
        raise ProtocolError(ProtocolErrorCode.TOO_LARGE, what)


def _check_token(token: bytes) -> None:
    if not MINIMUM_TOKEN_BYTES <= len(token) <= MAXIMUM_TOKEN_BYTES:
        raise ProtocolError(ProtocolErrorCode.MALFORMED, "length of a token")

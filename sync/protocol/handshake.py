"""HELLO and WELCOME: where station and city agree on every log before anything is sent.

The city is the one that says where to resume; the station keeps no cursor. The session nonce makes
a late WELCOME worthless, and its city time fresh.
"""

from collections.abc import Callable, Sequence
from typing import Final, NamedTuple, TypeVar

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from sync.protocol.batch_header import SealingTime, encode_sealing_time, parse_sealing_time
from sync.protocol.canonical import Value, decode
from sync.protocol.control import check_size, sign_control
from sync.protocol.cose import LABEL_HELLO, LABEL_WELCOME, FindKey, verify
from sync.protocol.errors import ProtocolError, ProtocolErrorCode
from sync.protocol.fields import ControlMap, any_bytes, array, bytes_of, tuple_of, unsigned
from sync.protocol.limits import (
    CITY_ID_BYTES,
    DIGEST_BYTES,
    GENERATION_BYTES,
    LOG_ID_BYTES,
    MAXIMUM_HELLO_LOGS,
    MAXIMUM_KEYS,
    MAXIMUM_RECEIPT_STATUSES,
    NODE_ID_BYTES,
    NONCE_BYTES,
    PROTOCOL_VERSION,
)
from sync.protocol.session_extras import (
    FeedHead,
    FeedState,
    Notice,
    Policy,
    encode_feed_heads,
    encode_feed_states,
    encode_notices,
    encode_policy,
    encode_wanted,
    parse_feed_heads,
    parse_feed_states,
    parse_notices,
    parse_policy,
    parse_wanted,
)

_HELLO_KEYS: Final = frozenset({1, 2, 3, 4, 5, 6, 7, 8, 9, 10})
_WELCOME_KEYS: Final = frozenset({1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 15})
_T = TypeVar("_T")


class LogHead(NamedTuple):
    """How far one of the station's logs goes, and the root there."""

    lid: bytes
    size: int
    root: bytes


class Hello(NamedTuple):
    """Who asks, since when, and for which logs. ``sent_at`` carries the boot id and the clocks.

    ``full``: these are all the logs there are, so the city may name those the station has lost.
    ``feeds`` says how far the city's feeds have arrived; ``stats`` is a free map of numbers for
    the city's operators.
    """

    node_id: bytes
    station: int
    nonce: bytes
    logs: tuple[LogHead, ...]
    sent_at: SealingTime
    versions: tuple[int, ...] = (PROTOCOL_VERSION,)
    full: bool = False
    feeds: tuple[FeedHead, ...] = ()
    stats: dict[int | str, Value] | None = None


class LogState(NamedTuple):
    """What the city holds of one log.

    ``size`` records are stored, of which the first ``archived`` are in a verified backup and the
    first ``applied`` are entered in the register, except those named in ``statuses``. ``root`` is
    the city's root at the smaller of the two sizes, the station's and its own. An unknown log has
    size 0 and the empty root.
    """

    lid: bytes
    size: int
    archived: int
    root: bytes
    applied: int
    statuses: tuple[tuple[int, int], ...] = ()


class Welcome(NamedTuple):
    """The city's answer. ``generation`` changes when its database was restored or rebuilt.

    ``sealed_token`` opens with ``session_extras.open_token`` and is good for this session's
    requests; ``keyset_version`` is the newest keyset; ``wanted`` are H(cipher) of attachments.
    """

    city_id: bytes
    generation: bytes
    nonce: bytes
    city_time_ms: int
    logs: tuple[LogState, ...]
    receipt_number: int
    version: int = PROTOCOL_VERSION
    feeds: tuple[FeedState, ...] = ()
    policy: Policy | None = None
    sealed_token: bytes | None = None
    keyset_version: int | None = None
    wanted: tuple[bytes, ...] = ()
    notices: tuple[Notice, ...] = ()


class VerifiedHello(NamedTuple):
    """A HELLO and the id of the key that signed it."""

    hello: Hello
    kid: bytes


def sign_hello(hello: Hello, key: Ed25519PrivateKey) -> bytes:
    """The signed HELLO. Errors: TOO_LARGE (too many logs)."""
    _check_logs(hello.logs)
    fields: dict[int | str, Value] = {
        1: PROTOCOL_VERSION,
        2: hello.node_id,
        3: hello.station,
        4: hello.nonce,
        5: list(hello.versions),
        7: [list(log) for log in hello.logs],
        9: encode_sealing_time(hello.sent_at),
    }
    if hello.full:
        fields[6] = True
    if hello.feeds:
        fields[8] = encode_feed_heads(hello.feeds)
    if hello.stats is not None:
        fields[10] = hello.stats
    return sign_control(key, LABEL_HELLO, fields)


def verify_hello(message: bytes, find_key: FindKey) -> VerifiedHello:
    """The HELLO in a message, once its signature is good.

    That the key belongs to this ``node_id`` is for the caller to check: it knows the certificates.
    Errors: those of ``cose.verify`` and ``canonical.decode``, UNSUPPORTED, TOO_LARGE.
    """
    check_size(message)
    verified = verify(message, LABEL_HELLO, find_key)
    return VerifiedHello(read_hello(verified.payload), verified.kid)


def read_hello(payload: bytes) -> Hello:
    """The HELLO in a payload, whoever signed it: for a carrier, which believes nothing.

    Errors: those of ``canonical.decode``, UNSUPPORTED, TOO_LARGE.
    """
    fields = ControlMap(decode(payload), _HELLO_KEYS)
    fields.version()
    hello = Hello(
        node_id=fields.bytes_of(2, NODE_ID_BYTES),
        station=fields.unsigned(3),
        nonce=fields.bytes_of(4, NONCE_BYTES),
        versions=tuple(unsigned(item, "key 5") for item in fields.array(5, MAXIMUM_KEYS)),
        logs=tuple(_log_head(item) for item in fields.array(7, MAXIMUM_HELLO_LOGS)),
        sent_at=parse_sealing_time(fields.value(9), "key 9"),
        full=_if_there(fields, 6, _true) or False,
        feeds=_if_there(fields, 8, parse_feed_heads) or (),
        stats=_if_there(fields, 10, _free_map),
    )
    if PROTOCOL_VERSION not in hello.versions:
        raise ProtocolError(ProtocolErrorCode.UNSUPPORTED, "no version in common")
    return hello


def sign_welcome(welcome: Welcome, key: Ed25519PrivateKey) -> bytes:
    """The signed WELCOME. Errors: TOO_LARGE (too many logs or statuses)."""
    _check_logs(welcome.logs)
    fields: dict[int | str, Value] = {
        1: PROTOCOL_VERSION,
        2: welcome.city_id,
        3: welcome.generation,
        4: welcome.nonce,
        5: welcome.city_time_ms,
        6: [_encode_log_state(log) for log in welcome.logs],
        13: welcome.version,
        15: welcome.receipt_number,
        **_extras(welcome),
    }
    return sign_control(key, LABEL_WELCOME, fields)


def verify_welcome(message: bytes, find_key: FindKey, nonce: bytes) -> Welcome:
    """The WELCOME in a message, once its signature is good and it answers this nonce.

    Errors: NONCE_MISMATCH, UNSUPPORTED, those of ``cose.verify`` and ``canonical.decode``.
    """
    check_size(message)
    fields = ControlMap(decode(verify(message, LABEL_WELCOME, find_key).payload), _WELCOME_KEYS)
    fields.version()
    fields.version(13)
    if fields.bytes_of(4, NONCE_BYTES) != nonce:
        raise ProtocolError(ProtocolErrorCode.NONCE_MISMATCH, "WELCOME")
    return Welcome(
        city_id=fields.bytes_of(2, CITY_ID_BYTES),
        generation=fields.bytes_of(3, GENERATION_BYTES),
        nonce=nonce,
        city_time_ms=fields.unsigned(5),
        logs=tuple(_log_state(item) for item in fields.array(6, MAXIMUM_HELLO_LOGS)),
        receipt_number=fields.unsigned(15),
        feeds=_if_there(fields, 7, parse_feed_states) or (),
        policy=_if_there(fields, 8, parse_policy),
        sealed_token=_if_there(fields, 9, any_bytes),
        keyset_version=_if_there(fields, 10, unsigned),
        wanted=_if_there(fields, 11, parse_wanted) or (),
        notices=_if_there(fields, 12, parse_notices) or (),
    )


def encode_statuses(statuses: Sequence[tuple[int, int]]) -> Value:
    """``[[sequence, code], …]``. Errors: TOO_LARGE."""
    if len(statuses) > MAXIMUM_RECEIPT_STATUSES:
        raise ProtocolError(ProtocolErrorCode.TOO_LARGE, "statuses")
    # Codes may be members of an enumeration; the wire carries plain integers.
    return [[int(number), int(code)] for number, code in statuses]


def parse_statuses(value: Value, place: str) -> tuple[tuple[int, int], ...]:
    """``[[sequence, code], …]``."""
    pairs = [tuple_of(item, 2, place) for item in array(value, MAXIMUM_RECEIPT_STATUSES, place)]
    return tuple((unsigned(number, place), unsigned(code, place)) for number, code in pairs)


def check_progress(archived: int, applied: int, size: int) -> None:
    """Neither more archived nor more applied than stored. Errors: MALFORMED."""
    if archived > size or applied > size:
        raise ProtocolError(ProtocolErrorCode.MALFORMED, "archived or applied beyond the size")


def _extras(welcome: Welcome) -> dict[int | str, Value]:
    """The optional keys, those that say something."""
    extras: dict[int | str, Value] = {
        7: encode_feed_states(welcome.feeds) if welcome.feeds else None,
        8: None if welcome.policy is None else encode_policy(welcome.policy),
        9: welcome.sealed_token,
        10: welcome.keyset_version,
        11: encode_wanted(welcome.wanted) if welcome.wanted else None,
        12: encode_notices(welcome.notices) if welcome.notices else None,
    }
    return {key: value for key, value in extras.items() if value is not None}


def _if_there(fields: ControlMap, key: int, read: Callable[[Value, str], _T]) -> _T | None:
    return read(fields.value(key), f"key {key}") if fields.has(key) else None


def _true(value: Value, place: str) -> bool:
    if value is not True:
        raise ProtocolError(ProtocolErrorCode.MALFORMED, f"{place}: true or absent")
    return True


def _free_map(value: Value, place: str) -> dict[int | str, Value]:
    if not isinstance(value, dict):
        raise ProtocolError(ProtocolErrorCode.MALFORMED, f"{place}: a map was expected")
    return value


def _check_logs(logs: Sequence[object]) -> None:
    if len(logs) > MAXIMUM_HELLO_LOGS:
        raise ProtocolError(ProtocolErrorCode.TOO_LARGE, "logs of a control message")


def _log_head(value: Value) -> LogHead:
    lid, size, root = tuple_of(value, 3, "key 7")
    return LogHead(
        bytes_of(lid, LOG_ID_BYTES, "key 7"),
        unsigned(size, "key 7"),
        bytes_of(root, DIGEST_BYTES, "key 7"),
    )


def _encode_log_state(log: LogState) -> Value:
    return [
        log.lid,
        log.size,
        log.archived,
        log.root,
        log.applied,
        encode_statuses(log.statuses),
    ]


def _log_state(value: Value) -> LogState:
    lid, size, archived, root, applied, statuses = tuple_of(value, 6, "key 6")
    state = LogState(
        lid=bytes_of(lid, LOG_ID_BYTES, "key 6"),
        size=unsigned(size, "key 6"),
        archived=unsigned(archived, "key 6"),
        root=bytes_of(root, DIGEST_BYTES, "key 6"),
        applied=unsigned(applied, "key 6"),
        statuses=parse_statuses(statuses, "key 6"),
    )
    check_progress(state.archived, state.applied, state.size)
    return state

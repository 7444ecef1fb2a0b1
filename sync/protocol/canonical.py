"""Canonical CBOR (RFC 8949 §4.2.3, length-first key order), strict in both directions.

Strictness is proved by round trip: decode, encode again canonically, compare the bytes. What a
round trip would let through (floats and tags have canonical forms too) is refused by type, before
the library sees it. Control maps and records are built on this; nothing here knows them.
"""

from io import BytesIO
from typing import Final, TypeAlias

import cbor2

from sync.protocol.errors import ProtocolError, ProtocolErrorCode
from sync.protocol.heads import skip
from sync.protocol.limits import MAXIMUM_DEPTH

Value: TypeAlias = int | bytes | str | bool | list["Value"] | dict[int | str, "Value"] | None

_SCALARS: Final = frozenset({bytes, str, bool, type(None)})
_INTEGER_END: Final = 1 << 64


_NOWHERE: Final = BytesIO()
_IDLE: Final[list[cbor2.CBOREncoder]] = []
"""Encoders that nobody uses just now: making one costs more than encoding a message with it."""


def encode(value: Value) -> bytes:
    """The one canonical form of a value.

    Errors: FORBIDDEN_TYPE for a float, a tuple, a subclass, an integer beyond 64 bits, a map key
    that is neither int nor str; TOO_DEEP.
    """
    _check(value, 0)
    encoder = _take_encoder()
    try:
        data = encoder.encode_to_bytes(value)
    except UnicodeEncodeError:
        raise ProtocolError(ProtocolErrorCode.FORBIDDEN_TYPE, "text is not UTF-8") from None
    _IDLE.append(encoder)
    return data


def decode(data: bytes) -> Value:
    """The value of exactly one canonical item.

    Errors: MALFORMED (also for trailing bytes), NOT_CANONICAL, FORBIDDEN_TYPE, TOO_DEEP.
    """
    if skip(data, 0) != len(data):
        raise ProtocolError(ProtocolErrorCode.MALFORMED, "trailing bytes")
    return _build(data)


def decode_sequence(data: bytes, count: int) -> list[tuple[Value, bytes]]:
    """Exactly ``count`` canonical items one after another (RFC 8742), each with its own bytes."""
    pieces: list[bytes] = []
    offset = 0
    for _ in range(count):
        end = skip(data, offset)
        pieces.append(data[offset:end])
        offset = end
    if offset != len(data):
        raise ProtocolError(ProtocolErrorCode.MALFORMED, "trailing bytes")
    return list(zip(_build_all(data, count), pieces, strict=True))


def _take_encoder() -> cbor2.CBOREncoder:
    # Taking is one step: no two threads get the same one. One that failed never comes back.
    try:
        return _IDLE.pop()
    except IndexError:
        return cbor2.CBOREncoder(_NOWHERE, canonical=True)


def _build(data: bytes) -> Value:
    return _build_all(data, 1)[0]


def _build_all(data: bytes, count: int) -> list[Value]:
    """Decode walked-over bytes; one decoder serves the whole sequence."""
    decoder = cbor2.CBORDecoder(BytesIO(data))
    again = BytesIO()
    encoder = _take_encoder()
    values: list[Value] = []
    encoder.fp = again
    try:
        for _ in range(count):
            value = decoder.decode()
            encoder.encode(value)
            values.append(value)
    except (cbor2.CBORError, ValueError) as error:
        # Only text that is not UTF-8 is left to fail after the walk.
        raise ProtocolError(ProtocolErrorCode.MALFORMED, "text is not UTF-8") from error
    encoder.fp = _NOWHERE
    _IDLE.append(encoder)
    if again.getvalue() != data:
        raise ProtocolError(ProtocolErrorCode.NOT_CANONICAL, "key order or duplicate key")
    return values


def _check(value: Value, depth: int) -> None:
    # Scalars of exact types only: a subclass could encode itself in another way.
    if type(value) in _SCALARS:
        return
    if isinstance(value, int):
        _check_integer(value)
        return
    if depth >= MAXIMUM_DEPTH:
        raise ProtocolError(ProtocolErrorCode.TOO_DEEP, f"more than {MAXIMUM_DEPTH} levels")
    if isinstance(value, list):
        for item in value:
            _check(item, depth + 1)
    elif isinstance(value, dict):
        for key, item in value.items():
            _check_key(key)
            _check(item, depth + 1)
    else:
        raise ProtocolError(ProtocolErrorCode.FORBIDDEN_TYPE, type(value).__name__)


def _check_key(key: int | str) -> None:
    if type(key) is str:
        return
    if type(key) is not int:
        raise ProtocolError(ProtocolErrorCode.FORBIDDEN_TYPE, "a map key is an integer or a text")
    _check_integer(key)


def _check_integer(value: int) -> None:
    if type(value) is not int:
        raise ProtocolError(ProtocolErrorCode.FORBIDDEN_TYPE, type(value).__name__)
    if not -_INTEGER_END <= value < _INTEGER_END:
        raise ProtocolError(ProtocolErrorCode.FORBIDDEN_TYPE, "integer beyond 64 bits")

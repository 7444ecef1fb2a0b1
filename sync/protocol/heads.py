"""Reads and writes CBOR heads, and walks over an item without building it.

The walk is the first gate for foreign bytes: it refuses every form that this protocol does not use
(RFC 8949 §3: floats, other simple values, tags, indefinite lengths, heads longer than needed) and
bounds depth and length before any decoder allocates memory for them. Key order is not its affair.
"""

from struct import Struct
from typing import Final

from sync.protocol.errors import ProtocolError, ProtocolErrorCode
from sync.protocol.limits import MAXIMUM_DEPTH

UNSIGNED: Final = 0
NEGATIVE: Final = 1
BYTES: Final = 2
TEXT: Final = 3
ARRAY: Final = 4
MAP: Final = 5
TAG: Final = 6
SIMPLE: Final = 7

_FALSE_TRUE_NULL: Final = frozenset({20, 21, 22})
_SHORT: Final = 24
_INDEFINITE: Final = 31
# additional information -> (structure of the argument, its size in bytes, smallest value allowed)
_LONG: Final = {
    24: (Struct(">B"), 1, 24),
    25: (Struct(">H"), 2, 1 << 8),
    26: (Struct(">I"), 4, 1 << 16),
    27: (Struct(">Q"), 8, 1 << 32),
}
_STRINGS: Final = frozenset({BYTES, TEXT})
_CONTAINERS: Final = frozenset({ARRAY, MAP})
_NO_SHORT_HEAD: Final = (SIMPLE, -1)
# First byte -> (major type, argument) where that is the whole head and no check can fail.
_SHORT_HEADS: Final = tuple(
    (first >> 5, first & 31) if first >> 5 < TAG and first & 31 < _SHORT else _NO_SHORT_HEAD
    for first in range(256)
)
_ONE_BYTE: Final = tuple(bytes((number,)) for number in range(256))
_HEAD_8: Final = Struct(">BB")
_HEAD_16: Final = Struct(">BH")
_HEAD_32: Final = Struct(">BI")
_HEAD_64: Final = Struct(">BQ")


def head(major: int, argument: int) -> bytes:
    """The shortest head of a major type (0–5) with this argument (0 … 2⁶⁴−1)."""
    first = major << 5
    if argument < _SHORT:
        return _ONE_BYTE[first | argument]
    if argument < 1 << 8:
        return _HEAD_8.pack(first | 24, argument)
    if argument < 1 << 16:
        return _HEAD_16.pack(first | 25, argument)
    if argument < 1 << 32:
        return _HEAD_32.pack(first | 26, argument)
    return _HEAD_64.pack(first | 27, argument)


def read_head(data: bytes, offset: int) -> tuple[int, int, int]:
    """Major type, argument and the offset after the head; the shortest form only."""
    if offset >= len(data):
        raise ProtocolError(ProtocolErrorCode.MALFORMED, "the bytes end inside an item")
    first = data[offset]
    major, argument = first >> 5, first & 31
    if argument < _SHORT:
        return major, argument, offset + 1
    if major == SIMPLE:
        raise ProtocolError(ProtocolErrorCode.FORBIDDEN_TYPE, "float or simple value")
    form = _LONG.get(argument)
    if form is None:
        raise _bad_information(argument)
    structure, size, smallest = form
    if offset + 1 + size > len(data):
        raise ProtocolError(ProtocolErrorCode.MALFORMED, "the bytes end inside a head")
    (value,) = structure.unpack_from(data, offset + 1)
    if value < smallest:
        raise ProtocolError(ProtocolErrorCode.NOT_CANONICAL, "a head is longer than needed")
    return major, value, offset + 1 + size


def read_bytes(data: bytes, offset: int) -> tuple[bytes, int]:
    """A byte string at the offset, and the offset after it."""
    major, length, start = read_head(data, offset)
    if major != BYTES:
        raise ProtocolError(ProtocolErrorCode.MALFORMED, "a byte string was expected")
    if start + length > len(data):
        raise ProtocolError(ProtocolErrorCode.MALFORMED, "the bytes end inside a string")
    return data[start : start + length], start + length


def skip(data: bytes, offset: int) -> int:
    """The offset after the one item at ``offset``, after checking every head in it.

    Map keys must be integers or texts. Errors: MALFORMED, NOT_CANONICAL, FORBIDDEN_TYPE, TOO_DEEP.
    """
    # Every message passes here several times: one loop, and no call for the common short heads.
    left, in_map = 1, False
    outer: list[tuple[int, bool]] = []
    end = len(data)
    while left or outer:
        if not left:
            left, in_map = outer.pop()
            continue
        major, argument = _SHORT_HEADS[data[offset]] if offset < end else _NO_SHORT_HEAD
        if argument < 0:
            major, argument, offset = read_head(data, offset)
            _check_major(major, argument)
        else:
            offset += 1
        if in_map:
            _check_key(left, major)
        left -= 1
        if major in _STRINGS:
            offset += argument
        elif major in _CONTAINERS and _is_deep(len(outer), argument):
            outer.append((left, in_map))
            left, in_map = (argument * 2, True) if major == MAP else (argument, False)
    if offset > end:
        raise ProtocolError(ProtocolErrorCode.MALFORMED, "the bytes end inside a string")
    return offset


def _is_deep(level: int, items: int) -> bool:
    """Whether a container on this level leads further down; an empty one is a level, too."""
    if level >= MAXIMUM_DEPTH:
        raise ProtocolError(ProtocolErrorCode.TOO_DEEP, f"more than {MAXIMUM_DEPTH} levels")
    return items > 0


def _check_major(major: int, argument: int) -> None:
    if major == TAG:
        raise ProtocolError(ProtocolErrorCode.FORBIDDEN_TYPE, "tag")
    if major == SIMPLE and argument not in _FALSE_TRUE_NULL:
        raise ProtocolError(ProtocolErrorCode.FORBIDDEN_TYPE, "float or simple value")


def _check_key(items_left: int, major: int) -> None:
    # An even number of items still to come means that the next one is a key.
    if items_left % 2 == 0 and major not in {UNSIGNED, NEGATIVE, TEXT}:
        raise ProtocolError(ProtocolErrorCode.FORBIDDEN_TYPE, "a map key is an integer or a text")


def _bad_information(information: int) -> ProtocolError:
    if information == _INDEFINITE:
        return ProtocolError(ProtocolErrorCode.NOT_CANONICAL, "indefinite length")
    return ProtocolError(ProtocolErrorCode.MALFORMED, "reserved head")

"""The fast way to read a record: the common form, byte by byte.

The city reads every record once and most of its time goes there. This reader may only say yes:
whatever is not exactly the canonical form of a plain record (an ``ext``, a withheld entry, any
fault) is None, and the strict decoder decides. Tests hold the two equal.
"""

from typing import Final

from sync.protocol.limits import EVENT_ID_BYTES, MAXIMUM_QUALITY, MAXIMUM_RECORD_BYTES
from sync.protocol.record import Record, RecordTime

_ARRAY_OF_8: Final = 0x88
_ARRAY_OF_3: Final = 0x83
_BYTES_16: Final = 0x50
_NULL: Final = 0xF6
_BYTES: Final = 0x40
_ONE_BYTE_HEADS: Final = 24
# Additional information of a head -> (bytes that follow, smallest argument allowed).
_LONG: Final = {24: (1, 24), 25: (2, 1 << 8), 26: (4, 1 << 16), 27: (8, 1 << 32)}
_INTEGER_END: Final = 1 << 63


class _OtherFormError(Exception):
    """Not a plain record."""


def read_plain_record(data: bytes, offset: int) -> tuple[Record, int] | None:
    """The record at ``offset`` and the offset after it, or None when another reader must decide."""
    try:
        record, end = _read(data, offset)
    except (_OtherFormError, IndexError):
        return None
    if end > len(data) or end - offset > MAXIMUM_RECORD_BYTES:
        return None
    return record, end


def _read(data: bytes, offset: int) -> tuple[Record, int]:
    if data[offset] != _ARRAY_OF_8:
        raise _OtherFormError
    sequence, offset = _unsigned(data, offset + 1)
    kind, offset = _unsigned(data, offset)
    eid, offset = _identifier(data, offset)
    subject = None
    if data[offset] == _NULL:
        offset += 1
    else:
        subject, offset = _identifier(data, offset)
    version, offset = _unsigned(data, offset)
    time, offset = _time(data, offset)
    content_type, offset = _unsigned(data, offset)
    length, start = _unsigned(data, offset, _BYTES)
    end = start + length
    body = data[start:end]
    return Record(sequence, kind, eid, subject, version, time, content_type, body), end


def _time(data: bytes, offset: int) -> tuple[RecordTime, int]:
    if data[offset] != _ARRAY_OF_3:
        raise _OtherFormError
    mono_ms, offset = _unsigned(data, offset + 1)
    wall_ms = None
    if data[offset] == _NULL:
        offset += 1
    else:
        wall_ms, offset = _unsigned(data, offset)
    quality = data[offset]
    if quality > MAXIMUM_QUALITY:
        raise _OtherFormError
    return RecordTime(mono_ms, wall_ms, quality), offset + 1


def _identifier(data: bytes, offset: int) -> tuple[bytes, int]:
    if data[offset] != _BYTES_16:
        raise _OtherFormError
    end = offset + 1 + EVENT_ID_BYTES
    return data[offset + 1 : end], end


def _unsigned(data: bytes, offset: int, major: int = 0) -> tuple[int, int]:
    """The argument of a shortest head of this major type (its bits in place)."""
    information = data[offset] - major
    if 0 <= information < _ONE_BYTE_HEADS:
        return information, offset + 1
    form = _LONG.get(information)
    if form is None:
        raise _OtherFormError
    size, smallest = form
    end = offset + 1 + size
    argument = int.from_bytes(data[offset + 1 : end], "big")
    if not smallest <= argument < _INTEGER_END:
        raise _OtherFormError
    return argument, end

"""The fast way to read a record: the common form, in one pattern.

Both ends read every record that travels. This reader may only say yes: whatever is not exactly the
canonical form of a plain record (an ``ext``, a withheld entry, any fault) is None, and the strict
decoder decides. Tests hold the two equal.
"""

import re
from typing import Final

from sync.protocol.limits import EVENT_ID_BYTES, MAXIMUM_QUALITY, MAXIMUM_RECORD_BYTES
from sync.protocol.record import Record, RecordTime

# Heads as short as possible, of arguments below 2⁶³.
_UNSIGNED: Final = (
    rb"([\x00-\x17]|\x18[\x18-\xff]|\x19(?!\x00)..|\x1a(?!\x00\x00).{4}"
    rb"|\x1b(?!\x00{4})[\x00-\x7f].{7})"
)
_LENGTH: Final = rb"([\x40-\x57]|\x58[\x18-\xff]|\x59(?!\x00)..|\x5a(?!\x00\x00).{4})"
_IDENTIFIER: Final = rb"\x50(.{%d})" % EVENT_ID_BYTES
_QUALITY: Final = rb"([\x00-\x%02x])" % MAXIMUM_QUALITY
_PLAIN: Final = re.compile(
    rb"\x88"
    + _UNSIGNED * 2  # sequence, kind
    + _IDENTIFIER
    + rb"(?:\xf6|"
    + _IDENTIFIER
    + rb")"
    + _UNSIGNED  # version
    + rb"\x83"
    + _UNSIGNED
    + rb"(?:\xf6|"
    + _UNSIGNED
    + rb")"
    + _QUALITY
    + _UNSIGNED  # content type
    + _LENGTH,
    re.DOTALL,
)
_BYTES: Final = 0x40


def read_plain_record(data: bytes, offset: int) -> tuple[Record, int] | None:
    """The record at ``offset`` and the offset after it, or None when another reader must decide."""
    found = _PLAIN.match(data, offset)
    if found is None:
        return None
    sequence, kind, eid, subject, version, mono_ms, wall_ms, quality, content_type, length = (
        found.groups()
    )
    start = found.end()
    end = start + (length[0] - _BYTES if len(length) == 1 else int.from_bytes(length[1:], "big"))
    if end > len(data) or end - offset > MAXIMUM_RECORD_BYTES:
        return None
    record = Record(
        _argument(sequence),
        _argument(kind),
        eid,
        subject,
        _argument(version),
        RecordTime(_argument(mono_ms), None if wall_ms is None else _argument(wall_ms), quality[0]),
        _argument(content_type),
        data[start:end],
    )
    return record, end


def _argument(head: bytes) -> int:
    return head[0] if len(head) == 1 else int.from_bytes(head[1:], "big")

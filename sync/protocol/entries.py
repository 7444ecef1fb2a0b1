"""The entries inside a batch: records, and withheld ones that show only their leaf."""

from typing import Final, NamedTuple

from sync.protocol.canonical import decode
from sync.protocol.errors import ProtocolError, ProtocolErrorCode
from sync.protocol.fields import bytes_of, unsigned
from sync.protocol.heads import ARRAY, BYTES, UNSIGNED, head, skip
from sync.protocol.limits import DIGEST_BYTES, MAXIMUM_RECORD_BYTES
from sync.protocol.merkle import leaf_hash
from sync.protocol.plain_record import read_plain_record
from sync.protocol.record import Record, decode_record

_WITHHELD_FIELDS: Final = 2


class Entry(NamedTuple):
    """One entry: ``record`` is None when it was withheld; ``raw`` are the bytes in the batch."""

    record: Record | None
    raw: bytes
    leaf: bytes


def withheld(sequence: int, leaf: bytes) -> bytes:
    """The entry that keeps a log moving without the record itself."""
    return b"".join(
        [head(ARRAY, _WITHHELD_FIELDS), head(UNSIGNED, sequence), head(BYTES, len(leaf)), leaf]
    )


def read_entries(plaintext: bytes, first: int, count: int) -> list[Entry]:
    """Exactly ``count`` entries with the sequences ``first``, ``first + 1`` and so on.

    Errors: MALFORMED, NOT_CANONICAL, FORBIDDEN_TYPE, TOO_DEEP, TOO_LARGE (one record).
    """
    entries: list[Entry] = []
    offset = 0
    for sequence in range(first, first + count):
        found, entry, offset = read_entry(plaintext, offset)
        if found != sequence:
            raise ProtocolError(ProtocolErrorCode.MALFORMED, "sequence")
        entries.append(entry)
    if offset != len(plaintext):
        raise ProtocolError(ProtocolErrorCode.MALFORMED, "trailing bytes")
    return entries


def read_entry(data: bytes, offset: int) -> tuple[int, Entry, int]:
    """Sequence and entry at ``offset``, and the offset after it. Errors as `read_entries`."""
    plain = read_plain_record(data, offset)
    if plain is None:
        end = skip(data, offset)
        return *_decode_entry(data[offset:end]), end
    record, end = plain
    raw = data[offset:end]
    return record.sequence, Entry(record, raw, leaf_hash(raw)), end


def _decode_entry(raw: bytes) -> tuple[int, Entry]:
    """Sequence and entry of one item of any allowed form."""
    if len(raw) > MAXIMUM_RECORD_BYTES:
        raise ProtocolError(ProtocolErrorCode.TOO_LARGE, "record")
    value = decode(raw)
    if isinstance(value, list) and len(value) == _WITHHELD_FIELDS:
        leaf = bytes_of(value[1], DIGEST_BYTES, "withheld leaf")
        return unsigned(value[0], "sequence"), Entry(None, raw, leaf)
    record = decode_record(value)
    return record.sequence, Entry(record, raw, leaf_hash(raw))

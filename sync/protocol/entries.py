"""The entries inside a batch: records, and withheld ones that show only their leaf."""

from typing import Final, NamedTuple

from sync.protocol.canonical import decode_sequence
from sync.protocol.errors import ProtocolError, ProtocolErrorCode
from sync.protocol.fields import bytes_of, unsigned
from sync.protocol.heads import ARRAY, BYTES, UNSIGNED, head
from sync.protocol.limits import DIGEST_BYTES, MAXIMUM_RECORD_BYTES
from sync.protocol.merkle import leaf_hash
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
    for sequence, (value, raw) in enumerate(decode_sequence(plaintext, count), start=first):
        if len(raw) > MAXIMUM_RECORD_BYTES:
            raise ProtocolError(ProtocolErrorCode.TOO_LARGE, "record")
        if isinstance(value, list) and len(value) == _WITHHELD_FIELDS:
            found = unsigned(value[0], "sequence")
            entry = Entry(None, raw, bytes_of(value[1], DIGEST_BYTES, "withheld leaf"))
        else:
            record = decode_record(value)
            found = record.sequence
            entry = Entry(record, raw, leaf_hash(raw))
        if found != sequence:
            raise ProtocolError(ProtocolErrorCode.MALFORMED, "sequence")
        entries.append(entry)
    return entries

"""The entries of a batch in the form that compresses best: column by column (SPEC.md §6.3).

Ids and hashes are random: text of them costs a third more than their bytes, and random bytes among
text spoil the compression of their neighbours. So numbers, ids, texts and strings of digits travel
each with their like. Rules: what is written gives back the same bytes of every entry; entries of
any unusual form travel as they are; reading makes nothing larger than the plaintext that was
promised. It must not know what a body says.
"""

import re
import sys
from array import array
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from itertools import accumulate, pairwise
from operator import sub
from typing import Final, NamedTuple

from sync.protocol.entries import Entry, read_entry
from sync.protocol.errors import ProtocolError, ProtocolErrorCode
from sync.protocol.heads import BYTES, head, read_bytes
from sync.protocol.limits import EVENT_ID_BYTES, MAXIMUM_STRINGS
from sync.protocol.merkle import leaf_hash
from sync.protocol.plain_record import read_plain_record
from sync.protocol.record import CONTENT_JSON, Record, RecordTime, encode_record

TAKEN: Final = b"\xff"
"""Stands in a text for a string of digits that was taken out; no UTF-8 holds this byte."""
SUBJECT: Final = b"\xfe"
"""Stands in a text for the record's own subject as a string; nor this one."""
_DIGITS: Final = re.compile(rb':"([0-9a-f]{10,255}+)"')
_PLACE: Final = b':"%b"' % TAKEN

_NUMBERS: Final = 6
_NUMBER_BYTES: Final = 8
_MASK: Final = (1 << 64) - 1
_QUALITY: Final = 3
_NO_WALL: Final = 4
_NO_SUBJECT: Final = 8
_MAXIMUM_FLAGS: Final = 15


class _Columns(NamedTuple):
    """The sections, in their order."""

    others: bytes
    numbers: bytes
    lengths: bytes
    texts: bytes
    digits: bytes
    ids: bytes


class _Numbers(NamedTuple):
    """The columns of numbers, in their order: one for each record of the usual form.

    `mono_ms` is the difference to the record before, `wall_ms` that to its own `mono_ms`.
    """

    kind: Sequence[int]
    version: Sequence[int]
    mono_ms: Sequence[int]
    wall_ms: Sequence[int]
    flags: Sequence[int]
    text_bytes: Sequence[int]


def to_columns(entries: Sequence[bytes], first: int) -> bytes:
    """The columns of encoded entries with the sequences ``first`` on."""
    others: list[bytes] = []
    usual: list[Record] = []
    texts: list[bytes] = []
    for sequence, raw in enumerate(entries, first):
        found = read_plain_record(raw, 0)
        if found is None or not _is_usual(found[0], sequence):
            others.append(raw)
            continue
        record = found[0]
        usual.append(record)
        texts.append(_without_subject(record.body, record.subject))
    pieces = _DIGITS.split(b"".join(texts), MAXIMUM_STRINGS * len(entries))
    digits = pieces[1::2]
    ids = [record.eid for record in usual]
    ids += [record.subject for record in usual if record.subject is not None]
    columns = _Columns(
        b"".join(others),
        b"".join(map(_planes, _numbers(usual, texts))),
        bytes(map(len, digits)),
        _PLACE.join(pieces[::2]),
        _pack(digits),
        b"".join(ids),
    )
    return b"".join(head(BYTES, len(section)) + section for section in columns)


def read_columns(data: bytes, first: int, count: int, plaintext_bytes: int) -> list[Entry]:
    """Exactly ``count`` entries from sequence ``first`` on, together ``plaintext_bytes`` long.

    Errors: MALFORMED, and those of reading an entry and of encoding a record.
    """
    columns = _sections(data)
    entries = _read_others(columns.others, first, count)
    numbers = _read_numbers(columns.numbers, count - len(entries))
    eids, subjects = _read_ids(columns.ids, numbers.flags)
    if len(columns.lengths) > MAXIMUM_STRINGS * count:
        raise _malformed("too many strings")
    texts = _cut(_restore(columns, plaintext_bytes), numbers.text_bytes)
    free = [number for number in range(first, first + count) if number not in entries]
    left_bytes = plaintext_bytes - len(columns.others)
    for sequence, kind, version, time, eid, subject, text in zip(
        free, numbers.kind, numbers.version, _times(numbers), eids, subjects, texts, strict=True
    ):
        body = _with_subject(text, subject)
        record = Record(sequence, kind, eid, subject, version, time, CONTENT_JSON, body)
        raw = encode_record(record)
        left_bytes -= len(raw)
        entries[sequence] = Entry(record, raw, leaf_hash(raw))
    if left_bytes:
        raise _malformed("length of the plaintext")
    return [entries[number] for number in range(first, first + count)]


def _is_usual(record: Record, sequence: int) -> bool:
    body = record.body
    return (
        record.sequence == sequence
        and record.content_type == CONTENT_JSON
        and TAKEN not in body
        and SUBJECT not in body
    )


def _without_subject(body: bytes, subject: bytes | None) -> bytes:
    return body if subject is None else body.replace(_quoted(subject), SUBJECT, 1)


def _with_subject(text: bytes, subject: bytes | None) -> bytes:
    before, found, after = text.partition(SUBJECT)
    if not found:
        return text
    if subject is None or SUBJECT in after:
        raise _malformed("a subject that is not there")
    return b"".join((before, _quoted(subject), after))


def _quoted(subject: bytes) -> bytes:
    return b'"%b"' % subject.hex().encode()


def _numbers(records: Sequence[Record], texts: Sequence[bytes]) -> _Numbers:
    mono = [record.time.mono_ms for record in records]
    return _Numbers(
        [record.kind for record in records],
        [record.version for record in records],
        list(map(sub, mono, [0, *mono])),
        [
            0 if record.time.wall_ms is None else record.time.wall_ms - record.time.mono_ms
            for record in records
        ],
        [_flags(record) for record in records],
        list(map(len, texts)),
    )


def _flags(record: Record) -> int:
    no_wall = _NO_WALL if record.time.wall_ms is None else 0
    return record.time.quality | no_wall | (_NO_SUBJECT if record.subject is None else 0)


def _times(numbers: _Numbers) -> Iterator[RecordTime]:
    monos = accumulate(numbers.mono_ms)
    for mono, wall, flags in zip(monos, numbers.wall_ms, numbers.flags, strict=True):
        mono_ms = mono & _MASK
        wall_ms = None if flags & _NO_WALL else mono_ms + wall & _MASK
        yield RecordTime(mono_ms, wall_ms, flags & _QUALITY)


def _planes(numbers: Iterable[int]) -> bytes:
    """The most significant bytes of all the numbers first: what is always zero stands together."""
    column = array("Q", [number & _MASK for number in numbers])
    if sys.byteorder == "little":
        column.byteswap()
    data = column.tobytes()
    return b"".join(data[place::_NUMBER_BYTES] for place in range(_NUMBER_BYTES))


def _read_numbers(data: bytes, count: int) -> _Numbers:
    if len(data) != _NUMBERS * _NUMBER_BYTES * count:
        raise _malformed("columns of numbers")
    size = _NUMBER_BYTES * count
    numbers = _Numbers(
        *(_read_planes(data[place : place + size], count) for place in range(0, len(data), size))
        if count
        else ((),) * _NUMBERS
    )
    if count and max(numbers.flags) > _MAXIMUM_FLAGS:
        raise _malformed("flags of a record")
    return numbers


def _read_planes(data: bytes, count: int) -> Sequence[int]:
    joined = bytearray(len(data))
    for place in range(_NUMBER_BYTES):
        joined[place::_NUMBER_BYTES] = data[place * count : (place + 1) * count]
    column = array("Q", bytes(joined))
    if sys.byteorder == "little":
        column.byteswap()
    return column


def _pack(digits: Iterable[bytes]) -> bytes:
    """Two digits a byte, the shortest strings first; a string of odd length ends with a zero."""
    alike: dict[int, list[bytes]] = {}
    for string in digits:
        alike.setdefault(len(string), []).append(string)
    parts: list[bytes] = []
    for length in sorted(alike):
        zero = b"0" if length % 2 else b""
        parts += [zero.join(alike[length]), zero]
    return bytes.fromhex(b"".join(parts).decode())


def _unpack(data: bytes, lengths: bytes) -> list[bytes]:
    """The strings of digits of these lengths, in the order of their places."""
    text, start = data.hex().encode(), 0
    alike: dict[int, Iterator[bytes]] = {}
    for length, count in sorted(Counter(lengths).items()):
        step = length + length % 2
        end = start + step * count
        if length % 2 and text[start + length : end : step].strip(b"0"):
            raise _malformed("a string of odd length")
        alike[length] = iter([text[at : at + length] for at in range(start, end, step)])
        start = end
    if start != len(text):
        raise _malformed("strings of digits")
    return [next(alike[length]) for length in lengths]


def _restore(columns: _Columns, maximum_bytes: int) -> bytes:
    """The texts with their strings of digits."""
    lengths, texts = columns.lengths, columns.texts
    count = len(lengths)
    if texts.count(TAKEN) != count:
        raise _malformed("places of strings")
    grown = sum(lengths) - count
    if len(texts) + grown > maximum_bytes:
        raise _malformed("longer than the plaintext")
    parts = [b""] * (2 * count + 1)
    parts[::2] = texts.split(TAKEN)
    parts[1::2] = _unpack(columns.digits, lengths)
    return b"".join(parts)


def _read_ids(data: bytes, flags: Sequence[int]) -> tuple[list[bytes], list[bytes | None]]:
    has_subject = [not flag & _NO_SUBJECT for flag in flags]
    ids = iter(_cut(data, [EVENT_ID_BYTES] * (len(flags) + sum(has_subject))))
    eids = [next(ids) for _ in flags]
    return eids, [next(ids) if has else None for has in has_subject]


def _cut(data: bytes, sizes: Iterable[int]) -> list[bytes]:
    """Pieces of these sizes, and nothing left."""
    places = [0, *accumulate(sizes)]
    if places[-1] != len(data):
        raise _malformed("a section of another length")
    return [data[start:end] for start, end in pairwise(places)]


def _sections(data: bytes) -> _Columns:
    sections: list[bytes] = []
    offset = 0
    for _ in _Columns._fields:
        section, offset = read_bytes(data, offset)
        sections.append(section)
    if offset != len(data):
        raise _malformed("trailing bytes")
    return _Columns(*sections)


def _read_others(data: bytes, first: int, count: int) -> dict[int, Entry]:
    entries: dict[int, Entry] = {}
    offset, lowest = 0, first
    while offset < len(data):
        sequence, entry, offset = read_entry(data, offset)
        if not lowest <= sequence < first + count:
            raise _malformed("sequence")
        entries[sequence] = entry
        lowest = sequence + 1
    return entries


def _malformed(detail: str) -> ProtocolError:
    return ProtocolError(ProtocolErrorCode.MALFORMED, f"columns: {detail}")

"""Columns read by SPEC.md section 6.3 alone: this file imports nothing of the product."""

import re
from io import BytesIO

import cbor2


def columns_of(numbers: bytes, rows: int) -> list[list[int]]:
    """The numbers of SPEC section 6.3, column by column."""
    planes = [numbers[at * rows : (at + 1) * rows] for at in range(6 * 8)]
    return [
        [int.from_bytes(bytes(plane[row] for plane in planes[at : at + 8])) for row in range(rows)]
        for at in range(0, 6 * 8, 8)
    ]


def strings_of(digits: bytes, lengths: bytes) -> list[bytes]:
    """The strings that were taken out, in the order of their places."""
    found: dict[int, str] = {}
    nibbles = digits.hex()
    for place in sorted(range(len(lengths)), key=lambda place: (lengths[place], place)):
        found[place], nibbles = nibbles[: lengths[place]], nibbles[lengths[place] :]
        if lengths[place] % 2:
            assert nibbles[0] == "0"
            nibbles = nibbles[1:]
    assert nibbles == ""
    return [found[place].encode() for place in range(len(lengths))]


def others_of(others: bytes) -> dict[int, bytes]:
    """The entries that travel as they are, by sequence."""
    placed: dict[int, bytes] = {}
    stream = BytesIO(others)
    while stream.tell() < len(others):
        start = stream.tell()
        sequence = cbor2.CBORDecoder(stream).decode()[0]
        placed[sequence] = others[start : stream.tell()]
    return placed


def entries_from_columns(columns: bytes, first: int, count: int) -> bytes:
    """The plaintext that SPEC section 6.3 says columns stand for."""
    stream = BytesIO(columns)
    others, numbers, lengths, texts, digits, ids = (cbor2.load(stream) for _ in range(6))
    assert stream.read() == b""
    placed = others_of(others)
    free = [number for number in range(first, first + count) if number not in placed]
    strings = iter(strings_of(digits, lengths))
    whole = BytesIO(re.sub(b"\xff", lambda _: next(strings), texts))
    eids, subjects = BytesIO(ids[: 16 * len(free)]), BytesIO(ids[16 * len(free) :])
    mono = 0
    for sequence, kind, version, after, ahead, flags, length in zip(
        free, *columns_of(numbers, len(free)), strict=True
    ):
        mono = (mono + after) % 2**64
        wall = None if flags & 4 else (mono + ahead) % 2**64
        subject = None if flags & 8 else subjects.read(16)
        text = whole.read(length)
        if subject is not None:
            text = text.replace(b"\xfe", b'"%b"' % subject.hex().encode())
        row = [kind, eids.read(16), subject, version, [mono, wall, flags & 3], 0, text]
        placed[sequence] = cbor2.dumps([sequence, *row], canonical=True)
    assert (whole.read(), subjects.read(), next(strings, None)) == (b"", b"", None)
    return b"".join(placed[number] for number in range(first, first + count))

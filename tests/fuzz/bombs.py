"""Bombs, each in a process that may not grow: `python -m tests.fuzz.bombs NAME`.

The process reads a small message that promises or contains something huge. It must answer with the
right error while its address space is capped shortly above what it has.
"""

import resource
import sys
from collections.abc import Callable
from pathlib import Path
from types import MappingProxyType
from typing import Final

from sync.dictionary import DICTIONARIES
from sync.protocol.canonical import decode
from sync.protocol.columns import TAKEN, read_columns
from sync.protocol.compression import MAXIMUM_FRAME_BYTES, compress, decompress
from sync.protocol.enrolment_code import read_qr
from sync.protocol.errors import ProtocolError
from sync.protocol.heads import ARRAY, BYTES, MAP, TEXT, head
from sync.protocol.limits import MAXIMUM_BATCH_BYTES, MAXIMUM_CONTROL_BYTES, MAXIMUM_PLAINTEXT_BYTES
from sync.protocol.receipt import verify_receipt
from tests.fuzz.targets import any_key, wrap

ROOM_BYTES: Final = 48 << 20
"""More than any reader may need: 8 MiB of plaintext, its window, and what Python keeps."""
GIGABYTE: Final = 1 << 30


def _inflate(data: bytes, maximum_bytes: int) -> Callable[[], object]:
    return lambda: decompress(data, b"", maximum_bytes)


def _zeros(size: int) -> bytes:
    return compress(bytes(size), b"")


def _read_strings(count: int, digits: int, maximum_bytes: int) -> Callable[[], object]:
    """Columns of 500 records whose texts are strings of digits and nothing else."""
    ids, numbers = bytes(32 * 500), bytes(48 * 500)
    packed = bytes((digits + 1) // 2 * count)
    sections = (b"", numbers, bytes([digits]) * count, TAKEN * count, packed, ids)
    columns = b"".join(head(BYTES, len(section)) + section for section in sections)
    return lambda: read_columns(columns, 0, 500, maximum_bytes)


BOMBS: Final = MappingProxyType(
    {
        "zeros": (_inflate(_zeros(512 << 20), MAXIMUM_PLAINTEXT_BYTES), "too_large"),
        "zeros beyond a small promise": (_inflate(_zeros(64 << 20), 1_000), "too_large"),
        "promise": (_inflate(b"", MAXIMUM_FRAME_BYTES + 1), "too_large"),
        "many strings": (
            _read_strings(1 << 20, 10, MAXIMUM_PLAINTEXT_BYTES),
            "malformed",
        ),
        "long strings": (
            _read_strings(32_000, 255, 1 << 20),
            "malformed",
        ),
        "wide window": (
            _inflate(b"\x28\xb5\x2f\xfd\x00\xa8\x01\x00\x00", MAXIMUM_PLAINTEXT_BYTES),
            "cannot_decompress",
        ),
        "deep": (lambda: decode(b"\x81" * MAXIMUM_BATCH_BYTES), "too_deep"),
        "deep maps": (lambda: decode(b"\xa1\x01" * (1 << 19)), "too_deep"),
        "long string": (lambda: decode(head(BYTES, GIGABYTE)), "malformed"),
        "long text": (lambda: decode(head(TEXT, (1 << 63) - 1)), "malformed"),
        "long array": (lambda: decode(head(ARRAY, GIGABYTE) + b"\x00"), "malformed"),
        "long map": (lambda: decode(head(MAP, (1 << 64) - 1) + b"\x00\x00"), "malformed"),
        "many ones": (lambda: decode(head(ARRAY, 900_000) + bytes(900_000) + b"\x00"), "malformed"),
        "large control": (
            lambda: verify_receipt(wrap(bytes(MAXIMUM_CONTROL_BYTES)), any_key),
            "too_large",
        ),
        "endless code": (lambda: read_qr("WES1:" + "A" * (4 << 20)), "too_large"),
        "dictionary": (lambda: decompress(b"\x28\xb5", DICTIONARIES[1], 9), "cannot_decompress"),
    }
)
"""Name → (what reads it, the code it must be refused with)."""


def address_space_bytes() -> int:
    """What this process has mapped now."""
    pages = int(Path("/proc/self/statm").read_text().split()[0])
    return pages * resource.getpagesize()


def main() -> int | str:
    read, code = BOMBS[sys.argv[1]]
    limit = address_space_bytes() + ROOM_BYTES
    resource.setrlimit(resource.RLIMIT_AS, (limit, limit))
    try:
        read()
    except ProtocolError as error:
        return 0 if error.code == code else f"refused as {error.code}, not {code}"
    return "accepted"


if __name__ == "__main__":
    raise SystemExit(main())

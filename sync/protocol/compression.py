"""zstd with a shared dictionary (RFC 8878), bounded on the way back.

A decoder never makes more than it was promised: the output limit and the window limit are checked
while decompressing, not after. Dictionaries are public files trained on synthetic dossiers.
"""

import sys
from functools import lru_cache
from typing import Final, NamedTuple

if sys.version_info >= (3, 14):  # pragma: no cover
    from compression import zstd
else:
    from backports import zstd

from sync.protocol.errors import ProtocolError, ProtocolErrorCode
from sync.protocol.limits import (
    MAXIMUM_BATCH_RECORDS,
    MAXIMUM_COLUMNS_OVERHEAD_BYTES,
    MAXIMUM_PLAINTEXT_BYTES,
    MAXIMUM_WINDOW_LOG,
)

COMPRESSION_NONE: Final = 0
COMPRESSION_ZSTD: Final = 2

QUICK_LEVEL: Final = 1
"""For a line that is faster than the processor."""
DENSE_LEVEL: Final = 12
"""For a slow line and for sticks: a sixth fewer bytes for about ten times the work (measured)."""

MAXIMUM_FRAME_BYTES: Final = MAXIMUM_PLAINTEXT_BYTES + MAXIMUM_COLUMNS_OVERHEAD_BYTES * (
    MAXIMUM_BATCH_RECORDS + 1
)
"""Content of the largest frame: the columns of the largest batch."""

# The batch header names the dictionary and the tree covers the content: neither is said twice.
_OPTIONS: Final[dict[int, int]] = {
    zstd.CompressionParameter.dict_id_flag: 0,
    zstd.CompressionParameter.checksum_flag: 0,
}
_LIMITS: Final[dict[int, int]] = {zstd.DecompressionParameter.window_log_max: MAXIMUM_WINDOW_LOG}
_CACHED_DICTIONARIES: Final = 16


class Dictionary(NamedTuple):
    """A shared dictionary, the number that batch headers call it by, how hard to compress with it.

    The level is the writer's affair: a reader needs only the number.
    """

    number: int
    content: bytes
    level: int = QUICK_LEVEL


@lru_cache(maxsize=_CACHED_DICTIONARIES)
def _loaded(dictionary: bytes) -> zstd.ZstdDict:
    return zstd.ZstdDict(dictionary)


def compress(data: bytes, dictionary: bytes, level: int = QUICK_LEVEL) -> bytes:
    """One zstd frame. An empty dictionary means none."""
    shared = _loaded(dictionary).as_digested_dict if dictionary else None
    options = {**_OPTIONS, zstd.CompressionParameter.compression_level: level}
    return zstd.compress(data, options=options, zstd_dict=shared)


def decompress(data: bytes, dictionary: bytes, maximum_bytes: int) -> bytes:
    """The content of exactly one frame, at most ``maximum_bytes`` of it.

    Errors: CANNOT_DECOMPRESS, TOO_LARGE (more content than allowed; memory stays bounded).
    """
    if maximum_bytes > MAXIMUM_FRAME_BYTES:
        raise ProtocolError(ProtocolErrorCode.TOO_LARGE, "plaintext")
    shared = _loaded(dictionary) if dictionary else None
    decompressor = zstd.ZstdDecompressor(zstd_dict=shared, options=_LIMITS)
    try:
        # One byte more than allowed is enough to know that there is too much.
        content = decompressor.decompress(data, maximum_bytes + 1)
    except zstd.ZstdError as error:
        raise ProtocolError(ProtocolErrorCode.CANNOT_DECOMPRESS, "zstd frame") from error
    if len(content) > maximum_bytes:
        raise ProtocolError(ProtocolErrorCode.TOO_LARGE, "plaintext")
    if not decompressor.eof or decompressor.unused_data:
        raise ProtocolError(ProtocolErrorCode.CANNOT_DECOMPRESS, "not exactly one frame")
    return content

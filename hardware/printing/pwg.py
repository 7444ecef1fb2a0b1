"""PWG raster (PWG 5102.4): pages of grey dots for sheet printers that read no PDF.

Responsible for the file format only.
Rules: 8-bit sGray, simplex, no scaling; rows are run-length packed as the standard says.
Must not know: how pages are drawn, how they travel.
"""

import struct
from collections.abc import Iterator, Sequence
from itertools import groupby
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from PIL import Image

MEDIA_TYPE = "image/pwg-raster"
_HEADER_BYTES = 1796
_SGRAY = 18
_MAXIMUM_RUN = 128
_MAXIMUM_REPEATED_ROWS = 256


def encode(pages: Sequence["Image.Image"], dots_per_inch: int, media_name: str) -> bytes:
    """A raster stream of `pages` (converted to 8-bit grey); `media_name` as PWG 5101.1 names it."""
    return b"RaS2" + b"".join(
        _page(page.convert("L"), dots_per_inch, media_name, len(pages)) for page in pages
    )


def _page(page: "Image.Image", dots_per_inch: int, media_name: str, total_pages: int) -> bytes:
    pixels = page.tobytes()
    rows = (pixels[at : at + page.width] for at in range(0, len(pixels), page.width))
    body = bytearray()
    for row, group in groupby(rows):
        packed = pack_row(row)
        for repeats in _pieces(sum(1 for _ in group), _MAXIMUM_REPEATED_ROWS):
            body.append(repeats - 1)
            body += packed
    return _header(page, dots_per_inch, media_name, total_pages) + bytes(body)


def _header(page: "Image.Image", dots_per_inch: int, media_name: str, total_pages: int) -> bytes:
    header = bytearray(_HEADER_BYTES)

    def put(offset: int, *values: int) -> None:
        struct.pack_into(f">{len(values)}I", header, offset, *values)

    header[0:9] = b"PwgRaster"
    put(276, dots_per_inch, dots_per_inch)
    put(352, page.width * 72 // dots_per_inch, page.height * 72 // dots_per_inch)
    put(372, page.width, page.height)
    put(384, 8, 8, page.width, 0, _SGRAY)  # bits, bits, bytes per line, chunky order, colour space
    put(420, 1)
    put(452, total_pages, 1, 1)  # page count, cross-feed and feed transform
    name = media_name.encode("ascii")[:63]
    header[1732 : 1732 + len(name)] = name
    return bytes(header)


def pack_row(row: bytes) -> bytes:
    """One row packed: `n-1, value` for runs of n, `257-n, values` for n single values."""
    packed = bytearray()
    single = bytearray()
    for value, group in groupby(row):
        length = sum(1 for _ in group)
        if length == 1:
            single.append(value)
            continue
        packed += _literals(single)
        single.clear()
        for run in _pieces(length, _MAXIMUM_RUN):
            packed += bytes((run - 1, value))
    return bytes(packed + _literals(single))


def _literals(values: bytearray) -> bytes:
    packed = bytearray()
    for at in range(0, len(values), _MAXIMUM_RUN):
        piece = values[at : at + _MAXIMUM_RUN]
        packed.append(0 if len(piece) == 1 else 257 - len(piece))
        packed += piece
    return bytes(packed)


def _pieces(total: int, largest: int) -> Iterator[int]:
    while total > 0:
        yield min(total, largest)
        total -= largest

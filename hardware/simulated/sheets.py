"""Pages out of the documents a sheet printer receives: PDF and PWG raster.

Responsible for turning a document into pictures.
Rules: a document that cannot be read is a `DocumentUnreadable`, never a crash; sizes are bounded.
Must not know: IPP, jobs. The raster reader shares no code with the raster writer of the driver.
"""

import struct
from collections.abc import Iterator
from io import BytesIO

import pypdfium2
from PIL import Image

RENDER_DOTS_PER_INCH = 150
MAXIMUM_PAGES = 100
MAXIMUM_PAGE_PIXELS = 64 << 20

PDF = "application/pdf"
PWG_RASTER = "image/pwg-raster"
_HEADER_BYTES = 1796


class DocumentUnreadable(ValueError):  # noqa: N818 - reads as a finding, not as a fault of ours
    """The document is damaged or not what its format says."""


def pages_of(document: bytes, document_format: str) -> list[Image.Image]:
    """The pages of `document` as grey pictures."""
    if document_format == PDF:
        return list(_pdf_pages(document))
    if document_format == PWG_RASTER:
        return list(raster_pages(document))
    raise DocumentUnreadable(document_format)


def _pdf_pages(document: bytes) -> Iterator[Image.Image]:
    try:
        pdf = pypdfium2.PdfDocument(document)
    except pypdfium2.PdfiumError as error:
        raise DocumentUnreadable("not a PDF") from error
    try:
        for index in range(min(len(pdf), MAXIMUM_PAGES)):
            page = pdf[index]
            yield page.render(scale=RENDER_DOTS_PER_INCH / 72).to_pil().convert("L")
            page.close()
    finally:
        pdf.close()


def raster_pages(document: bytes) -> Iterator[Image.Image]:
    """The pages of a PWG raster stream in 8-bit grey or 24-bit colour (PWG 5102.4)."""
    stream = BytesIO(document)
    if stream.read(4) != b"RaS2":
        raise DocumentUnreadable("not PWG raster")
    while header := stream.read(_HEADER_BYTES):
        if len(header) < _HEADER_BYTES:
            raise DocumentUnreadable("header cut short")
        width, height = struct.unpack_from(">II", header, 372)
        bits, bytes_per_line = struct.unpack_from(">II", header, 388)
        if bits not in {8, 24} or width * height > MAXIMUM_PAGE_PIXELS or not width * height:
            raise DocumentUnreadable("unsupported page")
        pixels = _unpack(stream, height, bytes_per_line, bits // 8)
        mode = "L" if bits == 8 else "RGB"
        yield Image.frombytes(mode, (width, height), pixels).convert("L")


def _unpack(stream: BytesIO, height: int, bytes_per_line: int, pixel_bytes: int) -> bytes:
    rows: list[bytes] = []
    while len(rows) < height:
        repeats = _byte(stream) + 1
        row = bytearray()
        while len(row) < bytes_per_line:
            control = _byte(stream)
            if control < 128:
                row += stream.read(pixel_bytes) * (control + 1)
            else:
                row += stream.read(pixel_bytes * (257 - control))
        if len(row) != bytes_per_line:
            raise DocumentUnreadable("row of a wrong length")
        rows += [bytes(row)] * repeats
    return b"".join(rows[:height])


def _byte(stream: BytesIO) -> int:
    byte = stream.read(1)
    if not byte:
        raise DocumentUnreadable("ends inside a page")
    return byte[0]

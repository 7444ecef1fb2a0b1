"""A document in a format the printer reads.

Responsible for choosing among what the printer offers and converting: PDF as it is, else PWG
raster; a PNG page becomes a PDF page or raster.
Rules: bounded pages and dots; costs processor time, so call it from a thread.
Must not know: how the document travels.
"""

from collections.abc import Collection
from io import BytesIO
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from PIL import Image

from hardware.ports import MAXIMUM_DOCUMENT_BYTES, DocumentFormat, Media, PrintJob
from hardware.printing import pwg

MAXIMUM_PAGES = 20
"""More pages than any paper of the desk has; rendering more would fill the memory."""

DEFAULT_DOTS_PER_INCH = 300
MEDIA_NAMES: Final = {Media.A4: "iso_a4_210x297mm", Media.A5: "iso_a5_148x210mm"}
_MILLIMETRES: Final = {Media.A4: (210.0, 297.0), Media.A5: (148.0, 210.0)}
_MILLIMETRES_PER_INCH = 25.4


class NoCommonFormat(Exception):  # noqa: N818 - reads as a finding
    """The printer reads neither the document's format nor one it can be turned into."""


def convert(job: PrintJob, formats: Collection[str], dots_per_inch: int) -> tuple[bytes, str]:
    """The document and its media type. ValueError when the document is damaged or too large."""
    if len(job.document) > MAXIMUM_DOCUMENT_BYTES:
        raise ValueError("document too large")
    if DocumentFormat.PDF in formats:
        if job.document_format is DocumentFormat.PDF:
            return _checked_pdf(job.document), DocumentFormat.PDF
        sheet = _on_sheet(_png_page(job.document), job.media, dots_per_inch)
        return _pdf_of(sheet, dots_per_inch), DocumentFormat.PDF
    if pwg.MEDIA_TYPE in formats:
        pages = _pages(job, dots_per_inch)
        return pwg.encode(pages, dots_per_inch, MEDIA_NAMES.get(job.media, "")), pwg.MEDIA_TYPE
    raise NoCommonFormat


def _checked_pdf(document: bytes) -> bytes:
    if not document.startswith(b"%PDF-"):
        raise ValueError("not a PDF")
    return document


def _pages(job: PrintJob, dots_per_inch: int) -> "list[Image.Image]":
    if job.document_format is DocumentFormat.PNG:
        return [_on_sheet(_png_page(job.document), job.media, dots_per_inch)]
    return _render(_checked_pdf(job.document), dots_per_inch)


def _render(document: bytes, dots_per_inch: int) -> "list[Image.Image]":
    import pypdfium2  # noqa: PLC0415 - megabytes, needed for printers without PDF only

    try:
        pdf = pypdfium2.PdfDocument(document)
    except pypdfium2.PdfiumError as error:
        raise ValueError("not a PDF") from error
    try:
        if len(pdf) > MAXIMUM_PAGES:
            raise ValueError("too many pages")
        pages = []
        for index in range(len(pdf)):
            page = pdf[index]
            pages.append(page.render(scale=dots_per_inch / 72, grayscale=True).to_pil())
            page.close()
        return pages
    finally:
        pdf.close()


def _png_page(document: bytes) -> "Image.Image":
    from PIL import Image  # noqa: PLC0415 - megabytes, not needed by an idle station

    try:
        with Image.open(BytesIO(document), formats=["PNG"]) as page:
            return page.convert("L")
    except (OSError, SyntaxError, Image.DecompressionBombError) as error:
        raise ValueError("not a PNG page") from error


def _on_sheet(page: "Image.Image", media: Media, dots_per_inch: int) -> "Image.Image":
    """The page in the middle of a white sheet, shrunk if it is larger."""
    from PIL import Image  # noqa: PLC0415 - see above

    width_mm, height_mm = _MILLIMETRES.get(media, _MILLIMETRES[Media.A4])
    width = round(width_mm / _MILLIMETRES_PER_INCH * dots_per_inch)
    height = round(height_mm / _MILLIMETRES_PER_INCH * dots_per_inch)
    page.thumbnail((width, height))
    sheet = Image.new("L", (width, height), 255)
    sheet.paste(page, ((width - page.width) // 2, (height - page.height) // 2))
    return sheet


def _pdf_of(page: "Image.Image", dots_per_inch: int) -> bytes:
    stored = BytesIO()
    page.save(stored, "PDF", resolution=dots_per_inch)
    return stored.getvalue()

"""Documents drawn by Typst: a ticket as printer dots, legal forms as PDF.

Responsible for handing values to the templates and for turning the result into printable bytes.
Rules: the same values give the same bytes; values travel as JSON and are never part of Typst
source; QR codes hold a dossier number or a ticket number and nothing about a person.
Must not know: printers, the database, the domain. A page costs some milliseconds of processor
time: call from a worker thread.
"""

import unicodedata
from datetime import datetime, timedelta, timezone
from functools import cache
from io import BytesIO
from pathlib import Path
from typing import Any, TypeAlias

import msgspec
import qrcode
import typst
from PIL import Image
from qrcode.constants import ERROR_CORRECT_M

from edge_node.documents.model import AppointmentSlip, Page, TicketSlip

TICKET_WIDTHS_DOTS = (384, 512, 576)
"""Printable widths of 58 mm and 80 mm printers in common use, at 180 or 203 dots per inch."""

MINIMUM_MODULE_DOTS = 4
"""A QR module printed smaller than half a millimetre is hard to read from crumpled paper."""

MAXIMUM_QR_CHARACTERS = 64
QR_QUIET_MODULES = 4

VIETNAM = timezone(timedelta(hours=7), "+07")

_TEMPLATES = Path(__file__).parent
_BLACK_BELOW = 128
_DOTS_PER_TYPST_INCH = 72.0  # one Typst point becomes one printer dot
_FONTS = {
    "Noto Sans": ("/usr/share/fonts/truetype/noto", "fonts-noto-core"),
    "Liberation Serif": ("/usr/share/fonts/truetype/liberation", "fonts-liberation"),
}

Fields: TypeAlias = dict[str, Any]


class DocumentError(Exception):
    """A document cannot be drawn; `code` is stable, `params` name the remedy's details."""

    def __init__(self, code: str, **params: str | int) -> None:
        self.code = code
        self.params = params
        super().__init__(f"{code} {params}")


def render_ticket(slip: TicketSlip, *, width_dots: int = 576) -> Page:
    """The ticket as one 1-bit page exactly `width_dots` wide (384, 512 or 576)."""
    if width_dots not in TICKET_WIDTHS_DOTS:
        raise DocumentError("ticket_width_unknown", width_dots=width_dots)
    matrix = qr_rows(slip.dossier_number or slip.ticket_number)
    issued = _local(slip.issued_at)
    fields = _fields(slip) | {
        "width_dots": width_dots,
        "qr": matrix,
        "module": _module_dots(len(matrix), width_dots),
        "time": f"{issued:%H:%M}",
        "date": f"{issued:%d/%m/%Y}",
    }
    return _page(_compile("ticket.typ", fields, "png"), width_dots)


def render_appointment_slip(slip: AppointmentSlip) -> bytes:
    """The appointment slip as PDF, A5 or A4, in the layout of its legal form."""
    received = _local(slip.received_at)
    due = None if slip.due_at is None else _local(slip.due_at)
    fields = _fields(slip) | {
        "qr": qr_rows(slip.dossier_number),
        "signed": _moment(received),
        "received": _moment(received),
        "due": None if due is None else _moment(due),
    }
    template = {"form01": "form01.typ", "CT04": "ct04.typ"}[slip.form]
    return _compile(template, fields, "pdf", timestamp=received)


def qr_rows(text: str) -> list[str]:
    """The QR matrix of `text` (error correction M, no quiet zone) as rows of "0" and "1"."""
    if not 0 < len(text) <= MAXIMUM_QR_CHARACTERS:
        raise DocumentError("qr_text_length", maximum_characters=MAXIMUM_QR_CHARACTERS)
    code = qrcode.QRCode(error_correction=ERROR_CORRECT_M, border=0, box_size=1)
    code.add_data(text)
    code.make(fit=True)
    return ["".join("1" if dark else "0" for dark in row) for row in code.get_matrix()]


def _module_dots(modules: int, width_dots: int) -> int:
    """Whole dots per module so that the code with its quiet zone takes under half of the roll."""
    return max(MINIMUM_MODULE_DOTS, width_dots * 9 // 20 // (modules + 2 * QR_QUIET_MODULES))


def _fields(slip: TicketSlip | AppointmentSlip) -> Fields:
    fields: Fields = msgspec.to_builtins(slip)
    return {name: _clean(value) for name, value in fields.items()}


def _clean(value: object) -> object:
    """Texts in NFC on one line, without control or direction characters, at any depth."""
    if isinstance(value, str):
        spaced = " ".join(unicodedata.normalize("NFC", value).split())
        return "".join(c for c in spaced if unicodedata.category(c) not in {"Cc", "Cf", "Cs"})
    if isinstance(value, dict):
        return {name: _clean(part) for name, part in value.items()}
    if isinstance(value, list | tuple):
        return [_clean(part) for part in value]
    return value


def _local(moment: datetime) -> datetime:
    if moment.tzinfo is None:
        raise DocumentError("time_without_zone")
    return moment.astimezone(VIETNAM)


def _moment(at: datetime) -> dict[str, str]:
    """Parts of a date as official papers write them (Decree 30/2020/NĐ-CP, annex I).

    Days below 10 and the months 1 and 2 take a leading zero, the other months none.
    """
    month = f"{at.month:02d}" if at.month < 3 else str(at.month)
    return {
        "hour": f"{at.hour:02d}",
        "minute": f"{at.minute:02d}",
        "day": f"{at.day:02d}",
        "month": month,
        "year": str(at.year),
    }


def _compile(
    template: str, fields: Fields, output_format: Any, *, timestamp: datetime | None = None
) -> bytes:
    document = typst.compile(
        str(_TEMPLATES / template),
        root=str(_TEMPLATES),
        font_paths=_fonts(),
        format=output_format,
        ppi=_DOTS_PER_TYPST_INCH,
        sys_inputs={"data": msgspec.json.encode(fields).decode()},
        timestamp=timestamp,
    )
    if not isinstance(document, bytes):
        raise DocumentError("document_has_several_pages", template=template)
    return document


@cache
def _fonts() -> typst.Fonts:
    """The two font families from their Debian packages; nothing else of the system is looked at."""
    fonts = typst.Fonts(
        include_system_fonts=False,
        include_embedded_fonts=False,
        font_paths=[folder for folder, _ in _FONTS.values()],
    )
    for family, (_, package) in _FONTS.items():
        if family not in fonts.families():
            raise DocumentError("font_missing", family=family, package=package)
    return fonts


def _page(png: bytes, width_dots: int) -> Page:
    with Image.open(BytesIO(png)) as drawn:
        grey = drawn.convert("L")
    if grey.width != width_dots:
        raise DocumentError("ticket_width_wrong", width_dots=grey.width)
    dots = grey.point([0] * _BLACK_BELOW + [255] * (256 - _BLACK_BELOW)).convert(
        "1", dither=Image.Dither.NONE
    )
    stored = BytesIO()
    dots.save(stored, "PNG", optimize=False)
    return Page(png=stored.getvalue(), width_dots=dots.width, height_dots=dots.height)

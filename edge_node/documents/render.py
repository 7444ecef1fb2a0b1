"""Documents drawn by Typst: a ticket as printer dots, legal forms as PDF.

Responsible for handing values to the templates and for turning the result into printable bytes.
Rules: the same values give the same bytes; values travel as JSON and are never part of Typst
source; QR codes hold the number of a dossier, a ticket or a booking, nothing about a person.
Must not know: printers, the database, the domain. A page costs some milliseconds of processor
time: call from a worker thread.
"""

import unicodedata
from datetime import date, datetime, timedelta, timezone
from functools import cache
from io import BytesIO
from pathlib import Path
from typing import Any, NamedTuple, TypeAlias

import msgspec
import qrcode
import typst
from PIL import Image
from qrcode.constants import ERROR_CORRECT_M

from edge_node.documents.kinds import KINDS, DocumentKind, Medium
from edge_node.documents.model import AppointmentSlip, Page, TicketSlip
from edge_node.documents.model.common import Sheet
from edge_node.documents.versions import Version, built_in, in_force

ROLL_WIDTHS_DOTS = (384, 512, 576)
"""Printable widths of 58 mm and 80 mm printers in common use, at 180 or 203 dots per inch."""

WANTED_MODULE_DOTS = 5
"""0.625 mm at 203 dots per inch."""

MINIMUM_MODULE_DOTS = 4
"""A QR module printed smaller than half a millimetre is hard to read from crumpled paper."""

MAXIMUM_QR_CHARACTERS = 512
"""More than a slip's address (about 270) or a payment code (about 200) needs."""

QR_QUIET_MODULES = 4

VIETNAM = timezone(timedelta(hours=7), "+07")

_TEMPLATES = Path(__file__).parent / "templates"
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


class Drawn(NamedTuple):
    """A document ready for a printer: PNG of a roll, or PDF of sheets."""

    document: bytes
    medium: Medium
    sheet: Sheet


def draw(
    kind: str, slip: msgspec.Struct, *, width_dots: int = 576, specimen: bool = False
) -> Drawn:
    """The document of this kind, in the version of its own date; a specimen says that it is one.

    Errors: DocumentError (font_missing, ticket_width_unknown, template_missing, …).
    """
    of_kind = KINDS[kind]
    if of_kind.medium == "roll":
        return Drawn(_roll(of_kind, slip, width_dots, specimen=specimen).png, "roll", "A4")
    return Drawn(_sheets(of_kind, slip, specimen=specimen), "sheet", getattr(slip, "paper", "A4"))


def render_ticket(slip: TicketSlip, *, width_dots: int = 576) -> Page:
    """The ticket as one 1-bit page exactly `width_dots` wide (384, 512 or 576)."""
    return _roll(KINDS["ticket"], slip, width_dots)


def render_appointment_slip(slip: AppointmentSlip) -> bytes:
    """The appointment slip as PDF, A5 or A4, in the layout of its legal form."""
    return _sheets(KINDS["appointment_slip"], slip)


def _roll(
    kind: DocumentKind, slip: msgspec.Struct, width_dots: int, *, specimen: bool = False
) -> Page:
    if width_dots not in ROLL_WIDTHS_DOTS:
        raise DocumentError("ticket_width_unknown", width_dots=width_dots)
    version = _version(kind, slip)
    codes = _codes(slip)
    modules = {f"{name}_module": module_dots(len(rows), width_dots) for name, rows in codes.items()}
    fields = _fields(slip) | modules
    fields |= {"width_dots": width_dots, "specimen": specimen}
    return _page(_compile(version.template, fields, "png"), width_dots)


def _sheets(kind: DocumentKind, slip: msgspec.Struct, *, specimen: bool = False) -> bytes:
    version = _version(kind, slip)
    mark = getattr(slip, "form_reference", "") or version.mark
    fields = _fields(slip) | {"mark": mark, "specimen": specimen}
    day = _local(getattr(slip, kind.dated_by))
    return _compile(version.template, fields, "pdf", timestamp=day)


def _version(kind: DocumentKind, slip: msgspec.Struct) -> Version:
    form = kind.form or str(getattr(slip, "form", ""))
    day = _local(getattr(slip, kind.dated_by)).date()
    version = in_force(built_in()[form], day)
    if not (_TEMPLATES / version.template).is_file():
        raise DocumentError("template_missing", template=version.template)
    return version


def _codes(slip: msgspec.Struct) -> dict[str, list[str]]:
    """The codes of a document, as QR rows: the signed address, or only the number it has."""
    names = ("token_url", "dossier_number", "ticket_number", "booking_code")
    codes = {"qr": next((text for name in names if (text := getattr(slip, name, ""))), "")}
    codes["payment"] = getattr(slip, "payment_qr", "")
    return {name: qr_rows(text) for name, text in codes.items() if text}


def qr_rows(text: str) -> list[str]:
    """The QR matrix of `text` (error correction M, no quiet zone) as rows of "0" and "1"."""
    if not 0 < len(text) <= MAXIMUM_QR_CHARACTERS:
        raise DocumentError("qr_text_length", maximum_characters=MAXIMUM_QR_CHARACTERS)
    code = qrcode.QRCode(error_correction=ERROR_CORRECT_M, border=0, box_size=1)
    code.add_data(text)
    code.make(fit=True)
    return ["".join("1" if dark else "0" for dark in row) for row in code.get_matrix()]


def module_dots(modules: int, width_dots: int) -> int:
    """Whole dots per module: five if the paper allows, more for a small code, never below four.

    A code smaller than half of the roll is widened to it, because phones are held by old hands.
    """
    half = width_dots * 9 // 20 // (modules + 2 * QR_QUIET_MODULES)
    if half >= WANTED_MODULE_DOTS:
        return half
    fits = width_dots // (modules + 2 * QR_QUIET_MODULES)
    return max(MINIMUM_MODULE_DOTS, min(WANTED_MODULE_DOTS, fits))


def _fields(slip: msgspec.Struct) -> Fields:
    fields = {name: _field(getattr(slip, name)) for name in slip.__struct_fields__}
    return fields | _codes(slip)


def _field(value: object) -> object:
    """A value for the template, at any depth: clean texts, times taken apart, None kept."""
    if isinstance(value, str):
        return _clean(value)
    if isinstance(value, datetime):
        return _moment(_local(value))
    if isinstance(value, date):
        return _day(value)
    if isinstance(value, msgspec.Struct):
        return _fields(value)
    if isinstance(value, tuple):
        return [_field(part) for part in value]
    return value


def _clean(text: str) -> str:
    """NFC on one line, without control or direction characters."""
    spaced = " ".join(unicodedata.normalize("NFC", text).split())
    return "".join(c for c in spaced if unicodedata.category(c) not in {"Cc", "Cf", "Cs"})


def _local(moment: datetime) -> datetime:
    if moment.tzinfo is None:
        raise DocumentError("time_without_zone")
    return moment.astimezone(VIETNAM)


def _moment(at: datetime) -> Fields:
    """Parts of a time; `time`, `date` and `short` are for tables and the roll."""
    return _day(at) | {
        "hour": f"{at.hour:02d}",
        "minute": f"{at.minute:02d}",
        "time": f"{at:%H:%M}",
        "short": f"{at:%H:%M %d/%m/%Y}",
    }


def _day(day: date) -> Fields:
    """Parts of a date as official papers write them (Decree 30/2020/NĐ-CP, annex I).

    Days below 10 and the months 1 and 2 take a leading zero, the other months none.
    """
    month = f"{day.month:02d}" if day.month < 3 else str(day.month)
    return {
        "day": f"{day.day:02d}",
        "month": month,
        "year": str(day.year),
        "date": f"{day:%d/%m/%Y}",
        "weekday": day.isoweekday(),
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

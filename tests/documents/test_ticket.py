"""The printed ticket: exact dots, a readable code, no way in for hostile text."""

from datetime import UTC, datetime
from io import BytesIO

import msgspec
import pytest
import zxingcpp
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from edge_node.documents.model import Page, TicketSlip
from edge_node.documents.render import (
    MAXIMUM_QR_CHARACTERS,
    MINIMUM_MODULE_DOTS,
    ROLL_WIDTHS_DOTS,
    DocumentError,
    qr_rows,
    render_ticket,
)

TICKET = TicketSlip(
    agency="Công an phường Bà Rịa",
    ticket_number="A013",
    service_vi="Đăng ký cư trú",
    service_en="Residence registration",
    issued_at=datetime(2026, 11, 23, 1, 5, tzinfo=UTC),
    people_ahead=4,
    dossier_number="T26560-7KXM-00001-3",
)


def picture_of(page: Page) -> Image.Image:
    with Image.open(BytesIO(page.png)) as picture:
        picture.load()
        assert picture.mode == "1"
        return picture


def code_in(picture: Image.Image) -> str:
    (code,) = zxingcpp.read_barcodes(picture.convert("L"))
    return str(code.text)


def module_dots(picture: Image.Image, rows: list[str]) -> int:
    """Dots per module, after every module of the printed code was found where it belongs."""
    (code,) = zxingcpp.read_barcodes(picture.convert("L"))
    left, top = code.position.top_left.x, code.position.top_left.y
    wide = code.position.top_right.x - left
    module = round(wide / len(rows))
    origin = next(
        (x, y)
        for y in range(top - module, top + module)
        for x in range(left - module, left + module)
        if matrix_at(picture, x, y, module, len(rows)) == rows
    )
    side = module * len(rows)
    found = picture.crop((*origin, origin[0] + side, origin[1] + side))
    exact = Image.new("1", (len(rows), len(rows)))
    exact.putdata([0 if cell == "1" else 255 for row in rows for cell in row])
    assert found.tobytes() == exact.resize((side, side), Image.Resampling.NEAREST).tobytes()
    return module


def matrix_at(picture: Image.Image, left: int, top: int, module: int, size: int) -> list[str]:
    """The modules read at their first dot, for a code that begins at (left, top)."""
    return [
        "".join(
            "0" if picture.getpixel((left + x * module, top + y * module)) else "1"
            for x in range(size)
        )
        for y in range(size)
    ]


@pytest.mark.parametrize("width_dots", ROLL_WIDTHS_DOTS)
@pytest.mark.parametrize("language", ["vi", "en"])
def test_ticket_has_the_paper_width_and_a_code_of_exact_dots(
    width_dots: int, language: str
) -> None:
    ticket = msgspec.structs.replace(TICKET, language=language)
    page = render_ticket(ticket, width_dots=width_dots)
    picture = picture_of(page)
    assert picture.size == (width_dots, page.height_dots) == (page.width_dots, page.height_dots)
    assert code_in(picture) == TICKET.dossier_number
    assert module_dots(picture, qr_rows(TICKET.dossier_number)) >= MINIMUM_MODULE_DOTS


def test_code_of_a_plain_ticket_is_the_ticket_number() -> None:
    ticket = msgspec.structs.replace(TICKET, dossier_number="")
    assert code_in(picture_of(render_ticket(ticket))) == "A013"


def test_same_ticket_gives_the_same_bytes_and_another_one_others() -> None:
    assert render_ticket(TICKET) == render_ticket(TICKET)
    for change in (
        {"ticket_number": "A014"},
        {"people_ahead": 5},
        {"priority": True},
        {"reprint": True},
        {"language": "en"},
        {"service_vi": "Đăng ký cư trù"},
        {"agency": "Công an phường Bà Ria"},
    ):
        assert render_ticket(msgspec.structs.replace(TICKET, **change)) != render_ticket(TICKET)


def test_large_number_takes_the_width_and_never_leaves_it() -> None:
    picture = picture_of(render_ticket(msgspec.structs.replace(TICKET, ticket_number="A999999999")))
    ink = picture.convert("L").point(lambda value: 255 - value).getbbox()
    assert ink is not None
    assert ink[0] >= 8
    assert ink[2] <= 576 - 8


@pytest.mark.parametrize(
    "hostile",
    [
        '#eval("1+1")',
        '#import "/etc/passwd": *',
        "*đậm* _nghiêng_ `mã` $x$ @ref <label>",
        "\\ \" ' } ] ) #",
        '"}, {"qr": []',
        "#{sys.inputs}",
        "a\nb\r\n\x00\x1b@c\u202egnud",
    ],
)
def test_hostile_text_is_only_text(hostile: str) -> None:
    page = render_ticket(msgspec.structs.replace(TICKET, service_vi=hostile, agency=hostile))
    assert code_in(picture_of(page)) == TICKET.dossier_number


@settings(max_examples=25)
@given(st.text(max_size=80))
def test_no_text_stops_the_ticket(text: str) -> None:
    page = render_ticket(msgspec.structs.replace(TICKET, service_vi=text, service_en=text))
    assert page.width_dots == 576


def test_unknown_width_naive_time_and_overlong_code_are_refused() -> None:
    with pytest.raises(DocumentError, match="ticket_width_unknown"):
        render_ticket(TICKET, width_dots=600)
    naive = msgspec.structs.replace(TICKET, issued_at=TICKET.issued_at.replace(tzinfo=None))
    with pytest.raises(DocumentError, match="time_without_zone"):
        render_ticket(naive)
    for text in ("", "x" * (MAXIMUM_QR_CHARACTERS + 1)):
        with pytest.raises(DocumentError, match="qr_text_length"):
            qr_rows(text)

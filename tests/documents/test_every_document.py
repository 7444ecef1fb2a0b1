"""Every document: each field of its facts stands on the paper, in the version of its day."""

import unicodedata
from datetime import UTC, date, datetime, timedelta
from io import BytesIO
from pathlib import Path
from typing import Any

import msgspec
import pypdfium2
import pytest
import zxingcpp
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image
from pypdf import PdfReader

from edge_node.documents import kinds, render
from edge_node.documents.kinds import KINDS
from edge_node.documents.model import FeeNote, TicketSlip
from edge_node.documents.sample_facts import SIGNED_CODE
from edge_node.documents.samples import SAMPLES, kind_of
from edge_node.documents.versions import Version, built_in, in_force

SHEETS = [name for name in SAMPLES if KINDS[kind_of(name)].medium == "sheet"]
ROLLS = [name for name in SAMPLES if KINDS[kind_of(name)].medium == "roll"]
VIETNAM = timedelta(hours=7)

FORM_FIELDS = {
    "appointment_slip": {"temporary_address", "current_address", "slip_number", "result_forms"},
    "appointment_slip.CT04": {"sets", "time_limit", "fee"},
    "supplement_request": {"id_number"},
    "supplement_request.CT05": {"slip_number", "permanent_address", "phone", "email"},
    "refusal": {"id_number", "id_issued_on", "slip_number"},
    "refusal.CT06": {"permanent_address", "slip_number"},
    "apology": {"id_number"},
    "stop_notice": {"id_number"},
    "control_sheet": {"slip_number"},
}
"""Facts that a form has no place for: the law's list of its fields ends before them."""

NOT_WORDS = {
    "paper", "form", "form_reference", "provisional", "token_url", "reprint", "place", "blank_rows",
    "ledger", "method", "state", "kit", "count", "hotline",
}  # fmt: skip
"""Facts that show as a code, a mark, a choice of words, or only on some forms."""

TITLES = {
    "appointment_slip": "GIẤY TIẾP NHẬN HỒ SƠ VÀ HẸN TRẢ KẾT QUẢ",
    "appointment_slip.CT04": "PHIẾU TIẾP NHẬN HỒ SƠ VÀ HẸN TRẢ KẾT QUẢ",
    "supplement_request": "PHIẾU YÊU CẦU BỔ SUNG, HOÀN THIỆN HỒ SƠ",
    "supplement_request.CT05": "PHIẾU HƯỚNG DẪN BỔ SUNG, HOÀN THIỆN HỒ SƠ",
    "refusal": "PHIẾU TỪ CHỐI TIẾP NHẬN GIẢI QUYẾT HỒ SƠ",
    "refusal.CT06": "PHIẾU TỪ CHỐI TIẾP NHẬN, GIẢI QUYẾT HỒ SƠ",
    "apology": "VĂN BẢN XIN LỖI VÀ ĐỀ NGHỊ GIA HẠN THỜI GIAN GIẢI QUYẾT",
    "stop_notice": "THÔNG BÁO DỪNG GIẢI QUYẾT HỒ SƠ",
    "control_sheet": "PHIẾU KIỂM SOÁT QUÁ TRÌNH GIẢI QUYẾT HỒ SƠ",
    "register": "SỔ THEO DÕI HỒ SƠ",
}


def text_of(pdf: bytes) -> str:
    """The letters of all pages in reading order, NFC, without spaces."""
    words = "".join(page.extract_text() for page in PdfReader(BytesIO(pdf)).pages)
    return unicodedata.normalize("NFC", "".join(words.split()))


def ways(value: object) -> list[str]:
    """How a fact may be written; any of them will do."""
    if isinstance(value, datetime):
        local = (value + VIETNAM).replace(tzinfo=None)
        month = f"{local.month:02d}" if local.month < 3 else str(local.month)
        day = f"ngày {local.day:02d} tháng {month} năm {local.year}"
        return [day, f"{local:%d/%m/%Y}"]
    if isinstance(value, date):
        return [f"{value:%d/%m/%Y}"]
    if isinstance(value, int):
        return [str(value), f"{value:,}".replace(",", ".")]
    text = str(value)
    return [text, text.upper(), " ".join(text)]


def facts(slip: msgspec.Struct, left_out: set[str]) -> list[tuple[str, object]]:
    """Every fact at any depth that has a value and words."""
    found: list[tuple[str, object]] = []
    for name in slip.__struct_fields__:
        value = getattr(slip, name)
        if name in NOT_WORDS | left_out or value in ("", None, (), 0):
            continue
        if isinstance(value, tuple):
            parts = [part for part in value if isinstance(part, msgspec.Struct)]
            for part in parts:
                found += facts(part, left_out)
        elif not isinstance(value, bool):
            found.append((name, value))
    return found


def missing_facts(name: str, slip: msgspec.Struct, text: str) -> list[str]:
    left_out = FORM_FIELDS.get(name, set()) | {"originals", "certified_copies", "photocopies"}
    left_out |= {"result", "copies"}
    return [
        f"{field}={value}"
        for field, value in facts(slip, left_out)
        if not any("".join(way.split()) in text for way in ways(value))
    ]


@pytest.mark.parametrize("name", SHEETS)
def test_every_fact_stands_on_the_sheet(name: str) -> None:
    slip = SAMPLES[name]
    drawn = render.draw(kind_of(name), slip)
    text = text_of(drawn.document)
    assert missing_facts(name, slip, text) == []
    assert "".join(TITLES.get(name, "").split()) in text
    if name in TITLES:
        assert "CỘNGHÒAXÃHỘICHỦNGHĨAVIỆTNAM" in text
        assert "Độclập-Tựdo-Hạnhphúc" in text


def test_a_fact_that_is_missing_is_noticed() -> None:
    """The negative control."""
    slip = SAMPLES["refusal"]
    text = text_of(render.draw("refusal", slip).document)
    other: Any = msgspec.structs.replace(slip, reason="một lý do khác")
    assert missing_facts("refusal", other, text) == ["reason=một lý do khác"]


@pytest.mark.parametrize("name", ["apology", "refusal.CT06", "supplement_request", "control_sheet"])
def test_the_small_sheet_holds_the_same(name: str) -> None:
    slip: Any = msgspec.structs.replace(SAMPLES[name], paper="A5")
    drawn = render.draw(kind_of(name), slip)
    assert drawn.sheet == "A5"
    (page,) = PdfReader(BytesIO(drawn.document)).pages
    assert [round(float(side) / 72 * 25.4) for side in page.mediabox[2:]] == [148, 210]
    assert missing_facts(name, slip, text_of(drawn.document)) == []


@pytest.mark.parametrize(
    "name", ["supplement_request.CT05", "refusal.CT06", "appointment_slip.CT04"]
)
def test_the_identity_number_stands_in_twelve_boxes(name: str) -> None:
    pdf = render.draw(kind_of(name), SAMPLES[name]).document
    words = PdfReader(BytesIO(pdf)).pages[0].extract_text()
    assert "0 7 9 1 9 0 0 0 0 0 1 7" in " ".join(words.split())


@pytest.mark.parametrize("name", ["supplement_request", "supplement_request.CT05"])
def test_a_paper_asked_for_without_a_look_up_is_marked(name: str) -> None:
    text = text_of(render.draw("supplement_request", SAMPLES[name]).document)
    assert "Giấytờchứngminhquanhệ(*)" in text
    assert "hỏivìtạithờiđiểmlậpphiếuchưatracứuđược" in text


@pytest.mark.parametrize("name", [name for name in SHEETS if name in TITLES])
def test_a_copy_and_a_specimen_say_so(name: str) -> None:
    slip: Any = msgspec.structs.replace(SAMPLES[name], reprint=True)
    assert "inlại,bảnsao" in text_of(render.draw(kind_of(name), slip).document)
    assert "inlại" not in text_of(render.draw(kind_of(name), SAMPLES[name]).document)
    specimen = render.draw(kind_of(name), SAMPLES[name], specimen=True)
    assert "BẢNXEMTHỬ" in text_of(specimen.document)


def picture_of(name: str) -> Image.Image:
    return Image.open(BytesIO(render.draw(kind_of(name), SAMPLES[name]).document))


@pytest.mark.parametrize("name", ROLLS)
@pytest.mark.parametrize("width_dots", render.ROLL_WIDTHS_DOTS)
def test_the_roll_is_one_page_of_whole_dots(name: str, width_dots: int) -> None:
    drawn = render.draw(kind_of(name), SAMPLES[name], width_dots=width_dots)
    picture = Image.open(BytesIO(drawn.document))
    assert (picture.width, picture.mode) == (width_dots, "1")


def test_codes_on_the_roll_are_read_with_five_dots_a_module() -> None:
    (code,) = zxingcpp.read_barcodes(picture_of("ticket").convert("L"))
    assert code.text == SIGNED_CODE
    side = code.position.top_right.x - code.position.top_left.x
    modules = len(render.qr_rows(SIGNED_CODE))
    assert round(side / modules) == render.WANTED_MODULE_DOTS
    assert (modules + 8) * render.WANTED_MODULE_DOTS / 203 * 25.4 <= 42
    (payment,) = zxingcpp.read_barcodes(picture_of("fee_note").convert("L"))
    note = SAMPLES["fee_note"]
    assert isinstance(note, FeeNote)
    assert payment.text == note.payment_qr


def test_no_module_is_ever_smaller_than_four_dots() -> None:
    for modules in range(21, 74, 4):
        for width in render.ROLL_WIDTHS_DOTS:
            assert render.module_dots(modules, width) >= render.MINIMUM_MODULE_DOTS


def test_codes_on_sheets_are_read_from_a_plain_scan() -> None:
    for name in ("appointment_slip", "refusal.CT06"):
        document = pypdfium2.PdfDocument(render.draw(kind_of(name), SAMPLES[name]).document)
        page = document[0]
        picture = page.render(scale=200 / 72).to_pil().convert("L")
        page.close()
        document.close()
        assert {code.text for code in zxingcpp.read_barcodes(picture)} == {SIGNED_CODE}


def scratched(picture: Image.Image) -> list[Image.Image]:
    """The code as pockets and printers leave it: feed line, stain, dead dots, fading, tilt."""
    whole = picture.convert("L")
    (code,) = zxingcpp.read_barcodes(whole)
    left, top = code.position.top_left.x, code.position.top_left.y
    right, bottom = code.position.bottom_right.x, code.position.bottom_right.y
    middle = (left + right) // 2
    line = whole.copy()
    line.paste(255, (left, (top + bottom) // 2 + 40, right, (top + bottom) // 2 + 44))
    stain = whole.copy()
    stain.paste(0, (middle + 30, top + 60, middle + 62, top + 90))
    dead = whole.copy()
    dead.paste(255, (middle + 20, 0, middle + 22, whole.height))
    faded = whole.point([60 + value * 3 // 4 for value in range(256)])
    tilted = whole.rotate(7, expand=True, fillcolor=255, resample=Image.Resampling.BICUBIC)
    small = whole.resize((whole.width * 3 // 5, whole.height * 3 // 5))
    return [line, stain, dead, faded, tilted, small]


def test_a_damaged_code_is_still_read() -> None:
    for turn, damaged in enumerate(scratched(picture_of("ticket"))):
        assert [code.text for code in zxingcpp.read_barcodes(damaged)] == [SIGNED_CODE], turn


def test_too_much_damage_gives_nothing_rather_than_something_else() -> None:
    picture = picture_of("ticket").convert("L")
    (code,) = zxingcpp.read_barcodes(picture)
    left, top = code.position.top_left.x, code.position.top_left.y
    picture.paste(255, (left + 80, top + 40, left + 260, top + 240))
    assert zxingcpp.read_barcodes(picture) == []


@pytest.mark.parametrize("state", ["to_pay", "evidence_seen", "waived", "paid_elsewhere"])
def test_only_cash_and_the_bank_make_a_fee_paid(state: str) -> None:
    """Drawn through the PDF of the same template: what is not confirmed never says "paid"."""
    words = fee_words(state)
    assert "Đãnộptiềnmặt" not in words
    assert "Ngânhàngđãxácnhận" not in words
    assert "Giấynàykhôngthaychobiênlai" in words


def fee_words(state: str) -> str:
    note: Any = msgspec.structs.replace(SAMPLES["fee_note.cash"], state=state)
    fields = render._fields(note) | {"width_dots": 576, "specimen": False}
    return text_of(render._compile("fee_note.typ", fields, "pdf", timestamp=note.issued_at))


def test_cash_says_what_was_given_and_given_back() -> None:
    words = fee_words("cash")
    for part in ("Đãnộptiềnmặt", "50.000đ", "35.000đ", "15.000đ"):
        assert part in words


def test_a_slip_keeps_the_version_of_its_own_day() -> None:
    slip: Any = SAMPLES["refusal.CT06"]
    last = datetime(2026, 6, 30, 16, 59, tzinfo=UTC)
    before = msgspec.structs.replace(slip, signed_at=last)
    after = msgspec.structs.replace(slip, signed_at=last + timedelta(minutes=1))
    assert "Thôngtưsố66/2023/TT-BCA" in text_of(render.draw("refusal", before).document)
    assert "Thôngtưsố66/2023/TT-BCA" not in text_of(render.draw("refusal", after).document)


def test_a_version_begins_on_its_day_and_ends_with_the_next() -> None:
    table = (
        Version(begins=date(2026, 7, 1), template="b.typ", mark="b"),
        Version(begins=None, template="a.typ", mark="a"),
        Version(begins=date(2027, 1, 1), template="c.typ", mark="c"),
    )
    days = {date(2026, 6, 30): "a", date(2026, 7, 1): "b", date(2026, 12, 31): "b"}
    assert {day: in_force(table, day).mark for day in days} == days
    assert in_force(table, date(2030, 1, 1)).mark == "c"
    with pytest.raises(LookupError):
        in_force(table[:1], date(2026, 6, 30))


def test_every_form_has_its_templates() -> None:
    folder = Path(render.__file__).parent / "templates"
    for form, table in built_in().items():
        assert all((folder / version.template).is_file() for version in table)
        assert any(version.begins is None for version in table), form
    used = {kind.form for kind in KINDS.values()} - {""}
    assert used <= set(built_in())


@pytest.mark.parametrize("name", SAMPLES)
def test_facts_survive_the_print_queue(name: str) -> None:
    slip = SAMPLES[name]
    assert kinds.decode(kind_of(name), kinds.encode(slip)) == slip
    assert KINDS[kind_of(name)].role in ("ticket", "slip")


@settings(max_examples=10)
@given(st.text(max_size=80), st.text(max_size=40))
def test_no_text_stops_a_letter(words: str, name: str) -> None:
    slip: Any = msgspec.structs.replace(SAMPLES["refusal"], reason=words, full_name=name)
    assert render.draw("refusal", slip).document.startswith(b"%PDF")


def test_no_roll_has_a_name_or_a_number_of_a_person() -> None:
    personal = {"full_name", "id_number", "permanent_address", "phone", "email"}
    for kind in KINDS.values():
        if kind.medium == "roll":
            assert not personal & set(kind.slip.__struct_fields__)
    assert TicketSlip.__struct_fields__

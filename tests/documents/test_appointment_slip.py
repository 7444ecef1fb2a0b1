"""The appointment slips: legally complete, in both forms and papers, deterministic."""

import unicodedata
from datetime import UTC, datetime
from io import BytesIO

import msgspec
import pypdfium2
import pytest
import zxingcpp
from hypothesis import given, settings
from hypothesis import strategies as st
from pypdf import PdfReader

from edge_node.documents.model import AppointmentSlip, Paper
from edge_node.documents.render import render_appointment_slip

SLIP = AppointmentSlip(
    form="form01",
    superior_agency="Công an Thành phố Hồ Chí Minh",
    agency="Công an phường Bà Rịa",
    place="Bà Rịa",
    slip_number="26",
    dossier_number="T26560-7KXM-00001-3",
    full_name="Nguyễn Thị Mẫu",
    id_number="079190000017",
    permanent_address="12/3 Đường Ví Dụ, Phường Bà Rịa, TP. Hồ Chí Minh",
    temporary_address="45 Hẻm Mẫu, Phường Tam Thắng",
    current_address="8 Đường Giả, Phường Sài Gòn",
    phone="0900 000 017",
    email="mau@example.vn",
    request="Đăng ký thường trú",
    papers=(
        Paper(name="Tờ khai thay đổi thông tin cư trú (CT01)", form="original"),
        Paper(name="Giấy tờ chứng minh chỗ ở hợp pháp", form="copy", note="Đã đối chiếu"),
        Paper(
            name="Giấy tờ chứng minh quan hệ",
            form="photocopy",
            copies=2,
            asked_because_offline=True,
        ),
    ),
    time_limit="07 ngày làm việc",
    received_at=datetime(2026, 8, 3, 1, 5, tzinfo=UTC),
    due_at=datetime(2026, 12, 2, 10, 0, tzinfo=UTC),
    collect_at="Quầy 2, Công an phường Bà Rịa",
    result_forms=("paper", "sms"),
    fee="20.000 đồng",
    officer_name="Trần Văn Thử",
    hotline="0254 000 0000",
    lookup_secret="K7QX",
)
COUNTRY = ("CỘNG HÒA XÃ HỘI CHỦ NGHĨA VIỆT NAM", "Độc lập - Tự do - Hạnh phúc")
BOTH = (
    *COUNTRY,
    "CÔNG AN THÀNH PHỐ HỒ CHÍ MINH",
    "CÔNG AN PHƯỜNG BÀ RỊA",
    "Bà Rịa, ngày 03 tháng 8 năm 2026",
    "Mã hồ sơ (mã tạm):",
    "T26560-7KXM-00001-3",
    "Mã tra cứu: K7QX",
    "Nguyễn Thị Mẫu",
    "Số điện thoại: 0900 000 017",
    "Email: mau@example.vn",
    "Nội dung yêu cầu giải quyết: Đăng ký thường trú",
    "Tờ khai thay đổi thông tin cư trú (CT01)",
    "Bản chính",
    "Bản sao",
    "Bản chụp",
    "Đã đối chiếu",
    "chưa tra cứu được cơ sở dữ liệu",
    "Thời gian nhận hồ sơ: 08 giờ 05 phút, ngày 03 tháng 8 năm 2026",
    "17 giờ 00 phút, ngày 02 tháng 12 năm 2026",
    "Trần Văn Thử",
    "Hỏi đáp: 0254 000 0000",
    "Mã tạm do trạm cấp",
)
OWN = {
    "form01": (
        "Mẫu số 01",
        "BỘ PHẬN TIẾP NHẬN VÀ TRẢ KẾT QUẢ",
        "GIẤY TIẾP NHẬN HỒ SƠ VÀ HẸN TRẢ KẾT QUẢ",
        "Bộ phận Tiếp nhận và Trả kết quả: Công an phường Bà Rịa",
        "Tiếp nhận hồ sơ của: Nguyễn Thị Mẫu",
        "Số định danh cá nhân/CCCD/MST: 079190000017",
        "Địa chỉ: 12/3 Đường Ví Dụ",
        "1. Thành phần hồ sơ gồm:",
        "2. Số lượng hồ sơ: 1 (bộ)",
        "3. Thời gian giải quyết hồ sơ theo quy định: 07 ngày làm việc",
        "4. Thời gian nhận hồ sơ",
        "5. Thời gian trả kết quả giải quyết hồ sơ",
        "6. Đăng ký nhận kết quả tại: Quầy 2",
        "7. Phí, lệ phí: 20.000 đồng",
        "NGƯỜI NỘP HỒ SƠ",
        "NGƯỜI TIẾP NHẬN HỒ SƠ",
        "(Ký và ghi rõ họ tên)",
        "mang theo giấy này và thẻ căn cước",
    ),
    "CT04": (
        "Mẫu CT04",
        "Số: 26/PTN",
        "PHIẾU TIẾP NHẬN HỒ SƠ VÀ HẸN TRẢ KẾT QUẢ",
        "Công an phường Bà Rịa đã tiếp nhận hồ sơ của:",
        "Ông/Bà: Nguyễn Thị Mẫu",
        "Số định danh cá nhân/CMND: 0 7 9 1 9 0 0 0 0 0 1 7",
        "Nơi thường trú: 12/3 Đường Ví Dụ",
        "Nơi tạm trú: 45 Hẻm Mẫu",
        "Nơi ở hiện tại: 8 Đường Giả",
        "Hồ sơ gồm:",
        "Ghi chú",
        "Thời gian trả kết quả: 17 giờ",
        "Hình thức nhận kết quả:",
        "Bản giấy",
        "Bản điện tử",
        "Tin nhắn SMS",
        "Đăng ký nhận kết quả bản giấy tại: Quầy 2",
        "CÁN BỘ TIẾP NHẬN",
        "mang theo phiếu này và thẻ căn cước",
    ),
}
SIZES_MM = {"A4": (210, 297), "A5": (148, 210)}


def text_of(pdf: bytes) -> str:
    """The words of all pages in reading order, NFC, single spaces."""
    pages = PdfReader(BytesIO(pdf)).pages
    words = " ".join(page.extract_text() for page in pages).split()
    return unicodedata.normalize("NFC", " ".join(words))


def squeezed(text: str) -> str:
    """Without spaces: extraction puts them where the typesetter moved the pen."""
    return "".join(text.split())


@pytest.mark.parametrize("form", ["form01", "CT04"])
@pytest.mark.parametrize("paper", ["A4", "A5"])
def test_every_field_of_the_legal_form_is_there(form: str, paper: str) -> None:
    pdf = render_appointment_slip(msgspec.structs.replace(SLIP, form=form, paper=paper))
    text = squeezed(text_of(pdf))
    missing = [words for words in (*BOTH, *OWN[form]) if squeezed(words) not in text]
    assert missing == []
    (page,) = PdfReader(BytesIO(pdf)).pages
    size_mm = tuple(round(float(side) / 72 * 25.4) for side in (page.mediabox[2], page.mediabox[3]))
    assert size_mm == SIZES_MM[paper]


@pytest.mark.parametrize("form", ["form01", "CT04"])
def test_code_holds_the_dossier_number_only(form: str) -> None:
    pdf = pypdfium2.PdfDocument(render_appointment_slip(msgspec.structs.replace(SLIP, form=form)))
    page = pdf[0]
    picture = page.render(scale=200 / 72).to_pil().convert("L")
    page.close()
    pdf.close()
    (code,) = zxingcpp.read_barcodes(picture)
    assert code.text == SLIP.dossier_number


def test_same_slip_gives_the_same_bytes() -> None:
    assert render_appointment_slip(SLIP) == render_appointment_slip(SLIP)
    other = msgspec.structs.replace(SLIP, phone="0900 000 018")
    assert render_appointment_slip(other) != render_appointment_slip(SLIP)


def test_title_of_the_file_names_nobody() -> None:
    information = PdfReader(BytesIO(render_appointment_slip(SLIP))).metadata
    assert information is not None
    words = " ".join(str(value) for value in information.values())
    assert SLIP.dossier_number in words
    assert SLIP.full_name not in words
    assert SLIP.id_number not in words


@pytest.mark.parametrize("form", ["form01", "CT04"])
def test_fields_without_a_value_are_left_for_the_pen(form: str) -> None:
    bare = AppointmentSlip(
        form="form01",
        agency="Công an xã Phước Hải",
        place="Phước Hải",
        dossier_number="G01.899.909-260916-000001",
        provisional=False,
        full_name="Ưng Quý",
        id_number="",
        request="Khai báo tạm vắng",
        received_at=SLIP.received_at,
    )
    text = text_of(render_appointment_slip(msgspec.structs.replace(bare, form=form)))
    assert "mã tạm" not in text.lower()
    assert "Mã tra cứu" not in text
    assert "......" in text
    assert "cơ sở dữ liệu" not in text


@pytest.mark.parametrize(("form", "mark"), [("form01", "Mẫu số 01"), ("CT04", "Mẫu CT04")])
def test_second_copy_says_so(form: str, mark: str) -> None:
    slip = msgspec.structs.replace(SLIP, form=form)
    assert "in lại" not in text_of(render_appointment_slip(slip))
    again = msgspec.structs.replace(slip, reprint=True)
    assert f"{mark} (in lại, bản sao)" in text_of(render_appointment_slip(again))
    named = msgspec.structs.replace(slip, form_reference="Mẫu ban hành năm 2026")
    assert "Mẫu ban hành năm 2026" in text_of(render_appointment_slip(named))


def test_many_papers_go_on_with_numbered_pages() -> None:
    papers = tuple(Paper(name=f"Giấy tờ số {n}", form="copy") for n in range(1, 41))
    pdf = render_appointment_slip(msgspec.structs.replace(SLIP, papers=papers))
    text = text_of(pdf)
    assert "Giấy tờ số 40" in text
    assert len(PdfReader(BytesIO(pdf)).pages) > 1
    assert "Trang 1/" in text


@pytest.mark.parametrize("form", ["form01", "CT04"])
@pytest.mark.parametrize(
    "hostile",
    [
        '#eval("read(\\"/etc/passwd\\")")',
        "*đậm* _nghiêng_ #strong[x]",
        '\\ "quotes" }] ) // /* `raw` $x$ @a <b>',
    ],
)
def test_hostile_name_is_printed_letter_by_letter(form: str, hostile: str) -> None:
    slip = msgspec.structs.replace(SLIP, form=form, full_name=hostile, id_number=hostile[:12])
    assert squeezed(hostile) in squeezed(text_of(render_appointment_slip(slip)))


@settings(max_examples=15)
@given(st.text(max_size=60), st.text(max_size=20))
def test_no_text_stops_the_slip(text: str, number: str) -> None:
    slip = msgspec.structs.replace(SLIP, form="CT04", full_name=text, id_number=number)
    assert render_appointment_slip(slip).startswith(b"%PDF")


@pytest.mark.parametrize(("month", "written"), [(1, "01"), (2, "02"), (3, "3"), (12, "12")])
def test_months_are_written_as_official_papers_do(month: int, written: str) -> None:
    slip = msgspec.structs.replace(SLIP, received_at=datetime(2026, month, 9, 3, tzinfo=UTC))
    assert f"ngày 09 tháng {written} năm 2026" in text_of(render_appointment_slip(slip))

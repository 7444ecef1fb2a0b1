"""One canned example of every printed document, with invented people and accounts.

For previews, tests and the gallery; previews are drawn as specimens ("BẢN XEM THỬ"). Likeness to
anybody is chance.
"""

from collections.abc import Mapping
from datetime import UTC, date, datetime
from types import MappingProxyType
from typing import Final

import msgspec

from edge_node.documents import model

_CITY: Final = "Công an Thành phố Hồ Chí Minh"
_AGENCY: Final = "Công an phường Bà Rịa"
_PLACE: Final = "Bà Rịa"
_HOTLINE: Final = "0254 000 0000"
_NUMBER: Final = "T26560-7KXM-00001-3"
_OFFICER: Final = "Đại úy Trần Văn Thử"
_NAME: Final = "Nguyễn Thị Mẫu"
_ADDRESS: Final = "12/3 Đường Ví Dụ, Phường Bà Rịa, TP. Hồ Chí Minh"
_REQUEST: Final = "Đăng ký tạm trú"
_MORNING: Final = datetime(2026, 11, 20, 3, 0, tzinfo=UTC)
_CLOSING: Final = datetime(2026, 11, 20, 10, 5, tzinfo=UTC)

SIGNED_CODE: Final = (
    "HTTPS://MAU.EXAMPLE/R/2KCEEKQBCIYQ4RBQKZSFEZLLPB4GQ3DPNZSWIYLUMFZXIYLUMVZA"
    "ONZWC3LQNRSSA33GEB2GQZJAORXWWZLOEB2WQ2LDNAQGIZLDN5SGK4ZANFXHI3ZANZXXI2DJNZTSA"
    "YLOMQQGM2LMNRZSA5DIMUQHEZLBNQQG63TFOMQHG2L2MUWCA43PEB2GQYLUEBYGC4DFOIQGS4Z"
)
"""As long as a real one; it verifies nowhere."""

_CHECK: Final = "MAUX-THU0"

_PAYMENT_QR: Final = (
    "00020101021238570010A00000072701270006970436011300710000000010208QRIBFTTA5303704540515000"
    "5802VN62150811MAUTHU2222X63041B2C"
)
"""Looks like a payment code and pays nobody: its sum is wrong on purpose."""


def _letter() -> dict[str, object]:
    return {
        "superior_agency": _CITY,
        "agency": _AGENCY,
        "place": _PLACE,
        "slip_number": "26",
        "dossier_number": _NUMBER,
        "hotline": _HOTLINE,
        "lookup_secret": "K7QX",
        "token_url": SIGNED_CODE,
        "check": _CHECK,
    }


def _citizen() -> dict[str, object]:
    return _letter() | {
        "full_name": _NAME,
        "id_number": "079190000017",
        "permanent_address": _ADDRESS,
        "phone": "0900 000 017",
        "email": "mau@example.vn",
        "request": _REQUEST,
        "officer_name": _OFFICER,
    }


_MISSING: Final = (
    model.MissingPaper(name="Giấy tờ chứng minh chỗ ở hợp pháp", certified_copies=1, photocopies=1),
    model.MissingPaper(
        name="Văn bản đồng ý của chủ hộ", originals=1, note="Bản đã nộp thiếu chữ ký"
    ),
    model.MissingPaper(
        name="Giấy tờ chứng minh quan hệ", photocopies=1, asked_because_offline=True
    ),
)
_PAPERS: Final = (
    model.Paper(name="Tờ khai thay đổi thông tin cư trú (CT01)", form="original"),
    model.Paper(
        name="Giấy tờ chứng minh chỗ ở hợp pháp", form="copy", copies=2, note="Đã đối chiếu"
    ),
    model.Paper(name="Giấy tờ chứng minh quan hệ", form="photocopy", asked_because_offline=True),
)


def _appointment(form: str) -> model.AppointmentSlip:
    return msgspec.convert(
        _citizen()
        | {
            "form": form,
            "temporary_address": "45 Hẻm Mẫu, Phường Tam Thắng",
            "current_address": "8 Đường Giả, Phường Sài Gòn",
            "papers": _PAPERS,
            "time_limit": "03 ngày làm việc",
            "received_at": _MORNING,
            "due_at": datetime(2026, 11, 26, 10, 0, tzinfo=UTC),
            "collect_at": "Quầy 2, Công an phường Bà Rịa",
            "result_forms": ("paper", "sms"),
            "fee": "15.000 đồng",
        },
        model.AppointmentSlip,
    )


def _apology() -> model.Apology:
    return msgspec.convert(
        _citizen()
        | {
            "field": "Đăng ký, quản lý cư trú",
            "received_at": _MORNING,
            "old_due_at": datetime(2026, 11, 26, 10, 0, tzinfo=UTC),
            "new_due_at": datetime(2026, 11, 30, 10, 0, tzinfo=UTC),
            "reason": "đường truyền tới cơ sở dữ liệu gián đoạn hai ngày",
            "signed_at": datetime(2026, 11, 26, 2, 0, tzinfo=UTC),
        },
        model.Apology,
    )


def _letters() -> dict[str, msgspec.Struct]:
    supplement = {
        "papers": _MISSING,
        "reason": "Chưa đủ giấy tờ chứng minh chỗ ở hợp pháp",
        "signed_at": _MORNING,
    }
    refusal = {
        "id_issued_on": date(2021, 5, 10),
        "reason": "Nơi đề nghị đăng ký không thuộc địa bàn phường",
        "signed_at": _MORNING,
    }
    return {
        "appointment_slip": _appointment("form01"),
        "appointment_slip.CT04": _appointment("CT04"),
        "supplement_request": msgspec.convert(
            _citizen() | supplement | {"form": "form02"}, model.SupplementRequest
        ),
        "supplement_request.CT05": msgspec.convert(
            _citizen() | supplement | {"form": "CT05"}, model.SupplementRequest
        ),
        "refusal": msgspec.convert(_citizen() | refusal | {"form": "form03"}, model.Refusal),
        "refusal.CT06": msgspec.convert(_citizen() | refusal | {"form": "CT06"}, model.Refusal),
        "apology": _apology(),
        "stop_notice": msgspec.convert(
            _citizen()
            | {
                "received_at": _MORNING,
                "reason": "Quá thời hạn bổ sung mà hồ sơ chưa được hoàn thiện",
                "signed_at": datetime(2026, 11, 30, 2, 0, tzinfo=UTC),
            },
            model.StopNotice,
        ),
    }


def _control_sheet() -> model.ControlSheet:
    return msgspec.convert(
        _letter()
        | {
            "full_name": _NAME,
            "phone": "0900 000 017",
            "request": _REQUEST,
            "received_at": _MORNING,
            "signed_at": _MORNING,
            "hand_overs": (
                model.HandOver(
                    agency="Đội Cảnh sát QLHC về TTXH",
                    given_at=_MORNING,
                    taken_at=datetime(2026, 11, 20, 3, 20, tzinfo=UTC),
                    given_by="Trần Văn Thử",
                    taken_by="Võ Thị Kiểm",
                    result="on_time",
                    note="Đủ giấy tờ",
                ),
            ),
        },
        model.ControlSheet,
    )


def _register() -> model.Register:
    return model.Register(
        superior_agency=_CITY,
        agency=_AGENCY,
        place=_PLACE,
        first_day=date(2026, 11, 16),
        last_day=date(2026, 11, 20),
        rows=tuple(_register_row(index) for index in range(1, 9)),
        officer_name=_OFFICER,
        printed_at=_CLOSING,
    )


def _internal() -> dict[str, msgspec.Struct]:
    return {
        "control_sheet": _control_sheet(),
        "register": _register(),
        "shift_report": _shift(),
        "rating_summary": model.RatingSummary(
            superior_agency=_CITY,
            agency=_AGENCY,
            place=_PLACE,
            first_day=date(2026, 11, 16),
            last_day=date(2026, 11, 20),
            ratings=tuple(
                model.RatingCount(label=label, count=count)
                for label, count in (
                    ("Rất hài lòng", 61),
                    ("Hài lòng", 34),
                    ("Bình thường", 7),
                    ("Không hài lòng", 3),
                )
            ),
            reasons=(
                model.Count(label="Chờ lâu", count=2),
                model.Count(label="Giải thích chưa rõ", count=1),
            ),
            visits=143,
            printed_at=_CLOSING,
        ),
        "continuity_slip": _paper_slip(1),
        "continuity_kit": model.ContinuityKit(
            agency=_AGENCY, sheets=tuple(_paper_slip(n) for n in (1, 2, 3)), printed_at=_MORNING
        ),
    }


_PEOPLE: Final = (
    (_NAME, _ADDRESS),
    ("Trần Văn Thử", "Ấp Giả Định 1, Xã Phước Hải, TP. Hồ Chí Minh"),
    ("Lê Hoàng Giả Định", "45 Hẻm Mẫu, Phường Tam Thắng, TP. Hồ Chí Minh"),
    ("Ưng Quý", "Căn hộ A-12.03, Chung cư Mẫu, Phường An Khánh, TP. Hồ Chí Minh"),
)


def _register_row(index: int) -> model.RegisterRow:
    name, address = _PEOPLE[index % len(_PEOPLE)]
    done = index <= 5
    return model.RegisterRow(
        dossier_number=f"T26560-7KXM-{index:05d}-3",
        request=_REQUEST if index % 3 else "Khai báo tạm vắng",
        full_name=name,
        address=address,
        phone=f"0900 000 0{index:02d}",
        handled_by=_AGENCY,
        received_at=datetime(2026, 11, 16 + index // 2, 2, 5 * index, tzinfo=UTC),
        due_at=datetime(2026, 11, 19 + index // 2, 10, 0, tzinfo=UTC),
        handed_over_at=datetime(2026, 11, 19 + index // 2, 3, 15, tzinfo=UTC) if done else None,
        method="trực tiếp" if done else "",
    )


def _paper_slip(index: int) -> model.ContinuitySlip:
    return model.ContinuitySlip(
        superior_agency=_CITY,
        agency=_AGENCY,
        place=_PLACE,
        hotline=_HOTLINE,
        kit="7KXN-1",
        index=index,
        count=3,
        dossier_number=f"T26560-7KXN-{index:05d}-5",
        token_url=SIGNED_CODE,
        check=_CHECK,
        printed_at=_MORNING,
    )


def _shift() -> model.ShiftReport:
    return model.ShiftReport(
        superior_agency=_CITY,
        agency=_AGENCY,
        place=_PLACE,
        counter="Quầy 2",
        officer_name=_OFFICER,
        chief_name="Trung tá Phạm Minh Ví Dụ",
        opened_at=datetime(2026, 11, 20, 0, 30, tzinfo=UTC),
        closed_at=_CLOSING,
        work=tuple(
            model.Count(label=label, count=count)
            for label, count in (
                ("Số thứ tự đã phục vụ", 41),
                ("Hồ sơ tiếp nhận", 23),
                ("Hồ sơ trả kết quả", 12),
                ("Vắng mặt khi gọi", 3),
            )
        ),
        money=(
            model.MoneyLine(ledger="fee", method="cash", expected_vnd=285_000, counted_vnd=270_000),
            model.MoneyLine(
                ledger="fee", method="transfer", expected_vnd=120_000, counted_vnd=120_000
            ),
            model.MoneyLine(
                ledger="fine", method="cash", expected_vnd=1_500_000, counted_vnd=1_500_000
            ),
        ),
        open_transfers=(
            model.OpenTransfer(
                ticket_number="A013",
                dossier_number=_NUMBER,
                reference="MAUTHU2222X",
                amount_vnd=15_000,
                state="claimed",
            ),
        ),
        unsynced=2,
        unprinted=0,
        explanation="Thiếu 15.000 đ: số A013 đã chuyển khoản, ngân hàng chưa xác nhận",
    )


def _roll() -> dict[str, msgspec.Struct]:
    return {
        "ticket": model.TicketSlip(
            agency=_AGENCY,
            ticket_number="A013",
            service_vi="Cư trú",
            service_en="Residence",
            issued_at=_MORNING,
            people_ahead=4,
            dossier_number=_NUMBER,
            token_url=SIGNED_CODE,
            check=_CHECK,
            language="en",
        ),
        "papers_list": model.PapersList(
            agency=_AGENCY,
            request=_REQUEST,
            request_en="Temporary residence",
            papers=_PAPERS,
            fee="15.000 đ",
            time_limit="3 ngày làm việc",
            hours="Thứ Hai – thứ Sáu 07:30–11:30, 13:00–17:00",
            hotline=_HOTLINE,
            printed_at=_MORNING,
            language="en",
        ),
    }


def _fee_notes() -> dict[str, msgspec.Struct]:
    return {
        "fee_note": model.FeeNote(
            agency=_AGENCY,
            state="to_pay",
            dossier_number=_NUMBER,
            ticket_number="A013",
            lines=(model.FeeLine(label="Lệ phí đăng ký tạm trú", amount_vnd=15_000),),
            total_vnd=15_000,
            reference="MAUTHU2222X",
            beneficiary="CONG AN PHUONG MAU",
            bank="Ngân hàng Mẫu",
            account="0000000000",
            payment_qr=_PAYMENT_QR,
            issued_at=_MORNING,
            language="en",
        ),
        "fee_note.cash": model.FeeNote(
            agency=_AGENCY,
            state="cash",
            dossier_number=_NUMBER,
            lines=(model.FeeLine(label="Lệ phí đăng ký tạm trú", amount_vnd=15_000),),
            total_vnd=15_000,
            received_vnd=50_000,
            change_vnd=35_000,
            officer_name=_OFFICER,
            issued_at=_MORNING,
        ),
        "fee_note.evidence_seen": model.FeeNote(
            agency=_AGENCY,
            state="evidence_seen",
            dossier_number=_NUMBER,
            lines=(model.FeeLine(label="Lệ phí đăng ký tạm trú", amount_vnd=15_000),),
            total_vnd=15_000,
            reference="MAUTHU2222X",
            officer_name=_OFFICER,
            issued_at=_MORNING,
        ),
    }


SAMPLES: Final[Mapping[str, msgspec.Struct]] = MappingProxyType(
    _roll() | _fee_notes() | _letters() | _internal()
)
"""Example by name: the kind, or kind and variant with a dot between (`refusal.CT06`)."""


def kind_of(name: str) -> str:
    """The kind a sample's name belongs to."""
    return name.partition(".")[0]

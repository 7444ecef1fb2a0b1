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
from edge_node.documents.roll_samples import ROLLS
from edge_node.documents.sample_facts import (
    AGENCY,
    CHECK,
    HOTLINE,
    MORNING,
    NUMBER,
    OFFICER,
    REQUEST,
    SIGNED_CODE,
)

_CITY: Final = "Công an Thành phố Hồ Chí Minh"
_PLACE: Final = "Bà Rịa"
_NAME: Final = "Nguyễn Thị Mẫu"
_ADDRESS: Final = "12/3 Đường Ví Dụ, Phường Bà Rịa, TP. Hồ Chí Minh"
_CLOSING: Final = datetime(2026, 11, 20, 10, 5, tzinfo=UTC)


def _letter() -> dict[str, object]:
    return {
        "superior_agency": _CITY,
        "agency": AGENCY,
        "place": _PLACE,
        "slip_number": "26",
        "dossier_number": NUMBER,
        "hotline": HOTLINE,
        "lookup_secret": "K7QX",
        "token_url": SIGNED_CODE,
        "check": CHECK,
    }


def _citizen() -> dict[str, object]:
    return _letter() | {
        "full_name": _NAME,
        "id_number": "079190000017",
        "permanent_address": _ADDRESS,
        "phone": "0900 000 017",
        "email": "mau@example.vn",
        "request": REQUEST,
        "officer_name": OFFICER,
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
            "received_at": MORNING,
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
            "received_at": MORNING,
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
        "signed_at": MORNING,
    }
    refusal = {
        "id_issued_on": date(2021, 5, 10),
        "reason": "Nơi đề nghị đăng ký không thuộc địa bàn phường",
        "signed_at": MORNING,
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
                "slip_number": "26",
                "receipt_number": NUMBER,
                "field": "Đăng ký, quản lý cư trú",
                "received_at": MORNING,
                "old_due_at": datetime(2026, 11, 27, 3, 0, tzinfo=UTC),
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
            "request": REQUEST,
            "received_at": MORNING,
            "signed_at": MORNING,
            "hand_overs": (
                model.HandOver(
                    agency="Đội Cảnh sát QLHC về TTXH",
                    given_at=MORNING,
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
        agency=AGENCY,
        place=_PLACE,
        first_day=date(2026, 11, 16),
        last_day=date(2026, 11, 20),
        rows=tuple(_register_row(index) for index in range(1, 9)),
        officer_name=OFFICER,
        printed_at=_CLOSING,
    )


def _internal() -> dict[str, msgspec.Struct]:
    return {
        "control_sheet": _control_sheet(),
        "register": _register(),
        "shift_report": _shift(),
        "rating_summary": model.RatingSummary(
            superior_agency=_CITY,
            agency=AGENCY,
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
            agency=AGENCY, sheets=tuple(_paper_slip(n) for n in (1, 2, 3)), printed_at=MORNING
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
        request=REQUEST if index % 3 else "Khai báo tạm vắng",
        full_name=name,
        address=address,
        phone=f"0900 000 0{index:02d}",
        handled_by=AGENCY,
        received_at=datetime(2026, 11, 16 + index // 2, 2, 5 * index, tzinfo=UTC),
        due_at=datetime(2026, 11, 19 + index // 2, 10, 0, tzinfo=UTC),
        handed_over_at=datetime(2026, 11, 19 + index // 2, 3, 15, tzinfo=UTC) if done else None,
        method="trực tiếp" if done else "",
    )


def _paper_slip(index: int) -> model.ContinuitySlip:
    return model.ContinuitySlip(
        superior_agency=_CITY,
        agency=AGENCY,
        place=_PLACE,
        hotline=HOTLINE,
        kit="7KXN-1",
        index=index,
        count=3,
        dossier_number=f"T26560-7KXN-{index:05d}-5",
        token_url=SIGNED_CODE,
        check=CHECK,
        printed_at=MORNING,
    )


_OPEN_TRANSFERS: Final = (
    model.OpenTransfer(
        ticket_number="A013",
        dossier_number=NUMBER,
        reference="MAUTHU2222X",
        amount_vnd=15_000,
        state="claimed",
    ),
)
_UNSTATED: Final = (
    model.UnstatedTransfers(
        ledger="fee",
        count=8,
        amount_vnd=120_000,
        count_here=11,
        amount_here_vnd=165_000,
    ),
)
_LINES_SET_ASIDE: Final = (
    model.AsideLine(
        transaction="FT26324000009",
        amount_vnd=2_000_000,
        why="Người gửi chuyển nhầm, không liên quan đến trạm",
        set_at=_CLOSING,
    ),
)


def _shift() -> model.ShiftReport:
    return model.ShiftReport(
        superior_agency=_CITY,
        agency=AGENCY,
        place=_PLACE,
        counter="Quầy 2",
        officer_name=OFFICER,
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
        open_transfers=_OPEN_TRANSFERS,
        unstated=_UNSTATED,
        lines_set_aside=_LINES_SET_ASIDE,
        money_tasks=4,
        results_given=tuple(f"T26560-7KXM-{index:05d}-3" for index in range(1, 13)),
        results_waiting=57,
        waiting_numbers=tuple(f"T26560-7KXK-{index:05d}-6" for index in range(1, 8)),
        unsynced=2,
        unprinted=0,
        explanation="Thiếu 15.000 đ: số A013 đã chuyển khoản, ngân hàng chưa xác nhận",
    )


SAMPLES: Final[Mapping[str, msgspec.Struct]] = MappingProxyType(
    {**ROLLS, **_letters(), **_internal()}
)
"""Example by name: the kind, or kind and variant with a dot between (`refusal.CT06`)."""


def kind_of(name: str) -> str:
    """The kind a sample's name belongs to."""
    return name.partition(".")[0]

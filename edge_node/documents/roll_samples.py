"""One canned example of every document of the 80 mm roll; see `samples` for the others."""

from collections.abc import Mapping
from datetime import UTC, datetime
from types import MappingProxyType
from typing import Final

import msgspec

from edge_node.documents import model
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

_PAYMENT_QR: Final = (
    "00020101021238570010A00000072701270006970436011300710000000010208QRIBFTTA5303704540515000"
    "5802VN62150811MAUTHU2222X63041B2C"
)
"""Looks like a payment code and pays nobody: its sum is wrong on purpose."""

_PAPERS: Final = (
    model.WantedPaper(name="Tờ khai thay đổi thông tin cư trú (CT01)"),
    model.WantedPaper(
        name="Giấy tờ chứng minh chỗ ở hợp pháp", form="copy", copies=2, note="Đã đối chiếu"
    ),
    model.WantedPaper(
        name="Giấy tờ chứng minh quan hệ", form="photocopy", asked_because_offline=True
    ),
)


def _roll() -> dict[str, msgspec.Struct]:
    return {
        "ticket": model.TicketSlip(
            agency=AGENCY,
            ticket_number="A013",
            service_vi="Cư trú",
            service_en="Residence",
            issued_at=MORNING,
            people_ahead=4,
            dossier_number=NUMBER,
            token_url=SIGNED_CODE,
            check=CHECK,
            language="en",
        ),
        "papers_list": model.PapersList(
            agency=AGENCY,
            request=REQUEST,
            request_en="Temporary residence",
            papers=_PAPERS,
            fee="15.000 đ",
            time_limit="3 ngày làm việc",
            hours="Thứ Hai – thứ Sáu 07:30–11:30, 13:00–17:00",
            hotline=HOTLINE,
            printed_at=MORNING,
            language="en",
        ),
    }


def _codes() -> dict[str, msgspec.Struct]:
    return {
        "resume_note": model.ResumeNote(
            agency=AGENCY,
            code="7KXM-Q2RD",
            procedure_vi=REQUEST,
            procedure_en="Temporary residence",
            minutes=30,
            valid_until=datetime(2026, 11, 20, 3, 30, tzinfo=UTC),
            made_at=MORNING,
            language="en",
        ),
        "pairing_note": model.PairingNote(
            agency=AGENCY,
            kiosk="2",
            code="0415 9265",
            address="https://edge-node-26560.local:8443/pair",
            minutes=5,
            made_at=MORNING,
            language="en",
        ),
        "booking_slip": model.BookingSlip(
            agency=AGENCY,
            service_vi="Cư trú",
            service_en="Residence",
            booked_for=datetime(2026, 11, 24, 2, 0, tzinfo=UTC),
            booking_code="K7Q2RD",
            hotline=HOTLINE,
            made_at=MORNING,
            language="en",
        ),
    }


def _fee_notes() -> dict[str, msgspec.Struct]:
    return {
        "fee_note": model.FeeNote(
            agency=AGENCY,
            state="to_pay",
            dossier_number=NUMBER,
            ticket_number="A013",
            lines=(model.FeeLine(label="Lệ phí đăng ký tạm trú", amount_vnd=15_000),),
            total_vnd=15_000,
            reference="MAUTHU2222X",
            beneficiary="CONG AN PHUONG MAU",
            bank="Ngân hàng Mẫu",
            account="0000000000",
            payment_qr=_PAYMENT_QR,
            issued_at=MORNING,
            language="en",
        ),
        "fee_note.cash": model.FeeNote(
            agency=AGENCY,
            state="cash",
            dossier_number=NUMBER,
            lines=(model.FeeLine(label="Lệ phí đăng ký tạm trú", amount_vnd=15_000),),
            total_vnd=15_000,
            received_vnd=50_000,
            change_vnd=35_000,
            officer_name=OFFICER,
            issued_at=MORNING,
        ),
        "fee_note.evidence_seen": model.FeeNote(
            agency=AGENCY,
            state="evidence_seen",
            dossier_number=NUMBER,
            lines=(model.FeeLine(label="Lệ phí đăng ký tạm trú", amount_vnd=15_000),),
            total_vnd=15_000,
            reference="MAUTHU2222X",
            officer_name=OFFICER,
            issued_at=MORNING,
        ),
    }


ROLLS: Final[Mapping[str, msgspec.Struct]] = MappingProxyType(_roll() | _codes() | _fee_notes())

"""What goes on the 80 mm roll: ticket, papers, fee, the way back, booking. Never called a form.

Rules: no identity number, no address, no name of a citizen; see `common` for the rest.
"""

from datetime import datetime
from typing import Literal

import msgspec

from edge_node.documents.model.common import Language, PaperForm


class TicketSlip(msgspec.Struct, frozen=True, kw_only=True):
    """An 80 mm queue ticket. It carries no name, no identity number and no address."""

    agency: str
    ticket_number: str  # "A013"
    service_vi: str
    issued_at: datetime
    people_ahead: int
    service_en: str = ""
    dossier_number: str = ""  # provisional number; empty for a ticket without a dossier
    language: Language = "vi"  # "en" adds a small English line under each text
    priority: bool = False  # a small unexplained mark for the officer
    counter: str = ""  # "Quầy 2"; empty while nobody knows
    token_url: str = ""
    check: str = ""
    reprint: bool = False  # says "in lại": the same number may be on two papers


class WantedPaper(msgspec.Struct, frozen=True, kw_only=True):
    """One paper to bring; no `form` where nobody has said whether it must be the original."""

    name: str
    form: PaperForm | None = None
    copies: int = 1
    note: str = ""
    asked_because_offline: bool = False


class PapersList(msgspec.Struct, frozen=True, kw_only=True):
    """What to bring for a procedure, to take home; or what one dossier still lacks."""

    agency: str
    request: str
    request_en: str = ""
    papers: tuple[WantedPaper, ...]
    fee: str = ""
    time_limit: str = ""
    hours: str = ""  # "Thứ Hai – thứ Sáu 07:30–11:30, 13:00–17:00"
    hotline: str = ""
    dossier_number: str = ""
    printed_at: datetime
    language: Language = "vi"
    reprint: bool = False


class ResumeNote(msgspec.Struct, frozen=True, kw_only=True):
    """The code that leads back to a form left at the kiosk, and until when.

    Who holds the code opens the form: it stands on the paper as letters only, for no camera.
    """

    agency: str
    code: str  # "7KXM-Q2RD"
    procedure_vi: str = ""  # empty for a confidential one
    procedure_en: str = ""
    minutes: int  # how long a form is kept
    valid_until: datetime | None = None  # None while the clock is certainly wrong
    made_at: datetime
    language: Language = "vi"
    reprint: bool = False


class PairingNote(msgspec.Struct, frozen=True, kw_only=True):
    """The code that makes a machine a kiosk, where to type it, and how long it is good."""

    agency: str
    kiosk: str
    code: str  # "1234 5678"; empty on the disk
    address: str
    minutes: int
    made_at: datetime
    language: Language = "vi"
    reprint: bool = False


class BookingSlip(msgspec.Struct, frozen=True, kw_only=True):
    """A booked visit to take home: when, for what, and the code to type or scan at the kiosk."""

    agency: str
    service_vi: str
    service_en: str = ""
    booked_for: datetime
    booking_code: str  # "K7Q2RD"
    hotline: str = ""
    made_at: datetime
    language: Language = "vi"
    reprint: bool = False


class FeeLine(msgspec.Struct, frozen=True, kw_only=True):
    """One amount of a fee note, in đồng."""

    label: str
    amount_vnd: int


class FeeNote(msgspec.Struct, frozen=True, kw_only=True):
    """Acknowledgement of a fee, or a code to pay it with; not a legal receipt ("biên lai").

    `state` decides the words; "paid" is printed for cash taken at the counter and for what the
    bank has confirmed, never for a transfer that somebody showed. A note is for fees or for
    fines, never both: different money, different beneficiary.
    """

    agency: str
    ledger: Literal["fee", "fine"] = "fee"
    state: Literal["to_pay", "evidence_seen", "confirmed", "cash", "waived", "paid_elsewhere"]
    dossier_number: str = ""
    ticket_number: str = ""
    lines: tuple[FeeLine, ...]
    total_vnd: int
    reference: str = ""  # the payment reference the transfer must carry
    beneficiary: str = ""
    bank: str = ""
    account: str = ""
    payment_qr: str = ""  # the VietQR payload; only with "to_pay"
    received_vnd: int = 0  # cash: handed over
    change_vnd: int = 0  # cash: given back
    ground: str = ""  # "waived": the legal ground; "paid_elsewhere": where and receipt number
    officer_name: str = ""
    issued_at: datetime
    language: Language = "vi"
    reprint: bool = False

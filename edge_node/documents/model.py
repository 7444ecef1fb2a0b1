"""What a printed document needs to know; plain values, already decided by the rules.

Responsible for the fields of every printed document.
Rules: texts are shown as they are, empty text means "left blank for the pen"; times are aware.
Must not know: the domain's types, where values come from, how they are drawn.
"""

from datetime import datetime
from typing import Literal

import msgspec


class TicketSlip(msgspec.Struct, frozen=True, kw_only=True):
    """An 80 mm queue ticket. It carries no name, no identity number and no address."""

    agency: str
    ticket_number: str  # "A013"
    service_vi: str
    issued_at: datetime
    people_ahead: int
    service_en: str = ""
    dossier_number: str = ""  # provisional number; empty for a ticket without a dossier
    language: Literal["vi", "en"] = "vi"  # "en" adds a small English line under each text
    priority: bool = False  # a small unexplained mark for the officer
    reprint: bool = False  # says "in lại": the same number may be on two papers


class Paper(msgspec.Struct, frozen=True, kw_only=True):
    """One paper of the dossier as it was handed in."""

    name: str
    form: Literal["original", "copy", "photocopy", "electronic"]
    copies: int = 1
    note: str = ""
    asked_because_offline: bool = False
    """Shown only because the look-up in the national databases was not available."""


class AppointmentSlip(msgspec.Struct, frozen=True, kw_only=True):
    """Receipt of a dossier and appointment for its result.

    `form01`: Circular 03/2025/TT-VPCP, annex I, form 01. `CT04`: the residence form that takes
    its place (Circular 66/2023/TT-BCA). Fields that a form does not have are not printed.
    """

    form: Literal["form01", "CT04"]
    paper: Literal["A4", "A5"] = "A5"
    form_reference: str = ""  # e.g. "Mẫu CT04 ban hành kèm theo Thông tư …"; empty: the number only
    superior_agency: str = ""
    agency: str
    place: str  # "Bà Rịa", before the date
    slip_number: str = ""  # CT04: the number before "/PTN"
    dossier_number: str
    provisional: bool = True  # prints the words "mã tạm"
    full_name: str
    id_number: str
    permanent_address: str = ""
    temporary_address: str = ""  # CT04 only
    current_address: str = ""  # CT04 only
    phone: str = ""
    email: str = ""
    request: str  # what is asked for: the procedure's legal name
    papers: tuple[Paper, ...] = ()
    sets: int = 1  # form 01 only
    time_limit: str = ""  # form 01 only: "07 ngày làm việc"
    received_at: datetime
    due_at: datetime | None = None  # None leaves the line blank
    collect_at: str = ""
    result_forms: tuple[Literal["paper", "electronic", "sms"], ...] = ()  # CT04 only
    fee: str = ""  # form 01 only: "7.000 đồng"
    officer_name: str = ""
    hotline: str = ""
    lookup_secret: str = ""  # four characters printed beside the dossier number
    reprint: bool = False  # says "in lại" beside the form's number


class Page(msgspec.Struct, frozen=True, kw_only=True):
    """One page for a thermal printer: PNG, 1 bit per pixel, one pixel per printer dot."""

    png: bytes
    width_dots: int
    height_dots: int

"""The legal forms a citizen is given: CT04–CT06 of residence, forms 01–05 of the one-stop desk.

Forms 01–05: Circular 03/2025/TT-VPCP, annex I. CT04–CT06 take the place of 01–03 for residence.
Fields that a form does not have are not printed. `signed_at` is the day under the agency's name and
chooses the version of the template. See `common` for the rest.
"""

from datetime import date, datetime
from typing import Literal

import msgspec

from edge_node.documents.model.common import Citizen, Paper

ResultForm = Literal["paper", "electronic", "sms"]


class AppointmentSlip(Citizen, frozen=True, kw_only=True):
    """Receipt of a dossier and appointment for its result: form 01 or CT04 ("…/PTN").

    `received_at` is also the day under the agency's name.
    """

    form: Literal["form01", "CT04"]
    temporary_address: str = ""  # CT04 only
    current_address: str = ""  # CT04 only
    papers: tuple[Paper, ...] = ()
    sets: int = 1  # form 01 only
    time_limit: str = ""  # form 01 only: "07 ngày làm việc"
    received_at: datetime
    due_at: datetime | None = None  # None leaves the line blank
    collect_at: str = ""
    result_forms: tuple[ResultForm, ...] = ()  # CT04 only
    fee: str = ""  # form 01 only: "7.000 đồng"


class MissingPaper(msgspec.Struct, frozen=True, kw_only=True):
    """One paper to bring: how many of each kind; `note` says what is wrong with the one brought.

    Without any number nobody has said which kind it must be: the cells are left for the pen.
    """

    name: str
    originals: int = 0
    certified_copies: int = 0
    photocopies: int = 0
    note: str = ""
    asked_because_offline: bool = False
    """Asked only because the look-up in the national databases was not available."""


class SupplementRequest(Citizen, frozen=True, kw_only=True):
    """The one request to complete a dossier: form 02 ("…/HDHS") or CT05."""

    form: Literal["form02", "CT05"]
    papers: tuple[MissingPaper, ...]
    reason: str
    signed_at: datetime


class Refusal(Citizen, frozen=True, kw_only=True):
    """The dossier is not taken, and why: form 03 or CT06."""

    form: Literal["form03", "CT06"]
    id_issued_on: date | None = None  # CT06 only; None leaves it blank
    reason: str
    signed_at: datetime


class Signed(Citizen, frozen=True, kw_only=True):
    """A letter that the head of the unit signs; `officer_name` is who drew it up."""

    signer_name: str = ""  # empty: whoever signs writes it


class Apology(Signed, frozen=True, kw_only=True):
    """Form 04 ("…/PXL"): the result is late, the reason, and the new day."""

    receipt_number: str = ""  # of the appointment slip; empty: the dossier's number
    field: str = ""  # lĩnh vực
    received_at: datetime
    old_due_at: datetime
    new_due_at: datetime
    reason: str
    signed_at: datetime


class StopNotice(Signed, frozen=True, kw_only=True):
    """Form 05: the dossier is no longer processed, since `signed_at`, and why.

    Its number's suffix, the legal ground and the recipients are for the pen: the station has no
    text of this form that says more (see `documents/templates.json` for another template).
    """

    receipt_number: str = ""  # of the appointment slip; empty: the dossier's number
    field: str = ""  # lĩnh vực
    received_at: datetime
    old_due_at: datetime | None = None  # as on the appointment slip; None leaves it blank
    reason: str
    signed_at: datetime

"""Every kind of printed document in one table: its facts, its date, what it is printed on.

Responsible for the names that print jobs carry. Rules: a new document is one row here, one struct
in `model` and one template; the version of the template is chosen by the document's own date.
Nothing here loads Typst, so the table may be read while the station idles.
"""

from collections.abc import Mapping
from typing import Final, Literal, NamedTuple

import msgspec

from edge_node.documents import model

Medium = Literal["roll", "sheet"]
PrinterRole = Literal["ticket", "slip"]


class DocumentKind(NamedTuple):
    """One kind: the struct it is drawn from, its medium, its date and its template's name.

    `dated_by` names the field whose day chooses the template's version. `form` is the name in
    `templates.json`; empty when the struct's own field `form` says it.
    """

    slip: type[msgspec.Struct]
    medium: Medium
    dated_by: str
    form: str = ""

    @property
    def role(self) -> PrinterRole:
        """The printer it goes to."""
        return "ticket" if self.medium == "roll" else "slip"


KINDS: Final[Mapping[str, DocumentKind]] = {
    "ticket": DocumentKind(model.TicketSlip, "roll", "issued_at", "ticket"),
    "papers_list": DocumentKind(model.PapersList, "roll", "printed_at", "papers_list"),
    "resume_note": DocumentKind(model.ResumeNote, "roll", "made_at", "resume_note"),
    "pairing_note": DocumentKind(model.PairingNote, "roll", "made_at", "pairing_note"),
    "booking_slip": DocumentKind(model.BookingSlip, "roll", "made_at", "booking_slip"),
    "fee_note": DocumentKind(model.FeeNote, "roll", "issued_at", "fee_note"),
    "appointment_slip": DocumentKind(model.AppointmentSlip, "sheet", "received_at"),
    "supplement_request": DocumentKind(model.SupplementRequest, "sheet", "signed_at"),
    "refusal": DocumentKind(model.Refusal, "sheet", "signed_at"),
    "apology": DocumentKind(model.Apology, "sheet", "signed_at", "form04"),
    "stop_notice": DocumentKind(model.StopNotice, "sheet", "signed_at", "form05"),
    "control_sheet": DocumentKind(model.ControlSheet, "sheet", "signed_at", "form06"),
    "register": DocumentKind(model.Register, "sheet", "printed_at", "form07"),
    "shift_report": DocumentKind(model.ShiftReport, "sheet", "closed_at", "shift_report"),
    "rating_summary": DocumentKind(model.RatingSummary, "sheet", "printed_at", "rating_summary"),
    "continuity_kit": DocumentKind(model.ContinuityKit, "sheet", "printed_at", "continuity_kit"),
    "continuity_slip": DocumentKind(model.ContinuitySlip, "sheet", "printed_at", "continuity_slip"),
}

_encoder: Final = msgspec.json.Encoder()


def encode(slip: msgspec.Struct) -> bytes:
    """The facts as a print job keeps them."""
    return _encoder.encode(slip)


def decode(kind: str, stored: str | bytes) -> msgspec.Struct:
    """The facts of a stored job. Errors: KeyError (no such kind), msgspec.ValidationError."""
    slip: msgspec.Struct = msgspec.json.decode(stored, type=KINDS[kind].slip)
    return slip

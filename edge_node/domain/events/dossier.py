"""What happened to a dossier."""

from typing import TypeAlias

import msgspec

from edge_node.domain.events.dossier_life import LaterEvent
from edge_node.domain.events.values import Answer, Applicant, DocumentAnswer


class DossierSubmitted(
    msgspec.Struct, frozen=True, kw_only=True, tag_field="type", tag="dossier.submitted"
):
    """A citizen handed in a dossier at a kiosk or a counter; `missing` is for the officer."""

    dossier_no: str
    dossier_id: str
    procedure_id: str
    catalogue: str
    channel: str
    ticket: str
    applicant: Applicant
    identity_level: str
    answers: dict[str, Answer]
    documents: tuple[DocumentAnswer, ...]
    missing: tuple[str, ...]
    saved_at: str


class DossierReceived(
    msgspec.Struct, frozen=True, kw_only=True, tag_field="type", tag="dossier.received"
):
    """An officer accepted the dossier; the clock of its time limit starts here.

    `rest_due_on` is the day by which missing papers come; `duplicate_of` the number of a dossier of
    the same person and procedure that was seen. `due_at` is empty while the clock stands still.
    """

    dossier_no: str
    state: str
    officer: str
    counter: str
    documents: tuple[DocumentAnswer, ...]
    shortage_reason: str
    received_at: str
    due_at: str
    rest_due_on: str = ""
    duplicate_of: str = ""
    duplicate_reason: str = ""
    confirmed_by: str = ""


class SupplementRequested(
    msgspec.Struct, frozen=True, kw_only=True, tag_field="type", tag="dossier.supplement_requested"
):
    """Everything still missing was asked for, at once. `request_no` above 1 counts as late."""

    dossier_no: str
    state: str
    officer: str
    counter: str
    items: tuple[str, ...]
    note: str
    request_no: int
    requested_at: str
    reason: str = ""
    answer_by: str = ""
    due_at: str = ""
    confirmed_by: str = ""


class DossierRefused(
    msgspec.Struct, frozen=True, kw_only=True, tag_field="type", tag="dossier.refused"
):
    """An officer refused the dossier, with the reason that stands on the slip."""

    dossier_no: str
    state: str
    officer: str
    counter: str
    reason: str
    refused_at: str
    confirmed_by: str = ""


class AttachmentAdded(
    msgspec.Struct, frozen=True, kw_only=True, tag_field="type", tag="dossier.attachment_added"
):
    """A paper was captured for the dossier; `sha256` is of the sealed bytes, `bytes` of the plain.

    The sealed bytes travel apart from the events.
    """

    dossier_no: str
    name: str
    sha256: str
    bytes: int
    media_type: str
    added_at: str


DossierEvent: TypeAlias = (
    DossierSubmitted
    | DossierReceived
    | SupplementRequested
    | DossierRefused
    | AttachmentAdded
    | LaterEvent
)

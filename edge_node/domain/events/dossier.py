"""What happened to a dossier."""

from typing import TypeAlias

import msgspec

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
    """An officer accepted the dossier; the clock of its time limit starts here."""

    dossier_no: str
    state: str
    officer: str
    counter: str
    documents: tuple[DocumentAnswer, ...]
    shortage_reason: str
    received_at: str
    due_at: str


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
    DossierSubmitted | DossierReceived | SupplementRequested | DossierRefused | AttachmentAdded
)

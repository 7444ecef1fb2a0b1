"""What happened at the station, in the past tense.

Each event is a fact the city must know. Its field names are the published ones: `store/payloads`
gives every event its record kind and encodes it; a field may be added, never renamed or reused.
Times are ISO 8601 with offset. Nothing here decides anything.
"""

from typing import TypeAlias

import msgspec

Answer: TypeAlias = str | int | bool


class Applicant(msgspec.Struct, frozen=True, kw_only=True):
    """The person a dossier is for; empty text where nothing was given."""

    full_name: str
    id_number: str
    date_of_birth: str
    sex: str
    address: str
    phone: str


class DocumentAnswer(msgspec.Struct, frozen=True, kw_only=True):
    """Whether the applicant has one of the papers of the checklist."""

    id: str
    have: bool


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


class TicketIssued(
    msgspec.Struct, frozen=True, kw_only=True, tag_field="type", tag="ticket.issued"
):
    """Somebody took a number without a dossier."""

    ticket: str
    day: str
    service: str
    issued_at: str


class TicketCalled(
    msgspec.Struct, frozen=True, kw_only=True, tag_field="type", tag="ticket.called"
):
    """A counter called a number; `calls` counts from 1 within the visit."""

    ticket: str
    day: str
    counter: str
    calls: int
    called_at: str


class TicketClosed(
    msgspec.Struct, frozen=True, kw_only=True, tag_field="type", tag="ticket.closed"
):
    """A number left the queue; `outcome` is the ticket state it ended in."""

    ticket: str
    day: str
    counter: str
    outcome: str
    closed_at: str


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


Event: TypeAlias = (
    DossierSubmitted
    | TicketIssued
    | TicketCalled
    | TicketClosed
    | DossierReceived
    | SupplementRequested
    | DossierRefused
    | AttachmentAdded
)

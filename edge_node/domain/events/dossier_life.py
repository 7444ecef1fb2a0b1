"""What happened to a dossier after it was received, and what officers noted about it.

Rules: `state` is the dossier's state after the event; `due_at` the date promised after it, empty
when none is; the first field that ends in `_at` is when it happened. `confirmed_by` names the
second officer where the catalogue asks for one.
"""

from typing import TypeAlias

import msgspec


class _Act(msgspec.Struct, frozen=True, kw_only=True):
    """Who did it to which dossier, and where the dossier stands since."""

    dossier_no: str
    state: str
    officer: str
    counter: str
    confirmed_by: str = ""


class DossierExtended(_Act, frozen=True, kw_only=True, tag_field="type", tag="dossier.extended"):
    """The promise could not be kept: an apology with a new date (form 04)."""

    reason: str
    extended_at: str
    earlier_due_at: str
    due_at: str
    extension_no: int


class DossierStopped(_Act, frozen=True, kw_only=True, tag_field="type", tag="dossier.stopped"):
    """The station stopped dealing with it (form 05)."""

    reason: str
    stopped_at: str


class WithdrawalChanged(
    _Act, frozen=True, kw_only=True, tag_field="type", tag="dossier.withdrawal"
):
    """The citizen asked for the dossier back, or was answered: requested, granted or declined."""

    step: str
    reason: str
    changed_at: str
    due_at: str = ""


class ClockChanged(_Act, frozen=True, kw_only=True, tag_field="type", tag="dossier.clock"):
    """The clock of the time limit was paused, resumed or started at last; `cause` says why."""

    change: str
    cause: str
    note: str
    changed_at: str
    due_at: str


class PapersHandedOn(_Act, frozen=True, kw_only=True, tag_field="type", tag="dossier.handed_on"):
    """The papers changed hands: a row of form 06. `back`: they returned to the counter.

    `punctuality` is before, on or after the date promised, empty when none was.
    """

    back: bool
    from_party: str
    to_party: str
    given_by: str
    received_by: str
    given_at: str
    received_at: str
    punctuality: str
    note: str


class DossierFinished(_Act, frozen=True, kw_only=True, tag_field="type", tag="dossier.finished"):
    """The result is at the station."""

    result_no: str
    note: str
    finished_at: str


class ResultHandedOver(
    _Act, frozen=True, kw_only=True, tag_field="type", tag="dossier.handed_over"
):
    """The result is in somebody's hands: `recipient` is holder or delegate.

    `checked` says how the identity was checked; the delegate's number is masked; `slip_seen` that
    the appointment slip was scanned.
    """

    recipient: str
    checked: str
    delegate_name: str
    delegate_number_masked: str
    authority: str
    slip_seen: bool
    handed_over_at: str


class DecisionUndone(_Act, frozen=True, kw_only=True, tag_field="type", tag="dossier.undone"):
    """The decision of version `undone_version` was taken back before any paper spoke of it.

    The other fields are the dossier's as they stood before it.
    """

    undone_version: int
    undone_at: str
    received_at: str
    due_at: str
    supplement_requests: int
    documents: dict[str, bool]


class DossierMoved(_Act, frozen=True, kw_only=True, tag_field="type", tag="dossier.moved"):
    """A step without a form: papers supplied, taken into process. `step` is the action."""

    step: str
    documents: dict[str, bool]
    forms: dict[str, str] = {}
    note: str
    moved_at: str
    due_at: str


class ConflictResolved(
    _Act, frozen=True, kw_only=True, tag_field="type", tag="dossier.conflict_resolved"
):
    """The city had changed what the counter had: `choice` is city or counter, for a reason.

    `feed` (hex) and `sequence` name the city's word. `due_at` is the promise that holds from now
    on, None where the choice moved none.
    """

    feed: str
    sequence: int
    choice: str
    reason: str
    resolved_at: str
    due_at: str | None = None


class NoteWritten(_Act, frozen=True, kw_only=True, tag_field="type", tag="dossier.noted"):
    """An internal note; a later `edition` of the same number replaces the text, never the fact."""

    note_no: int
    edition: int
    text: str
    noted_at: str


LaterEvent: TypeAlias = (
    DossierExtended
    | DossierStopped
    | WithdrawalChanged
    | ClockChanged
    | PapersHandedOn
    | DossierFinished
    | ResultHandedOver
    | DecisionUndone
    | DossierMoved
    | ConflictResolved
    | NoteWritten
)

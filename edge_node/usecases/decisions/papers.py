"""What stands on the papers of a decision: from a dossier to the fields of the documents.

Rules: residence has its own forms (CT05, CT06) in the place of 02 and 03; notes of the house are on
no paper; the day of signing is the decision's.
"""

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any, Final

from edge_node.documents import kinds
from edge_node.documents.model import (
    Apology,
    ControlSheet,
    HandOver,
    MissingPaper,
    Refusal,
    StopNotice,
    SupplementRequest,
)
from edge_node.domain.officer import Role
from edge_node.domain.procedure import Document
from edge_node.store.dossier_life import Move
from edge_node.store.print_jobs import NewPrintJob
from edge_node.usecases.decisions.command import Command, Situation
from edge_node.usecases.paper import letterhead, slips
from edge_node.usecases.station import Officer, Station

_COLUMNS: Final[Mapping[str, tuple[str, ...]]] = {
    "original": ("originals",),
    "certified_copy": ("certified_copies",),
    "photocopy": ("photocopies",),
}
"""The columns of form 02 and CT05; a copy may be either kind, so the law's text decides, not we."""

_NOTES: Final[Mapping[str, str]] = {
    "copy_to_compare": "mang theo bản chính để đối chiếu",
    "electronic": "bản điện tử",
}
_PUNCTUALITY = {"before": "early", "on": "on_time", "after": "late"}


def appointment(
    station: Station,
    command: Command,
    situation: Situation,
    decision: Any,
    forms: Mapping[str, str],
) -> NewPrintJob:
    """Form 01 or CT04, of a dossier as the decision leaves it; `forms` as said of its papers."""
    slip = slips.appointment_slip(
        station, situation.procedure, situation.row, decision, command.officer, forms
    )
    return NewPrintJob("appointment_slip", "slip", slip, situation.row.id)


def supplement(
    station: Station, command: Command, situation: Situation, items: Iterable[str], reason: str
) -> NewPrintJob:
    """Form 02 or CT05: everything that is asked for."""
    procedure = situation.procedure
    papers = {f"document:{one.id}": one for one in procedure.documents}
    questions = {f"answer:{one.id}": one.title_vi for one in procedure.questions}
    wanted = []
    for item in items:
        if item in papers:
            wanted.append(missing_paper(papers[item]))
        elif item in questions:
            wanted.append(MissingPaper(name=questions[item]))
    slip = SupplementRequest(
        **_citizen(station, command, situation),
        form="CT05" if procedure.receipt_form == "CT04" else "form02",
        papers=tuple(wanted),
        reason=reason,
        signed_at=situation.transaction.moment.now,
    )
    return _job("supplement_request", slip, situation)


def missing_paper(document: Document) -> MissingPaper:
    """A paper to bring; which kind and how many is the catalogue's word or nobody's."""
    asked = _COLUMNS.get(document.form or "", ())
    several = "" if asked or document.copies == 1 else f"{document.copies} bản"
    return MissingPaper(
        name=document.name_vi,
        **dict.fromkeys(asked, document.copies),
        note=", ".join(filter(None, (several, _NOTES.get(document.form or "", "")))),
        asked_because_offline=document.only_if_lookup_fails,
    )


def refusal(station: Station, command: Command, situation: Situation, reason: str) -> NewPrintJob:
    """Form 03 or CT06."""
    slip = Refusal(
        **_citizen(station, command, situation),
        form="CT06" if situation.procedure.receipt_form == "CT04" else "form03",
        reason=reason,
        signed_at=situation.transaction.moment.now,
    )
    return _job("refusal", slip, situation)


def apology(
    station: Station, command: Command, situation: Situation, due_at: datetime, reason: str
) -> NewPrintJob:
    """Form 04: the promise that is replaced, the new one, and why."""
    row = situation.row
    slip = Apology(
        **_signed(station, command, situation),
        received_at=datetime.fromisoformat(row.received_at or row.submitted_at),
        old_due_at=datetime.fromisoformat(situation.due_at),
        new_due_at=due_at,
        reason=reason,
        signed_at=situation.transaction.moment.now,
    )
    return _job("apology", slip, situation)


def stop_notice(
    station: Station, command: Command, situation: Situation, reason: str
) -> NewPrintJob:
    """Form 05."""
    row = situation.row
    slip = StopNotice(
        **_signed(station, command, situation),
        received_at=datetime.fromisoformat(row.received_at or row.submitted_at),
        old_due_at=datetime.fromisoformat(row.due_at) if row.due_at else None,
        reason=reason,
        signed_at=situation.transaction.moment.now,
    )
    return _job("stop_notice", slip, situation)


def control_sheet(station: Station, situation: Situation, moves: Iterable[Move]) -> NewPrintJob:
    """Form 06 with every hand-over so far."""
    row = situation.row
    slip = ControlSheet(
        **_letter(station, situation),
        full_name=row.applicant.full_name,
        phone=row.applicant.phone,
        request=situation.procedure.name_vi,
        received_at=datetime.fromisoformat(row.received_at or row.submitted_at),
        hand_overs=tuple(_hand_over(move) for move in moves),
        signed_at=situation.transaction.moment.now,
    )
    return _job("control_sheet", slip, situation)


def _hand_over(move: Move) -> HandOver:
    return HandOver(
        agency=move.to_party,
        given_at=datetime.fromisoformat(move.given_at),
        taken_at=datetime.fromisoformat(move.received_at) if move.received_at else None,
        given_by=move.given_by,
        taken_by=move.received_by,
        result=_PUNCTUALITY.get(move.punctuality, ""),  # type: ignore[arg-type]
        note=move.note,
    )


def _letter(station: Station, situation: Situation) -> dict[str, Any]:
    return letterhead.letter(station, situation.row.number)


def _citizen(station: Station, command: Command, situation: Situation) -> dict[str, Any]:
    row, request = situation.row, situation.procedure.name_vi
    return letterhead.citizen(station, row, request, command.officer)


def _signed(station: Station, command: Command, situation: Situation) -> dict[str, Any]:
    """Of a letter that the head of the unit signs: no other officer's name stands for theirs."""
    said = _citizen(station, command, situation)
    return said | {"signer_name": said["officer_name"] if _heads(command.officer) else ""}


def _heads(officer: Officer) -> bool:
    return Role.CHIEF in officer.roles


def _job(kind: str, slip: Any, situation: Situation) -> NewPrintJob:
    return NewPrintJob(kind, kinds.KINDS[kind].role, kinds.encode(slip), situation.row.id)

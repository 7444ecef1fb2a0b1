"""Receive a dossier, with or without everything it needs.

Rules: papers that are missing need a reason and the day by which they come; the same person and
procedure twice needs a reason; a dossier that was received before keeps its first promise, moved by
the time the citizen took; where the law lets the clock wait for the fee, nothing is
promised before.
"""

from collections.abc import Mapping
from datetime import date, datetime
from typing import Final, NamedTuple

from edge_node.domain.dossier import Action
from edge_node.domain.errors import DomainError, ErrorCode
from edge_node.domain.events import DocumentAnswer, DossierReceived
from edge_node.domain.procedure import check_documents, check_forms, missing
from edge_node.store import dossier_life, dossiers, duplicates
from edge_node.store.dossiers import Decision
from edge_node.store.duplicates import Duplicate
from edge_node.store.unit_of_work import Connection, Moment
from edge_node.usecases.decisions import papers
from edge_node.usecases.decisions.command import (
    Command,
    Decided,
    Plan,
    Situation,
    Step,
    author,
    decide,
    text,
)
from edge_node.usecases.paper.slips import NOTHING_SAID
from edge_node.usecases.payments import settling
from edge_node.usecases.promises import due_text, read_day
from edge_node.usecases.station import Station


class Lacking(NamedTuple):
    """What a reception goes on without: reason and day for papers, reason for a duplicate."""

    reason: str = ""
    rest_due_on: str = ""
    duplicate_reason: str = ""


NOTHING: Final = Lacking()
"""A reception that lacks nothing."""


async def receive(
    station: Station,
    command: Command,
    documents: dict[str, bool],
    lacking: Lacking = NOTHING,
    forms: Mapping[str, str] = NOTHING_SAID,
) -> Decided:
    """Accept the dossier and queue its appointment slip; `forms`: how papers were handed in.

    Errors: paper_form_unknown, dossier_incomplete, rest_date_missing, date_invalid,
    duplicate_dossier(other, at), ….
    """
    lacking = _checked(lacking, station.moment().now.date())

    def step(situation: Situation) -> Step:
        row, moment = situation.row, situation.transaction.moment
        checked = check_documents(situation.procedure, {**row.documents, **documents})
        said = check_forms(situation.procedure, forms)
        known = dossier_life.paper_forms(situation.transaction.connection, row.id) | said
        short = bool(missing(situation.procedure, row.answers, checked))
        _require(short, lacking)
        twin = duplicates.find(situation.transaction.connection, row, moment.day)
        _require_single(twin, lacking)
        received_at = row.received_at or moment.text
        due_at = situation.due_at if row.received_at else _promise(station, situation, moment)
        event = DossierReceived(
            **author(command, row, situation.state),
            documents=tuple(_paper(i, said, have=have) for i, have in checked.items()),
            shortage_reason=lacking.reason if short else "",
            rest_due_on=lacking.rest_due_on if short else "",
            duplicate_of=twin.number if twin else "",
            duplicate_reason=lacking.duplicate_reason if twin else "",
            received_at=received_at,
            due_at=due_at,
        )
        decision = Decision(situation.state, situation.version, checked, received_at, due_at)
        slip = papers.appointment(station, command, situation, decision, known)
        return Step(event, (slip,), checked, received_at, due_at)

    asked = (sorted(documents.items()), sorted(forms.items()), *lacking)
    return await decide(station, command, Plan(Action.RECEIVE, asked, step))


def _paper(document_id: str, forms: Mapping[str, str], *, have: bool) -> DocumentAnswer:
    """A paper of the event; the form of one that is not here is nothing anybody has seen."""
    return DocumentAnswer(id=document_id, have=have, form=forms.get(document_id) if have else None)


async def duplicate_of(station: Station, dossier_id: bytes) -> Duplicate | None:
    """Another dossier of the same person and procedure, open or of today, for the desk to show."""
    day = station.moment().day

    def ask(connection: Connection) -> Duplicate | None:
        row = dossiers.find(connection, dossier_id)
        return duplicates.find(connection, row, day) if row is not None else None

    return await station.store.read(ask)


def _checked(lacking: Lacking, today: date) -> Lacking:
    day = lacking.rest_due_on.strip()
    return Lacking(
        text(lacking.reason), read_day(day, today) if day else "", text(lacking.duplicate_reason)
    )


def _require(short: bool, lacking: Lacking) -> None:  # noqa: FBT001 - one fact, named
    if short and not lacking.reason:
        raise DomainError(ErrorCode.DOSSIER_INCOMPLETE)
    if short and not lacking.rest_due_on:
        raise DomainError(ErrorCode.REST_DATE_MISSING)


def _require_single(twin: Duplicate | None, lacking: Lacking) -> None:
    if twin is not None and not lacking.duplicate_reason:
        at = datetime.fromisoformat(twin.submitted_at).strftime("%H:%M %d/%m/%Y")
        raise DomainError(ErrorCode.DUPLICATE_DOSSIER, other=twin.number, at=at)


def _promise(station: Station, situation: Situation, moment: Moment) -> str:
    """The date for the slip; none while the law lets the clock wait for the fee."""
    connection, procedure = situation.transaction.connection, situation.procedure
    if not settling.may_start_clock(station, connection, situation.row):
        return ""
    return due_text(station, procedure, moment)

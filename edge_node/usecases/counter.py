"""What an officer decides about a dossier: receive, ask for a supplement, refuse.

Rules: the life cycle's table decides what is possible; one transaction stores the decision, the
journal event and the slip to print; a repeated key gets the first answer again. A dossier lacking
papers is received only with a reason; a second supplement request is allowed but counted, because
it makes the dossier late (Quyết định 766/QĐ-TTg).
"""

import hashlib
from collections.abc import Callable
from datetime import time
from typing import Final, NamedTuple, TypeVar

import msgspec

from edge_node.domain import deadline
from edge_node.domain.dossier import Action, apply
from edge_node.domain.errors import DomainError, ErrorCode
from edge_node.domain.events import (
    DocumentAnswer,
    DossierReceived,
    DossierRefused,
    Event,
    SupplementRequested,
)
from edge_node.domain.procedure import Procedure, check_documents, missing
from edge_node.store import dossiers, print_jobs, submissions
from edge_node.store.dossiers import Decision, DossierRow
from edge_node.store.unit_of_work import Cause, Moment, Transaction
from edge_node.usecases.paper import slips
from edge_node.usecases.station import Officer, Station, storage_error
from sync.database import DatabaseError
from sync.protocol.record import command_id

MAXIMUM_REASON_CHARACTERS: Final = 500

Answer = TypeVar("Answer", bound=msgspec.Struct)


class Received(msgspec.Struct, frozen=True, kw_only=True):
    """What the officer is told: due time (ISO 8601, empty when the law gives none)."""

    dossier_no: str
    state: str
    due_at: str
    print_job: int


class Decided(msgspec.Struct, frozen=True, kw_only=True):
    """What the officer is told after a supplement request or a refusal."""

    dossier_no: str
    state: str
    supplement_requests: int


class Command(NamedTuple):
    """Who decides about which dossier, under which idempotency key."""

    officer: Officer
    dossier_id: bytes
    key: str


async def receive(
    station: Station, command: Command, documents: dict[str, bool], shortage_reason: str = ""
) -> Received:
    """Accept the dossier and queue its appointment slip. Errors: dossier_incomplete, …."""
    reason = _text(shortage_reason)
    moment = station.moment()

    def work(transaction: Transaction, row: DossierRow) -> Received:
        procedure = station.catalogue.known_procedure(row.procedure_id)
        checked = check_documents(procedure, {**row.documents, **documents})
        if missing(procedure, row.answers, checked) and not reason:
            raise DomainError(ErrorCode.DOSSIER_INCOMPLETE)
        due_at = due_text(station, procedure, moment)
        decision = Decision(
            state=apply(row.state, Action.RECEIVE),
            version=row.version + 1,
            documents=checked,
            received_at=moment.text,
            due_at=due_at,
        )
        event = DossierReceived(
            dossier_no=row.number,
            state=decision.state.value,
            officer=command.officer.id,
            counter=command.officer.counter,
            documents=tuple(DocumentAnswer(id=i, have=have) for i, have in checked.items()),
            shortage_reason=reason,
            received_at=moment.text,
            due_at=due_at,
        )
        _store(transaction, command, decision, event)
        slip = slips.appointment_slip(station, procedure, row, decision, command.officer)
        print_jobs.insert(
            transaction,
            print_jobs.NewPrintJob("appointment_slip", "slip", slip, row.id),
        )
        return Received(
            dossier_no=row.number,
            state=decision.state.value,
            due_at=due_at,
            print_job=print_jobs.newest_id(transaction),
        )

    digest = _digest("receive", command, [sorted(documents.items()), reason])
    return await _decide(station, moment, command, digest, Received, work)


async def request_supplement(
    station: Station, command: Command, items: list[str], note: str
) -> Decided:
    """Ask for everything that is missing, once. Errors: reason_missing, action_not_allowed."""
    text = _text(note)
    if not items and not text:
        raise DomainError(ErrorCode.REASON_MISSING)
    moment = station.moment()

    def work(transaction: Transaction, row: DossierRow) -> Decided:
        decision = Decision(
            state=apply(row.state, Action.REQUEST_SUPPLEMENT),
            version=row.version + 1,
            supplement_requests=row.supplement_requests + 1,
        )
        event = SupplementRequested(
            dossier_no=row.number,
            state=decision.state.value,
            officer=command.officer.id,
            counter=command.officer.counter,
            items=tuple(items),
            note=text,
            request_no=row.supplement_requests + 1,
            requested_at=moment.text,
        )
        _store(transaction, command, decision, event)
        return Decided(
            dossier_no=row.number,
            state=decision.state.value,
            supplement_requests=row.supplement_requests + 1,
        )

    digest = _digest("supplement", command, [items, text])
    return await _decide(station, moment, command, digest, Decided, work)


async def refuse(station: Station, command: Command, reason: str) -> Decided:
    """Refuse the dossier with a reason. Errors: reason_missing, action_not_allowed."""
    text = _text(reason)
    if not text:
        raise DomainError(ErrorCode.REASON_MISSING)
    moment = station.moment()

    def work(transaction: Transaction, row: DossierRow) -> Decided:
        decision = Decision(state=apply(row.state, Action.REFUSE), version=row.version + 1)
        event = DossierRefused(
            dossier_no=row.number,
            state=decision.state.value,
            officer=command.officer.id,
            counter=command.officer.counter,
            reason=text,
            refused_at=moment.text,
        )
        _store(transaction, command, decision, event)
        return Decided(
            dossier_no=row.number,
            state=decision.state.value,
            supplement_requests=row.supplement_requests,
        )

    digest = _digest("refuse", command, [text])
    return await _decide(station, moment, command, digest, Decided, work)


def due_text(station: Station, procedure: Procedure, moment: Moment) -> str:
    """When the result is due if received now, ISO 8601.

    Empty when the catalogue has no limit or no calendar for these days (a clock that is wrong by
    years): the officer then writes the date on the slip by hand.
    """
    if procedure.time_limit is None:
        return ""
    policy = station.policy
    try:
        due_at = deadline.due(
            moment.now,
            procedure.time_limit,
            station.calendar,
            cut_off=time.fromisoformat(policy.cut_off) if policy.cut_off else None,
            saturday_reception=policy.saturday_reception,
        )
    except DomainError as error:
        if error.code is not ErrorCode.DEADLINE_BEYOND_CALENDAR:
            raise
        return ""
    return due_at.isoformat(timespec="minutes")


def _text(value: str) -> str:
    text = " ".join(value.split())
    if len(text) > MAXIMUM_REASON_CHARACTERS:
        raise DomainError(ErrorCode.REASON_TOO_LONG, maximum=MAXIMUM_REASON_CHARACTERS)
    return text


def _digest(action: str, command: Command, what: list[object]) -> bytes:
    parts = msgspec.json.encode([action, command.dossier_id.hex(), command.officer.id, *what])
    return hashlib.sha256(parts).digest()


def _store(transaction: Transaction, command: Command, decision: Decision, event: Event) -> None:
    cause = Cause(command_id(f"counter:{command.key}"), command.dossier_id, decision.version)
    position = transaction.record(event, cause)
    dossiers.decide(transaction, command.dossier_id, decision, position)


async def _decide(
    station: Station,
    moment: Moment,
    command: Command,
    digest: bytes,
    form: type[Answer],
    work: Callable[[Transaction, DossierRow], Answer],
) -> Answer:
    if not command.key:
        raise DomainError(ErrorCode.IDEMPOTENCY_KEY_MISSING)
    key = f"counter:{command.key}"

    def once(transaction: Transaction) -> Answer:
        found = submissions.find(transaction.connection, key)
        if found is not None:
            if found[0] != digest:
                raise DomainError(ErrorCode.IDEMPOTENCY_KEY_REUSED)
            return msgspec.json.decode(found[1], type=form)
        row = dossiers.find(transaction.connection, command.dossier_id)
        if row is None:
            raise DomainError(ErrorCode.DOSSIER_UNKNOWN)
        answer = work(transaction, row)
        submissions.insert(transaction, key, digest, msgspec.json.encode(answer))
        return answer

    try:
        answer = await station.store.write(moment, once)
    except DatabaseError as error:
        raise storage_error(error) from error
    station.paper.ring()
    station.changes.announce("dossier", command.dossier_id.hex())
    return answer

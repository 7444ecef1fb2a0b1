"""Read-only questions: a dossier, the waiting room, the display, the work list.

Rules: nothing here writes; identity numbers leave masked; custody is what receipts prove, never
what was sent.
"""

from collections.abc import Mapping
from datetime import datetime
from typing import Final, Literal, TypeAlias

import msgspec

from edge_node.domain.codes import fold, parse_dossier_number
from edge_node.domain.confidential import confidential_procedures
from edge_node.domain.dossier import NATIONAL_STATUS, allowed_actions
from edge_node.domain.errors import DomainError, ErrorCode
from edge_node.domain.events import Answer
from edge_node.domain.person import mask_identity_number
from edge_node.domain.procedure import Procedure, missing
from edge_node.domain.ticket import TicketState, format_ticket, parse_ticket
from edge_node.store import dossier_life, dossiers, inbox, payloads, print_jobs, tickets
from edge_node.store.city import Held
from edge_node.store.dossiers import DossierRow
from edge_node.store.print_jobs import PrintJobRow
from edge_node.store.tickets import TicketRow
from edge_node.store.unit_of_work import Connection
from edge_node.usecases.station import Station
from sync.protocol.record import decode_record

Custody: TypeAlias = Literal["station", "city", "entered"]

MAXIMUM_FOUND: Final = 20
WORKLIST_LENGTH: Final = 50


class DocumentView(msgspec.Struct, frozen=True, kw_only=True):
    """One paper of the checklist and whether it is there (None: nobody said).

    `form` is how it was handed in, as an officer said: empty where that was left to the pen.
    """

    id: str
    name_vi: str
    name_en: str
    required: bool
    only_if_lookup_fails: bool
    have: bool | None
    form: str | None = None


class ApplicantView(msgspec.Struct, frozen=True, kw_only=True):
    """The applicant with the identity number masked."""

    full_name: str
    id_number_masked: str
    date_of_birth: str
    sex: str
    address: str
    phone: str


class PrintJobView(msgspec.Struct, frozen=True, kw_only=True):
    """One paper of the dossier and whether it is known to be printed."""

    id: int
    kind: str
    state: str
    failure: str
    created_at: str
    changed_at: str


class HistoryLine(msgspec.Struct, frozen=True, kw_only=True):
    """One event of the dossier, with its own custody.

    `type` begins with `city.` for what the city said; `text` is the city's own. `status` is what
    the city made of an event of ours that it did not simply enter.
    """

    type: str
    at: str
    seq: int
    custody: Custody
    status: str = ""
    text: str = ""


class DossierView(msgspec.Struct, frozen=True, kw_only=True):
    """A dossier as officers and LAN clients see it."""

    dossier_id: str
    dossier_no: str
    state: str
    national_status: int
    custody: Custody
    procedure_id: str
    procedure_name_vi: str
    procedure_name_en: str
    version: int
    channel: str
    ticket: str
    applicant: ApplicantView
    identity_level: str
    answers: dict[str, Answer]
    documents: tuple[DocumentView, ...]
    missing: tuple[str, ...]
    actions: tuple[str, ...]
    saved_at: str
    received_at: str
    due_at: str
    supplement_requests: int
    print_jobs: tuple[PrintJobView, ...]
    history: tuple[HistoryLine, ...]


class DossierLine(msgspec.Struct, frozen=True, kw_only=True):
    """A dossier in a list."""

    dossier_id: str
    dossier_no: str
    procedure_id: str
    full_name: str
    state: str
    saved_at: str
    due_at: str


class WaitingTicket(msgspec.Struct, frozen=True, kw_only=True):
    """Somebody in the waiting room; `dossier_id` is empty for a number without a dossier."""

    ticket_id: int
    ticket: str
    service: str
    state: str
    waiting_s: int
    dossier_id: str


async def dossier(station: Station, number_or_id: str) -> DossierView:
    """One dossier by its number (as typed) or its id (32 hex). Error: dossier_unknown."""
    number, dossier_id = _named(number_or_id)
    held = await station.city.held()

    def ask(connection: Connection) -> DossierView:
        row = (
            dossiers.find(connection, dossier_id)
            if dossier_id is not None
            else dossiers.find_by_number(connection, number)
        )
        if row is None:
            raise DomainError(ErrorCode.DOSSIER_UNKNOWN)
        return _view(station, connection, row, held)

    return await station.store.read(ask)


async def find_dossiers(station: Station, text: str) -> list[DossierLine]:
    """Dossiers whose number, name (accents ignored) or identity number contains the text."""
    words = fold(text.strip())
    if not words:
        return []
    rows = await station.store.read(
        lambda connection: dossiers.search(connection, words, MAXIMUM_FOUND)
    )
    return _lines(station, rows)


async def worklist(station: Station) -> list[DossierLine]:
    """The newest dossiers."""
    rows = await station.store.read(lambda connection: dossiers.newest(connection, WORKLIST_LENGTH))
    return _lines(station, rows)


def _lines(station: Station, rows: list[DossierRow]) -> list[DossierLine]:
    hidden = confidential_procedures(station.catalogue)
    return [_line(row) for row in rows if row.procedure_id not in hidden]


async def waiting(
    station: Station, states: tuple[TicketState, ...] = (TicketState.WAITING,)
) -> list[WaitingTicket]:
    """Today's tickets in `states`, oldest first."""
    moment = station.moment()
    hidden = confidential_procedures(station.catalogue)

    def ask(connection: Connection) -> list[TicketRow]:
        rows = tickets.in_states(connection, moment.day, states)
        ids = [row.dossier_id for row in rows if row.dossier_id]
        secret = dossiers.under(connection, ids, hidden)
        return [row for row in rows if row.dossier_id not in secret]

    rows = await station.store.read(ask)
    return [
        WaitingTicket(
            ticket_id=row.id,
            ticket=format_ticket(row.letter, row.number),
            service=row.service_id,
            state=row.state.value,
            waiting_s=max(
                int((moment.now - datetime.fromisoformat(row.issued_at)).total_seconds()), 0
            ),
            dossier_id=row.dossier_id.hex() if row.dossier_id else "",
        )
        for row in rows
    ]


async def ticket_print(station: Station, ticket: str) -> PrintJobView | None:
    """What became of the paper of one of today's tickets."""
    number = parse_ticket(ticket)
    day = station.moment().day
    row = await station.store.read(
        lambda connection: print_jobs.of_ticket(connection, day, number.letter, number.number)
    )
    return _job(row) if row is not None else None


async def print_job(station: Station, job_id: int) -> PrintJobView | None:
    """One paper and what became of it; None if there is no such job."""
    row = await station.store.read(lambda connection: print_jobs.find(connection, job_id))
    return _job(row) if row is not None else None


def custody_of(held: Held | None, sequence: int) -> Custody:
    """Where a record is held, as far as verified receipts prove it."""
    if held is None or sequence >= held.acked or sequence in held.withheld:
        return "station"
    return "entered" if sequence < held.applied else "city"


def _view(
    station: Station, connection: Connection, row: DossierRow, held: Mapping[bytes, Held]
) -> DossierView:
    procedure = station.catalogue.known_procedure(row.procedure_id)
    lines = _history(connection, row.id, held)
    ticket = tickets.of_dossier(connection, row.id)
    return DossierView(
        dossier_id=row.id.hex(),
        dossier_no=row.number,
        state=row.state.value,
        national_status=NATIONAL_STATUS[row.state],
        custody=_custody(connection, row, held),
        procedure_id=procedure.id,
        procedure_name_vi=procedure.name_vi,
        procedure_name_en=procedure.name_en,
        version=row.version,
        channel=row.channel,
        ticket=format_ticket(ticket.letter, ticket.number) if ticket else "",
        applicant=_applicant(row),
        identity_level=row.identity_level,
        answers=row.answers,
        documents=_documents(
            procedure, row.documents, dossier_life.paper_forms(connection, row.id)
        ),
        missing=missing(procedure, row.answers, row.documents),
        actions=tuple(action.value for action in allowed_actions(row.state)),
        saved_at=row.submitted_at,
        received_at=row.received_at,
        due_at=row.due_at,
        supplement_requests=row.supplement_requests,
        print_jobs=tuple(_job(job) for job in print_jobs.of_dossier(connection, row.id)),
        history=lines,
    )


def _history(
    connection: Connection, dossier_id: bytes, held: Mapping[bytes, Held]
) -> tuple[HistoryLine, ...]:
    words = {
        (word.lid, word.sequence): word
        for word in inbox.words_on_records_of(connection, dossier_id)
    }
    lines = []
    for entry in dossiers.history(connection, dossier_id):
        kind, at = payloads.headline(decode_record(entry.raw).body)
        custody = custody_of(held.get(entry.lid), entry.sequence)
        word = words.get((entry.lid, entry.sequence))
        line = HistoryLine(type=kind, at=at, seq=entry.sequence, custody=custody)
        if word is not None:
            line = msgspec.structs.replace(line, status=word.code, text=word.text)
        lines.append(line)
    lines += [
        HistoryLine(
            type=f"city.{fact.type}",
            at=fact.at,
            seq=fact.sequence,
            custody="entered",
            text=fact.text,
        )
        for fact in inbox.facts_of(connection, dossier_id)
    ]
    return tuple(lines)


def _custody(connection: Connection, row: DossierRow, held: Mapping[bytes, Held]) -> Custody:
    """Of the last event, also when its body was purged."""
    last = dossiers.last_position(connection, row.id)
    return custody_of(held.get(last.lid), last.sequence) if last is not None else "station"


def _applicant(row: DossierRow) -> ApplicantView:
    applicant = row.applicant
    return ApplicantView(
        full_name=applicant.full_name,
        id_number_masked=mask_identity_number(applicant.id_number),
        date_of_birth=applicant.date_of_birth,
        sex=applicant.sex,
        address=applicant.address,
        phone=applicant.phone,
    )


def _documents(
    procedure: Procedure, have: Mapping[str, bool], forms: Mapping[str, str]
) -> tuple[DocumentView, ...]:
    return tuple(
        DocumentView(
            id=document.id,
            name_vi=document.name_vi,
            name_en=document.name_en,
            required=document.required,
            only_if_lookup_fails=document.only_if_lookup_fails,
            have=have.get(document.id),
            form=forms.get(document.id),
        )
        for document in procedure.documents
    )


def _named(text: str) -> tuple[str, bytes | None]:
    if len(text) == 32:
        try:
            return "", bytes.fromhex(text)
        except ValueError:
            pass
    return str(parse_dossier_number(text)), None


def _line(row: DossierRow) -> DossierLine:
    return DossierLine(
        dossier_id=row.id.hex(),
        dossier_no=row.number,
        procedure_id=row.procedure_id,
        full_name=row.applicant.full_name,
        state=row.state.value,
        saved_at=row.submitted_at,
        due_at=row.due_at,
    )


def _job(row: PrintJobRow) -> PrintJobView:
    return PrintJobView(
        id=row.id,
        kind=row.kind,
        state=row.state.value,
        failure=row.failure,
        created_at=row.created_at,
        changed_at=row.changed_at,
    )

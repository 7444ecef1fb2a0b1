"""What was written by hand while the node was dead enters the books.

Rules: a slip becomes exactly one dossier, with the slip's own number, received when the pen says
so, under the promise the citizen holds; where the pen promised nothing, the rule does from that
time on. A slip that was used, declared void or never printed here is refused.
"""

from datetime import date, datetime, time
from typing import Final, NamedTuple, TypeAlias

import msgspec

from edge_node.domain import deadline
from edge_node.domain.codes import parse_dossier_number
from edge_node.domain.dossier import Action, DossierState, apply
from edge_node.domain.errors import DomainError, ErrorCode
from edge_node.domain.events import (
    Applicant,
    DocumentAnswer,
    DossierReceived,
    DossierSubmitted,
    PaperSlipEntered,
)
from edge_node.domain.paper import PaperSlipAction, PaperSlipState
from edge_node.domain.person import make_person
from edge_node.domain.procedure import Procedure, check_documents, missing
from edge_node.store import dossier_life, dossiers, paper
from edge_node.store.dossiers import Decision, HandIn
from edge_node.store.paper import PaperSlipRow
from edge_node.store.unit_of_work import Cause, Connection, Transaction
from edge_node.usecases.paper import checking
from edge_node.usecases.paper.acting import digest_of, line, once, unspent
from edge_node.usecases.paper.checking import Verdict
from edge_node.usecases.station import Officer, Station
from sync.protocol.errors import ProtocolError
from sync.protocol.record import command_id
from sync.protocol.slip import read_slip_text

PaperSlip: TypeAlias = PaperSlipRow
"""A slip of a kit, for pages that may not know the store."""

CHANNEL: Final = "paper"
MAXIMUM_WRITTEN_FEE_VND: Final = 100_000_000
SHORTAGE: Final = "Nhận trên giấy dự phòng, giấy tờ ghi trên tờ giấy"
_END_OF_DAY: Final = time(17, 0)
"""When a day that was promised by pen ends, unless the rule names a time."""

_NO_TICKET: Final = 0


class WrittenPerson(NamedTuple):
    """The person as written on the slip; birth `yyyy-mm-dd`."""

    full_name: str
    id_number: str
    date_of_birth: str = ""
    sex: str = ""
    address: str = ""
    phone: str = ""


class WrittenSlip(NamedTuple):
    """What the pen wrote. `written_at` is the time of receiving, `promised_on` None if none."""

    number: str
    procedure_id: str
    person: WrittenPerson
    documents: dict[str, bool]
    written_at: datetime
    promised_on: date | None = None
    fee_vnd: int = 0
    note: str = ""


class Entered(msgspec.Struct, frozen=True, kw_only=True):
    """A slip that is in the books now; `due_at` ISO 8601, empty when nothing is promised."""

    dossier_id: str
    dossier_no: str
    due_at: str


async def find(station: Station, text: str) -> PaperSlipRow:
    """The slip a scanned code or a typed number belongs to. Errors: paper_slip_unknown."""

    def ask(connection: Connection) -> PaperSlipRow | None:
        return paper.find_slip(connection, _number_in(connection, text))

    slip = await station.store.read(ask)
    if slip is None:
        raise DomainError(ErrorCode.PAPER_SLIP_UNKNOWN)
    return slip


async def enter(station: Station, officer: Officer, key: str, written: WrittenSlip) -> Entered:
    """Put what was written on a slip into the books, once.

    Errors: paper_slip_*, paper_time_invalid, procedure_unknown, the person's, idempotency_key_*.
    """
    station.room.check_dossiers()
    procedure = station.catalogue.procedure(written.procedure_id)
    applicant = _applicant(written.person)
    written = written._replace(
        documents=check_documents(procedure, written.documents), note=line(written.note)
    )
    digest = digest_of("enter", officer.id, *(str(part) for part in written))

    def work(transaction: Transaction) -> Entered:
        slip = unspent(transaction, written.number, PaperSlipAction.ENTER)
        _check_written(transaction, slip, written)
        dossier_id = station.new_id(transaction.moment)
        submitted = _submitted(station, procedure, written, applicant, dossier_id)
        cause = Cause(command_id(f"paper_slip:{slip.number}"), dossier_id, 1)
        position = transaction.record(submitted, cause)
        hand_in = HandIn(dossier_id, written.documents, _NO_TICKET, digest)
        dossiers.insert(transaction, submitted, hand_in, position)
        due_at = _due(station, procedure, written)
        _receive(transaction, officer, submitted, due_at)
        _spend(transaction, officer, slip._replace(dossier_id=dossier_id), written)
        return Entered(dossier_id=dossier_id.hex(), dossier_no=slip.number, due_at=due_at)

    answer = await once(station, f"paper_slip:{key}", digest, Entered, work)
    station.changes.announce("dossier", answer.dossier_id)
    return answer


def _submitted(
    station: Station,
    procedure: Procedure,
    written: WrittenSlip,
    applicant: Applicant,
    dossier_id: bytes,
) -> DossierSubmitted:
    return DossierSubmitted(
        dossier_no=written.number,
        dossier_id=dossier_id.hex(),
        procedure_id=procedure.id,
        catalogue=station.catalogue.version,
        channel=CHANNEL,
        ticket="",
        applicant=applicant,
        identity_level="officer_saw_card",
        answers={},
        documents=tuple(DocumentAnswer(id=i, have=have) for i, have in written.documents.items()),
        missing=missing(procedure, {}, written.documents),
        saved_at=_text(written.written_at),
    )


def _receive(
    transaction: Transaction, officer: Officer, submitted: DossierSubmitted, due_at: str
) -> None:
    """The officer took the dossier when the slip was written."""
    dossier_id = bytes.fromhex(submitted.dossier_id)
    state = apply(DossierState.SUBMITTED, Action.RECEIVE)
    event = DossierReceived(
        dossier_no=submitted.dossier_no,
        state=state.value,
        officer=officer.id,
        counter=officer.counter,
        documents=submitted.documents,
        shortage_reason=SHORTAGE if submitted.missing else "",
        received_at=submitted.saved_at,
        due_at=due_at,
    )
    cause = Cause(command_id(f"paper_slip_received:{submitted.dossier_no}"), dossier_id, 2)
    position = transaction.record(event, cause)
    decision = Decision(state, 2, received_at=submitted.saved_at, due_at=due_at)
    dossiers.decide(transaction, dossier_id, decision, position)
    dossier_life.follow(transaction, (dossier_id, 2), event, transaction.moment.text)


def _spend(
    transaction: Transaction, officer: Officer, slip: PaperSlipRow, written: WrittenSlip
) -> None:
    assert slip.dossier_id is not None, "the dossier is stored"
    event = PaperSlipEntered(
        dossier_no=slip.number,
        dossier_id=slip.dossier_id.hex(),
        kit=slip.kit,
        written_at=_text(written.written_at),
        promised_on=written.promised_on.isoformat() if written.promised_on else "",
        fee_vnd=written.fee_vnd,
        note=written.note,
        officer=officer.id,
        counter=officer.counter,
        entered_at=transaction.moment.text,
    )
    transaction.record(event, Cause(command_id(f"paper_slip_entered:{slip.number}")))
    paper.spend(transaction, slip._replace(state=PaperSlipState.ENTERED), officer.id)


def _check_written(transaction: Transaction, slip: PaperSlipRow, written: WrittenSlip) -> None:
    """The pen wrote after the kit was printed and before now; the promise is not before that."""
    made_at = datetime.fromisoformat(paper.kit_made_at(transaction.connection, slip.kit))
    day = written.written_at.date()
    if not made_at.date() <= day <= transaction.moment.now.date():
        raise DomainError(ErrorCode.PAPER_TIME_INVALID)
    if written.written_at > transaction.moment.now:
        raise DomainError(ErrorCode.PAPER_TIME_INVALID)
    if written.promised_on is not None and written.promised_on < day:
        raise DomainError(ErrorCode.PAPER_TIME_INVALID)
    if not 0 <= written.fee_vnd <= MAXIMUM_WRITTEN_FEE_VND:
        raise DomainError(ErrorCode.ANSWER_INVALID, name="fee")


def _due(station: Station, procedure: Procedure, written: WrittenSlip) -> str:
    """What the citizen was promised; else what the rule promises from the time of the pen."""
    by_rule = _due_by_rule(station, procedure, written.written_at)
    if written.promised_on is None:
        return by_rule.isoformat(timespec="minutes") if by_rule else ""
    at = by_rule.timetz() if by_rule else _END_OF_DAY.replace(tzinfo=written.written_at.tzinfo)
    return datetime.combine(written.promised_on, at).isoformat(timespec="minutes")


def _due_by_rule(station: Station, procedure: Procedure, received: datetime) -> datetime | None:
    """None where there is no limit, the clock waits for money, or the calendar ends before."""
    if procedure.time_limit is None or procedure.clock_starts == "complete_and_paid":
        return None
    policy = station.policy
    try:
        return deadline.due(
            received,
            procedure.time_limit,
            station.calendar,
            cut_off=time.fromisoformat(policy.cut_off) if policy.cut_off else None,
            saturday_reception=policy.saturday_reception,
        )
    except DomainError as error:
        if error.code is not ErrorCode.DEADLINE_BEYOND_CALENDAR:
            raise
        return None


def _applicant(written: WrittenPerson) -> Applicant:
    person = make_person(**written._asdict())
    return Applicant(
        full_name=person.full_name,
        id_number=person.id_number,
        date_of_birth=person.date_of_birth.isoformat() if person.date_of_birth else "",
        sex=person.sex.value if person.sex else "",
        address=person.address,
        phone=person.phone,
    )


def _number_in(connection: Connection, text: str) -> str:
    """The number in a scanned code of ours, or as typed. Errors: paper_slip_unknown."""
    try:
        answer = checking.judge(read_slip_text(text), paper.keys(connection))
    except ProtocolError:
        answer = checking.NOT_OURS
    if answer.verdict is Verdict.VALID and answer.claims and answer.claims.dossier:
        return answer.claims.dossier
    try:
        return str(parse_dossier_number(text))
    except DomainError:
        raise DomainError(ErrorCode.PAPER_SLIP_UNKNOWN) from None


def _text(moment: datetime) -> str:
    return moment.isoformat(timespec="seconds")

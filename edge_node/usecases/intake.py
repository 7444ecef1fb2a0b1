"""Hand in a dossier, take a number: what a citizen does at a kiosk or another LAN client.

Rules: everything is checked before the transaction; one transaction stores dossier, ticket,
print job, journal record and the answer; the same key gets the same answer for ever and another
request under the same key is refused.
"""

import hashlib
import re
from collections.abc import Callable
from typing import Final, Literal, NamedTuple, TypeAlias

import msgspec

from edge_node.documents.model import TicketSlip
from edge_node.domain.catalogue import Service
from edge_node.domain.codes import format_dossier_number
from edge_node.domain.confidential import is_confidential
from edge_node.domain.errors import DomainError, ErrorCode
from edge_node.domain.events import (
    Answer,
    Applicant,
    DocumentAnswer,
    DossierSubmitted,
    TicketIssued,
)
from edge_node.domain.person import make_person
from edge_node.domain.procedure import (
    Procedure,
    check_answers,
    check_documents,
    missing,
)
from edge_node.domain.ticket import format_ticket
from edge_node.store import dossiers, print_jobs, submissions, tickets
from edge_node.store.unit_of_work import Cause, Moment, Transaction
from edge_node.usecases.queue import appointments
from edge_node.usecases.queue import wish as wishes
from edge_node.usecases.queue.wish import Wish
from edge_node.usecases.station import Station, storage_error
from sync.database import DatabaseError
from sync.journal.journal import DuplicateCommand, Position
from sync.protocol.record import command_id

Channel: TypeAlias = Literal["kiosk", "api"]
Language: TypeAlias = Literal["vi", "en"]

MAXIMUM_KEY_CHARACTERS: Final = 255
_KEY: Final = re.compile(rf"[ -~]{{1,{MAXIMUM_KEY_CHARACTERS}}}")


class ApplicantInput(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The person as typed or scanned. Birth is `yyyy-mm-dd`; only name and number are needed."""

    full_name: str
    id_number: str
    date_of_birth: str = ""
    sex: str = ""
    address: str = ""
    phone: str = ""


class DocumentInput(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Whether the applicant has this paper of the procedure's checklist."""

    id: str
    have: bool


class SubmitDossier(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A dossier as handed in; answers and documents may be incomplete."""

    procedure_id: str
    applicant: ApplicantInput
    answers: dict[str, Answer] = {}
    documents: list[DocumentInput] = []


class LogPosition(msgspec.Struct, frozen=True, kw_only=True):
    """Where the event stands in the station's journal: log id (hex) and sequence."""

    lid: str
    seq: int


class SubmittedAnswer(msgspec.Struct, frozen=True, kw_only=True):
    """What the client is told once the dossier is durable; `dossier_no` is provisional."""

    dossier_id: str
    dossier_no: str
    state: str
    ticket: str
    saved_at: str
    log: LogPosition


class TicketAnswer(msgspec.Struct, frozen=True, kw_only=True):
    """A number without a dossier."""

    ticket: str
    service: str
    issued_at: str


class Submission(NamedTuple):
    """The answer as JSON bytes, and whether it had been given before."""

    body: bytes
    replayed: bool

    @property
    def answer(self) -> SubmittedAnswer:
        """The answer to a dossier."""
        return msgspec.json.decode(self.body, type=SubmittedAnswer)

    @property
    def ticket(self) -> TicketAnswer:
        """The answer to a ticket request."""
        return msgspec.json.decode(self.body, type=TicketAnswer)


class Asked(NamedTuple):
    """How a request came: its idempotency key, the channel, the language on paper."""

    key: str
    channel: Channel
    identity_level: str = "typed"
    language: Language = "vi"


class _Checked(NamedTuple):
    """A dossier after the rules have looked at it."""

    procedure: Procedure
    service: Service
    applicant: Applicant
    answers: dict[str, Answer]
    documents: dict[str, bool]
    missing: tuple[str, ...]


_json: Final = msgspec.json.Encoder()


async def submit_dossier(station: Station, command: SubmitDossier, asked: Asked) -> Submission:
    """Store a dossier with its ticket; durable when this returns.

    Errors: idempotency_key_*, procedure_unknown, answer_*, document_unknown, the person's codes,
    storage_full, storage_failing, busy.
    """
    station.room.check_dossiers()
    eid = _command_id(asked)
    checked = _check(station, command)
    digest = hashlib.sha256(_json.encode(command)).digest()

    def work(transaction: Transaction) -> bytes:
        return _store_dossier(station, transaction, checked, _Request(asked, eid, digest))

    body = await _commit(station, work)
    if body is not None:
        return Submission(body, replayed=False)
    found = await station.store.read(lambda connection: submissions.dossier_of(connection, eid))
    if found is None or not found.answers(digest):
        raise DomainError(ErrorCode.IDEMPOTENCY_KEY_REUSED)
    return Submission(_answer_again(found), replayed=True)


async def take_ticket(
    station: Station, service_id: str, asked: Asked, wish: Wish = wishes.NOTHING
) -> Submission:
    """Give out a number without a dossier. Errors: as above, service_unknown, those of the wish."""
    station.room.check_dossiers()
    eid = _command_id(asked)
    service = station.catalogue.service(service_id)
    wanted = wishes.checked(station, service_id, wish)

    def work(transaction: Transaction) -> bytes:
        return _store_ticket(station, transaction, service, _Request(asked, eid, b""), wanted)

    body = await _commit(station, work)
    if body is not None:
        return Submission(body, replayed=False)
    found = await station.store.read(lambda connection: submissions.ticket_of(connection, eid))
    if found is None or found.service != service.id:
        raise DomainError(ErrorCode.IDEMPOTENCY_KEY_REUSED)
    return Submission(_ticket_answer(found), replayed=True)


async def check_in(station: Station, code: str, asked: Asked) -> Submission:
    """A number for a booking of today, once. Errors: as above, appointment_*."""
    booking = await appointments.find(station, code)
    return await take_ticket(station, booking.service, asked, Wish(appointment=booking.code))


async def was_handed_in(station: Station, key: str) -> bool:
    """Whether a dossier came of the kiosk's form with this key."""
    eid = command_of("kiosk", key)
    found = await station.store.read(lambda connection: submissions.dossier_of(connection, eid))
    return found is not None


def check_key(key: str) -> None:
    """Whether a key has its form. Raises IDEMPOTENCY_KEY_MISSING, IDEMPOTENCY_KEY_MALFORMED."""
    if not key:
        raise DomainError(ErrorCode.IDEMPOTENCY_KEY_MISSING)
    if _KEY.fullmatch(key) is None:
        raise DomainError(ErrorCode.IDEMPOTENCY_KEY_MALFORMED, maximum=MAXIMUM_KEY_CHARACTERS)


def _command_id(asked: Asked) -> bytes:
    """The id that the journal takes once: one command for one key of a channel."""
    check_key(asked.key)
    return command_of(asked.channel, asked.key)


def command_of(channel: Channel, key: str) -> bytes:
    """The id under which the journal has the command of a channel's key."""
    return command_id(f"{channel}:{key}")


def _check(station: Station, command: SubmitDossier) -> _Checked:
    procedure = station.catalogue.procedure(command.procedure_id)
    if is_confidential(station.catalogue, procedure.id):
        raise DomainError(ErrorCode.PROCEDURE_NOT_AT_KIOSK)  # it would stand in a queue by name
    typed = command.applicant
    person = make_person(
        full_name=typed.full_name,
        id_number=typed.id_number,
        date_of_birth=typed.date_of_birth,
        sex=typed.sex,
        address=typed.address,
        phone=typed.phone,
    )
    answers = check_answers(procedure, command.answers)
    documents = check_documents(
        procedure, {document.id: document.have for document in command.documents}
    )
    applicant = Applicant(
        full_name=person.full_name,
        id_number=person.id_number,
        date_of_birth=person.date_of_birth.isoformat() if person.date_of_birth else "",
        sex=person.sex.value if person.sex else "",
        address=person.address,
        phone=person.phone,
    )
    lacking = missing(procedure, answers, documents)
    return _Checked(
        procedure, station.catalogue.service_of(procedure), applicant, answers, documents, lacking
    )


class _Request(NamedTuple):
    """How the request came, the command's id and the digest of what it asks."""

    asked: Asked
    eid: bytes
    digest: bytes


def _store_dossier(
    station: Station, transaction: Transaction, checked: _Checked, request: _Request
) -> bytes:
    moment, service = transaction.moment, checked.service
    drawn = transaction.next_ticket(service.letter)
    dossier_id = station.new_id(moment)
    event = DossierSubmitted(
        dossier_no=format_dossier_number(station.code, *transaction.next_dossier()),
        dossier_id=dossier_id.hex(),
        procedure_id=checked.procedure.id,
        catalogue=station.catalogue.version,
        channel=request.asked.channel,
        ticket=format_ticket(service.letter, drawn.number),
        applicant=checked.applicant,
        identity_level=request.asked.identity_level,
        answers=checked.answers,
        documents=tuple(
            DocumentAnswer(id=name, have=have) for name, have in checked.documents.items()
        ),
        missing=checked.missing,
        saved_at=moment.text,
    )
    # First of all: a repeated command must change nothing.
    position = transaction.record(event, Cause(request.eid, dossier_id, 1))
    tickets.insert(transaction, drawn, service, dossier_id)
    hand_in = dossiers.HandIn(dossier_id, checked.documents, drawn.id, request.digest)
    dossiers.insert(transaction, event, hand_in, position)
    slip = _ticket_slip(
        station, service, event.ticket, event.dossier_no, request.asked.language, moment
    )
    _queue_ticket(transaction, slip, dossier_id, drawn.id)
    return _dossier_answer(event, position)


def _dossier_answer(event: DossierSubmitted, position: Position) -> bytes:
    return _json.encode(
        SubmittedAnswer(
            dossier_id=event.dossier_id,
            dossier_no=event.dossier_no,
            state="submitted",
            ticket=event.ticket,
            saved_at=event.saved_at,
            log=LogPosition(lid=position.lid.hex(), seq=position.sequence),
        )
    )


def _answer_again(found: submissions.HandedIn) -> bytes:
    """Byte for byte what the first answer was."""
    return _json.encode(
        SubmittedAnswer(
            dossier_id=found.dossier_id.hex(),
            dossier_no=found.number,
            state="submitted",
            ticket=found.ticket,
            saved_at=found.submitted_at,
            log=LogPosition(lid=found.lid.hex(), seq=found.sequence),
        )
    )


def _store_ticket(
    station: Station, transaction: Transaction, service: Service, request: _Request, wish: Wish
) -> bytes:
    moment = transaction.moment
    drawn = transaction.next_ticket(service.letter)
    ticket = format_ticket(service.letter, drawn.number)
    event = TicketIssued(ticket=ticket, day=moment.day, service=service.id, issued_at=moment.text)
    transaction.record(event, Cause(request.eid))
    tickets.insert(transaction, drawn, service, None)
    if wish != wishes.NOTHING:
        wishes.grant(transaction, (drawn.id, ticket), wish, request.eid)
    slip = _ticket_slip(station, service, ticket, "", request.asked.language, moment)
    if wish.priority:
        slip = msgspec.structs.replace(slip, priority=True)
    _queue_ticket(transaction, slip, None, drawn.id)
    return _ticket_answer(event)


def _ticket_answer(event: TicketIssued) -> bytes:
    return _json.encode(
        TicketAnswer(ticket=event.ticket, service=event.service, issued_at=event.issued_at)
    )


def _ticket_slip(
    station: Station,
    service: Service,
    ticket: str,
    dossier_number: str,
    language: Language,
    moment: Moment,
) -> TicketSlip:
    return TicketSlip(
        agency=station.name_vi,
        ticket_number=ticket,
        service_vi=service.name_vi,
        service_en=service.name_en,
        issued_at=moment.now,
        people_ahead=0,
        dossier_number=dossier_number,
        language=language,
    )


def _queue_ticket(
    transaction: Transaction, slip: TicketSlip, dossier_id: bytes | None, ticket_id: int
) -> None:
    job = print_jobs.NewPrintJob(
        kind="ticket",
        role="ticket",
        slip=_json.encode(slip),
        dossier_id=dossier_id,
        ticket_id=ticket_id,
    )
    print_jobs.insert(transaction, job)


async def _commit(station: Station, work: Callable[[Transaction], bytes]) -> bytes | None:
    """The answer once it is durable; None when the journal has this command already.

    Errors: storage_full, storage_failing, busy.
    """
    try:
        body = await station.store.add(station.moment(), work)
    except DuplicateCommand:
        # Its first copy is committed, or shares this very commit: either way it can be read now.
        return None
    except DatabaseError as error:
        raise storage_error(error) from error
    station.days.issued = True
    station.paper.ring()
    station.changes.announce("ticket")
    return body

"""How every decision is taken: checked, stored, journalled, put on paper, in one transaction.

Rules: the life cycle's table decides what is possible; whoever decides works on the dossier at this
counter and has seen its newest version; where the catalogue asks for two officers, two different
ones decide; a repeated key gets the first answer again. The paper of a decision waits until it can
no longer be taken back. The clock of the time limit follows the state by itself.
"""

import hashlib
from collections.abc import Callable
from datetime import datetime
from typing import Final, NamedTuple

import msgspec

from edge_node.domain import claim as claims_rule
from edge_node.domain import clock
from edge_node.domain.claim import Claim, Now
from edge_node.domain.dossier import CLOCK_STOPPED, OPEN, Action, DossierState, apply
from edge_node.domain.errors import DomainError, ErrorCode
from edge_node.domain.events import Event
from edge_node.domain.procedure import Procedure
from edge_node.domain.supplement import makes_late
from edge_node.store import claims, dossier_life, dossiers, print_jobs, submissions, undoing
from edge_node.store.dossiers import Decision, DossierRow
from edge_node.store.print_jobs import NewPrintJob
from edge_node.store.unit_of_work import Cause, Moment, Transaction
from edge_node.usecases.station import Officer, Station, storage_error
from sync.database import DatabaseError
from sync.protocol.record import command_id

MAXIMUM_REASON_CHARACTERS: Final = 500


class Command(NamedTuple):
    """Who decides about which dossier, under which idempotency key.

    `version` is the one the officer saw, None when nobody looked; `second` the officer who
    confirmed it.
    """

    officer: Officer
    dossier_id: bytes
    key: str
    version: int | None = None
    second: Officer | None = None


class Decided(msgspec.Struct, frozen=True, kw_only=True):
    """What the officer is told: where the dossier stands, and how long it can be taken back.

    `due_at` is ISO 8601, empty when nothing is promised; `late`: a further supplement request
    counts the dossier as late.
    """

    dossier_no: str
    state: str
    version: int
    due_at: str
    supplement_requests: int
    print_jobs: tuple[int, ...] = ()
    undo_s: int = 0
    late: bool = False

    @property
    def print_job(self) -> int:
        """The first paper of the decision; 0 when it has none."""
        return self.print_jobs[0] if self.print_jobs else 0


class Situation(NamedTuple):
    """What a decision finds: the dossier, the state that follows, the date promised then."""

    transaction: Transaction
    row: DossierRow
    procedure: Procedure
    state: DossierState
    due_at: str

    @property
    def version(self) -> int:
        """The version the decision makes."""
        return self.row.version + 1


class Step(NamedTuple):
    """What a decision does: its event, its papers, and what it changes besides the state."""

    event: Event
    papers: tuple[NewPrintJob, ...] = ()
    documents: dict[str, bool] | None = None
    received_at: str | None = None
    due_at: str | None = None
    supplement_requests: int | None = None


class Plan(NamedTuple):
    """A decision about to be taken: its action, and what was asked, for the digest of the key."""

    action: Action
    asked: tuple[object, ...]
    step: Callable[[Situation], Step]


class Author(msgspec.Struct, frozen=True, kw_only=True):
    """The fields every later event begins with."""

    dossier_no: str
    state: str
    officer: str
    counter: str
    confirmed_by: str

    def fields(self) -> dict[str, str]:
        """As keyword arguments of an event."""
        return msgspec.structs.asdict(self)


def author(command: Command, row: DossierRow, state: DossierState) -> dict[str, str]:
    """Who acts on which dossier, as an event says it."""
    return Author(
        dossier_no=row.number,
        state=state.value,
        officer=command.officer.id,
        counter=command.officer.counter,
        confirmed_by=command.second.id if command.second else "",
    ).fields()


def text(value: str) -> str:
    """A reason or note in one line. Raises DomainError(REASON_TOO_LONG)."""
    line = " ".join(value.split())
    if len(line) > MAXIMUM_REASON_CHARACTERS:
        raise DomainError(ErrorCode.REASON_TOO_LONG, maximum=MAXIMUM_REASON_CHARACTERS)
    return line


def required_text(value: str) -> str:
    """As `text`, but there must be one. Raises DomainError(REASON_MISSING)."""
    line = text(value)
    if not line:
        raise DomainError(ErrorCode.REASON_MISSING)
    return line


async def decide(station: Station, command: Command, plan: Plan) -> Decided:
    """Take a decision. Errors: dossier_unknown, version_conflict, dossier_claimed, …."""
    moment = station.moment()
    now = station.now()

    def work(transaction: Transaction, row: DossierRow) -> Decided:
        situation = _situation(station, transaction, row, apply(row.state, plan.action))
        check_second(situation.procedure, plan.action, command)
        step = plan.step(situation)
        return _store(station, command, situation, step, now)

    asked = (plan.action.value, *plan.asked)
    answer = await once(station, command, moment, asked, work)
    station.paper.ring()
    return answer


async def once(
    station: Station,
    command: Command,
    moment: Moment,
    asked: tuple[object, ...],
    work: Callable[[Transaction, DossierRow], Decided],
) -> Decided:
    """Do something with a dossier once per key, at the counter that works on it."""
    if not command.key:
        raise DomainError(ErrorCode.IDEMPOTENCY_KEY_MISSING)
    key, digest = f"counter:{command.key}", _digest(command, asked)
    now = station.now()

    def run(transaction: Transaction) -> Decided:
        found = submissions.find(transaction.connection, key)
        if found is not None:
            if found[0] != digest:
                raise DomainError(ErrorCode.IDEMPOTENCY_KEY_REUSED)
            return msgspec.json.decode(found[1], type=Decided)
        row = dossiers.find(transaction.connection, command.dossier_id)
        if row is None:
            raise DomainError(ErrorCode.DOSSIER_UNKNOWN)
        _check(transaction, command, row, now)
        answer = work(transaction, row)
        submissions.insert(transaction, key, digest, msgspec.json.encode(answer))
        return answer

    try:
        answer = await station.store.write(moment, run)
    except DatabaseError as error:
        raise storage_error(error) from error
    station.changes.announce("dossier", command.dossier_id.hex())
    return answer


def check_second(procedure: Procedure, action: Action, command: Command) -> None:
    """Two officers where the catalogue asks for them, never one twice.

    Raises DomainError: SECOND_OFFICER_MISSING, SECOND_OFFICER_SAME.
    """
    if command.second is not None and command.second.id == command.officer.id:
        raise DomainError(ErrorCode.SECOND_OFFICER_SAME)
    if action.value in procedure.two_officers and command.second is None:
        raise DomainError(ErrorCode.SECOND_OFFICER_MISSING)


def _check(transaction: Transaction, command: Command, row: DossierRow, now: Now) -> None:
    if command.version is not None and command.version != row.version:
        raise DomainError(ErrorCode.VERSION_CONFLICT)
    claimed = claims.find(transaction.connection, row.id)
    claims_rule.check(claimed, command.officer.counter, now)


def _situation(
    station: Station, transaction: Transaction, row: DossierRow, state: DossierState
) -> Situation:
    procedure = station.catalogue.known_procedure(row.procedure_id)
    due_at = row.due_at
    if due_at and state not in CLOCK_STOPPED:
        due_at = resumed_due(station, transaction, row)
    return Situation(transaction, row, procedure, state, due_at)


def resumed_due(station: Station, transaction: Transaction, row: DossierRow) -> str:
    """The promise with a standstill that ends now given back.

    Empty when the calendar does not reach so far: the date is then written by hand.
    """
    stop = dossier_life.open_stop(transaction.connection, row.id)
    if stop is None:
        return row.due_at
    still = clock.Standstill(datetime.fromisoformat(stop.stopped_at), transaction.moment.now)
    try:
        due = clock.due_after(datetime.fromisoformat(row.due_at), [still], station.calendar)
    except DomainError as error:
        if error.code is not ErrorCode.DEADLINE_BEYOND_CALENDAR:
            raise
        return ""
    return due.isoformat(timespec="minutes")


def _store(
    station: Station, command: Command, situation: Situation, step: Step, now: Now
) -> Decided:
    transaction, row = situation.transaction, situation.row
    decision = Decision(
        state=situation.state,
        version=situation.version,
        documents=step.documents,
        received_at=step.received_at,
        due_at=step.due_at if step.due_at is not None else situation.due_at,
        supplement_requests=step.supplement_requests,
    )
    record(transaction, command, decision, step.event)
    first = undoing.last_job(transaction.connection) + 1
    for paper in step.papers:
        print_jobs.insert(transaction, paper)
    until = Now(now.boot_id, now.mono_ms + station.policy.undo_s * 1000)
    undoing.hold(transaction, row.id, first, until)
    tag = str(step.event.__struct_config__.tag)
    undoing.remember(transaction, row, undoing.Decided(decision.version, tag, first, until))
    _stay(transaction, command, situation.state, now)
    return decided(row, decision, tuple(range(first, first + len(step.papers))), station)


def record(transaction: Transaction, command: Command, decision: Decision, event: Event) -> None:
    """Journal an event of a dossier, change its row, and store what follows."""
    cause = Cause(command_id(f"counter:{command.key}"), command.dossier_id, decision.version)
    position = transaction.record(event, cause)
    dossiers.decide(transaction, command.dossier_id, decision, position)
    key = (command.dossier_id, decision.version)
    dossier_life.follow(transaction, key, event, transaction.moment.text)


def decided(
    row: DossierRow, decision: Decision, jobs: tuple[int, ...], station: Station
) -> Decided:
    """The answer to a decision."""
    requests = decision.supplement_requests
    return Decided(
        dossier_no=row.number,
        state=decision.state.value,
        version=decision.version,
        due_at=row.due_at if decision.due_at is None else decision.due_at,
        supplement_requests=row.supplement_requests if requests is None else requests,
        print_jobs=jobs,
        undo_s=station.policy.undo_s,
        late=requests is not None and makes_late(requests),
    )


def _stay(transaction: Transaction, command: Command, state: DossierState, now: Now) -> None:
    """Working renews the claim; when nothing is left to decide, nobody keeps the dossier."""
    officer = command.officer
    if state in OPEN:
        mine = Claim(officer.id, officer.counter, now.boot_id, now.mono_ms)
        claims.store(transaction, command.dossier_id, mine)
    else:
        claims.release(transaction, command.dossier_id)


def _digest(command: Command, asked: tuple[object, ...]) -> bytes:
    second = command.second.id if command.second else ""
    parts = [command.dossier_id.hex(), command.officer.id, second, *asked]
    return hashlib.sha256(msgspec.json.encode(parts)).digest()

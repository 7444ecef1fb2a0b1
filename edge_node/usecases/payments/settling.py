"""What follows when the money is there, and what waits until it is.

Rules: a clock that starts with the payment starts only when it is settled; a result that costs
something is handed over only then; the station's chief decides whether an unconfirmed payment
holds these up or only warns (`[desk] unconfirmed_payment`). Taking a dossier in never waits.
"""

from collections.abc import Callable
from typing import Final, Literal

from edge_node.domain import fee_rules
from edge_node.domain.beneficiaries import Ledger
from edge_node.domain.clock import PauseCause
from edge_node.domain.dossier import TRANSITIONS, Action, apply
from edge_node.domain.errors import DomainError, ErrorCode
from edge_node.domain.events import ClockChanged
from edge_node.domain.payment import PaymentState
from edge_node.store import dossiers, payments
from edge_node.store.dossiers import Decision, DossierRow
from edge_node.store.payments import PaymentRow
from edge_node.store.unit_of_work import Cause, Connection, Transaction
from edge_node.usecases.promises import due_text
from edge_node.usecases.station import Station

EVENT_ID_BYTES: Final = 16
Money = Literal["nothing_due", "settled", "unsettled"]

SYSTEM: Final = "station"
"""Who starts a clock when the bank's word does."""

OVER: Final = frozenset({PaymentState.REFUNDED})
"""States after which nothing more comes of a payment: another one may be opened."""


def is_over(row: PaymentRow) -> bool:
    """Whether a payment has ended, one way or another, without settling anything."""
    return not row.settled and (row.state in OVER or bool(row.ended_at))


def money_of(station: Station, connection: Connection, row: DossierRow) -> Money:
    """Whether a dossier's fee is there; a procedure that is free owes nothing."""
    found = [
        one
        for one in payments.of_dossier(connection, row.id)
        if one.ledger is Ledger.FEE and not is_over(one)
    ]
    if found:
        return "settled" if all(one.settled for one in found) else "unsettled"
    procedure = station.catalogue.known_procedure(row.procedure_id)
    answer = fee_rules.assess(procedure, station.clock.now().date())
    return "nothing_due" if answer.certainty == "free" else "unsettled"


def may_start_clock(station: Station, connection: Connection, row: DossierRow) -> bool:
    """Whether the deadline of a dossier that was received may run."""
    procedure = station.catalogue.known_procedure(row.procedure_id)
    if procedure.clock_starts != "complete_and_paid":
        return True
    return station.policy.unconfirmed_payment == "warn" or (
        money_of(station, connection, row) != "unsettled"
    )


def require_money_for_result(station: Station, connection: Connection, row: DossierRow) -> None:
    """Before a result is handed over. Raises DomainError(PAYMENT_UNCONFIRMED)."""
    if station.policy.unconfirmed_payment == "warn":
        return
    if money_of(station, connection, row) == "unsettled":
        raise DomainError(ErrorCode.PAYMENT_UNCONFIRMED)


def clock_starter(station: Station) -> Callable[[Transaction, bytes, bytes], str]:
    """What starts a dossier's clock inside the transaction that settles its fee.

    The function takes the transaction, the dossier's id and a command id of its own (16 bytes), and
    answers the date promised from now on, empty when nothing was started: the clock runs already,
    does not wait for money, or `may_start_clock` says no.
    """

    def start(transaction: Transaction, dossier_id: bytes, eid: bytes) -> str:
        row = dossiers.find(transaction.connection, dossier_id)
        if row is None or not waits_for_fee(station, row):
            return ""
        if not may_start_clock(station, transaction.connection, row):
            return ""
        procedure = station.catalogue.known_procedure(row.procedure_id)
        due_at = due_text(station, procedure, transaction.moment)
        decision = Decision(apply(row.state, Action.START_CLOCK), row.version + 1, due_at=due_at)
        event = ClockChanged(
            dossier_no=row.number,
            state=decision.state.value,
            officer=SYSTEM,
            counter="",
            change="started",
            cause=PauseCause.UNPAID_FEE.value,
            note="",
            changed_at=transaction.moment.text,
            due_at=due_at,
        )
        position = transaction.record(event, Cause(eid, dossier_id, decision.version))
        dossiers.decide(transaction, dossier_id, decision, position)
        return due_at

    return start


def waits_for_fee(station: Station, row: DossierRow) -> bool:
    """Whether a received dossier's clock has not started because the fee is not certain."""
    procedure = station.catalogue.known_procedure(row.procedure_id)
    startable = (row.state, Action.START_CLOCK) in TRANSITIONS
    return procedure.clock_starts == "complete_and_paid" and startable and not row.due_at


def settled(station: Station, transaction: Transaction, row: PaymentRow) -> None:
    """A payment has just been settled: the clock of a dossier that waited for it may start."""
    if row.ledger is not Ledger.FEE or row.dossier_id is None:
        return
    start = clock_starter(station)
    start(transaction, row.dossier_id, station.entropy(EVENT_ID_BYTES))

"""What follows when the money is there, and what waits until it is.

Rules: a clock that starts with the payment starts only when it is settled; a result that costs
something is handed over only then; the station's chief decides whether an unconfirmed payment
holds these up or only warns (`[desk] unconfirmed_payment`). Taking a dossier in never waits.
"""

from typing import Final, Literal

from edge_node.domain import fee_rules
from edge_node.domain.beneficiaries import Ledger
from edge_node.domain.errors import DomainError, ErrorCode
from edge_node.domain.payment import PaymentState
from edge_node.store import payments
from edge_node.store.dossiers import DossierRow
from edge_node.store.payments import PaymentRow
from edge_node.store.unit_of_work import Connection, Transaction
from edge_node.usecases.promises import clock_starter
from edge_node.usecases.station import Station

EVENT_ID_BYTES: Final = 16
Money = Literal["nothing_due", "settled", "unsettled"]

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


def settled(station: Station, transaction: Transaction, row: PaymentRow) -> None:
    """A payment has just been settled: the clock of a dossier that waited for it may start."""
    if row.ledger is not Ledger.FEE or row.dossier_id is None:
        return
    start = clock_starter(station)
    start(transaction, row.dossier_id, station.entropy(EVENT_ID_BYTES))

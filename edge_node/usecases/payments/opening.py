"""What a dossier costs, and the payment that is opened for it.

Rules: the amount comes from the catalogue in force on the day; an officer chooses between cases, or
enters an amount with a reason where the catalogue is silent; a fine's amount is the decision's. One
dossier has one open payment in each ledger. The account is the signed release's or none.
"""

from datetime import date
from typing import Final

import msgspec

from edge_node.domain import fee_rules
from edge_node.domain.beneficiaries import Ledger
from edge_node.domain.errors import DomainError, ErrorCode
from edge_node.domain.events import PaymentDue
from edge_node.domain.fee_rules import FeeAnswer
from edge_node.domain.payment_reference import REFERENCE_ENTROPY_BYTES, make_payment_reference
from edge_node.domain.procedure import Channel
from edge_node.domain.transfer_code import check_amount
from edge_node.store import dossiers, payments
from edge_node.store.dossiers import DossierRow
from edge_node.store.payments import PaymentRow
from edge_node.store.unit_of_work import Connection, Transaction
from edge_node.usecases.payments.acting import Actor, Stood, answer_of, once, reason_of
from edge_node.usecases.payments.settling import is_over
from edge_node.usecases.station import Station
from sync.protocol.record import command_id

_CHANNELS: Final[dict[str, Channel]] = {"online": "online", "post": "post"}


class Demand(msgspec.Struct, frozen=True, kw_only=True):
    """What is to be paid: an offer of the catalogue by key, or an amount (đồng) with a reason."""

    dossier_id: str
    ledger: Ledger = Ledger.FEE
    offer: str = ""
    persons: int = 1
    amount_vnd: int = 0
    reason: str = ""


def fee_of(station: Station, row: DossierRow, day: date, persons: int = 0) -> FeeAnswer:
    """What the catalogue says a dossier costs; persons as its answers have them, unless told."""
    procedure = station.catalogue.known_procedure(row.procedure_id)
    count = persons or fee_rules.persons_of(row.answers)
    return fee_rules.assess(procedure, day, _CHANNELS.get(row.channel, "in_person"), count)


async def due(station: Station, actor: Actor, demand: Demand) -> Stood:
    """Open the payment of a dossier, or find the open one. Errors: fee_unknown, payment_open, …."""

    def work(transaction: Transaction) -> Stood:
        return answer_of(open_payment(station, transaction, actor, demand))

    what = ("due", msgspec.to_builtins(demand))
    return await once(station, actor, what, Stood, work)


def open_payment(
    station: Station, transaction: Transaction, actor: Actor, demand: Demand
) -> PaymentRow:
    """As `due`, inside somebody's transaction."""
    dossier = dossiers.find(transaction.connection, bytes.fromhex(demand.dossier_id))
    if dossier is None:
        raise DomainError(ErrorCode.DOSSIER_UNKNOWN)
    day = transaction.moment.now.date()
    amount_vnd, basis = _amount(station, dossier, demand, day)
    found = _open_one(transaction.connection, dossier.id, demand.ledger)
    if found is not None:
        if found.amount_vnd != amount_vnd:
            raise DomainError(ErrorCode.PAYMENT_OPEN)
        return found
    account = station.money.beneficiaries.find(demand.ledger, station.code, day)
    payment_id = station.new_id(transaction.moment)
    event = PaymentDue(
        payment_id=payment_id.hex(),
        reference=_fresh_reference(station, transaction),
        dossier_no=dossier.number,
        ledger=demand.ledger.value,
        amount_vnd=amount_vnd,
        officer=actor.officer,
        counter=actor.counter,
        dossier_id=demand.dossier_id,
        beneficiary=account.key if account is not None else "",
        basis=basis,
        reason=" ".join(demand.reason.split()),
        opened_at=transaction.moment.text,
    )
    # The key's own command id is free for what is done with the payment in the same transaction.
    eid = command_id(f"payment due:{actor.key}")
    return payments.record(transaction, event, payment_id, eid, 1)


def _amount(station: Station, dossier: DossierRow, demand: Demand, day: date) -> tuple[int, str]:
    """The amount in đồng and what it rests on."""
    version = station.catalogue.version
    if demand.ledger is Ledger.FINE or demand.amount_vnd:
        reason_of(demand.reason)
        return check_amount(demand.amount_vnd), f"{version} entered"
    answer = fee_of(station, dossier, day, demand.persons if demand.persons > 1 else 0)
    offer = fee_rules.chosen(answer, demand.offer)
    return check_amount(offer.amount_vnd), f"{version} {offer.key} x{offer.persons}"


def _open_one(connection: Connection, dossier_id: bytes, ledger: Ledger) -> PaymentRow | None:
    for row in payments.of_dossier(connection, dossier_id):
        if row.ledger is ledger and not is_over(row):
            return row
    return None


def _fresh_reference(station: Station, transaction: Transaction) -> str:
    """A reference this station never gave out: 60 random bits make a second turn a curiosity."""
    while True:
        reference = make_payment_reference(station.entropy(REFERENCE_ENTROPY_BYTES))
        if payments.find_by_reference(transaction.connection, reference) is None:
            return reference

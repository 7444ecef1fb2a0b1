"""What people do about a payment: show the code, note evidence, take cash, waive, record, refund.

Rules: evidence is a claim and never "paid"; cash needs an open drawer, enough money and the number
of the legal receipt; nothing is waived without a ground of the catalogue; every step is one of the
ladder's and one event of the journal.
"""

import re
from typing import Final, Literal, NamedTuple

import msgspec

from edge_node.domain import fee_rules
from edge_node.domain.beneficiaries import Beneficiary
from edge_node.domain.errors import DomainError, ErrorCode
from edge_node.domain.events import (
    PaymentCash,
    PaymentClaimed,
    PaymentElsewhere,
    PaymentEnded,
    PaymentQrShown,
    PaymentRefunded,
    PaymentReopened,
    PaymentRetracted,
    PaymentWaived,
)
from edge_node.domain.events.payment import PaymentStep
from edge_node.domain.ledger import OPEN_STATES
from edge_node.domain.payment import PaymentAction, PaymentState, apply_payment
from edge_node.domain.transfer_code import transfer_code
from edge_node.store import customer_screens, dossiers, payments, print_jobs, shifts
from edge_node.store.payments import PaymentRow
from edge_node.store.shifts import ShiftRow
from edge_node.store.unit_of_work import Transaction
from edge_node.usecases.payments import paper
from edge_node.usecases.payments.acting import (
    KIOSK,
    Actor,
    Deed,
    Stood,
    act,
    answer_of,
    enter,
    facts_of,
    once,
    reason_of,
    text_of,
)
from edge_node.usecases.payments.opening import Demand, open_payment
from edge_node.usecases.payments.settling import is_over
from edge_node.usecases.station import Station

_EVIDENCE: Final = re.compile(r"[0-9A-Za-z]{4,12}")
"""The last digits of the bank's own number of a transfer."""

MAXIMUM_GIVEN_VND: Final = 1_000_000_000

Elsewhere = Literal["national_portal", "vneid", "bank_counter"]


class Ending(NamedTuple):
    """The decision after which nothing is owed: which dossier, its new state and version."""

    dossier_id: bytes
    state: str
    version: int


class CashIn(msgspec.Struct, frozen=True, kw_only=True):
    """Cash over the counter: what was handed over (đồng) and the legal receipt's number."""

    given_vnd: int
    receipt_no: str


def account_of(station: Station, row: PaymentRow) -> Beneficiary:
    """The signed account a payment goes to. Raises DomainError(BENEFICIARY_MISSING)."""
    for one in station.money.beneficiaries.accounts:
        if one.key == row.beneficiary and one.ledger is row.ledger:
            return one
    raise DomainError(ErrorCode.BENEFICIARY_MISSING)


def code_of(station: Station, row: PaymentRow) -> str:
    """The VietQR payload of one payment. Raises DomainError(BENEFICIARY_MISSING, …)."""
    return transfer_code(account_of(station, row), row.ledger, row.amount_vnd, row.reference)


async def show_qr(
    station: Station, actor: Actor, payment_id: str, *, printed: bool = False
) -> Stood:
    """Show the transfer code, on the counter's customer screen or on paper."""

    def make(transaction: Transaction, row: PaymentRow) -> PaymentStep | None:
        return _shown(station, transaction, actor, row)

    def after(transaction: Transaction, row: PaymentRow) -> None:
        if actor.counter != KIOSK:
            customer_screens.show(transaction, actor.counter, row.id)
        if printed:
            print_jobs.insert(transaction, paper.fee_note(station, transaction, row, actor.name))

    return await act(station, actor, Deed(payment_id, ("qr", printed), make, after))


def _shown(
    station: Station, transaction: Transaction, actor: Actor, row: PaymentRow
) -> PaymentStep | None:
    code_of(station, row)
    if is_over(row):
        raise _not_allowed(row, PaymentAction.SHOW_QR)
    if (
        apply_payment(row.base, PaymentAction.SHOW_QR) is row.base
        and row.base is not PaymentState.DUE
    ):
        return None  # shown before: nothing new for the books
    at = transaction.moment.text
    return msgspec.convert({**facts_of(row, actor), "shown_at": at}, PaymentQrShown)


async def due_and_shown(station: Station, actor: Actor, demand: Demand) -> Stood:
    """At a kiosk: open the payment of a dossier and show its code, as one step."""

    def work(transaction: Transaction) -> Stood:
        row = open_payment(station, transaction, actor, demand)
        event = _shown(station, transaction, actor, row) if row.state in OPEN_STATES else None
        return answer_of(enter(station, transaction, actor, row, event) if event else row)

    return await once(station, actor, ("due_and_shown", demand.dossier_id), Stood, work)


async def claim(station: Station, actor: Actor, payment_id: str, evidence: str) -> Stood:
    """An officer saw the transfer in the payer's or the station's bank: unconfirmed evidence."""
    digits = text_of(evidence).replace(" ", "")
    if not _EVIDENCE.fullmatch(digits):
        raise DomainError(ErrorCode.EVIDENCE_MISSING)

    def make(transaction: Transaction, row: PaymentRow) -> PaymentStep | None:
        if row.base is PaymentState.CLAIMED:
            return None
        said = {"evidence": digits, "claimed_at": transaction.moment.text}
        return msgspec.convert({**facts_of(row, actor), **said}, PaymentClaimed)

    return await act(station, actor, Deed(payment_id, ("claim", digits), make))


async def retract(station: Station, actor: Actor, payment_id: str, reason: str) -> Stood:
    """The evidence was noted by mistake."""
    text = reason_of(reason)

    def make(transaction: Transaction, row: PaymentRow) -> PaymentStep:
        said = {"reason": text, "retracted_at": transaction.moment.text}
        return msgspec.convert({**facts_of(row, actor), **said}, PaymentRetracted)

    return await act(station, actor, Deed(payment_id, ("retract", text), make))


async def take_cash(
    station: Station, actor: Actor, payment_id: str, cash: CashIn, seen: int | None = None
) -> Stood:
    """Take cash and say the change. Errors: shift_not_open, cash_short, receipt_number_missing."""
    receipt_no = text_of(cash.receipt_no)
    if not receipt_no:
        raise DomainError(ErrorCode.RECEIPT_NUMBER_MISSING)
    if not 0 <= cash.given_vnd <= MAXIMUM_GIVEN_VND:
        raise DomainError(ErrorCode.AMOUNT_INVALID)

    def make(transaction: Transaction, row: PaymentRow) -> PaymentStep:
        if row.state not in OPEN_STATES or is_over(row):
            raise _not_allowed(row, PaymentAction.RECORD_ELSEWHERE)
        if cash.given_vnd < row.amount_vnd:
            missing = row.amount_vnd - cash.given_vnd
            raise DomainError(ErrorCode.CASH_SHORT, missing_vnd=missing)
        said = {
            "shift_id": open_shift(transaction, actor).id.hex(),
            "given_vnd": cash.given_vnd,
            "change_vnd": cash.given_vnd - row.amount_vnd,
            "receipt_no": receipt_no,
            "paid_at": transaction.moment.text,
        }
        return msgspec.convert({**facts_of(row, actor), **said}, PaymentCash)

    def after(transaction: Transaction, row: PaymentRow) -> None:
        customer_screens.show(transaction, actor.counter, row.id)
        print_jobs.insert(transaction, paper.fee_note(station, transaction, row, actor.name))

    what = ("cash", cash.given_vnd, receipt_no)
    stood = await act(station, actor, Deed(payment_id, what, make, after, seen))
    row = await station.store.read(lambda c: payments.required(c, bytes.fromhex(payment_id)))
    return msgspec.structs.replace(stood, change_vnd=cash.given_vnd - row.amount_vnd)


async def waive(station: Station, actor: Actor, payment_id: str, exemption: str) -> Stood:
    """Waive a fee on a legal ground of the catalogue. Error: exemption_unknown."""

    def make(transaction: Transaction, row: PaymentRow) -> PaymentStep:
        if row.state not in OPEN_STATES:
            raise _not_allowed(row, PaymentAction.WAIVE)
        dossier = dossiers.find(transaction.connection, row.dossier_id or b"")
        procedure_id = dossier.procedure_id if dossier is not None else ""
        day = transaction.moment.now.date()
        for one in fee_rules.exemptions_for(station.money.exemptions, procedure_id, day):
            if one.id == exemption and row.ledger == "fee":
                ground = f"{one.ground_vi} ({one.legal_basis})"
                said = {"exemption": one.id, "ground": ground, "waived_at": transaction.moment.text}
                return msgspec.convert({**facts_of(row, actor), **said}, PaymentWaived)
        raise DomainError(ErrorCode.EXEMPTION_UNKNOWN)

    return await act(station, actor, Deed(payment_id, ("waive", exemption), make))


async def record_elsewhere(
    station: Station, actor: Actor, payment_id: str, method: Elsewhere, receipt_no: str
) -> Stood:
    """It was paid on a portal or at a bank's counter, as a receipt shows."""
    number = text_of(receipt_no)
    if not number:
        raise DomainError(ErrorCode.RECEIPT_NUMBER_MISSING)

    def make(transaction: Transaction, row: PaymentRow) -> PaymentStep:
        if row.state not in OPEN_STATES:
            raise _not_allowed(row, PaymentAction.RECORD_ELSEWHERE)
        at = transaction.moment.text
        said = {"method": method, "receipt_no": number, "recorded_at": at}
        return msgspec.convert({**facts_of(row, actor), **said}, PaymentElsewhere)

    return await act(station, actor, Deed(payment_id, ("elsewhere", method, number), make))


async def refund_cash(
    station: Station, actor: Actor, payment_id: str, reason: str, *, done: bool
) -> Stood:
    """Cash goes back: first decided with a reason, then given out of the open drawer."""
    text = text_of(reason) if done else reason_of(reason)

    def make(transaction: Transaction, row: PaymentRow) -> PaymentStep:
        said = {
            "shift_id": open_shift(transaction, actor).id.hex() if done else "",
            "done": done,
            "reason": text,
            "refunded_at": transaction.moment.text,
        }
        if not _was_cash(transaction, row):
            raise _not_allowed(row, PaymentAction.REQUIRE_REFUND)
        return msgspec.convert({**facts_of(row, actor), **said}, PaymentRefunded)

    return await act(station, actor, Deed(payment_id, ("refund", done, text), make))


def end_for_dossier(
    station: Station, transaction: Transaction, actor: Actor, ending: Ending
) -> None:
    """Nothing is owed for a dossier any more: for the transaction that refuses or withdraws it."""
    for row in payments.of_dossier(transaction.connection, ending.dossier_id):
        if row.ended_at or row.settled:
            continue
        said = {
            "reason": ending.state,
            "dossier_version": ending.version,
            "ended_at": transaction.moment.text,
        }
        event = msgspec.convert({**facts_of(row, actor), **said}, PaymentEnded)
        enter(station, transaction, _apart(actor, row), row, event)


def reopen_for_dossier(
    station: Station, transaction: Transaction, actor: Actor, dossier_id: bytes, version: int
) -> None:
    """What the decision of `version` had ended is owed again: for the one that takes it back.

    A payment that was opened in its place meanwhile is the one that counts; nobody owes twice.
    """
    rows = payments.of_dossier(transaction.connection, dossier_id)
    for row in rows:
        if not row.ended_at or row.ended_version != version or _replaced(row, rows):
            continue
        said = {"dossier_version": version, "reopened_at": transaction.moment.text}
        event = msgspec.convert({**facts_of(row, actor), **said}, PaymentReopened)
        enter(station, transaction, _apart(actor, row), row, event)


def _replaced(row: PaymentRow, rows: list[PaymentRow]) -> bool:
    return any(one.ledger is row.ledger and one.id != row.id and not is_over(one) for one in rows)


def _apart(actor: Actor, row: PaymentRow) -> Actor:
    """The actor with a key for this payment alone: one decision may touch several."""
    return actor._replace(key=f"{actor.key}:{row.id.hex()}")


def open_shift(transaction: Transaction, actor: Actor) -> ShiftRow:
    """The counter's open drawer. Raises DomainError(SHIFT_NOT_OPEN)."""
    found = shifts.open_at(transaction.connection, actor.counter)
    if found is None:
        raise DomainError(ErrorCode.SHIFT_NOT_OPEN)
    return found


def _was_cash(transaction: Transaction, row: PaymentRow) -> bool:
    entries = payments.entries_of(transaction.connection, row.id)
    return any(entry.type == "payment.cash" for entry in entries)


def _not_allowed(row: PaymentRow, action: PaymentAction) -> DomainError:
    return DomainError(ErrorCode.ACTION_NOT_ALLOWED, state=row.state.value, action=action.value)

"""What is printed about money: the 80 mm fee note, which is not the legal receipt.

Rules: "paid" is printed for cash and for what the bank has confirmed; evidence is called evidence;
a note carries no name and no identity number.
"""

from datetime import datetime
from typing import Final, Literal

from edge_node.documents import kinds
from edge_node.documents.model import FeeLine, FeeNote
from edge_node.domain.beneficiaries import Ledger
from edge_node.domain.errors import DomainError
from edge_node.domain.payment import PaymentState
from edge_node.domain.transfer_code import transfer_code
from edge_node.store import dossiers, payments, shifts
from edge_node.store.payments import PaymentRow
from edge_node.store.print_jobs import NewPrintJob
from edge_node.store.unit_of_work import Transaction
from edge_node.usecases.station import Station

KIND: Final = "fee_note"
Words = Literal["to_pay", "evidence_seen", "confirmed", "cash", "waived", "paid_elsewhere"]
_WORDS: Final[dict[PaymentState, Words]] = {
    PaymentState.CLAIMED: "evidence_seen",
    PaymentState.CONFIRMED: "confirmed",
    PaymentState.RECONCILED: "confirmed",
    PaymentState.DUPLICATE: "confirmed",
    PaymentState.WAIVED: "waived",
    PaymentState.PAID_ELSEWHERE: "paid_elsewhere",
}


def fee_note(
    station: Station, transaction: Transaction, row: PaymentRow, officer_name: str
) -> NewPrintJob:
    """The note of a payment as it stands now."""
    entries = payments.entries_of(transaction.connection, row.id)
    cash = next((entry for entry in entries if entry.type == "payment.cash"), None)
    ground = next((e.detail for e in entries if e.method not in ("", "transfer", "cash")), "")
    words = "cash" if cash is not None else _WORDS.get(row.state, "to_pay")
    account, code = _code(station, row) if words == "to_pay" else ("", "")
    slip = FeeNote(
        agency=station.name_vi,
        ledger="fine" if row.ledger is Ledger.FINE else "fee",
        state=words,
        dossier_number=row.dossier_no,
        ticket_number=shifts.ticket_of(transaction.connection, row.dossier_id),
        lines=(FeeLine(label=_label(station, transaction, row), amount_vnd=row.amount_vnd),),
        total_vnd=row.amount_vnd,
        reference="" if words in ("cash", "waived", "paid_elsewhere") else row.reference,
        beneficiary=account,
        bank=row.beneficiary.partition("-")[0] if account else "",
        account=row.beneficiary.partition("-")[2] if account else "",
        payment_qr=code,
        received_vnd=cash.given_vnd if cash is not None else 0,
        change_vnd=cash.given_vnd - cash.cash_vnd if cash is not None else 0,
        ground=ground,
        officer_name=officer_name,
        issued_at=datetime.fromisoformat(transaction.moment.text),
    )
    kind = kinds.KINDS[KIND]
    return NewPrintJob(KIND, kind.role, kinds.encode(slip), row.dossier_id)


def _code(station: Station, row: PaymentRow) -> tuple[str, str]:
    """Name of the account and the transfer code; empty when the release has no such account."""
    for one in station.money.beneficiaries.accounts:
        if one.key == row.beneficiary and one.ledger is row.ledger:
            try:
                return one.name, transfer_code(one, row.ledger, row.amount_vnd, row.reference)
            except DomainError:
                return "", ""
    return "", ""


def _label(station: Station, transaction: Transaction, row: PaymentRow) -> str:
    dossier = dossiers.find(transaction.connection, row.dossier_id or b"")
    if dossier is None or row.ledger is Ledger.FINE:
        return row.reason
    return station.catalogue.known_procedure(dossier.procedure_id).name_vi

"""What happened to money at the desk. None of these says that a transfer arrived: a bank does.

Every event of a payment repeats its reference, ledger and amount, so that one record alone can be
read at the city; its subject is the payment's id and its version counts the payment's events.
"""

from typing import Literal, TypeAlias

import msgspec

LedgerName: TypeAlias = Literal["fee", "fine"]


class _OfPayment(msgspec.Struct, frozen=True, kw_only=True):
    """Which payment, at which counter; `officer` is empty for a citizen at a kiosk."""

    payment_id: str
    reference: str
    dossier_no: str
    ledger: LedgerName
    amount_vnd: int
    officer: str
    counter: str


class PaymentDue(_OfPayment, frozen=True, kw_only=True, tag_field="type", tag="payment.due"):
    """Something is to be paid; `basis` is the catalogue's version and fee, `reason` a person's."""

    dossier_id: str
    beneficiary: str
    basis: str
    reason: str
    opened_at: str


class PaymentQrShown(
    _OfPayment, frozen=True, kw_only=True, tag_field="type", tag="payment.qr_shown"
):
    """The transfer code was shown or printed for the first time."""

    shown_at: str


class PaymentClaimed(
    _OfPayment, frozen=True, kw_only=True, tag_field="type", tag="payment.claimed"
):
    """An officer saw evidence of a transfer: `evidence` ends the bank's own number of it."""

    evidence: str
    claimed_at: str


class PaymentRetracted(
    _OfPayment, frozen=True, kw_only=True, tag_field="type", tag="payment.retracted"
):
    """The evidence was noted by mistake."""

    reason: str
    retracted_at: str


class PaymentCash(_OfPayment, frozen=True, kw_only=True, tag_field="type", tag="payment.cash"):
    """Cash was taken; `receipt_no` is the number of the legal receipt, which is made elsewhere."""

    shift_id: str
    given_vnd: int
    change_vnd: int
    receipt_no: str
    paid_at: str


class PaymentWaived(_OfPayment, frozen=True, kw_only=True, tag_field="type", tag="payment.waived"):
    """Nothing is to be paid, on a legal ground that the catalogue names."""

    exemption: str
    ground: str
    waived_at: str


class PaymentElsewhere(
    _OfPayment, frozen=True, kw_only=True, tag_field="type", tag="payment.elsewhere"
):
    """It was paid on a portal or at a bank's counter, as a receipt shows."""

    method: str
    receipt_no: str
    recorded_at: str


class PaymentEnded(_OfPayment, frozen=True, kw_only=True, tag_field="type", tag="payment.ended"):
    """Nothing is owed any more (refused, withdrawn): money that comes now is late.

    `dossier_version` is the one that the decision gave the dossier.
    """

    reason: str
    dossier_version: int = 0
    ended_at: str


class PaymentReopened(
    _OfPayment, frozen=True, kw_only=True, tag_field="type", tag="payment.reopened"
):
    """The decision that had ended the payment was taken back: what was owed is owed."""

    dossier_version: int
    reopened_at: str


class PaymentRefunded(
    _OfPayment, frozen=True, kw_only=True, tag_field="type", tag="payment.refunded"
):
    """Cash goes back: decided (`done` false), then given (`done` true)."""

    shift_id: str
    done: bool
    reason: str
    refunded_at: str


class BankLineDecided(
    _OfPayment, frozen=True, kw_only=True, tag_field="type", tag="payment.line_decided"
):
    """What a person decided about money that does not fit: accept, refund_due or refunded."""

    transaction: str
    line_amount_vnd: int
    decision: Literal["accept", "refund_due", "refunded"]
    reason: str
    decided_at: str


class StatedLine(msgspec.Struct, frozen=True, kw_only=True):
    """Money that stands in a bank's statement; nothing of the line's text but our reference."""

    transaction: str
    reference: str
    amount_vnd: int
    paid_at: str
    beneficiary: str


class StatementTaken(
    msgspec.Struct, frozen=True, kw_only=True, tag_field="type", tag="payment.statement"
):
    """Lines of a bank's statement that were not known before; a long one comes in parts."""

    statement_id: str
    part: int
    officer: str
    counter: str
    lines: tuple[StatedLine, ...]
    taken_at: str


class LineSetAside(
    msgspec.Struct, frozen=True, kw_only=True, tag_field="type", tag="payment.line_set_aside"
):
    """A line of the bank belongs to nothing of ours, or does after all (`taken_back`).

    Its subject is the line (`domain/set_aside.line_id`), its version counts the line's decisions;
    it touches no payment. `ground` is the reason's words, empty where the note alone says it.
    """

    transaction: str
    line_amount_vnd: int
    decision: Literal["set_aside", "taken_back"]
    reason: str
    ground: str
    note: str
    officer: str
    counter: str
    decided_at: str


class Till(msgspec.Struct, frozen=True, kw_only=True):
    """Cash of one ledger in a drawer, in đồng."""

    ledger: LedgerName
    opening_vnd: int
    moved_vnd: int = 0
    counted_vnd: int = 0


class ShiftOpened(msgspec.Struct, frozen=True, kw_only=True, tag_field="type", tag="shift.opened"):
    """A counter's cash drawer was opened with what was counted in it."""

    shift_id: str
    counter: str
    officer: str
    tills: tuple[Till, ...]
    opened_at: str


class ShiftClosed(msgspec.Struct, frozen=True, kw_only=True, tag_field="type", tag="shift.closed"):
    """A drawer was counted and closed.

    `transfers_unstated_vnd`: of what the bank has confirmed, what no statement has yet;
    `lines_set_aside`: lines of the bank that this counter set aside in the shift.
    `digest` is of the report before its check was put on it; `signature` (hex) is the station's
    slip key over the label and the digest, empty while the station has no such key.
    """

    shift_id: str
    counter: str
    officer: str
    tills: tuple[Till, ...]
    transfers_expected_vnd: int
    transfers_confirmed_vnd: int
    transfers_unstated_vnd: int = 0
    lines_set_aside: int = 0
    unsynced: int
    unprinted: int
    explanation: str
    digest: str
    signature: str = ""
    closed_at: str


PaymentStep: TypeAlias = (
    PaymentDue
    | PaymentQrShown
    | PaymentClaimed
    | PaymentRetracted
    | PaymentCash
    | PaymentWaived
    | PaymentElsewhere
    | PaymentEnded
    | PaymentReopened
    | PaymentRefunded
    | BankLineDecided
)
ShiftEvent: TypeAlias = ShiftOpened | ShiftClosed
PaymentEvent: TypeAlias = PaymentStep | ShiftEvent | StatementTaken | LineSetAside

"""What people see of money: the panel of a dossier, the inbox, the customer's screen.

Rules: read-only; a citizen's screen and page carry an amount, a code and a state, never a name; a
transfer counts as received only in the words of the ladder.
"""

from datetime import datetime, timedelta
from typing import Final, Literal

import msgspec

from edge_node.domain import fee_rules
from edge_node.domain.beneficiaries import Ledger
from edge_node.domain.errors import DomainError, ErrorCode
from edge_node.domain.fee_rules import Exemption, FeeAnswer
from edge_node.domain.ledger import OPEN_STATES, UNDECIDED
from edge_node.domain.payment import PaymentState
from edge_node.store import bank_lines, customer_screens, dossiers, payments, shifts
from edge_node.store.inbox import PaymentWord
from edge_node.store.payments import EntryRow, PaymentRow
from edge_node.store.unit_of_work import Connection
from edge_node.usecases.payments.opening import fee_of
from edge_node.usecases.payments.settling import Money, is_over, money_of
from edge_node.usecases.payments.steps import code_of
from edge_node.usecases.station import Station

MAXIMUM_INBOX_LINES: Final = 100
THANKS_S: Final = 45
"""How long a customer's screen says thank you."""

SHOWN_S: Final = 15 * 60
"""How long it shows a code nobody pays."""

Screen = Literal["idle", "pay", "seen", "thanks"]


class LineView(msgspec.Struct, frozen=True, kw_only=True):
    """One line of the bank: what it is on the ladder and what was decided."""

    transaction: str
    amount_vnd: int
    paid_at: str
    state: PaymentState


class PaymentView(msgspec.Struct, frozen=True, kw_only=True):
    """A payment as a screen shows it; `code` is the VietQR payload, empty when there is none."""

    payment_id: str
    dossier_id: str
    dossier_no: str
    ticket: str
    ledger: Ledger
    state: PaymentState
    settled: bool
    over: bool
    version: int
    amount_vnd: int
    reference: str
    code: str
    account: str
    account_name: str
    reason: str
    method: str
    evidence: str
    receipt_no: str
    ground: str
    given_vnd: int
    change_vnd: int
    lines: tuple[LineView, ...]

    @property
    def open(self) -> bool:
        """Whether money is awaited."""
        return self.state in OPEN_STATES and not self.over


class Panel(msgspec.Struct, frozen=True, kw_only=True):
    """The money of one dossier: what the catalogue says, what was opened, what can be done."""

    fee: FeeAnswer
    exemptions: tuple[Exemption, ...]
    payments: tuple[PaymentView, ...]
    money: Money
    shift_open: bool
    transfers: bool


class Task(msgspec.Struct, frozen=True, kw_only=True):
    """Something a person has to look at: a payment, or a bank line nobody knows."""

    kind: Literal["unmatched", "short", "over", "wrong_account", "duplicate", "late", "refund_due"]
    payment: PaymentView | None
    line: LineView | None
    reference: str = ""


class CustomerView(msgspec.Struct, frozen=True, kw_only=True):
    """What a citizen sees; everything empty while nothing is to be paid."""

    screen: Screen
    amount_vnd: int = 0
    ledger: Ledger = Ledger.FEE
    code: str = ""
    reference: str = ""
    account_name: str = ""


async def panel(station: Station, dossier_id: str, counter: str) -> Panel:
    """The money of a dossier for the officer at a counter. Raises DomainError(DOSSIER_UNKNOWN)."""

    def ask(connection: Connection) -> Panel:
        row = dossiers.find(connection, bytes.fromhex(dossier_id))
        if row is None:
            raise DomainError(ErrorCode.DOSSIER_UNKNOWN)
        day = station.clock.now().date()
        found = payments.of_dossier(connection, row.id)
        account = station.money.beneficiaries.find(Ledger.FEE, station.code, day)
        return Panel(
            fee=fee_of(station, row, day),
            exemptions=fee_rules.exemptions_for(station.money.exemptions, row.procedure_id, day),
            payments=tuple(view_of(station, connection, one) for one in found),
            money=money_of(station, connection, row),
            shift_open=shifts.open_at(connection, counter) is not None,
            transfers=account is not None,
        )

    return await station.store.read(ask)


async def payment(station: Station, payment_id: str) -> PaymentView:
    """One payment. Raises DomainError(PAYMENT_UNKNOWN)."""

    def ask(connection: Connection) -> PaymentView:
        row = payments.find(connection, bytes.fromhex(payment_id))
        if row is None:
            raise DomainError(ErrorCode.PAYMENT_UNKNOWN)
        return view_of(station, connection, row)

    return await station.store.read(ask)


async def inbox(station: Station) -> list[Task]:
    """Everything about money that waits for a person: strangers' lines first."""
    return await station.store.read(lambda connection: tasks_of(station, connection))


def tasks_of(station: Station, connection: Connection) -> list[Task]:
    """As `inbox`, inside somebody's look at the books."""
    tasks = [
        Task(kind="unmatched", payment=None, line=_word(word), reference=word.reference)
        for word in bank_lines.unmatched(connection, MAXIMUM_INBOX_LINES)
    ]
    wanted = tuple(state.value for state in (*UNDECIDED, PaymentState.REFUND_DUE))
    for row in payments.in_states(connection, wanted, MAXIMUM_INBOX_LINES):
        tasks += _tasks(station, connection, row)
    return tasks[:MAXIMUM_INBOX_LINES]


async def awaiting(station: Station) -> list[PaymentView]:
    """Payments that a stranger's line could be meant for: open, and those that need a person."""
    states = tuple(s.value for s in (*OPEN_STATES, PaymentState.MISMATCH))

    def ask(connection: Connection) -> list[PaymentView]:
        rows = payments.in_states(connection, states, MAXIMUM_INBOX_LINES)
        return [view_of(station, connection, row) for row in rows if not row.ended_at]

    return await station.store.read(ask)


async def customer(station: Station, counter: str) -> CustomerView:
    """What the screen at a counter shows to the citizen."""
    now = station.clock.now()

    def ask(connection: Connection) -> CustomerView:
        shown = customer_screens.find(connection, counter)
        row = payments.find(connection, shown.payment_id) if shown is not None else None
        if shown is None or row is None:
            return CustomerView(screen="idle")
        age = now - datetime.fromisoformat(shown.shown_at)
        return customer_view(station, row, age)

    return await station.store.read(ask)


def customer_view(station: Station, row: PaymentRow, age: timedelta) -> CustomerView:
    """A payment as a citizen sees it, `age` after something last changed about it."""
    screen = _screen(row, age)
    if screen == "idle":
        return CustomerView(screen="idle")
    code, name = _code(station, row)
    return CustomerView(
        screen=screen,
        amount_vnd=row.amount_vnd,
        ledger=row.ledger,
        code=code if screen == "pay" else "",
        reference=row.reference,
        account_name=name,
    )


def _screen(row: PaymentRow, age: timedelta) -> Screen:
    if row.settled:
        return "thanks" if age < timedelta(seconds=THANKS_S) else "idle"
    if is_over(row) or age > timedelta(seconds=SHOWN_S):
        return "idle"
    return "pay" if row.state in (PaymentState.DUE, PaymentState.QR_SHOWN) else "seen"


def view_of(station: Station, connection: Connection, row: PaymentRow) -> PaymentView:
    """A payment with what people did about it and what the bank said."""
    entries = payments.entries_of(connection, row.id)
    standing = payments.standing_of(connection, row)
    cash = _last(entries, "payment.cash")
    code, name = _code(station, row)
    return PaymentView(
        payment_id=row.id.hex(),
        dossier_id=row.dossier_id.hex() if row.dossier_id else "",
        dossier_no=row.dossier_no,
        ticket=shifts.ticket_of(connection, row.dossier_id),
        ledger=row.ledger,
        state=row.state,
        settled=row.settled,
        over=is_over(row),
        version=row.version,
        amount_vnd=row.amount_vnd,
        reference=row.reference,
        code=code,
        account=row.beneficiary,
        account_name=name,
        reason=row.reason,
        method=next((one.method for one in reversed(entries) if one.method), ""),
        evidence=_detail(entries, "payment.claimed"),
        receipt_no=_detail(entries, "payment.cash") or _detail(entries, "payment.elsewhere"),
        ground=_detail(entries, "payment.waived"),
        given_vnd=cash.given_vnd if cash is not None else 0,
        change_vnd=cash.given_vnd - cash.cash_vnd if cash is not None else 0,
        lines=tuple(
            LineView(
                transaction=one.line.transaction,
                amount_vnd=one.line.amount_vnd,
                paid_at=one.line.paid_at,
                state=one.state,
            )
            for one in standing.lines
        ),
    )


def _code(station: Station, row: PaymentRow) -> tuple[str, str]:
    """The transfer code and the account's name; empty when the release has no such account."""
    for one in station.money.beneficiaries.accounts:
        if one.key == row.beneficiary and one.ledger is row.ledger:
            return code_of(station, row), one.name
    return "", ""


def _last(entries: list[EntryRow], kind: str) -> EntryRow | None:
    return next((entry for entry in reversed(entries) if entry.type == kind), None)


def _detail(entries: list[EntryRow], kind: str) -> str:
    entry = _last(entries, kind)
    return entry.detail if entry is not None else ""


def _word(word: PaymentWord) -> LineView:
    return LineView(
        transaction=word.bank_transaction,
        amount_vnd=word.amount_vnd,
        paid_at=word.paid_at,
        state=PaymentState.MISMATCH,
    )


_KINDS: Final[dict[PaymentState, Literal["duplicate", "late", "refund_due"]]] = {
    PaymentState.DUPLICATE: "duplicate",
    PaymentState.LATE: "late",
    PaymentState.REFUND_DUE: "refund_due",
}


def _tasks(station: Station, connection: Connection, row: PaymentRow) -> list[Task]:
    view = view_of(station, connection, row)
    tasks = [
        Task(kind=trouble(row, line.state, line.amount_vnd), payment=view, line=line)
        for line in view.lines
        if line.state in (*UNDECIDED, PaymentState.REFUND_DUE)
    ]
    if row.base is PaymentState.REFUND_DUE:
        tasks.append(Task(kind="refund_due", payment=view, line=None))
    return tasks


def trouble(
    row: PaymentRow, state: PaymentState, amount_vnd: int
) -> Literal["duplicate", "late", "refund_due", "short", "over", "wrong_account"]:
    """What is the matter with a line in a state that waits for a person."""
    known = _KINDS.get(state)
    if known is not None:
        return known
    if amount_vnd == row.amount_vnd:
        return "wrong_account"
    return "short" if amount_vnd < row.amount_vnd else "over"

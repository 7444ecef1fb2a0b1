"""One thing done about one payment: idempotent, versioned, in the books and in the journal.

Rules: the same key gets the first answer again; a payment that changed since it was shown is not
overwritten (`version_conflict`); event, books, paper and answer are one transaction; what depends
on the money being there (a clock that waits for it) follows in the same transaction.
"""

import hashlib
from collections.abc import Callable
from typing import Final, NamedTuple, TypeVar

import msgspec

from edge_node.domain.errors import DomainError, ErrorCode
from edge_node.domain.events.payment import PaymentStep
from edge_node.domain.payment import PaymentState
from edge_node.store import customer_screens, payments, submissions
from edge_node.store.payments import PaymentRow
from edge_node.store.unit_of_work import Transaction
from edge_node.usecases.payments.settling import settled
from edge_node.usecases.station import Officer, Station, storage_error
from sync.database import DatabaseError
from sync.protocol.record import command_id

KIOSK: Final = "kiosk"
MAXIMUM_TEXT_CHARACTERS: Final = 200
"""Of a reason, a receipt number, an evidence."""

Answer = TypeVar("Answer", bound=msgspec.Struct)


class Actor(NamedTuple):
    """Who acts under which idempotency key; a citizen at a kiosk has no officer."""

    officer: str
    counter: str
    key: str
    name: str = ""

    @classmethod
    def of(cls, officer: Officer, key: str) -> "Actor":
        """An officer at their counter."""
        return cls(officer.id, officer.counter, key, officer.name)


class Stood(msgspec.Struct, frozen=True, kw_only=True):
    """What a payment stands at after an action; `version` goes into the next form."""

    payment_id: str
    state: PaymentState
    settled: bool
    version: int
    change_vnd: int = 0


Make = Callable[[Transaction, PaymentRow], PaymentStep | None]
"""The event an action is, or None when there is nothing to do any more."""

After = Callable[[Transaction, PaymentRow], None]


class Deed(NamedTuple):
    """An action on one payment: `what` tells two uses of a key apart, `seen` is its version."""

    payment_id: str
    what: tuple[object, ...]
    make: Make
    after: After | None = None
    seen: int | None = None


def text_of(value: str) -> str:
    """A person's text, in one line. Raises DomainError(REASON_TOO_LONG)."""
    text = " ".join(value.split())
    if len(text) > MAXIMUM_TEXT_CHARACTERS:
        raise DomainError(ErrorCode.REASON_TOO_LONG, maximum=MAXIMUM_TEXT_CHARACTERS)
    return text


def reason_of(value: str) -> str:
    """As `text_of`, and it must say something. Raises also DomainError(REASON_MISSING)."""
    text = text_of(value)
    if not text:
        raise DomainError(ErrorCode.REASON_MISSING)
    return text


def facts_of(row: PaymentRow, actor: Actor) -> dict[str, object]:
    """The fields every event of a payment repeats."""
    return {
        "payment_id": row.id.hex(),
        "reference": row.reference,
        "dossier_no": row.dossier_no,
        "ledger": row.ledger.value,
        "amount_vnd": row.amount_vnd,
        "officer": actor.officer,
        "counter": actor.counter,
    }


def answer_of(row: PaymentRow, change_vnd: int = 0) -> Stood:
    """What the person who acted is told."""
    return Stood(
        payment_id=row.id.hex(),
        state=row.state,
        settled=row.settled,
        version=row.version,
        change_vnd=change_vnd,
    )


async def act(station: Station, actor: Actor, deed: Deed) -> Stood:
    """Do something about a payment. Errors: payment_unknown, version_conflict, action_…."""

    def work(transaction: Transaction) -> Stood:
        row = payments.find(transaction.connection, bytes.fromhex(deed.payment_id))
        if row is None:
            raise DomainError(ErrorCode.PAYMENT_UNKNOWN)
        if deed.seen is not None and deed.seen != row.version:
            raise DomainError(ErrorCode.VERSION_CONFLICT)
        event = deed.make(transaction, row)
        if event is not None:
            row = enter(station, transaction, actor, row, event)
        if deed.after is not None:
            deed.after(transaction, row)
        return answer_of(row)

    return await once(station, actor, (deed.payment_id, *deed.what), Stood, work)


def enter(
    station: Station, transaction: Transaction, actor: Actor, row: PaymentRow, event: PaymentStep
) -> PaymentRow:
    """An event into journal and books, and whatever waits for the money to be there."""
    after = payments.record(
        transaction, event, row.id, command_id(f"payment:{actor.key}"), row.version + 1
    )._replace(version=row.version + 1)
    customer_screens.touch(transaction, row.id)
    if after.settled and not row.settled:
        settled(station, transaction, after)
    return after


async def once(
    station: Station,
    actor: Actor,
    what: tuple[object, ...],
    form: type[Answer],
    work: Callable[[Transaction], Answer],
) -> Answer:
    """Run `work` once for ever under the actor's key; pages are told. Errors: idempotency_…."""
    if not actor.key:
        raise DomainError(ErrorCode.IDEMPOTENCY_KEY_MISSING)
    key = f"payment:{actor.key}"
    digest = hashlib.sha256(msgspec.json.encode([actor.officer, *what])).digest()

    def run(transaction: Transaction) -> Answer:
        found = submissions.find(transaction.connection, key)
        if found is None:
            answer = work(transaction)
            submissions.insert(transaction, key, digest, msgspec.json.encode(answer))
            return answer
        if found[0] != digest:
            raise DomainError(ErrorCode.IDEMPOTENCY_KEY_REUSED)
        return msgspec.json.decode(found[1], type=form)

    try:
        answer = await station.store.write(station.moment(), run)
    except DatabaseError as error:
        raise storage_error(error) from error
    station.paper.ring()
    station.changes.announce("pay")
    station.changes.announce("dossier")
    return answer

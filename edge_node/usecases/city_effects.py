"""What an entry of the city's feeds does at the station.

Rules: an effect looks before it changes anything, so that an entry that cannot take effect leaves
no half of one; the same entry twice is one effect; a later word of the city about a dossier wins
over an earlier one, whatever the order they are taken up in. Who may say what about a dossier is
`domain/custody`.
"""

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Final, NamedTuple, TypeAlias

from edge_node.domain import custody
from edge_node.domain.city_words import (
    FOR_OTHERS,
    KINDS,
    BookingCancelled,
    BookingMade,
    CatalogueReleased,
    CityWord,
    DecisionMade,
    DossierReassigned,
    OfficerChanged,
    PaymentConfirmed,
    RecordStatusChanged,
    ResultArrived,
    SlipKeyStated,
    UnreadableWordError,
    read_word,
)
from edge_node.domain.dossier import DossierState
from edge_node.domain.errors import DomainError, ErrorCode
from edge_node.domain.working_calendar import ZONE
from edge_node.store import bank_lines, conflicts, dossiers, inbox, stated_keys
from edge_node.store.city_news import Entry
from edge_node.store.dossiers import DossierRow
from edge_node.store.inbox import Fact, KeptState
from edge_node.store.stated_keys import StatedKey
from edge_node.store.unit_of_work import Transaction
from edge_node.usecases import releases
from edge_node.usecases.decisions import city_clock
from edge_node.usecases.payments import bank
from edge_node.usecases.queue import city_bookings
from edge_node.usecases.queue.city_bookings import RefusedBookingError
from edge_node.usecases.station import Station
from sync.protocol.limits import EVENT_ID_BYTES

BOOKABLE_LATER: Final = frozenset({ErrorCode.APPOINTMENT_TIME, ErrorCode.SERVICE_UNKNOWN})
"""A day comes near enough, and the next catalogue may have the service."""

BOOKING_KINDS: Final = frozenset(
    kind for kind, word in KINDS.items() if word in (BookingMade, BookingCancelled)
)
"""Entries about booked visits, which pages of the day's visits listen for."""

Touched: TypeAlias = bytes | None
"""The dossier an effect concerns."""

Effect: TypeAlias = Callable[[Transaction], Touched]


class NoEffectError(Exception):
    """The entry is kept instead: `state` says how, `code` why."""

    def __init__(self, state: KeptState, code: str) -> None:
        super().__init__(code)
        self.state: KeptState = state
        self.code = code


class _Said(NamedTuple):
    """An entry with its words, the station that heard them, and the id of an event of its own."""

    entry: Entry
    word: CityWord
    station: Station
    eid: bytes


async def effect_of(station: Station, entry: Entry) -> Effect:
    """What to do in the transaction that moves the cursor. Raises NoEffectError."""
    if entry.kind in FOR_OTHERS:
        return lambda _: None
    if entry.kind not in KINDS:
        raise NoEffectError("unknown", "unknown_kind")
    try:
        word = read_word(entry.kind, entry.body)
    except UnreadableWordError:
        raise NoEffectError("refused", "unreadable") from None
    if isinstance(word, CatalogueReleased):
        return await _release(station, entry, word)
    said = _Said(entry, word, station, station.entropy(EVENT_ID_BYTES))
    return lambda transaction: EFFECTS[type(word)](transaction, said)


async def _release(station: Station, entry: Entry, word: CatalogueReleased) -> Effect:
    try:
        release = await releases.fetched(station, word)
    except releases.ReleaseError as error:
        raise NoEffectError("refused", f"release_{error.code}") from None
    if release is None:
        raise NoEffectError("waiting", "release_not_here")

    def store(transaction: Transaction) -> None:
        inbox.add_release(transaction, entry.sequence, release)

    return store


def _decision(transaction: Transaction, said: _Said) -> Touched:
    word = said.word
    assert isinstance(word, DecisionMade)
    row = _dossier(transaction, word.dossier_id)
    try:
        told = DossierState(word.state)
    except ValueError:
        raise NoEffectError("unknown", "unknown_state") from None
    state = _state(lambda: custody.after_decision(row.state, told, received=_received(row)))
    text = "\n".join(filter(None, (word.official_code, word.reason)))
    fact = _fact(said, row, "decision", told, text, word.decided_at)
    fact = fact._replace(due_at=_due(word.due_at))
    return _tell(transaction, said.station, row, fact, state)


def _result(transaction: Transaction, said: _Said) -> Touched:
    word = said.word
    assert isinstance(word, ResultArrived)
    row = _dossier(transaction, word.dossier_id)
    state = _state(lambda: custody.after_result(row.state, received=_received(row)))
    told, text = DossierState.FINISHED, "\n".join(filter(None, (word.result_no, word.note)))
    fact = _fact(said, row, "result", told, text, word.arrived_at)
    return _tell(transaction, said.station, row, fact, state)


def _payment(transaction: Transaction, said: _Said) -> Touched:
    word = said.word
    assert isinstance(word, PaymentConfirmed)
    payment = inbox.PaymentWord(
        word.reference, word.transaction, word.amount_vnd, word.paid_at, word.beneficiary
    )
    connection = transaction.connection
    known = bank_lines.find_word(connection, payment.bank_transaction)
    if known is not None and bank_lines.is_from_city(connection, known.bank_transaction):
        fits = known == payment
    else:
        fits = known is None or bank_lines.agrees(payment, known)
    if not fits:
        raise NoEffectError("refused", "transaction_contradicts")
    return bank.hear(said.station, transaction, payment, on_statement=word.on_statement)


def _record_status(transaction: Transaction, said: _Said) -> Touched:
    word = said.word
    assert isinstance(word, RecordStatusChanged)
    record = inbox.RecordWord(bytes.fromhex(word.lid), word.sequence, word.code, word.text)
    return inbox.add_record_word(transaction, record, said.entry.sequence)


def _officer(transaction: Transaction, said: _Said) -> Touched:
    word = said.word
    assert isinstance(word, OfficerChanged)
    officer = inbox.OfficerWord(word.officer_id, word.name, word.active, word.role)
    inbox.set_officer(transaction, officer, said.entry.sequence)
    return None


def _reassignment(transaction: Transaction, said: _Said) -> Touched:
    word = said.word
    assert isinstance(word, DossierReassigned)
    text = f"{word.from_station:05} → {word.to_station:05}"
    if word.reason:
        text = f"{text}\n{word.reason}"
    dossier_id = bytes.fromhex(word.dossier_id)
    fact = Fact(
        said.entry.fid, said.entry.sequence, dossier_id, "reassigned", "", text, word.reassigned_at
    )
    inbox.add_fact(transaction, fact)
    return dossier_id


def _slip_key(transaction: Transaction, said: _Said) -> Touched:
    word = said.word
    assert isinstance(word, SlipKeyStated)
    named = word.positions
    positions = None if named is None else tuple((bytes.fromhex(lid), n) for lid, n in named)
    key = StatedKey(word.station, bytes.fromhex(word.public_key), word.ended, positions)
    stated_keys.state(transaction, key)
    return None


def _booking(transaction: Transaction, said: _Said) -> Touched:
    word, station = said.word, said.station
    assert isinstance(word, BookingMade | BookingCancelled)
    try:
        row = city_bookings.said(transaction, word.code, word.service, word.booked_for)
        if isinstance(word, BookingMade):
            city_bookings.made(station, transaction, row, said.eid)
        else:
            city_bookings.cancelled(transaction, row, said.eid)
    except RefusedBookingError as error:
        raise NoEffectError("refused", error.reason.value) from None
    except DomainError as error:
        state: KeptState = "waiting" if error.code in BOOKABLE_LATER else "refused"
        raise NoEffectError(state, error.code.value) from None
    return None


EFFECTS: Final[Mapping[type[CityWord], Callable[[Transaction, _Said], Touched]]] = {
    DecisionMade: _decision,
    ResultArrived: _result,
    PaymentConfirmed: _payment,
    RecordStatusChanged: _record_status,
    OfficerChanged: _officer,
    DossierReassigned: _reassignment,
    SlipKeyStated: _slip_key,
    BookingMade: _booking,
    BookingCancelled: _booking,
}


def _dossier(transaction: Transaction, dossier_id: str) -> DossierRow:
    """The dossier spoken of; it may come back only after the word about it."""
    row = dossiers.find(transaction.connection, bytes.fromhex(dossier_id))
    if row is None:
        raise NoEffectError("waiting", "dossier_not_here")
    return row


def _received(row: DossierRow) -> bool:
    return bool(row.received_at)


def _state(judge: Callable[[], DossierState]) -> DossierState:
    try:
        return judge()
    except DomainError as error:
        raise NoEffectError("refused", error.code.value) from None


def _due(told: str | None) -> str:
    """The city's due date as dates are kept here; one that cannot be read was not told."""
    try:
        moment = datetime.fromisoformat(told or "")
        return moment.astimezone(ZONE).isoformat(timespec="minutes") if moment.tzinfo else ""
    except (ValueError, OverflowError):
        return ""


def _fact(said: _Said, row: DossierRow, kind: str, told: DossierState, text: str, at: str) -> Fact:
    entry = said.entry
    return Fact(entry.fid, entry.sequence, row.id, kind, told.value, text, at)


def _tell(
    transaction: Transaction, station: Station, row: DossierRow, fact: Fact, state: DossierState
) -> bytes:
    if state is not row.state and inbox.is_newest(transaction.connection, fact):
        if custody.is_conflict(row.state, state):
            ours = conflicts.Counterpart(row.state, row.due_at, row.version)
            conflicts.add(transaction, fact, ours)
        inbox.set_state(transaction, row.id, state.value)
        city_clock.follow(transaction, station, row, state)
    inbox.add_fact(transaction, fact)
    return row.id

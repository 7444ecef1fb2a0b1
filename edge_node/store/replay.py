"""Our own events, come back from the city, into the tables they once filled.

Responsible for making a dossier and its number visible again after the card was set back. Rules:
what is here already is left alone, an event older than what is known changes nothing, and nothing
is printed or journalled. A number on paper stays valid; a ticket number that was meanwhile given to
somebody else stays theirs.
"""

import sqlite3
from collections.abc import Callable, Iterable

import msgspec

from edge_node.domain.dossier import DossierState
from edge_node.domain.events import (
    AttachmentAdded,
    DecisionUndone,
    DossierMoved,
    DossierReceived,
    DossierSubmitted,
    Event,
    SupplementRequested,
    TicketCalled,
    TicketClosed,
    TicketIssued,
    TicketReturned,
    TicketTransferred,
)
from edge_node.domain.events.dossier import DossierEvent
from edge_node.domain.events.payment import PaymentEvent
from edge_node.domain.events.ticket import TicketEvent
from edge_node.domain.ticket import TicketState, parse_ticket
from edge_node.store import books, dossier_life, dossiers, payloads
from edge_node.store.dossiers import Decision, HandIn
from edge_node.store.submissions import UNKNOWN_REQUEST
from edge_node.store.unit_of_work import Transaction
from sync.journal.journal import Position
from sync.journal.recovery import Restored
from sync.protocol.record import CONTENT_JSON, FIRST_DOMAIN_KIND, Record

_DATED = (DossierReceived, DecisionUndone)

ServiceOf = Callable[[str], str]


def replay(
    transaction: Transaction, lid: bytes, restored: Iterable[Restored], service_of: ServiceOf
) -> set[bytes]:
    """Apply records in their order; the ids of the dossiers they concern.

    `service_of(letter)` names the queue of a ticket's letter, empty when it is no more.
    """
    touched: set[bytes] = set()
    for record, log_number, _ in restored:
        event = _event(record)
        if event is None:
            continue
        _apply(transaction, event, record, Position(log_number, lid, record.sequence), service_of)
        if record.subject is not None:
            touched.add(record.subject)
    transaction.numbers.forget()  # the highest numbers may be others now
    return touched


def _event(record: Record) -> Event | None:
    if record.kind < FIRST_DOMAIN_KIND or record.content_type != CONTENT_JSON:
        return None
    try:
        return payloads.read(record.body)
    except msgspec.DecodeError:
        return None  # a newer release wrote it: it stands in the journal all the same


def _apply(
    transaction: Transaction,
    event: Event,
    record: Record,
    position: Position,
    service_of: ServiceOf,
) -> None:
    if isinstance(event, DossierSubmitted):
        _submitted(transaction, event, record, position, service_of)
    elif isinstance(event, TicketEvent):
        _queue(transaction, event, service_of)
    elif isinstance(event, PaymentEvent):
        books.enter_again(transaction, event, record.subject, record.version)
    elif isinstance(event, DossierEvent) and not isinstance(event, AttachmentAdded):
        _decided(transaction, event, record, position)


def _queue(transaction: Transaction, event: TicketEvent, service_of: ServiceOf) -> None:
    if isinstance(event, TicketIssued):
        _ticket(transaction, event.ticket, event.day, event.issued_at, None, service_of)
    elif isinstance(event, TicketCalled):
        _ticket_state(transaction, event.ticket, event.day, TicketState.CALLED.value)
    elif isinstance(event, TicketClosed):
        _ticket_state(transaction, event.ticket, event.day, event.outcome)
    elif isinstance(event, (TicketReturned, TicketTransferred)):
        _ticket_state(transaction, event.ticket, event.day, TicketState.WAITING.value)


def _submitted(
    transaction: Transaction,
    event: DossierSubmitted,
    record: Record,
    position: Position,
    service_of: ServiceOf,
) -> None:
    dossier_id = record.subject
    if dossier_id is None or dossiers.find(transaction.connection, dossier_id) is not None:
        return
    if dossiers.find_by_number(transaction.connection, event.dossier_no) is not None:
        return
    day = event.saved_at[:10]
    ticket_id = _ticket(transaction, event.ticket, day, event.saved_at, dossier_id, service_of)
    documents = {one.id: one.have for one in event.documents}
    hand_in = HandIn(dossier_id, documents, ticket_id or 0, UNKNOWN_REQUEST)
    dossiers.insert(transaction, event, hand_in, position)


def _decided(
    transaction: Transaction, event: DossierEvent, record: Record, position: Position
) -> None:
    dossier_id = record.subject
    row = dossiers.find(transaction.connection, dossier_id) if dossier_id else None
    if row is None or row.version >= record.version:
        return
    decision = _decision(event, record.version)
    dossiers.decide(transaction, row.id, decision, position)
    if isinstance(event, DecisionUndone):
        dossier_life.forget(transaction, row.id, event.undone_version)
    _, at = payloads.headline(record.body)
    dossier_life.follow(transaction, (row.id, record.version), event, at)


def _decision(event: DossierEvent, version: int) -> Decision:
    """What an event says of the dossier's row; what it does not say stays."""
    documents = None
    if isinstance(event, DossierReceived):
        documents = {one.id: one.have for one in event.documents}
    elif isinstance(event, (DossierMoved, DecisionUndone)):
        documents = event.documents
    asked = isinstance(event, SupplementRequested)
    requests = event.request_no if isinstance(event, SupplementRequested) else None
    return Decision(
        state=DossierState(getattr(event, "state", "")),
        version=version,
        documents=documents,
        received_at=event.received_at if isinstance(event, _DATED) else None,
        due_at=None if asked else getattr(event, "due_at", None),
        supplement_requests=(
            event.supplement_requests if isinstance(event, DecisionUndone) else requests
        ),
    )


def _ticket(
    transaction: Transaction,
    ticket: str,
    day: str,
    issued_at: str,
    dossier_id: bytes | None,
    service_of: ServiceOf,
) -> int | None:
    """The row of a ticket that came back; None when the number is somebody else's by now."""
    number = parse_ticket(ticket)
    # Nobody of an earlier day stands in the waiting room any more.
    waits = day == transaction.moment.day
    state = TicketState.WAITING if waits else TicketState.SERVED
    cursor = transaction.connection.execute(
        "INSERT OR IGNORE INTO ticket"
        " (day, letter, number, service_id, state, dossier_id, issued_at)"
        " VALUES (?, ?, ?, ?, ?, ?, ?)",
        (
            day,
            number.letter,
            number.number,
            service_of(number.letter),
            state.value,
            dossier_id,
            issued_at,
        ),
    )
    return cursor.lastrowid if cursor.rowcount == 1 else None


def _ticket_state(transaction: Transaction, ticket: str, day: str, state: str) -> None:
    number = parse_ticket(ticket)
    if day == transaction.moment.day:
        transaction.connection.execute(
            "UPDATE ticket SET state = ? WHERE day = ? AND letter = ? AND number = ?",
            (state, day, number.letter, number.number),
        )


def sizes(connection: sqlite3.Connection) -> dict[bytes, int]:
    """How many records of each log are here, abandoned logs included."""
    rows = connection.execute("SELECT lid, size FROM log")
    return dict(rows.fetchall())

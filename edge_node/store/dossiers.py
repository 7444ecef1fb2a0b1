"""Dossiers at this station: what was handed in, where it stands, what was decided."""

import sqlite3
from collections.abc import Collection, Sequence
from typing import Final, NamedTuple

import msgspec

from edge_node.domain.codes import fold
from edge_node.domain.dossier import DossierState
from edge_node.domain.events import Answer, Applicant, DossierSubmitted
from edge_node.store.unit_of_work import Transaction
from sync.journal.journal import HAS_COPY, Position

_json = msgspec.json.Encoder()
_answers = msgspec.json.Decoder(dict[str, Answer])
_documents = msgspec.json.Decoder(dict[str, bool])


class HandIn(NamedTuple):
    """What belongs to a dossier handed in besides its event: `digest` is of what was asked."""

    dossier_id: bytes
    documents: dict[str, bool]
    ticket_id: int
    digest: bytes


class DossierRow(NamedTuple):
    """One dossier as stored; times are ISO 8601 texts, empty when it has not happened."""

    id: bytes
    number: str
    procedure_id: str
    catalogue_version: str
    channel: str
    state: DossierState
    version: int
    applicant: Applicant
    identity_level: str
    answers: dict[str, Answer]
    documents: dict[str, bool]
    submitted_at: str
    received_at: str
    due_at: str
    supplement_requests: int
    log_number: int
    last_sequence: int


IDS_AT_ONCE = 500
"""Ids in one statement; SQLite takes a bounded number of values."""

_SUBMITTED = DossierState.SUBMITTED.value
_COLUMNS = (
    "id, number, procedure_id, catalogue_version, channel, state, version, full_name, id_number,"
    " date_of_birth, sex, address, phone, identity_level, answers, documents, submitted_at,"
    " received_at, due_at, supplement_requests, log_number, last_sequence"
)


def _row(values: sqlite3.Row | tuple[str, ...]) -> DossierRow:
    v = list(values)
    return DossierRow(
        v[0], v[1], v[2], v[3], v[4], DossierState(v[5]), v[6],
        Applicant(
            full_name=v[7], id_number=v[8], date_of_birth=v[9], sex=v[10], address=v[11],
            phone=v[12],
        ),
        v[13], _answers.decode(v[14]), _documents.decode(v[15]), *v[16:],
    )  # fmt: skip


def insert(
    transaction: Transaction, event: DossierSubmitted, hand_in: HandIn, position: Position
) -> None:
    """Store a dossier handed in now; its event stands at `position` in the journal."""
    applicant = event.applicant
    transaction.insert(
        "INSERT INTO dossier (id, number, procedure_id, catalogue_version, channel, state,"
        " version, full_name, folded_name, id_number, date_of_birth, sex, address, phone,"
        " identity_level, answers, documents, submitted_at, log_number, last_sequence,"
        " first_ticket, ticket_id, request_digest)"
        " VALUES (?, ?, ?, ?, ?, ?, 1, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        (
            hand_in.dossier_id,
            event.dossier_no,
            event.procedure_id,
            event.catalogue,
            event.channel,
            _SUBMITTED,
            applicant.full_name,
            fold(applicant.full_name),
            applicant.id_number,
            applicant.date_of_birth,
            applicant.sex,
            applicant.address,
            applicant.phone,
            event.identity_level,
            _json.encode(event.answers).decode(),
            _json.encode(hand_in.documents).decode(),
            event.saved_at,
            position.log_number,
            position.sequence,
            event.ticket,
            hand_in.ticket_id,
            hand_in.digest,
        ),
    )


def find(connection: sqlite3.Connection, dossier_id: bytes) -> DossierRow | None:
    """One dossier by id."""
    row = connection.execute(
        f"SELECT {_COLUMNS} FROM dossier WHERE id = ?",  # noqa: S608 - column names are ours
        (dossier_id,),
    ).fetchone()
    return _row(row) if row is not None else None


def find_by_number(connection: sqlite3.Connection, number: str) -> DossierRow | None:
    """One dossier by its provisional number."""
    row = connection.execute(
        f"SELECT {_COLUMNS} FROM dossier WHERE number = ?",  # noqa: S608
        (number,),
    ).fetchone()
    return _row(row) if row is not None else None


def search(connection: sqlite3.Connection, text: str, limit: int) -> list[DossierRow]:
    """Newest dossiers whose number, name (accents ignored) or identity number contains `text`."""
    pattern = "%" + text.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_") + "%"
    rows = connection.execute(
        f"SELECT {_COLUMNS} FROM dossier WHERE number LIKE ?1 ESCAPE '\\'"  # noqa: S608
        " OR folded_name LIKE ?1 ESCAPE '\\' OR id_number LIKE ?1 ESCAPE '\\'"
        " ORDER BY rowid DESC LIMIT ?2",
        (pattern, limit),
    )
    return [_row(row) for row in rows]


def newest(connection: sqlite3.Connection, limit: int) -> list[DossierRow]:
    """The newest dossiers, newest first."""
    rows = connection.execute(
        f"SELECT {_COLUMNS} FROM dossier ORDER BY rowid DESC LIMIT ?",  # noqa: S608
        (limit,),
    )
    return [_row(row) for row in rows]


def under(
    connection: sqlite3.Connection, ids: Sequence[bytes], procedures: Collection[str]
) -> set[bytes]:
    """Which of the dossiers `ids` are under one of the procedures."""
    found: set[bytes] = set()
    names = ", ".join("?" * len(procedures))
    for first in range(0, len(ids), IDS_AT_ONCE):
        some = ids[first : first + IDS_AT_ONCE]
        rows = connection.execute(
            f"SELECT id FROM dossier WHERE id IN ({', '.join('?' * len(some))})"  # noqa: S608
            f" AND procedure_id IN ({names})",
            (*some, *procedures),
        )
        found |= {row[0] for row in rows}
    return found


class Decision(NamedTuple):
    """What an officer's decision changes in a dossier; None leaves a fact as it is."""

    state: DossierState
    version: int
    documents: dict[str, bool] | None = None
    received_at: str | None = None
    due_at: str | None = None
    supplement_requests: int | None = None


def decide(
    transaction: Transaction, dossier_id: bytes, decision: Decision, position: Position
) -> None:
    """Store a decision and where its event stands in the journal."""
    documents = decision.documents
    transaction.connection.execute(
        "UPDATE dossier SET state = ?, version = ?, documents = coalesce(?, documents),"
        " received_at = coalesce(?, received_at), due_at = coalesce(?, due_at),"
        " supplement_requests = coalesce(?, supplement_requests), log_number = ?,"
        " last_sequence = ? WHERE id = ?",
        (
            decision.state.value,
            decision.version,
            _json.encode(documents).decode() if documents is not None else None,
            decision.received_at,
            decision.due_at,
            decision.supplement_requests,
            position.log_number,
            position.sequence,
            dossier_id,
        ),
    )


def set_due(transaction: Transaction, dossier_id: bytes, due_at: str) -> None:
    """Another date is promised (ISO 8601, empty for none); its version stays."""
    transaction.connection.execute(
        "UPDATE dossier SET due_at = ? WHERE id = ?", (due_at, dossier_id)
    )


_STANDS: Final = f"log.state <> 'abandoned' AND NOT {HAS_COPY}"
"""The record has not been journalled again since."""


class HistoryRow(NamedTuple):
    """One journal record of a dossier and where it stands."""

    lid: bytes
    sequence: int
    raw: bytes


def history(connection: sqlite3.Connection, dossier_id: bytes) -> list[HistoryRow]:
    """The journal records of one dossier that are still here, oldest first.

    What was journalled again is shown once, where it stands now.
    """
    rows = connection.execute(
        "SELECT log.lid, record.sequence, record.raw FROM record"  # noqa: S608 - words of ours
        " JOIN log ON log.number = record.log_number"
        f" WHERE record.subject = ? AND {_STANDS} AND length(record.raw) > 0"
        " ORDER BY record.version, record.log_number, record.sequence",
        (dossier_id,),
    )
    return [HistoryRow(*row) for row in rows]


class LastPosition(NamedTuple):
    """Where the newest record of a dossier stands."""

    lid: bytes
    sequence: int


def last_position(connection: sqlite3.Connection, dossier_id: bytes) -> LastPosition | None:
    """The newest record of a dossier, whether or not its body is still here."""
    row = connection.execute(
        "SELECT log.lid, record.sequence FROM record"  # noqa: S608 - words of ours
        " JOIN log ON log.number = record.log_number"
        f" WHERE record.subject = ? AND {_STANDS}"
        " ORDER BY record.version DESC, record.position DESC LIMIT 1",
        (dossier_id,),
    ).fetchone()
    return LastPosition(*row) if row is not None else None

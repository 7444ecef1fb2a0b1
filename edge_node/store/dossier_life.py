"""What follows from a dossier's events beside its row: standstills, form 06, notes, hand-over.

Rules: every row follows from one event and carries its version, so that one function serves the
desk and the records that come back from the city; the same event twice is one row. Taking a
decision back removes its rows; the events stay.
"""

import sqlite3
from collections.abc import Callable, Mapping
from typing import Any, Final, NamedTuple

from edge_node.domain.clock import CAUSE_OF_STATE
from edge_node.domain.dossier import CLOCK_STOPPED, DossierState
from edge_node.domain.events import (
    ClockChanged,
    ConflictResolved,
    DossierExtended,
    DossierMoved,
    DossierReceived,
    Event,
    NoteWritten,
    PapersHandedOn,
    ResultHandedOver,
)
from edge_node.store.unit_of_work import Transaction


class Stop(NamedTuple):
    """A standstill of the clock; `resumed_at` is empty while it lasts."""

    version: int
    cause: str
    stopped_at: str
    resumed_at: str


class Shortage(NamedTuple):
    """What a dossier was received without: why, and until when."""

    version: int
    reason: str
    rest_due_on: str


class Extension(NamedTuple):
    """A promise that was replaced by a later one."""

    version: int
    reason: str
    earlier_due_at: str
    due_at: str
    extended_at: str


class Move(NamedTuple):
    """A row of form 06."""

    version: int
    back: bool
    from_party: str
    to_party: str
    given_by: str
    received_by: str
    given_at: str
    received_at: str
    punctuality: str
    note: str


class HandOver(NamedTuple):
    """Who took the result, and what was checked."""

    version: int
    recipient: str
    checked: str
    delegate_name: str
    delegate_number_masked: str
    authority: str
    slip_seen: bool
    handed_over_at: str


class Note(NamedTuple):
    """One edition of an internal note."""

    note_no: int
    edition: int
    text: str
    officer_id: str
    noted_at: str


_Key = tuple[bytes, int]


def follow(transaction: Transaction, key: _Key, event: Event, at: str) -> None:
    """Store what follows from the event of `key` (dossier id, version) that happened `at`."""
    state = getattr(event, "state", "")
    if state in CLOCK_STOPPED:
        cause = event.cause if isinstance(event, ClockChanged) else ""
        cause = cause or CAUSE_OF_STATE[DossierState(state)].value
        open_if_running(transaction, key, cause, at)
    elif state:
        close_stop(transaction, key, at)
    write = _WRITERS.get(type(event))
    if write is not None:
        write(transaction, key, event)


def open_stop(connection: sqlite3.Connection, dossier_id: bytes) -> Stop | None:
    """The standstill that lasts, if the clock stands still."""
    row = connection.execute(
        "SELECT version, cause, stopped_at, resumed_at FROM clock_stop"
        " WHERE dossier_id = ? AND resumed_at = '' ORDER BY version DESC LIMIT 1",
        (dossier_id,),
    ).fetchone()
    return Stop(*row) if row is not None else None


def close_stop(transaction: Transaction, key: _Key, at: str) -> None:
    """The clock runs again since `at`, by the event of this version."""
    transaction.connection.execute(
        "UPDATE clock_stop SET resumed_at = ?, resumed_version = ?"
        " WHERE dossier_id = ? AND resumed_at = ''",
        (at, key[1], key[0]),
    )


def open_if_running(transaction: Transaction, key: _Key, cause: str, at: str) -> None:
    """The clock stands still since `at`, unless it stands still already."""
    if open_stop(transaction.connection, key[0]) is None:
        # A version's second standstill is the city's doing; the first one is given back already.
        transaction.connection.execute(
            "INSERT OR REPLACE INTO clock_stop (dossier_id, version, cause, stopped_at)"
            " VALUES (?, ?, ?, ?)",
            (*key, cause, at),
        )


def _received(transaction: Transaction, key: _Key, event: Any) -> None:
    forms = {one.id: one.form for one in event.documents if one.form is not None}
    _paper_forms(transaction, key, forms)
    if event.shortage_reason:
        _insert(transaction, "dossier_shortage", key, event.shortage_reason, event.rest_due_on)


def _moved(transaction: Transaction, key: _Key, event: Any) -> None:
    _paper_forms(transaction, key, event.forms)


def _paper_forms(transaction: Transaction, key: _Key, forms: Mapping[str, str]) -> None:
    for document_id, form in forms.items():
        _insert(transaction, "paper_form", key, document_id, form)


def _extension(transaction: Transaction, key: _Key, event: Any) -> None:
    dates = (event.earlier_due_at, event.due_at, event.extended_at)
    _insert(transaction, "dossier_extension", key, event.reason, *dates)


def _move(transaction: Transaction, key: _Key, event: Any) -> None:
    hands = (event.from_party, event.to_party, event.given_by, event.received_by)
    rest = (event.given_at, event.received_at, event.punctuality, event.note)
    _insert(transaction, "custody_move", key, int(event.back), *hands, *rest)


def _hand_over(transaction: Transaction, key: _Key, event: Any) -> None:
    delegate = (event.delegate_name, event.delegate_number_masked, event.authority)
    checked = (event.recipient, event.checked, *delegate)
    seen = (int(event.slip_seen), event.handed_over_at, event.counter)
    _insert(transaction, "result_hand_over", key, *checked, *seen)


def _note(transaction: Transaction, key: _Key, event: Any) -> None:
    words = (event.edition, event.text, event.officer, event.noted_at)
    _insert(transaction, "dossier_note", (key[0], event.note_no), *words)


def _choice(transaction: Transaction, _: _Key, event: Any) -> None:
    transaction.connection.execute(
        "UPDATE city_conflict SET choice = ?, reason = ?, officer_id = ?, resolved_at = ?"
        " WHERE fid = ? AND sequence = ?",
        (
            event.choice,
            event.reason,
            event.officer,
            event.resolved_at,
            bytes.fromhex(event.feed),
            event.sequence,
        ),
    )


_WRITERS: Final[Mapping[type[Any], Callable[[Transaction, _Key, Any], None]]] = {
    DossierReceived: _received,
    DossierMoved: _moved,
    DossierExtended: _extension,
    PapersHandedOn: _move,
    ResultHandedOver: _hand_over,
    NoteWritten: _note,
    ConflictResolved: _choice,
}


def _insert(transaction: Transaction, table: str, key: _Key, *values: object) -> None:
    marks = ", ".join("?" * (len(values) + 2))
    transaction.connection.execute(
        f"INSERT OR IGNORE INTO {table} VALUES ({marks})",  # noqa: S608 - tables are ours
        (*key, *values),
    )


_OF_A_DECISION: Final = (
    "clock_stop",
    "dossier_shortage",
    "paper_form",
    "dossier_extension",
    "custody_move",
    "result_hand_over",
)


def forget(transaction: Transaction, dossier_id: bytes, version: int) -> None:
    """Remove what followed from a decision that was taken back."""
    connection = transaction.connection
    for table in _OF_A_DECISION:
        connection.execute(
            f"DELETE FROM {table} WHERE dossier_id = ? AND version = ?",  # noqa: S608
            (dossier_id, version),
        )
    connection.execute(
        "UPDATE clock_stop SET resumed_at = '', resumed_version = 0"
        " WHERE dossier_id = ? AND resumed_version = ?",
        (dossier_id, version),
    )


def stops(connection: sqlite3.Connection, dossier_id: bytes) -> list[Stop]:
    """Every standstill, oldest first."""
    columns = "version, cause, stopped_at, resumed_at"
    return [Stop(*row) for row in _of(connection, "clock_stop", columns, dossier_id)]


def shortage(connection: sqlite3.Connection, dossier_id: bytes) -> Shortage | None:
    """What was missing when it was received last."""
    columns = "version, reason, rest_due_on"
    rows = _of(connection, "dossier_shortage", columns, dossier_id)
    return Shortage(*rows[-1]) if rows else None


def paper_forms(connection: sqlite3.Connection, dossier_id: bytes) -> dict[str, str]:
    """In which form each paper was handed in, as said last; nothing where nobody said it."""
    rows = connection.execute(
        "SELECT document_id, form FROM paper_form WHERE dossier_id = ?1 AND version ="
        " (SELECT max(version) FROM paper_form WHERE dossier_id = ?1)",
        (dossier_id,),
    )
    return dict(rows.fetchall())


def extensions(connection: sqlite3.Connection, dossier_id: bytes) -> list[Extension]:
    """Every extension, oldest first."""
    columns = "version, reason, earlier_due_at, due_at, extended_at"
    return [Extension(*row) for row in _of(connection, "dossier_extension", columns, dossier_id)]


def moves(connection: sqlite3.Connection, dossier_id: bytes) -> list[Move]:
    """The rows of form 06, oldest first."""
    columns = (
        "version, back, from_party, to_party, given_by, received_by, given_at, received_at,"
        " punctuality, note"
    )
    rows = _of(connection, "custody_move", columns, dossier_id)
    return [Move(*row)._replace(back=bool(row[1])) for row in rows]


def hand_over(connection: sqlite3.Connection, dossier_id: bytes) -> HandOver | None:
    """Who took the result; None while nobody has."""
    columns = (
        "version, recipient, checked, delegate_name, delegate_number_masked, authority, slip_seen,"
        " handed_over_at"
    )
    rows = _of(connection, "result_hand_over", columns, dossier_id)
    return HandOver(*rows[-1])._replace(slip_seen=bool(rows[-1][6])) if rows else None


def notes(connection: sqlite3.Connection, dossier_id: bytes) -> list[Note]:
    """Every edition of every note, by number and edition."""
    rows = connection.execute(
        "SELECT note_no, edition, text, officer_id, noted_at FROM dossier_note"
        " WHERE dossier_id = ? ORDER BY note_no, edition",
        (dossier_id,),
    )
    return [Note(*row) for row in rows]


def _of(
    connection: sqlite3.Connection, table: str, columns: str, dossier_id: bytes
) -> list[tuple[Any, ...]]:
    return connection.execute(
        f"SELECT {columns} FROM {table} WHERE dossier_id = ? ORDER BY version",  # noqa: S608
        (dossier_id,),
    ).fetchall()

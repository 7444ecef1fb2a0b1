"""Queue tickets: numbering by day and service group, calling, closing."""

import sqlite3
from typing import Final, NamedTuple

from edge_node.domain.catalogue import Service
from edge_node.domain.ticket import TicketState, next_number
from edge_node.store.unit_of_work import NextTicket, Transaction


class TicketRow(NamedTuple):
    """One ticket as stored; times are ISO 8601 texts, empty when it has not happened."""

    id: int
    day: str
    letter: str
    number: int
    service_id: str
    state: TicketState
    dossier_id: bytes | None
    issued_at: str
    called_at: str
    counter: str
    officer_id: str
    calls: int
    call_order: int


_WAITING = TicketState.WAITING.value
COLUMNS = (
    "ticket.id, day, letter, number, service_id, state, dossier_id, issued_at, called_at,"
    " ticket.counter, officer_id, calls, call_order"
)
"""What makes a TicketRow; `ticket_row` reads it."""


def ticket_row(values: tuple[object, ...]) -> TicketRow:
    """The row of values in the order of COLUMNS."""
    row = TicketRow(*values)  # type: ignore[arg-type]
    return row._replace(state=TicketState(row.state))


class _Drawn(NamedTuple):
    """The last row id, and the day's last number of each letter that was asked for."""

    day: str
    last_id: int
    last: dict[str, int]


_NOTHING_READ: Final = _Drawn("", 0, {})


class TicketNumbers:
    """The last number given out today per service group, kept between commits.

    A participant of the writer: what it keeps is the table's own maximum.
    """

    def __init__(self) -> None:
        self._drawn = _NOTHING_READ

    def mark(self) -> _Drawn:
        """The numbers now."""
        return self._drawn

    def reset(self, mark: _Drawn) -> None:
        """Give again what was undone."""
        self._drawn = mark

    def flush(self, connection: sqlite3.Connection) -> None:
        """Nothing: the tickets themselves are the record."""

    def next(self, day: str, letter: str) -> NextTicket | None:
        """The day's next number of a service group; None before they have been read."""
        drawn = self._drawn
        if day != drawn.day or letter not in drawn.last:
            return None
        ticket = NextTicket(drawn.last_id + 1, next_number(drawn.last[letter]))
        self._drawn = _Drawn(day, ticket.id, {**drawn.last, letter: ticket.number})
        return ticket

    def read(self, connection: sqlite3.Connection, day: str, letter: str) -> None:
        """Look up the last number of this day and service group."""
        drawn = self._drawn
        known = drawn.last if day == drawn.day else {}
        (last_id,) = connection.execute("SELECT coalesce(max(id), 0) FROM ticket").fetchone()
        (number,) = connection.execute(
            "SELECT coalesce(max(number), 0) FROM ticket WHERE day = ? AND letter = ?",
            (day, letter),
        ).fetchone()
        self._drawn = _Drawn(day, last_id, {**known, letter: number})

    def forget(self) -> None:
        """Read again: rows were added by other hands."""
        self._drawn = _NOTHING_READ


def insert(
    transaction: Transaction, drawn: NextTicket, service: Service, dossier_id: bytes | None
) -> None:
    """Store a number given out now."""
    moment = transaction.moment
    transaction.insert(
        "INSERT INTO ticket (id, day, letter, number, service_id, state, dossier_id, issued_at)"
        " VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
        (
            drawn.id,
            moment.day,
            service.letter,
            drawn.number,
            service.id,
            _WAITING,
            dossier_id,
            moment.text,
        ),
    )


def find(connection: sqlite3.Connection, ticket_id: int) -> TicketRow | None:
    """One ticket by id."""
    row = connection.execute(
        f"SELECT {COLUMNS} FROM ticket WHERE id = ?",  # noqa: S608 - column names are ours
        (ticket_id,),
    ).fetchone()
    return ticket_row(row) if row is not None else None


def find_number(
    connection: sqlite3.Connection, day: str, letter: str, number: int
) -> TicketRow | None:
    """One ticket by what stands on its paper."""
    row = connection.execute(
        f"SELECT {COLUMNS} FROM ticket WHERE day = ? AND letter = ? AND number = ?",  # noqa: S608
        (day, letter, number),
    ).fetchone()
    return ticket_row(row) if row is not None else None


def in_states(
    connection: sqlite3.Connection, day: str, states: tuple[TicketState, ...]
) -> list[TicketRow]:
    """The day's tickets in any of `states`, in the order they were issued."""
    marks = ", ".join("?" for _ in states)
    rows = connection.execute(
        f"SELECT {COLUMNS} FROM ticket WHERE day = ? AND state IN ({marks})"  # noqa: S608
        " ORDER BY id",
        (day, *(state.value for state in states)),
    )
    return [ticket_row(row) for row in rows]


def count_waiting(connection: sqlite3.Connection, day: str) -> dict[str, int]:
    """People waiting today by service group letter."""
    rows = connection.execute(
        "SELECT letter, count(*) FROM ticket WHERE day = ? AND state = ? GROUP BY letter",
        (day, TicketState.WAITING.value),
    )
    return dict(rows.fetchall())


def set_called(
    transaction: Transaction, ticket_id: int, state: TicketState, counter: str, officer_id: str
) -> None:
    """A counter calls this ticket; calls are counted anew after it waited or was missed."""
    transaction.connection.execute(
        "UPDATE ticket SET state = ?, called_at = ?, counter = ?, officer_id = ?,"
        " calls = CASE state WHEN 'called' THEN calls + 1 ELSE 1 END,"
        " call_order = 1 + (SELECT max(call_order) FROM ticket WHERE day = ?)"
        " WHERE id = ?",
        (
            state.value,
            transaction.moment.text,
            counter,
            officer_id,
            transaction.moment.day,
            ticket_id,
        ),
    )


def set_state(transaction: Transaction, ticket_id: int, state: TicketState) -> None:
    """Move a ticket along its life cycle; the caller asked the table first."""
    transaction.connection.execute(
        "UPDATE ticket SET state = ? WHERE id = ?", (state.value, ticket_id)
    )


def recent_calls(connection: sqlite3.Connection, day: str, limit: int) -> list[TicketRow]:
    """The day's last called tickets, newest call first."""
    rows = connection.execute(
        f"SELECT {COLUMNS} FROM ticket WHERE day = ? AND call_order > 0"  # noqa: S608
        " ORDER BY call_order DESC LIMIT ?",
        (day, limit),
    )
    return [ticket_row(row) for row in rows]


def of_dossier(connection: sqlite3.Connection, dossier_id: bytes) -> TicketRow | None:
    """The ticket a dossier got when it was handed in."""
    row = connection.execute(
        f"SELECT {COLUMNS} FROM ticket"  # noqa: S608
        " WHERE id = (SELECT ticket_id FROM dossier WHERE dossier.id = ?)",
        (dossier_id,),
    ).fetchone()
    return ticket_row(row) if row is not None else None

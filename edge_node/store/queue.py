"""What the queue remembers besides the numbers themselves: places, calls, turns, further services.

A plain number has no row here. All functions but `add_place` and `add_visit` run in an open
transaction; those two also in a staged one.
"""

import sqlite3
from typing import NamedTuple

from edge_node.domain.queue_order import CallReason, PastCall
from edge_node.domain.ticket import TicketState
from edge_node.store.tickets import COLUMNS, TicketRow, ticket_row
from edge_node.store.unit_of_work import Transaction


class Place(NamedTuple):
    """What sets a number apart; all empty for a plain one. `booked_at` is ISO 8601."""

    priority: str = ""
    quick: bool = False
    counter: str = ""
    booked_at: str = ""


class PlacedTicket(NamedTuple):
    """A number with its place."""

    row: TicketRow
    place: Place


class FirstCall(NamedTuple):
    """A first call as stored; `reason` is a CallReason."""

    service_id: str
    counter: str
    called_at: str
    waited_s: int
    reason: CallReason
    priority: bool
    passed: int


class Turn(NamedTuple):
    """A turn that ended; `outcome` is the state the number went to."""

    service_id: str
    counter: str
    outcome: TicketState
    ended_at: str
    served_s: int


def add_place(transaction: Transaction, ticket_id: int, place: Place) -> None:
    """Set a new number apart."""
    transaction.insert(
        "INSERT INTO ticket_place (ticket_id, priority, quick, counter, booked_at)"
        " VALUES (?, ?, ?, ?, ?)",
        (ticket_id, place.priority, int(place.quick), place.counter, place.booked_at),
    )


def set_place(transaction: Transaction, ticket_id: int, place: Place) -> None:
    """Set a number apart, whatever it was before."""
    transaction.connection.execute(
        "INSERT OR REPLACE INTO ticket_place (ticket_id, priority, quick, counter, booked_at)"
        " VALUES (?, ?, ?, ?, ?)",
        (ticket_id, place.priority, int(place.quick), place.counter, place.booked_at),
    )


def place_of(connection: sqlite3.Connection, ticket_id: int) -> Place:
    """The place of a number."""
    row = connection.execute(
        "SELECT priority, quick, counter, booked_at FROM ticket_place WHERE ticket_id = ?",
        (ticket_id,),
    ).fetchone()
    return Place(row[0], bool(row[1]), row[2], row[3]) if row is not None else Place()


def placed(
    connection: sqlite3.Connection, day: str, states: tuple[TicketState, ...]
) -> list[PlacedTicket]:
    """The day's numbers in `states` with their places, in the order they were issued."""
    marks = ", ".join("?" for _ in states)
    rows = connection.execute(
        f"SELECT {COLUMNS}, coalesce(priority, ''), coalesce(quick, 0),"  # noqa: S608 - ours
        " coalesce(ticket_place.counter, ''), coalesce(booked_at, '')"
        " FROM ticket LEFT JOIN ticket_place ON ticket_place.ticket_id = ticket.id"
        f" WHERE day = ? AND state IN ({marks}) ORDER BY ticket.id",
        (day, *(state.value for state in states)),
    )
    return [
        PlacedTicket(ticket_row(row[:-4]), Place(row[-4], bool(row[-3]), row[-2], row[-1]))
        for row in rows
    ]


def add_call(transaction: Transaction, row: TicketRow, call: FirstCall) -> None:
    """Write down a first call."""
    transaction.connection.execute(
        "INSERT INTO queue_call (day, ticket_id, service_id, counter, called_at, waited_s,"
        " reason, priority, passed) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
        (
            *(row.day, row.id, call.service_id, call.counter, call.called_at),
            *(call.waited_s, call.reason.value, int(call.priority), call.passed),
        ),
    )


def past_calls(connection: sqlite3.Connection, day: str, limit: int) -> list[PastCall]:
    """The day's last first calls, newest first."""
    rows = connection.execute(
        "SELECT service_id, counter, reason, priority FROM queue_call WHERE day = ?"
        " ORDER BY id DESC LIMIT ?",
        (day, limit),
    )
    return [PastCall(row[0], row[1], CallReason(row[2]), bool(row[3])) for row in rows]


def calls_of(connection: sqlite3.Connection, day: str) -> list[FirstCall]:
    """All first calls of a day in their order."""
    rows = connection.execute(
        "SELECT service_id, counter, called_at, waited_s, reason, priority, passed"
        " FROM queue_call WHERE day = ? ORDER BY id",
        (day,),
    )
    return [
        FirstCall(row[0], row[1], row[2], row[3], CallReason(row[4]), bool(row[5]), row[6])
        for row in rows
    ]


def add_turn(transaction: Transaction, row: TicketRow, turn: Turn) -> None:
    """Write down how a turn ended."""
    transaction.connection.execute(
        "INSERT INTO queue_turn (day, ticket_id, service_id, counter, outcome, ended_at, served_s)"
        " VALUES (?, ?, ?, ?, ?, ?, ?)",
        (
            *(row.day, row.id, turn.service_id, turn.counter),
            *(turn.outcome.value, turn.ended_at, turn.served_s),
        ),
    )


def turns_of(connection: sqlite3.Connection, day: str) -> list[Turn]:
    """All turns of a day that ended, in their order."""
    rows = connection.execute(
        "SELECT service_id, counter, outcome, ended_at, served_s FROM queue_turn"
        " WHERE day = ? ORDER BY id",
        (day,),
    )
    return [Turn(row[0], row[1], TicketState(row[2]), row[3], row[4]) for row in rows]


def days_with_calls(connection: sqlite3.Connection, limit: int) -> list[str]:
    """The newest days somebody was called on, newest first."""
    rows = connection.execute(
        "SELECT DISTINCT day FROM queue_call ORDER BY day DESC LIMIT ?", (limit,)
    )
    return [row[0] for row in rows]


def add_visit(transaction: Transaction, ticket_id: int, position: int, service_id: str) -> None:
    """A further service of the visit."""
    transaction.insert(
        "INSERT INTO ticket_visit (ticket_id, position, service_id) VALUES (?, ?, ?)",
        (ticket_id, position, service_id),
    )


def further_services(connection: sqlite3.Connection, ticket_id: int) -> list[tuple[int, str]]:
    """Position and id of the services still to come, in their order."""
    rows = connection.execute(
        "SELECT position, service_id FROM ticket_visit WHERE ticket_id = ? ORDER BY position",
        (ticket_id,),
    )
    return list(rows.fetchall())


def drop_visit(transaction: Transaction, ticket_id: int, position: int) -> None:
    """A further service's turn has come."""
    transaction.connection.execute(
        "DELETE FROM ticket_visit WHERE ticket_id = ? AND position = ?", (ticket_id, position)
    )


def send_to(transaction: Transaction, ticket_id: int, service_id: str) -> None:
    """Let a number wait for a service, with the waiting time it has."""
    transaction.connection.execute(
        "UPDATE ticket SET state = ?, service_id = ? WHERE id = ?",
        (TicketState.WAITING.value, service_id, ticket_id),
    )


def newest_label(connection: sqlite3.Connection) -> tuple[str, str] | None:
    """The queue's day of the last number, and the calendar day it was issued on."""
    row = connection.execute(
        "SELECT day, substr(issued_at, 1, 10) FROM ticket ORDER BY id DESC LIMIT 1"
    ).fetchone()
    return (row[0], row[1]) if row is not None else None


def secret(connection: sqlite3.Connection, name: str) -> bytes | None:
    """A key of the station."""
    row = connection.execute("SELECT value FROM station_secret WHERE name = ?", (name,)).fetchone()
    return row[0] if row is not None else None


def keep_secret(transaction: Transaction, name: str, value: bytes) -> bytes:
    """Keep a key unless there is one; the key that is kept."""
    transaction.connection.execute(
        "INSERT OR IGNORE INTO station_secret (name, value) VALUES (?, ?)", (name, value)
    )
    kept = secret(transaction.connection, name)
    assert kept is not None, "it has just been kept"
    return kept

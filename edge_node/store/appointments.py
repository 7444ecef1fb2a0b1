"""Booked visits: codes and times, nothing about persons."""

import sqlite3
from typing import Literal, NamedTuple, TypeAlias

from edge_node.domain.appointment import AppointmentState
from edge_node.store.unit_of_work import Transaction

Source: TypeAlias = Literal["officer", "api", "city"]

_COLUMNS = "code, day, booked_for, service_id, source, state, ticket_id"


class AppointmentRow(NamedTuple):
    """One booking; `booked_for` is ISO 8601 with offset, `day` its calendar day."""

    code: str
    day: str
    booked_for: str
    service_id: str
    source: Source
    state: AppointmentState
    ticket_id: int | None


def _row(values: tuple[object, ...]) -> AppointmentRow:
    row = AppointmentRow(*values)  # type: ignore[arg-type]
    return row._replace(state=AppointmentState(row.state))


def insert(transaction: Transaction, row: AppointmentRow, booked_at: str) -> None:
    """Book a visit."""
    transaction.connection.execute(
        f"INSERT INTO appointment ({_COLUMNS}, booked_at) VALUES (?, ?, ?, ?, ?, ?, ?, ?)",  # noqa: S608
        (*row[:5], row.state.value, row.ticket_id, booked_at),
    )


def find(connection: sqlite3.Connection, code: str) -> AppointmentRow | None:
    """One booking by its code."""
    row = connection.execute(
        f"SELECT {_COLUMNS} FROM appointment WHERE code = ?",  # noqa: S608 - ours
        (code,),
    ).fetchone()
    return _row(row) if row is not None else None


def of_day(connection: sqlite3.Connection, day: str) -> list[AppointmentRow]:
    """The bookings of a day by their time."""
    rows = connection.execute(
        f"SELECT {_COLUMNS} FROM appointment WHERE day = ? ORDER BY booked_for, code",  # noqa: S608
        (day,),
    )
    return [_row(row) for row in rows]


def count_at(connection: sqlite3.Connection, booked_for: str, service_id: str) -> int:
    """Bookings of a service at one time that were not given up."""
    row = connection.execute(
        "SELECT count(*) FROM appointment"
        " WHERE booked_for = ? AND service_id = ? AND state <> 'cancelled'",
        (booked_for, service_id),
    ).fetchone()
    return int(row[0])


def count_on(connection: sqlite3.Connection, day: str) -> int:
    """Bookings of a day, of all services, that were not given up."""
    row = connection.execute(
        "SELECT count(*) FROM appointment WHERE day = ? AND state <> 'cancelled'", (day,)
    ).fetchone()
    return int(row[0])


def set_state(
    transaction: Transaction, code: str, state: AppointmentState, ticket_id: int | None = None
) -> None:
    """Move a booking along its life cycle; the caller asked the table first."""
    transaction.connection.execute(
        "UPDATE appointment SET state = ?, ticket_id = coalesce(?, ticket_id) WHERE code = ?",
        (state.value, ticket_id, code),
    )

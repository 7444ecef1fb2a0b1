"""Every statement on sync.db, on a connection inside one of its writer's transactions.

Rules: `acked` only rises, except through `lower_log`, which a verified welcome alone may call. It
must not know where the values come from.
"""

import sqlite3
from importlib.resources import files
from importlib.resources.abc import Traversable
from typing import Final, NamedTuple

OWNERS: Final[dict[str, Traversable]] = {
    "sync.daemon": files("sync.daemon").joinpath("migrations"),
}
"""For `open_writer`: whose migrations make sync.db."""


class LogRow(NamedTuple):
    """How far the city has one log."""

    lid: bytes
    acked: int
    archived: int
    applied: int
    receipt_number: int | None


class KnownCity(NamedTuple):
    """The city's database as last seen."""

    city_id: bytes
    generation: bytes
    receipt_number: int


class ContactChange(NamedTuple):
    """What changes in the contact row; None leaves a field as it is."""

    last_attempt_wall_ms: int | None = None
    last_success_wall_ms: int | None = None
    last_receipt_wall_ms: int | None = None
    city_time_ms: int | None = None
    sent_records: int = 0
    sent_bytes: int = 0


class Standing(NamedTuple):
    """How the dealings stand; replaces what was there."""

    state: str
    failure_code: str
    failures: int
    next_attempt_wall_ms: int | None


def log_row(connection: sqlite3.Connection, lid: bytes) -> LogRow | None:
    """What is stored of one log."""
    row = connection.execute(
        "SELECT lid, acked, archived, applied, receipt_number FROM log_state WHERE lid = ?", (lid,)
    ).fetchone()
    return LogRow(*row) if row is not None else None


def replace_log(connection: sqlite3.Connection, row: LogRow) -> None:
    """Say what a verified welcome said, be it more or less than before."""
    connection.execute(
        "INSERT INTO log_state (lid, acked, archived, applied, receipt_number)"
        " VALUES (?, ?, ?, ?, ?) ON CONFLICT (lid) DO UPDATE SET acked = excluded.acked,"
        " archived = excluded.archived, applied = excluded.applied,"
        " receipt_number = coalesce(excluded.receipt_number, receipt_number)",
        row,
    )


def raise_log(connection: sqlite3.Connection, row: LogRow) -> None:
    """Say what a receipt proves; never less than before."""
    connection.execute(
        "INSERT INTO log_state (lid, acked, archived, applied, receipt_number)"
        " VALUES (?, ?, ?, ?, ?) ON CONFLICT (lid) DO UPDATE SET"
        " acked = max(acked, excluded.acked), archived = max(archived, excluded.archived),"
        " applied = max(applied, excluded.applied), receipt_number = excluded.receipt_number",
        row,
    )


def add_receipt(
    connection: sqlite3.Connection, lid: bytes, size: int, city_time_ms: int, cose: bytes
) -> None:
    """Keep signed proof; a later one for the same size replaces the earlier."""
    connection.execute(
        "INSERT OR REPLACE INTO receipt (lid, size, city_time_ms, cose) VALUES (?, ?, ?, ?)",
        (lid, size, city_time_ms, cose),
    )


def set_statuses(
    connection: sqlite3.Connection, lid: bytes, statuses: list[tuple[int, str]]
) -> None:
    """Note the records the city did not simply enter, by sequence."""
    connection.executemany(
        "INSERT INTO record_status (lid, sequence, code) VALUES (?, ?, ?)"
        " ON CONFLICT (lid, sequence) DO UPDATE SET code = excluded.code",
        [(lid, sequence, code) for sequence, code in statuses],
    )


def clear_statuses(connection: sqlite3.Connection, lid: bytes) -> None:
    """Before a whole list of statuses takes the place of the old one."""
    connection.execute("DELETE FROM record_status WHERE lid = ?", (lid,))


def set_notice(
    connection: sqlite3.Connection, lid: bytes, kind: str, sizes: tuple[int, int], wall_ms: int
) -> None:
    """Note that a log's history differs; `sizes` are the station's and the city's."""
    connection.execute(
        "INSERT INTO log_notice (lid, kind, own_size, city_size, noticed_wall_ms)"
        " VALUES (?, ?, ?, ?, ?) ON CONFLICT (lid, kind) DO UPDATE SET"
        " own_size = excluded.own_size, city_size = excluded.city_size",
        (lid, kind, *sizes, wall_ms),
    )


def known_city(connection: sqlite3.Connection) -> KnownCity | None:
    """The city as last seen, or None before the first welcome."""
    row = connection.execute("SELECT city_id, generation, receipt_number FROM city").fetchone()
    return KnownCity(*row) if row is not None else None


def set_city(connection: sqlite3.Connection, city: KnownCity) -> None:
    """Remember the city as seen now."""
    connection.execute(
        "INSERT OR REPLACE INTO city (id, city_id, generation, receipt_number) VALUES (1, ?, ?, ?)",
        city,
    )


def change_contact(connection: sqlite3.Connection, change: ContactChange) -> None:
    """Update times and totals."""
    connection.execute(
        "UPDATE contact SET last_attempt_wall_ms = coalesce(?, last_attempt_wall_ms),"
        " last_success_wall_ms = coalesce(?, last_success_wall_ms),"
        " last_receipt_wall_ms = coalesce(?, last_receipt_wall_ms),"
        " city_time_ms = coalesce(?, city_time_ms),"
        " sent_records = sent_records + ?, sent_bytes = sent_bytes + ?",
        change,
    )


def set_standing(connection: sqlite3.Connection, standing: Standing) -> None:
    """Say how the dealings stand."""
    connection.execute(
        "UPDATE contact SET state = ?, failure_code = ?, failures = ?, next_attempt_wall_ms = ?",
        standing,
    )

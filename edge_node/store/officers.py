"""What the station itself knows of officers: PINs, duties, passkeys, and who looked at whom."""

import sqlite3
from typing import NamedTuple

from edge_node.store.unit_of_work import Transaction


class PinRow(NamedTuple):
    """A PIN set here; `must_change` when a chief drew it."""

    officer_id: str
    phc: str
    must_change: bool
    set_by: str
    set_at: str


class DutyRow(NamedTuple):
    """Counter and roles (names, space between) a chief gave somebody."""

    officer_id: str
    counter: str
    roles: str


class PasskeyRow(NamedTuple):
    """A registered authenticator; `public_key` is its COSE key."""

    id: bytes
    officer_id: str
    public_key: bytes
    sign_count: int
    added_at: str


class AccessRow(NamedTuple):
    """Somebody looked at a dossier; `what` is a stable word, `detail` a paper's name."""

    at: str
    officer_id: str
    counter: str
    what: str
    dossier_id: bytes
    detail: str


def pin(connection: sqlite3.Connection, officer_id: str) -> PinRow | None:
    """The PIN set here, or None when the one of the settings holds."""
    row = connection.execute(
        "SELECT officer_id, phc, must_change, set_by, set_at FROM officer_pin WHERE officer_id = ?",
        (officer_id,),
    ).fetchone()
    return PinRow(row[0], row[1], bool(row[2]), row[3], row[4]) if row is not None else None


def pins(connection: sqlite3.Connection) -> dict[str, bool]:
    """Officers with a PIN set here, and whether it must be changed."""
    rows = connection.execute("SELECT officer_id, must_change FROM officer_pin")
    return {row[0]: bool(row[1]) for row in rows}


def set_pin(transaction: Transaction, row: PinRow) -> None:
    """Keep a new PIN instead of the one before."""
    transaction.connection.execute(
        "INSERT INTO officer_pin (officer_id, phc, must_change, set_by, set_at)"
        " VALUES (?, ?, ?, ?, ?) ON CONFLICT (officer_id) DO UPDATE SET phc = excluded.phc,"
        " must_change = excluded.must_change, set_by = excluded.set_by, set_at = excluded.set_at",
        (row.officer_id, row.phc, int(row.must_change), row.set_by, row.set_at),
    )


def duties(connection: sqlite3.Connection) -> dict[str, DutyRow]:
    """What chiefs gave whom."""
    rows = connection.execute("SELECT officer_id, counter, roles FROM officer_duty")
    return {row[0]: DutyRow(*row) for row in rows}


def set_duty(transaction: Transaction, row: DutyRow, by: str) -> None:
    """Keep a new duty instead of the one before."""
    transaction.connection.execute(
        "INSERT INTO officer_duty (officer_id, counter, roles, set_by, set_at)"
        " VALUES (?, ?, ?, ?, ?) ON CONFLICT (officer_id) DO UPDATE SET"
        " counter = excluded.counter, roles = excluded.roles, set_by = excluded.set_by,"
        " set_at = excluded.set_at",
        (row.officer_id, row.counter, row.roles, by, transaction.moment.text),
    )


def add_passkey(transaction: Transaction, row: PasskeyRow) -> bool:
    """Register an authenticator; False when its id is taken."""
    return (
        transaction.connection.execute(
            "INSERT INTO officer_passkey (id, officer_id, public_key, sign_count, added_at)"
            " VALUES (?, ?, ?, ?, ?) ON CONFLICT DO NOTHING",
            row,
        ).rowcount
        == 1
    )


def passkey(connection: sqlite3.Connection, passkey_id: bytes) -> PasskeyRow | None:
    """One authenticator."""
    row = connection.execute(
        "SELECT id, officer_id, public_key, sign_count, added_at FROM officer_passkey WHERE id = ?",
        (passkey_id,),
    ).fetchone()
    return PasskeyRow(*row) if row is not None else None


def passkeys(connection: sqlite3.Connection, officer_id: str = "") -> list[PasskeyRow]:
    """The authenticators of an officer, or everybody's."""
    rows = connection.execute(
        "SELECT id, officer_id, public_key, sign_count, added_at FROM officer_passkey"
        " WHERE officer_id = ?1 OR ?1 = '' ORDER BY added_at, id",
        (officer_id,),
    )
    return [PasskeyRow(*row) for row in rows]


def set_sign_count(transaction: Transaction, passkey_id: bytes, sign_count: int) -> None:
    """What the authenticator counted at its last use."""
    transaction.connection.execute(
        "UPDATE officer_passkey SET sign_count = ? WHERE id = ?", (sign_count, passkey_id)
    )


def delete_passkeys(transaction: Transaction, officer_id: str) -> list[bytes]:
    """Take an officer's authenticators away; their ids."""
    rows = transaction.connection.execute(
        "DELETE FROM officer_passkey WHERE officer_id = ? RETURNING id", (officer_id,)
    )
    return [row[0] for row in rows.fetchall()]


def add_access(transaction: Transaction, row: AccessRow) -> None:
    """Note that somebody looked."""
    transaction.insert(
        "INSERT INTO access (at, officer_id, counter, what, dossier_id, detail)"
        " VALUES (?, ?, ?, ?, ?, ?)",
        row,
    )


def accesses(
    connection: sqlite3.Connection, dossier_id: bytes | None, limit: int
) -> list[AccessRow]:
    """The newest looks, at one dossier or at any."""
    rows = connection.execute(
        "SELECT at, officer_id, counter, what, dossier_id, detail FROM access"
        " WHERE dossier_id = ?1 OR ?1 IS NULL ORDER BY id DESC LIMIT ?2",
        (dossier_id, limit),
    )
    return [AccessRow(*row) for row in rows]


def forget_accesses(transaction: Transaction, before: str) -> int:
    """Drop looks older than this time (ISO 8601, the station's offset); how many."""
    return transaction.connection.execute("DELETE FROM access WHERE at < ?", (before,)).rowcount

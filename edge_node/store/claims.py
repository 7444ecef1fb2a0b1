"""Which counter works on which dossier."""

import sqlite3

from edge_node.domain.claim import Claim
from edge_node.store.unit_of_work import Transaction


def find(connection: sqlite3.Connection, dossier_id: bytes) -> Claim | None:
    """The newest claim on a dossier, whether or not it is still alive."""
    row = connection.execute(
        "SELECT officer_id, counter, boot_id, renewed_mono_ms FROM dossier_claim"
        " WHERE dossier_id = ?",
        (dossier_id,),
    ).fetchone()
    return Claim(*row) if row is not None else None


def store(transaction: Transaction, dossier_id: bytes, claim: Claim, taken_from: str = "") -> None:
    """Claim, renew or take over; `taken_from` names the counter it was taken from."""
    transaction.connection.execute(
        "INSERT INTO dossier_claim (dossier_id, officer_id, counter, boot_id, renewed_mono_ms,"
        " claimed_at, taken_from) VALUES (?, ?, ?, ?, ?, ?, ?)"
        " ON CONFLICT (dossier_id) DO UPDATE SET officer_id = excluded.officer_id,"
        " claimed_at = iif(counter = excluded.counter, claimed_at, excluded.claimed_at),"
        " taken_from = iif(counter = excluded.counter, taken_from, excluded.taken_from),"
        " counter = excluded.counter, boot_id = excluded.boot_id,"
        " renewed_mono_ms = excluded.renewed_mono_ms",
        (dossier_id, *claim, transaction.moment.text, taken_from),
    )


def release(transaction: Transaction, dossier_id: bytes) -> None:
    """Nobody works on it any more."""
    transaction.connection.execute("DELETE FROM dossier_claim WHERE dossier_id = ?", (dossier_id,))


def release_counter(transaction: Transaction, counter: str) -> None:
    """A counter works on nothing any more: somebody signed out there."""
    transaction.connection.execute("DELETE FROM dossier_claim WHERE counter = ?", (counter,))


def of_counter(connection: sqlite3.Connection, counter: str) -> list[tuple[bytes, Claim]]:
    """What a counter has claimed, dead claims included."""
    rows = connection.execute(
        "SELECT dossier_id, officer_id, counter, boot_id, renewed_mono_ms FROM dossier_claim"
        " WHERE counter = ?",
        (counter,),
    )
    return [(row[0], Claim(*row[1:])) for row in rows]

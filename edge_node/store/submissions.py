"""What was answered to commands, so that the same key gets the same answer for ever.

An officer's answer is stored with its key. What a citizen hands in is found by its command id in
the journal, which takes every id once, and the answer is put together again from the rows.
"""

import sqlite3
from typing import Final, NamedTuple

from edge_node.domain.events import TicketIssued
from edge_node.store import payloads
from edge_node.store.unit_of_work import Transaction
from sync.protocol.record import decode_record

UNKNOWN_REQUEST: Final = bytes(32)
"""Digest of a request that is not known: its dossier came back from the city."""


def find(connection: sqlite3.Connection, key: str) -> tuple[bytes, bytes] | None:
    """Digest of an officer's request and the answer it got, or None for a new key."""
    row = connection.execute(
        "SELECT digest, answer FROM submission WHERE key = ?", (key,)
    ).fetchone()
    return (row[0], row[1]) if row is not None else None


def insert(transaction: Transaction, key: str, digest: bytes, answer: bytes) -> None:
    """Remember what an officer is answered."""
    transaction.connection.execute(
        "INSERT INTO submission (key, digest, answer) VALUES (?, ?, ?)",
        (key, digest, answer),
    )


class HandedIn(NamedTuple):
    """A dossier as it was handed in: what was asked, what it got, where its event stands."""

    request_digest: bytes
    dossier_id: bytes
    number: str
    submitted_at: str
    ticket: str
    lid: bytes
    sequence: int

    def answers(self, digest: bytes) -> bool:
        """Whether a request with this digest is the one that was handed in.

        Of a dossier that came back from the city the request is not known: the command id decides.
        """
        return self.request_digest in {digest, UNKNOWN_REQUEST}


def dossier_of(connection: sqlite3.Connection, eid: bytes) -> HandedIn | None:
    """The dossier that the command `eid` handed in."""
    row = connection.execute(
        "SELECT dossier.request_digest, dossier.id, dossier.number, dossier.submitted_at,"
        " dossier.first_ticket, log.lid, record.sequence FROM record"
        " JOIN dossier ON dossier.id = record.subject"
        " JOIN log ON log.number = record.log_number"
        " WHERE record.eid = ? AND record.version = 1 AND record.origin IS NULL",
        (eid,),
    ).fetchone()
    return HandedIn(*row) if row is not None else None


def ticket_of(connection: sqlite3.Connection, eid: bytes) -> TicketIssued | None:
    """The number that the command `eid` took; None when it did something else."""
    row = connection.execute(
        "SELECT raw FROM record WHERE eid = ? AND origin IS NULL", (eid,)
    ).fetchone()
    event = payloads.read(decode_record(row[0]).body) if row is not None and row[0] else None
    return event if isinstance(event, TicketIssued) else None

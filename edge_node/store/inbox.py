"""The city's word as it took effect at the station: cursors, kept entries, facts."""

import sqlite3
from collections.abc import Mapping
from typing import Final, Literal, NamedTuple, TypeAlias

from edge_node.store.city_news import Entry
from edge_node.store.unit_of_work import Transaction

KeptState: TypeAlias = Literal["unknown", "waiting", "refused"]


class Cursor(NamedTuple):
    """How far a feed has been taken, and how far that was confirmed to the city."""

    size: int
    acknowledged: int


NEW_FEED: Final = Cursor(0, 0)


def cursors(connection: sqlite3.Connection) -> Mapping[bytes, Cursor]:
    """The cursor of every feed that was ever read."""
    rows = connection.execute("SELECT fid, size, acknowledged FROM inbox_cursor")
    return {row[0]: Cursor(row[1], row[2]) for row in rows}


def move(transaction: Transaction, fid: bytes, size: int) -> bool:
    """Take a feed up to `size`; False when it was taken so far already."""
    changed = transaction.connection.execute(
        "INSERT INTO inbox_cursor (fid, size) VALUES (?, ?)"
        " ON CONFLICT (fid) DO UPDATE SET size = excluded.size WHERE size < excluded.size",
        (fid, size),
    )
    return changed.rowcount == 1


def acknowledge(transaction: Transaction, fid: bytes, size: int) -> None:
    """Note that a journal record confirms the feed up to `size`."""
    transaction.connection.execute(
        "UPDATE inbox_cursor SET acknowledged = ? WHERE fid = ?", (size, fid)
    )


def keep(transaction: Transaction, entry: Entry, state: KeptState, code: str) -> None:
    """Keep an entry that has no effect yet, or never will."""
    transaction.connection.execute(
        "INSERT OR REPLACE INTO inbox_kept"
        " (fid, sequence, kind, eid, subject, body, state, code, noted_at)"
        " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
        (*entry, state, code, transaction.moment.text),
    )


def release(transaction: Transaction, entry: Entry) -> None:
    """Forget a kept entry: it has taken effect."""
    transaction.connection.execute(
        "DELETE FROM inbox_kept WHERE fid = ? AND sequence = ?", (entry.fid, entry.sequence)
    )


def kept(connection: sqlite3.Connection, state: KeptState) -> list[Entry]:
    """The entries kept in a state, oldest first."""
    rows = connection.execute(
        "SELECT fid, sequence, kind, eid, subject, body FROM inbox_kept WHERE state = ?"
        " ORDER BY sequence",
        (state,),
    )
    return [Entry(*row) for row in rows]


def count_kept(connection: sqlite3.Connection) -> dict[str, int]:
    """How many entries are kept, by state."""
    rows = connection.execute("SELECT state, count(*) FROM inbox_kept GROUP BY state")
    return dict(rows.fetchall())


class Fact(NamedTuple):
    """What the city said of a dossier; `state` and `due_at` are empty when it told none."""

    fid: bytes
    sequence: int
    dossier_id: bytes
    type: str
    state: str
    text: str
    at: str
    due_at: str = ""


def add_fact(transaction: Transaction, fact: Fact) -> None:
    """Keep a fact; the same one again changes nothing."""
    transaction.connection.execute(
        "INSERT OR IGNORE INTO city_fact (fid, sequence, dossier_id, type, state, text, at, due_at)"
        " VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
        fact,
    )


def is_newest(connection: sqlite3.Connection, fact: Fact) -> bool:
    """Whether no later fact of the same feed has told the dossier's state."""
    row = connection.execute(
        "SELECT 1 FROM city_fact WHERE dossier_id = ? AND fid = ? AND sequence > ? AND state <> ''",
        (fact.dossier_id, fact.fid, fact.sequence),
    ).fetchone()
    return row is None


def facts_of(connection: sqlite3.Connection, dossier_id: bytes) -> list[Fact]:
    """What the city said of a dossier, oldest first."""
    rows = connection.execute(
        "SELECT fid, sequence, dossier_id, type, state, text, at, due_at FROM city_fact"
        " WHERE dossier_id = ? ORDER BY fid, sequence",
        (dossier_id,),
    )
    return [Fact(*row) for row in rows]


def set_state(transaction: Transaction, dossier_id: bytes, state: str) -> None:
    """The dossier is in `state` by the city's word; its version counts our own events only."""
    transaction.connection.execute("UPDATE dossier SET state = ? WHERE id = ?", (state, dossier_id))


class RecordWord(NamedTuple):
    """What became of one of our records at the city."""

    lid: bytes
    sequence: int
    code: str
    text: str


def add_record_word(transaction: Transaction, word: RecordWord, position: int) -> bytes | None:
    """Keep the newest word on a record; the dossier it concerns, if it is one of ours."""
    transaction.connection.execute(
        "INSERT INTO record_word (lid, sequence, code, text, position) VALUES (?, ?, ?, ?, ?)"
        " ON CONFLICT (lid, sequence) DO UPDATE SET code = excluded.code,"
        " text = excluded.text, position = excluded.position WHERE position < excluded.position",
        (*word, position),
    )
    row = transaction.connection.execute(
        "SELECT record.subject FROM log JOIN record ON record.position = log.number << 20 | ?"
        " WHERE log.lid = ?",
        (word.sequence, word.lid),
    ).fetchone()
    return row[0] if row is not None else None


def words_on_records_of(connection: sqlite3.Connection, dossier_id: bytes) -> list[RecordWord]:
    """The city's words on the records of a dossier that are not simply entered."""
    rows = connection.execute(
        "SELECT record_word.lid, record_word.sequence, code, text FROM record"
        " JOIN log ON log.number = record.log_number"
        " JOIN record_word ON record_word.lid = log.lid"
        " AND record_word.sequence = record.sequence"
        " WHERE record.subject = ? AND code NOT IN ('entered', 'duplicate')",
        (dossier_id,),
    )
    return [RecordWord(*row) for row in rows]


class PaymentWord(NamedTuple):
    """Money that came in under a reference (đồng)."""

    reference: str
    bank_transaction: str
    amount_vnd: int
    paid_at: str
    beneficiary: str


def add_payment(transaction: Transaction, word: PaymentWord) -> None:
    """Keep a confirmation; the same bank transaction counts once.

    A statement may have told of it before, with fewer facts: the city's take their place.
    """
    connection = transaction.connection
    (on_statement,) = connection.execute(
        "SELECT count(*) FROM payment_word WHERE bank_transaction = ? AND on_statement",
        (word.bank_transaction,),
    ).fetchone()
    connection.execute(
        "DELETE FROM payment_word WHERE bank_transaction = ? AND NOT from_city",
        (word.bank_transaction,),
    )
    connection.execute(
        "INSERT OR IGNORE INTO payment_word (reference, bank_transaction, amount_vnd, paid_at,"
        " beneficiary, on_statement) VALUES (?, ?, ?, ?, ?, ?)",
        (*word, int(on_statement > 0)),
    )


class OfficerWord(NamedTuple):
    """Whether somebody may work at the station, and under which name."""

    officer_id: str
    name: str
    active: bool
    role: str = ""


def set_officer(transaction: Transaction, word: OfficerWord, position: int) -> None:
    """Keep the newest word on an officer."""
    transaction.connection.execute(
        "INSERT INTO officer_word (officer_id, name, active, position, role) VALUES (?, ?, ?, ?, ?)"
        " ON CONFLICT (officer_id) DO UPDATE SET name = excluded.name,"
        " active = excluded.active, position = excluded.position, role = excluded.role"
        " WHERE position < excluded.position",
        (word.officer_id, word.name, int(word.active), position, word.role),
    )


def officers(connection: sqlite3.Connection) -> dict[str, OfficerWord]:
    """The newest word on every officer."""
    rows = connection.execute("SELECT officer_id, name, active, role FROM officer_word")
    return {row[0]: OfficerWord(row[0], row[1], bool(row[2]), row[3]) for row in rows}


class StoredRelease(NamedTuple):
    """A catalogue release from the city; `content` is its packed files."""

    version: str
    valid_from: str
    content: bytes


def add_release(transaction: Transaction, position: int, release: StoredRelease) -> None:
    """Keep a release that was read whole."""
    transaction.connection.execute(
        "INSERT OR IGNORE INTO catalogue_release (position, version, valid_from, content)"
        " VALUES (?, ?, ?, ?)",
        (position, *release),
    )


def release_on(connection: sqlite3.Connection, day: str) -> StoredRelease | None:
    """The city's release in force on a day (ISO): the last one to begin, the last one published."""
    row = connection.execute(
        "SELECT version, valid_from, content FROM catalogue_release WHERE valid_from <= ?"
        " ORDER BY valid_from DESC, position DESC LIMIT 1",
        (day,),
    ).fetchone()
    return StoredRelease(*row) if row is not None else None


def anchored_ms(connection: sqlite3.Connection, boot_id: bytes) -> int | None:
    """When this boot's clock was last tied to the city's (monotonic ms)."""
    row = connection.execute(
        "SELECT mono_ms FROM anchored WHERE boot_id = ?", (boot_id,)
    ).fetchone()
    return row[0] if row is not None else None


def set_anchored(transaction: Transaction, boot_id: bytes, mono_ms: int) -> None:
    """Note that it was tied now; older boots are forgotten."""
    transaction.connection.execute("DELETE FROM anchored WHERE boot_id <> ?", (boot_id,))
    transaction.connection.execute(
        "INSERT OR REPLACE INTO anchored (boot_id, mono_ms) VALUES (?, ?)", (boot_id, mono_ms)
    )


def has_records(connection: sqlite3.Connection, boot_id: bytes) -> bool:
    """Whether anything was recorded in this boot."""
    row = connection.execute("SELECT 1 FROM log WHERE boot_id = ? LIMIT 1", (boot_id,)).fetchone()
    return row is not None

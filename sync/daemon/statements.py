"""Every statement on sync.db, on a connection inside one of its writer's transactions.

Rules: `acked` only rises, except through `lower_log`, which a verified welcome alone may call. It
must not know where the values come from.
"""

import sqlite3
from collections.abc import Sequence
from importlib.resources import files
from importlib.resources.abc import Traversable
from typing import Final, NamedTuple

from sync.daemon.events import Policy
from sync.daemon.tally import Tally
from sync.protocol import session_extras
from sync.protocol.custody import NOT_RELEASED
from sync.protocol.entries import read_entries

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


class Remembered(NamedTuple):
    """What sync.db knows of one log beside the city's last word."""

    archived: int = 0
    aside: int = 0
    recovered: int = 0


class SightedCity(NamedTuple):
    """When the city was last heard (boot and time since boot), and its policy."""

    boot_id: bytes | None
    mono_ms: int | None
    policy: Policy


class Aside(NamedTuple):
    """Bytes that the city keeps without a receipt; `digest` of the whole batch."""

    digest: bytes
    lid: bytes
    first: int
    records: int
    reason: int
    cose: bytes


class RequestAnswer(NamedTuple):
    """How a request of the node stands: `running`, `done` or `failed`, and how far it is."""

    number: int
    state: str
    done: int = 0
    total: int = 0
    code: str = ""
    finished_wall_ms: int | None = None


class Anchor(NamedTuple):
    """Signed city time between two moments of this boot, all in ms."""

    nonce: bytes
    city_time_ms: int
    boot_id: bytes
    mono_sent: int
    mono_received: int


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
        " applied = max(applied, excluded.applied),"
        " receipt_number = coalesce(excluded.receipt_number, receipt_number)",
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


def set_withheld(connection: sqlite3.Connection, lid: bytes, sequence: int, wall_ms: int) -> None:
    """Note a record of which the city gets the leaf alone."""
    connection.execute(
        "INSERT OR IGNORE INTO withheld (lid, sequence, noticed_wall_ms) VALUES (?, ?, ?)",
        (lid, sequence, wall_ms),
    )


def remembered(connection: sqlite3.Connection, lid: bytes) -> Remembered:
    """What is known of one log beside its row: promises, bytes set aside, records come back."""
    row = log_row(connection, lid)
    (aside,) = connection.execute(
        "SELECT coalesce(max(first + count), 0) FROM aside WHERE lid = ? AND reason NOT IN (?, ?)",
        (lid, *NOT_RELEASED),
    ).fetchone()
    (recovered,) = connection.execute(
        "SELECT coalesce(max(sequence) + 1, 0) FROM recovered WHERE lid = ?", (lid,)
    ).fetchone()
    return Remembered(row.archived if row is not None else 0, aside, recovered)


def add_aside(connection: sqlite3.Connection, aside: Aside) -> None:
    """Keep the city's word that it has these bytes aside; never an acknowledgement."""
    connection.execute(
        "INSERT OR REPLACE INTO aside (digest, lid, first, count, reason, cose)"
        " VALUES (?, ?, ?, ?, ?, ?)",
        aside,
    )


def drop_aside(connection: sqlite3.Connection, lid: bytes, size: int) -> None:
    """Forget what was set aside and is in the log now, as a verified welcome shows."""
    connection.execute("DELETE FROM aside WHERE lid = ? AND first + count <= ?", (lid, size))


def add_recovered(
    connection: sqlite3.Connection, lid: bytes, first: int, raws: Sequence[bytes]
) -> None:
    """Keep own records that came back, from sequence `first` on."""
    connection.executemany(
        "INSERT OR IGNORE INTO recovered (lid, sequence, raw) VALUES (?, ?, ?)",
        [(lid, first + number, raw) for number, raw in enumerate(raws)],
    )


def recovered_leaves(connection: sqlite3.Connection, lid: bytes, first: int) -> list[bytes]:
    """The leaves of the own records that came back, from sequence `first` on."""
    rows = connection.execute(
        "SELECT raw, sequence FROM recovered WHERE lid = ? AND sequence >= ? ORDER BY sequence",
        (lid, first),
    )
    return [read_entries(raw, sequence, 1)[0].leaf for raw, sequence in rows]


def add_anchor(connection: sqlite3.Connection, anchor: Anchor, interval_ms: int) -> None:
    """Keep signed time, unless this boot has some that is younger than `interval_ms`."""
    (last,) = connection.execute(
        "SELECT max(mono_received) FROM anchor WHERE boot_id = ?", (anchor.boot_id,)
    ).fetchone()
    if last is None or anchor.mono_received - last >= interval_ms:
        connection.execute("INSERT OR IGNORE INTO anchor VALUES (?, ?, ?, ?, ?)", anchor)


def add_keyset(connection: sqlite3.Connection, version: int, message: bytes) -> None:
    """Keep a verified keyset."""
    connection.execute(
        "INSERT OR REPLACE INTO keyset (version, message) VALUES (?, ?)", (version, message)
    )


def add_own_key(connection: sqlite3.Connection, serial: int, kid: bytes) -> None:
    """Note the key that the station signs with; a renewed certificate for it is no other key."""
    newest = connection.execute("SELECT kid FROM own_key ORDER BY serial DESC LIMIT 1").fetchone()
    if newest is None or newest[0] != kid:
        connection.execute(
            "INSERT INTO own_key (serial, kid) VALUES (?, ?) ON CONFLICT DO NOTHING", (serial, kid)
        )


def keysets(connection: sqlite3.Connection) -> list[bytes]:
    """Every keyset that was taken, oldest first."""
    return [row[0] for row in connection.execute("SELECT message FROM keyset ORDER BY version")]


def set_policy(connection: sqlite3.Connection, policy: session_extras.Policy) -> None:
    """Remember what the city asks for."""
    start, end = policy.blob_minutes or (None, None)
    connection.execute(
        "INSERT OR REPLACE INTO policy VALUES (1, ?, ?, ?, ?, ?, ?)", (*policy[:4], start, end)
    )


def sighted_city(connection: sqlite3.Connection) -> SightedCity:
    """When the city was last heard, and what it asks for."""
    seen = connection.execute("SELECT boot_id, mono_ms FROM city").fetchone()
    wishes = connection.execute(
        "SELECT spread_s, hello_interval_s, maximum_batch_bytes FROM policy"
    ).fetchone()
    boot_id, mono_ms = seen or (None, None)
    return SightedCity(boot_id, mono_ms, Policy(*(wishes or ())))


def set_progress(connection: sqlite3.Connection, tally: Tally | None) -> None:
    """Say how far a backlog is sent; None when there is none."""
    if tally is None:
        connection.execute("DELETE FROM progress")
        return
    connection.execute("INSERT OR REPLACE INTO progress VALUES (1, ?, ?, ?, ?, ?, ?)", tally)


def add_traffic(connection: sqlite3.Connection, day: int, sent: int, received: int) -> None:
    """Count bytes on the line."""
    connection.execute(
        "INSERT INTO link (day, sent_bytes, received_bytes) VALUES (?, ?, ?) ON CONFLICT (day)"
        " DO UPDATE SET sent_bytes = sent_bytes + excluded.sent_bytes,"
        " received_bytes = received_bytes + excluded.received_bytes",
        (day, sent, received),
    )


def answer_request(connection: sqlite3.Connection, answer: RequestAnswer) -> None:
    """Say how a request of the node stands."""
    connection.execute(
        "INSERT OR REPLACE INTO request_answer (id, state, done, total, code, finished_wall_ms)"
        " VALUES (?, ?, ?, ?, ?, ?)",
        answer,
    )


def close_requests(connection: sqlite3.Connection, code: str, wall_ms: int) -> None:
    """Say of what was under way that it came to nothing."""
    connection.execute(
        "UPDATE request_answer SET state = 'failed', code = ?, finished_wall_ms = ?"
        " WHERE state = 'running'",
        (code, wall_ms),
    )


def answered_requests(connection: sqlite3.Connection) -> frozenset[int]:
    """The numbers of all requests that were begun."""
    return frozenset(row[0] for row in connection.execute("SELECT id FROM request_answer"))


def known_city(connection: sqlite3.Connection) -> KnownCity | None:
    """The city as last seen, or None before the first welcome."""
    row = connection.execute("SELECT city_id, generation, receipt_number FROM city").fetchone()
    return KnownCity(*row) if row is not None else None


def set_city(connection: sqlite3.Connection, city: KnownCity) -> None:
    """Remember the city as seen now."""
    connection.execute(
        "INSERT INTO city (id, city_id, generation, receipt_number) VALUES (1, ?, ?, ?)"
        " ON CONFLICT (id) DO UPDATE SET city_id = excluded.city_id,"
        " generation = excluded.generation, receipt_number = excluded.receipt_number",
        city,
    )


def set_sighted(connection: sqlite3.Connection, boot_id: bytes, mono_ms: int) -> None:
    """Remember when the city was heard, by a clock that nobody sets."""
    connection.execute("UPDATE city SET boot_id = ?, mono_ms = ?", (boot_id, mono_ms))


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

"""How the dealings with the city stand, for people: counts, progress, traffic, requests.

Read from sync.db (what the daemon wrote) and from the node's own tables; nothing here is personal.
"""

import sqlite3
from collections.abc import Mapping
from typing import Final, NamedTuple

from edge_node.store.unit_of_work import Transaction
from sync.protocol.custody import NOT_RELEASED

DAY_MS: Final = 86_400_000


class Progress(NamedTuple):
    """A backlog on its way: records and bytes, done of all, and the seconds still to go."""

    records_total: int
    records_done: int
    bytes_total: int
    bytes_done: int
    remaining_s: int | None


class Traffic(NamedTuple):
    """Bytes on the line today (UTC day)."""

    sent_bytes: int
    received_bytes: int


_ASIDE_RECORDS: Final = "SELECT coalesce(sum(count), 0) FROM aside WHERE reason NOT IN (?, ?)"


class Dealings(NamedTuple):
    """What the daemon knows; `notices` and `statuses` count by code."""

    notices: Mapping[str, int]
    statuses: Mapping[str, int]
    aside: int
    blobs_held: int
    traffic: Traffic
    progress: Progress | None


class LogNotice(NamedTuple):
    """A log whose history and the city's differ."""

    lid: bytes
    kind: str
    city_size: int


def dealings(connection: sqlite3.Connection, now_ms: int) -> Dealings:
    """All of it at one moment of sync.db."""
    traffic = connection.execute(
        "SELECT sent_bytes, received_bytes FROM link WHERE day = ?", (now_ms // DAY_MS,)
    ).fetchone()
    progress = connection.execute(
        "SELECT records_total, records_done, bytes_total, bytes_done, remaining_s FROM progress"
    ).fetchone()
    return Dealings(
        notices=_count(connection, "SELECT kind, count(*) FROM log_notice GROUP BY kind"),
        statuses=_count(connection, "SELECT code, count(*) FROM record_status GROUP BY code"),
        aside=_one(connection, _ASIDE_RECORDS, *NOT_RELEASED),
        blobs_held=_one(connection, "SELECT count(*) FROM blob_state WHERE receipt IS NOT NULL"),
        traffic=Traffic(*traffic) if traffic else Traffic(0, 0),
        progress=Progress(*progress) if progress else None,
    )


def notices(connection: sqlite3.Connection) -> list[LogNotice]:
    """Every log with something to tell a person."""
    rows = connection.execute("SELECT lid, kind, city_size FROM log_notice")
    return [LogNotice(*row) for row in rows]


def unsettled(connection: sqlite3.Connection, found: list[LogNotice]) -> set[str]:
    """The kinds of notices that still need a person.

    A fork that was journalled again and a rollback whose records are back have been dealt with.
    """
    rows = connection.execute("SELECT lid, size, state FROM log")
    logs = {row[0]: (row[1], row[2]) for row in rows}
    kinds = set()
    for lid, kind, city_size in found:
        size, state = logs.get(lid, (0, ""))
        settled = (kind == "fork" and state == "abandoned") or (
            kind == "rollback" and size >= city_size
        )
        if not settled:
            kinds.add(kind)
    return kinds


def count_blobs(connection: sqlite3.Connection) -> int:
    """Attachments whose files are here."""
    return _one(connection, "SELECT count(*) FROM blob WHERE purged = 0")


class Asked(NamedTuple):
    """A request to the daemon."""

    id: int
    kind: str
    asked_wall_ms: int


class RequestAnswer(NamedTuple):
    """What became of one; `code` is empty when nothing went wrong."""

    state: str
    done: int
    total: int
    code: str
    finished_wall_ms: int | None


class Asking(NamedTuple):
    """What to ask the daemon, and when."""

    kind: str
    argument: str
    wall_ms: int


def newest_answer(connection: sqlite3.Connection) -> int:
    """The highest id the daemon has answered, 0 before the first."""
    return _one(connection, "SELECT coalesce(max(id), 0) FROM request_answer")


def ask_daemon(transaction: Transaction, asking: Asking, answered: int) -> int:
    """Ask the daemon for something; the request's id. An older argument is not kept.

    The id is above `answered`: a node.db set back by a restored card has forgotten what it asked,
    and the daemon does nothing under an id it knows.
    """
    connection = transaction.connection
    connection.execute(
        "UPDATE request_to_daemon SET argument = '' WHERE kind = ? AND argument <> ''",
        (asking.kind,),
    )
    cursor = connection.execute(
        "INSERT INTO request_to_daemon (id, kind, argument, asked_wall_ms)"
        " SELECT 1 + max(?, coalesce(max(id), 0)), ?, ?, ? FROM request_to_daemon",
        (answered, *asking),
    )
    return cursor.lastrowid or 0


def newest_request(connection: sqlite3.Connection) -> Asked | None:
    """The last thing the daemon was asked for."""
    row = connection.execute(
        "SELECT id, kind, asked_wall_ms FROM request_to_daemon ORDER BY id DESC LIMIT 1"
    ).fetchone()
    return Asked(*row) if row is not None else None


def answer_to(connection: sqlite3.Connection, request_id: int) -> RequestAnswer | None:
    """The daemon's answer so far."""
    row = connection.execute(
        "SELECT state, done, total, code, finished_wall_ms FROM request_answer WHERE id = ?",
        (request_id,),
    ).fetchone()
    return RequestAnswer(*row) if row is not None else None


def _one(connection: sqlite3.Connection, statement: str, *values: int) -> int:
    return int(connection.execute(statement, values).fetchone()[0])


def _count(connection: sqlite3.Connection, statement: str) -> dict[str, int]:
    return dict(connection.execute(statement).fetchall())

"""What sync.db adds up to, for watching. Read only; one moment for all figures."""

import sqlite3
from collections.abc import Mapping
from typing import Final, NamedTuple

from sync.protocol.custody import NOT_RELEASED
from sync.protocol.receipt import RecordStatus, status_code

_ASIDE_RECORDS: Final = "SELECT coalesce(sum(count), 0) FROM aside WHERE reason NOT IN (?, ?)"

_LEAVES_ALONE: Final = (
    "SELECT lid, sequence FROM (SELECT lid, sequence FROM withheld"
    " UNION SELECT lid, sequence FROM record_status WHERE code = ?)"
    " JOIN log_state USING (lid) WHERE sequence < acked"
)


class SyncFigures(NamedTuple):
    """Counts over all logs; `acked` and `withheld` by log id, the rest added up. Times in ms.

    `withheld` are the sequences that receipts cover and of which the city has the leaf alone.
    """

    acked: Mapping[bytes, int]
    unarchived: int
    aside: int
    withheld: Mapping[bytes, set[int]]
    statuses: Mapping[str, float]
    notices: Mapping[str, float]
    blobs_held: int
    blobs_wanted: int
    sent_today: int
    received_today: int
    sent_records: int
    last_receipt_wall_ms: int | None
    last_success_wall_ms: int | None
    city_time_ms: int | None
    heard_boot: bytes | None


def sync_figures(connection: sqlite3.Connection, day: int) -> SyncFigures:
    """The figures now; `day` is the UTC day, counted from 1970."""
    rows = connection.execute("SELECT lid, acked, archived FROM log_state").fetchall()
    contact = connection.execute(
        "SELECT sent_records, last_receipt_wall_ms, last_success_wall_ms, city_time_ms FROM contact"
    ).fetchone()
    traffic = connection.execute(
        "SELECT sent_bytes, received_bytes FROM link WHERE day = ?", (day,)
    ).fetchone() or (0, 0)
    heard = connection.execute("SELECT boot_id FROM city").fetchone()
    return SyncFigures(
        acked={row[0]: row[1] for row in rows},
        unarchived=sum(row[1] - row[2] for row in rows),
        aside=_one(connection, _ASIDE_RECORDS, *NOT_RELEASED),
        withheld=_withheld(connection),
        statuses=_by(connection, "SELECT code, count(*) FROM record_status GROUP BY code"),
        notices=_by(connection, "SELECT kind, count(*) FROM log_notice GROUP BY kind"),
        blobs_held=_one(connection, "SELECT count(*) FROM blob_state WHERE receipt IS NOT NULL"),
        blobs_wanted=_one(connection, "SELECT count(*) FROM wanted"),
        sent_today=traffic[0],
        received_today=traffic[1],
        sent_records=contact[0],
        last_receipt_wall_ms=contact[1],
        last_success_wall_ms=contact[2],
        city_time_ms=contact[3],
        heard_boot=heard[0] if heard is not None else None,
    )


def _withheld(connection: sqlite3.Connection) -> dict[bytes, set[int]]:
    found: dict[bytes, set[int]] = {}
    code = status_code(RecordStatus.WITHHELD)
    for lid, sequence in connection.execute(_LEAVES_ALONE, (code,)):
        found.setdefault(lid, set()).add(sequence)
    return found


def _one(connection: sqlite3.Connection, sql: str, *values: int) -> int:
    return int(connection.execute(sql, values).fetchone()[0])


def _by(connection: sqlite3.Connection, sql: str) -> dict[str, float]:
    return {str(name): float(count) for name, count in connection.execute(sql)}

"""Read-only views of the SQLite archive: stations, notices, gauges and the export.

Rules: no statement here writes; the export reads one batch in one short transaction, so that it
never holds the writer back and needs memory for one batch only.
"""

import contextlib
import sqlite3
from collections import defaultdict
from collections.abc import AsyncIterator, Sequence
from functools import partial
from pathlib import Path
from typing import Final, NamedTuple

from sync.city.archive import kept
from sync.city.archive.port import (
    STATION_NOTICES,
    Anchor,
    ArchiveError,
    ArchiveFault,
    ExportedBatch,
    Followed,
    Gauges,
    LogTimes,
    NoticeCode,
    Quarantined,
    StationSummary,
    StoredBatch,
    VerdictCode,
)
from sync.database import DatabaseError, Reader, open_reader

MISSING_TAIL_AFTER_MS: Final = 24 * 3600 * 1000
PARKED_LONG_AFTER_MS: Final = 24 * 3600 * 1000
MAXIMUM_NOTICES: Final = 200
"""Notices in one WELCOME: a person has enough to do with them."""


class Place(NamedTuple):
    """The position of a batch in the order of the export."""

    station: int
    log_id: int
    start: int


START: Final = Place(-1, -1, -1)

# CROSS JOIN keeps SQLite from walking the logs, which are many, instead of these, which are few.
_NOTICES: Final = """
    SELECT log.node_id AS node_id, log.station AS station, log.id AS log_id, log.lid AS lid,
        notice.code AS code
    FROM notice CROSS JOIN log ON log.id = notice.log_id
    UNION ALL
    SELECT child.node_id, child.station, child.id, child.parent_lid, 'missing_tail'
    FROM promise CROSS JOIN log AS child ON child.id = promise.log_id
    LEFT JOIN log AS parent ON parent.lid = promise.parent_lid
    WHERE promise.parent_size > coalesce(parent.size, 0)
        AND promise.since_ms < :missing_before_ms
    UNION ALL
    SELECT DISTINCT log.node_id, log.station, log.id, log.lid, 'parked_long'
    FROM parked CROSS JOIN log ON log.id = parked.log_id
    WHERE parked.since_ms < :parked_before_ms
"""

_PROBLEMS: Final = f"""
SELECT station, code, count(*) FROM (
    SELECT log.station AS station, verdict.code AS code
    FROM verdict JOIN log ON log.id = verdict.log_id WHERE verdict.code <> 'duplicate'
    UNION ALL SELECT station, reason FROM quarantine WHERE released_ms IS NULL
    UNION ALL SELECT station, code FROM ({_NOTICES})
) GROUP BY station, code ORDER BY station, code
"""  # noqa: S608 - constants

_COUNTS: Final = """
SELECT station, max(contact_ms), sum(stored), sum(entered), sum(dossiers), sum(archived),
    sum(behind)
FROM (
    SELECT station, NULL AS contact_ms, sum(size) AS stored, sum(opened) AS entered,
        0 AS dossiers, sum(archived) AS archived, 0 AS behind FROM log NOT INDEXED GROUP BY station
    UNION ALL
    SELECT station, last_contact_ms, 0, 0, 0, 0, behind FROM contact
    UNION ALL
    SELECT station, NULL, 0, 0, dossiers, 0, 0 FROM register_station
) GROUP BY station ORDER BY station
"""

NUMBERED: Final = "SELECT dossier_id, station FROM register_dossier WHERE dossier_no = {mark}"

FOLLOW: Final = """
SELECT dossier.station, dossier_no, state,
    (SELECT max(last_contact_ms) FROM contact WHERE contact.station = dossier.station),
    coalesce((SELECT max(behind) FROM contact WHERE contact.station = dossier.station), 0)
FROM register_dossier AS dossier WHERE dossier_id = {mark}
"""

_GAUGES: Final = """
SELECT coalesce(sum(size), 0), coalesce(sum(opened), 0), coalesce(sum(archived), 0),
    (SELECT min(batch.received_ms) FROM log AS waiting JOIN batch ON batch.log_id = waiting.id
        AND batch.start = waiting.opened WHERE waiting.opened < waiting.size),
    (SELECT count(*) FROM parked), (SELECT min(since_ms) FROM parked),
    (SELECT count(*) FROM quarantine WHERE released_ms IS NULL),
    (SELECT coalesce(sum(size_bytes), 0) FROM quarantine),
    (SELECT min(batch.received_ms) FROM log AS waiting JOIN batch ON batch.log_id = waiting.id
        AND batch.start = waiting.archived WHERE waiting.archived < waiting.size)
FROM log
"""

_BATCH: Final = """
SELECT log.station, log.node_id, log.lid, log.opened, log.id,
    batch.number, batch.start, batch.end, batch.raw, batch.received_ms
FROM batch JOIN log ON log.id = batch.log_id
WHERE log.id = ? AND batch.start > ? ORDER BY batch.start LIMIT 1
"""


def notices(
    connection: sqlite3.Connection, node_id: bytes, now_ms: int
) -> list[tuple[NoticeCode, bytes]]:
    """What a WELCOME tells this station, by log."""
    found = connection.execute(
        f"SELECT code, lid FROM ({_NOTICES}) WHERE node_id = :node_id ORDER BY log_id, code",  # noqa: S608 - constants
        {"node_id": node_id, **_patience(now_ms)},
    )
    told = [(NoticeCode(code), bytes(lid)) for code, lid in found if code in STATION_NOTICES]
    return told[:MAXIMUM_NOTICES]


def follow(connection: sqlite3.Connection, dossier_id: bytes) -> Followed | None:
    """A dossier of the register by its id."""
    row = connection.execute(FOLLOW.format(mark="?"), (dossier_id,)).fetchone()
    return Followed(*row) if row is not None else None


def summarise(connection: sqlite3.Connection, now_ms: int) -> list[StationSummary]:
    """One summary for each station ever heard of, by station number.

    A log's promised end is missing only after a day: until then it may be on its way.
    """
    problems: dict[int, list[tuple[str, int]]] = defaultdict(list)
    for station, code, count in connection.execute(_PROBLEMS, _patience(now_ms)):
        problems[station].append((code, count))
    return [
        StationSummary(
            station, contact_ms, stored, entered, dossiers, tuple(problems[station]), *rest
        )
        for station, contact_ms, stored, entered, dossiers, *rest in connection.execute(_COUNTS)
    ]


def gauges(connection: sqlite3.Connection) -> Gauges:
    """The archive as a whole."""
    return Gauges(*connection.execute(_GAUGES).fetchone())


def timeline(connection: sqlite3.Connection, node_id: bytes) -> list[LogTimes]:
    """The logs of a node by number, with the anchors of each."""
    anchors: dict[int, list[Anchor]] = defaultdict(list)
    for log_id, *anchor in connection.execute(
        "SELECT anchor.log_id, sequence, anchor.boot_id, city_time_ms, mono_sent_ms,"
        " mono_received_ms FROM anchor JOIN log ON log.id = anchor.log_id WHERE node_id = ?"
        " ORDER BY anchor.log_id, sequence",
        (node_id,),
    ):
        anchors[log_id].append(Anchor(*anchor))
    return [
        LogTimes(lid, number, boot_id, parent_lid, anchors[log_id])
        for lid, number, boot_id, parent_lid, log_id in connection.execute(
            "SELECT lid, number, boot_id, parent_lid, id FROM log WHERE node_id = ?"
            " ORDER BY number, id",
            (node_id,),
        )
    ]


def _patience(now_ms: int) -> dict[str, int]:
    return {
        "missing_before_ms": now_ms - MISSING_TAIL_AFTER_MS,
        "parked_before_ms": now_ms - PARKED_LONG_AFTER_MS,
    }


class SqliteExporter:
    """Implements the exporter port over a read-only connection; made by `open_exporter`."""

    def __init__(self, reader: Reader) -> None:
        self._reader = reader

    async def export(self, station: int | None) -> AsyncIterator[ExportedBatch]:
        """Every stored batch, each read in its own short transaction."""
        place = START
        while True:
            found = await self._reader.query(partial(next_batch, station=station, after=place))
            if found is None:
                return
            place, batch = found
            yield batch

    async def dossiers_numbered(self, dossier_no: str) -> Sequence[tuple[bytes, int]]:
        """Ids and stations of the register's dossiers with this number."""
        return await self._reader.query(
            lambda connection: connection.execute(
                NUMBERED.format(mark="?"), (dossier_no,)
            ).fetchall()
        )

    async def timeline(self, node_id: bytes) -> Sequence[LogTimes]:
        """The logs of a node by number, with the anchors of each."""
        return await self._reader.query(partial(timeline, node_id=node_id))

    async def quarantined(self, station: int | None) -> Sequence[Quarantined]:
        """What lies in quarantine, oldest first."""
        return await self._reader.query(partial(kept.quarantined, station=station))


@contextlib.asynccontextmanager
async def open_exporter(path: Path) -> AsyncIterator[SqliteExporter]:
    """The archive in `path`, for reading. Raises ArchiveError when it cannot be read."""
    if not path.exists():  # noqa: ASYNC240 - once, before anything else runs
        raise ArchiveError(ArchiveFault.MISSING, str(path))
    try:
        async with open_reader(path) as reader:
            yield SqliteExporter(reader)
    except DatabaseError as error:
        raise ArchiveError(ArchiveFault.BROKEN, f"{path} {error}") from error


def next_batch(
    connection: sqlite3.Connection, station: int | None, after: Place
) -> tuple[Place, ExportedBatch] | None:
    """The batch after this place; None at the end."""
    place = after
    while True:
        row = connection.execute(_BATCH, (place.log_id, place.start)).fetchone()
        if row is not None:
            number, node_id, lid, opened, log_id, *stored = row
            batch = StoredBatch(*stored)
            verdicts = _verdicts(connection, log_id, batch)
            exported = ExportedBatch(number, node_id, lid, opened, batch, verdicts)
            return Place(place.station, log_id, batch.start), exported
        log = _next_log(connection, station, place)
        if log is None:
            return None
        place = log


def _verdicts(
    connection: sqlite3.Connection, log_id: int, batch: StoredBatch
) -> dict[int, VerdictCode]:
    return {
        sequence: VerdictCode(code)
        for sequence, code in connection.execute(
            "SELECT sequence, code FROM verdict WHERE log_id = ? AND sequence >= ?"
            " AND sequence < ?",
            (log_id, batch.start, batch.end),
        )
    }


def _next_log(connection: sqlite3.Connection, station: int | None, place: Place) -> Place | None:
    row = connection.execute(
        "SELECT station, id FROM log WHERE (station, id) > (?, ?) AND (? IS NULL OR station = ?)"
        " ORDER BY station, id LIMIT 1",
        (place.station, place.log_id, station, station),
    ).fetchone()
    return Place(row[0], row[1], -1) if row else None

"""Read-only views of the SQLite archive: the overview of the stations and the export.

Rules: no statement here writes; the export reads one page in one short transaction, so that it
never holds the writer back and needs memory for one page only.
"""

import contextlib
import sqlite3
from collections import defaultdict
from collections.abc import AsyncIterator, Sequence
from functools import partial
from pathlib import Path
from typing import Final, NamedTuple

from sync.city.archive.port import ArchiveError, ArchiveFault, ExportedRecord, StationSummary
from sync.database import DatabaseError, Reader, open_reader

EXPORT_PAGE_RECORDS: Final = 500
MISSING_TAIL_AFTER_MS: Final = 24 * 3600 * 1000


class Place(NamedTuple):
    """The position of an exported record in the order of the export."""

    station: int
    log_id: int
    sequence: int


class PlacedRecord(NamedTuple):
    """A record of the export with its position."""

    place: Place
    record: ExportedRecord


START: Final = Place(-1, -1, -1)

_PROBLEMS: Final = """
SELECT station, code, count(*) FROM (
    SELECT log.station AS station, verdict.code AS code
    FROM verdict JOIN log ON log.id = verdict.log_id WHERE verdict.code <> 'duplicate'
    UNION ALL SELECT station, reason FROM quarantine
    UNION ALL
    SELECT log.station, notice.code FROM notice JOIN log ON log.id = notice.log_id
    UNION ALL
    SELECT child.station, 'missing_tail'
    FROM log AS child JOIN log AS parent ON parent.lid = child.parent_lid
    WHERE child.parent_size > parent.size AND child.first_received_ms < :patience_ends_ms
) GROUP BY station, code ORDER BY station, code
"""

_COUNTS: Final = """
SELECT station, max(contact_ms), sum(stored), sum(entered), sum(dossiers) FROM (
    SELECT station, NULL AS contact_ms, size AS stored, applied AS entered, 0 AS dossiers FROM log
    UNION ALL
    SELECT station, last_contact_ms, 0, 0, 0 FROM contact
    UNION ALL
    SELECT station, NULL, 0, 0, dossiers FROM register_station
) GROUP BY station ORDER BY station
"""

_PAGE: Final = """
SELECT log.station, log.id, record.sequence, log.lid, record.kind, record.eid, record.subject,
    record.version, coalesce(
        verdict.code, iif(record.sequence < log.applied, 'entered', 'stored')), record.raw
FROM record JOIN log ON log.id = record.log_id
LEFT JOIN verdict ON verdict.log_id = record.log_id AND verdict.sequence = record.sequence
WHERE log.id = ? AND record.sequence > ? ORDER BY record.sequence LIMIT ?
"""


def summarise(connection: sqlite3.Connection, now_ms: int) -> list[StationSummary]:
    """One summary for each station ever heard of, by station number.

    A log's promised end is missing only after a day: until then it may be on its way.
    """
    problems: dict[int, list[tuple[str, int]]] = defaultdict(list)
    for station, code, count in connection.execute(
        _PROBLEMS, {"patience_ends_ms": now_ms - MISSING_TAIL_AFTER_MS}
    ):
        problems[station].append((code, count))
    return [
        StationSummary(station, contact_ms, stored, entered, dossiers, tuple(problems[station]))
        for station, contact_ms, stored, entered, dossiers in connection.execute(_COUNTS)
    ]


class SqliteExporter:
    """Implements the exporter port over a read-only connection; made by `open_exporter`."""

    def __init__(self, reader: Reader) -> None:
        self._reader = reader

    async def export(self, station: int | None) -> AsyncIterator[Sequence[ExportedRecord]]:
        """Every stored record in pages, each read in its own short transaction."""
        place = START
        while True:
            page = await self._reader.query(partial(export_page, station=station, after=place))
            if not page:
                return
            yield [row.record for row in page]
            place = page[-1].place


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


def export_page(
    connection: sqlite3.Connection, station: int | None, after: Place
) -> list[PlacedRecord]:
    """The records after this place, at most a page of one log; empty at the end."""
    place = after
    while True:
        rows = connection.execute(
            _PAGE, (place.log_id, place.sequence, EXPORT_PAGE_RECORDS)
        ).fetchall()
        if rows:
            return [_placed(row) for row in rows]
        log = _next_log(connection, station, place)
        if log is None:
            return []
        place = log


def _next_log(connection: sqlite3.Connection, station: int | None, place: Place) -> Place | None:
    row = connection.execute(
        "SELECT station, id FROM log WHERE (station, id) > (?, ?) AND (? IS NULL OR station = ?)"
        " ORDER BY station, id LIMIT 1",
        (place.station, place.log_id, station, station),
    ).fetchone()
    return Place(row[0], row[1], -1) if row else None


def _placed(row: tuple[object, ...]) -> PlacedRecord:
    station, log_id, sequence, lid, kind, eid, subject, version, status, raw = row
    record = ExportedRecord(station, lid, sequence, kind, eid, subject, version, status, raw)  # type: ignore[arg-type]  # columns of _PAGE
    return PlacedRecord(Place(station, log_id, sequence), record)  # type: ignore[arg-type]  # likewise

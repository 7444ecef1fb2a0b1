"""Read-only views of the PostgreSQL archive: stations, notices, gauges and the export.

Rules: no statement here writes; the export reads one batch at a time, so that it needs memory for
one batch only and holds no old moment of the database alive.
"""

from collections import defaultdict
from collections.abc import AsyncIterator, Sequence
from typing import Final

from sync.city.archive import postgres_kept
from sync.city.archive.overview import (
    FOLLOW,
    MAXIMUM_NOTICES,
    MISSING_TAIL_AFTER_MS,
    NUMBERED,
    PARKED_LONG_AFTER_MS,
    START,
    Place,
)
from sync.city.archive.port import (
    STATION_NOTICES,
    Anchor,
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
from sync.city.archive.postgres_pool import Connection, Pool

_NOTICES: Final = """
    SELECT log.node_id AS node_id, log.station AS station, log.id AS log_id, log.lid AS lid,
        notice.code AS code
    FROM notice JOIN log ON log.id = notice.log_id
    UNION ALL
    SELECT child.node_id, child.station, child.id, child.parent_lid, 'missing_tail'
    FROM log AS child LEFT JOIN log AS parent ON parent.lid = child.parent_lid
    WHERE child.parent_lid IS NOT NULL AND child.parent_size > coalesce(parent.size, 0)
        AND child.first_received_ms < $1
    UNION ALL
    SELECT child.node_id, child.station, child.id, child.lid, 'branch_other_hardware'
    FROM log AS child
    WHERE child.parent_lid IS NOT NULL AND EXISTS (
        SELECT 1 FROM log AS other WHERE other.parent_lid = child.parent_lid
            AND other.id < child.id AND other.hardware_id <> child.hardware_id)
    UNION ALL
    SELECT DISTINCT log.node_id, log.station, log.id, log.lid, 'parked_long'
    FROM parked JOIN log ON log.id = parked.log_id WHERE parked.since_ms < $2
"""

_PROBLEMS: Final = f"""
SELECT station, code, count(*) FROM (
    SELECT log.station AS station, verdict.code AS code
    FROM verdict JOIN log ON log.id = verdict.log_id WHERE verdict.code <> 'duplicate'
    UNION ALL SELECT station, reason FROM quarantine WHERE released_ms IS NULL
    UNION ALL SELECT station, code FROM ({_NOTICES}) AS noticed
) AS problem GROUP BY station, code ORDER BY station, code COLLATE "C"
"""  # noqa: S608 - constants

_COUNTS: Final = """
SELECT station, max(contact_ms)::bigint, sum(stored)::bigint, sum(entered)::bigint,
    sum(dossiers)::bigint, sum(archived)::bigint, sum(behind)::bigint
FROM (
    SELECT station, NULL::bigint AS contact_ms, size AS stored, opened AS entered,
        0::bigint AS dossiers, archived, 0::bigint AS behind FROM log
    UNION ALL
    SELECT station, last_contact_ms, 0, 0, 0, 0, behind FROM contact
    UNION ALL
    SELECT station, NULL, 0, 0, dossiers, 0, 0 FROM register_station
) AS part GROUP BY station ORDER BY station
"""

_GAUGES: Final = """
SELECT coalesce((SELECT sum(size) FROM log), 0)::bigint,
    coalesce((SELECT sum(opened) FROM log), 0)::bigint,
    coalesce((SELECT sum(archived) FROM log), 0)::bigint,
    (SELECT min(batch.received_ms) FROM log JOIN batch ON batch.month = log.month
        AND batch.log_id = log.id AND batch.start = log.opened WHERE log.opened < log.size),
    (SELECT count(*) FROM parked), (SELECT min(since_ms) FROM parked),
    (SELECT count(*) FROM quarantine WHERE released_ms IS NULL),
    (SELECT coalesce(sum(size_bytes), 0) FROM quarantine)::bigint,
    (SELECT min(batch.received_ms) FROM log JOIN batch ON batch.month = log.month
        AND batch.log_id = log.id AND batch.start = log.archived WHERE log.archived < log.size)
"""

_BATCH: Final = """
SELECT log.station, log.node_id, log.lid, log.opened, log.id,
    batch.number, batch.start, batch."end", batch.raw, batch.received_ms
FROM log JOIN batch ON batch.month = log.month AND batch.log_id = log.id
WHERE log.id = $1 AND batch.start > $2 ORDER BY batch.start LIMIT 1
"""


async def notices(pool: Pool, node_id: bytes, now_ms: int) -> list[tuple[NoticeCode, bytes]]:
    """What a WELCOME tells this station, by log."""
    found = await pool.fetch(
        f"SELECT code, lid FROM ({_NOTICES}) AS noticed WHERE node_id = $3"  # noqa: S608 - constants
        ' ORDER BY log_id, code COLLATE "C"',
        *(*_patience(now_ms), node_id),
    )
    told = [(NoticeCode(code), bytes(lid)) for code, lid in found if code in STATION_NOTICES]
    return told[:MAXIMUM_NOTICES]


async def follow(pool: Pool, dossier_id: bytes) -> Followed | None:
    """A dossier of the register by its id."""
    row = await pool.fetchrow(FOLLOW.format(mark="$1"), dossier_id)
    return Followed(*row) if row is not None else None


async def summarise(connection: Connection, now_ms: int) -> list[StationSummary]:
    """One summary for each station ever heard of, by station number."""
    problems: dict[int, list[tuple[str, int]]] = defaultdict(list)
    for station, code, count in await connection.fetch(_PROBLEMS, *_patience(now_ms)):
        problems[station].append((code, count))
    return [
        StationSummary(
            station, contact_ms, stored, entered, dossiers, tuple(problems[station]), *rest
        )
        for station, contact_ms, stored, entered, dossiers, *rest in await connection.fetch(_COUNTS)
    ]


async def gauges(pool: Pool) -> Gauges:
    """The archive as a whole."""
    return Gauges(*await pool.fetchrow(_GAUGES))


async def timeline(connection: Connection, node_id: bytes) -> list[LogTimes]:
    """The logs of a node by number, with the anchors of each."""
    anchors: dict[int, list[Anchor]] = defaultdict(list)
    for log_id, *anchor in await connection.fetch(
        "SELECT anchor.log_id, sequence, anchor.boot_id, city_time_ms, mono_sent_ms,"
        " mono_received_ms FROM anchor JOIN log ON log.id = anchor.log_id WHERE node_id = $1"
        " ORDER BY anchor.log_id, sequence",
        node_id,
    ):
        anchors[log_id].append(Anchor(*anchor))
    logs = await connection.fetch(
        "SELECT lid, number, boot_id, parent_lid, id FROM log WHERE node_id = $1"
        " ORDER BY number, id",
        node_id,
    )
    return [
        LogTimes(lid, number, boot_id, parent_lid, anchors[log_id])
        for lid, number, boot_id, parent_lid, log_id in logs
    ]


class PostgresExporter:
    """Implements the exporter port."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool

    async def export(self, station: int | None) -> AsyncIterator[ExportedBatch]:
        """Every stored batch."""
        log = await self._next_log(station, START)
        while log is not None:
            async for batch in self._log(log):
                yield batch
            log = await self._next_log(station, log)

    async def dossiers_numbered(self, dossier_no: str) -> Sequence[tuple[bytes, int]]:
        """Ids and stations of the register's dossiers with this number."""
        rows = await self._pool.fetch(NUMBERED.format(mark="$1"), dossier_no)
        return [(bytes(dossier_id), station) for dossier_id, station in rows]

    async def timeline(self, node_id: bytes) -> Sequence[LogTimes]:
        """The logs of a node by number, with the anchors of each."""
        async with self._pool.snapshot() as connection:
            return await timeline(connection, node_id)

    async def quarantined(self, station: int | None) -> Sequence[Quarantined]:
        """What lies in quarantine, oldest first."""
        return await postgres_kept.quarantined(self._pool, station)

    async def _log(self, log: Place) -> AsyncIterator[ExportedBatch]:
        start = log.start
        while True:
            row = await self._pool.fetchrow(_BATCH, log.log_id, start)
            if row is None:
                return
            station, node_id, lid, opened, log_id, *stored = row
            batch = StoredBatch(*stored)
            start = batch.start
            verdicts = await self._verdicts(log_id, batch)
            yield ExportedBatch(station, node_id, lid, opened, batch, verdicts)

    async def _verdicts(self, log_id: int, batch: StoredBatch) -> dict[int, VerdictCode]:
        rows = await self._pool.fetch(
            "SELECT sequence, code FROM verdict WHERE log_id = $1 AND sequence >= $2"
            " AND sequence < $3",
            *(log_id, batch.start, batch.end),
        )
        return {sequence: VerdictCode(code) for sequence, code in rows}

    async def _next_log(self, station: int | None, place: Place) -> Place | None:
        row = await self._pool.fetchrow(
            "SELECT station, id FROM log WHERE (station, id) > ($1, $2)"
            " AND ($3::bigint IS NULL OR station = $3) ORDER BY station, id LIMIT 1",
            *(place.station, place.log_id, station),
        )
        return Place(row[0], row[1], -1) if row else None


def _patience(now_ms: int) -> tuple[int, int]:
    return now_ms - MISSING_TAIL_AFTER_MS, now_ms - PARKED_LONG_AFTER_MS

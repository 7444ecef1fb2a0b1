"""Forget what the city's backup has held long enough; say when the disk is too full for more.

Rules: `domain/retention` decides record by record; removal goes in small transactions in the quiet
hours; a file goes after its row says so.
"""

import asyncio
import contextlib
import logging
from collections.abc import Callable, Collection, Mapping
from typing import Final, NamedTuple

from edge_node.domain.retention import (
    CLOSED,
    MINIMUM_AGE_MS,
    DiskLimits,
    disk_level,
    is_quiet,
    may_purge,
)
from edge_node.store import city_news, retention
from edge_node.store.city import Held
from edge_node.store.retention import Candidate
from edge_node.store.unit_of_work import Transaction
from edge_node.usecases import attachments
from edge_node.usecases.officers import access
from edge_node.usecases.station import Station
from sync.database import DatabaseError
from sync.journal import blobs

RECORDS_AT_ONCE: Final = 200
"""Records looked at in one step; what goes of them goes in one transaction."""

INTERVAL_S: Final = 600.0
PAUSE_S: Final = 0.05
"""Between two steps, so that a visitor at night is served in between."""

logger = logging.getLogger(__name__)


class Hours(NamedTuple):
    """Quiet hours as minutes of the day; they may pass midnight."""

    start: int = 22 * 60
    end: int = 5 * 60


class Purged(NamedTuple):
    """What a run removed."""

    records: int
    files: int


def watch_disk(station: Station, used_percent: int, limits: DiskLimits) -> None:
    """Let the next visitors feel how full the disk is; pages are told when that changes."""
    level = disk_level(used_percent, limits)
    if level is not station.room.level:
        station.room.level = level
        logger.warning("the data disk is %d %% full: %s", used_percent, level)
        station.changes.announce("health")


async def run(station: Station, hours: Hours) -> None:
    """Purge in the quiet hours, for ever."""
    while True:
        now = station.clock.now()
        if is_quiet(now.hour * 60 + now.minute, hours.start, hours.end):
            with contextlib.suppress(DatabaseError, OSError):
                await attachments.clear_abandoned(station)
            with contextlib.suppress(DatabaseError):
                await purge(station)
                await access.forget_old(station)
        await asyncio.sleep(INTERVAL_S)


async def purge(station: Station) -> Purged:
    """Remove everything that may go now. Raises DatabaseError."""
    city_now_ms = await station.city.ask(city_news.city_time_ms, None)
    if city_now_ms is None:
        return Purged(0, 0)
    unknown: frozenset[bytes] = frozenset()
    held = await station.city.ask(city_news.held_blobs, unknown)
    logs = await station.city.held()
    pending = await station.store.read(lambda c: retention.pending_subjects(c, held))
    records, after = 0, -1
    while True:
        found = await _candidates(station, city_now_ms, after)
        if not found:
            break
        after = found[-1].position
        gone = [one.position for one in found if _may_go(one, city_now_ms, pending, logs)]
        if gone:
            await station.store.write(station.moment(), _purging(gone))
        records += len(gone)
        await asyncio.sleep(PAUSE_S)
    return Purged(records, await _purge_files(station, held))


def _purging(positions: list[int]) -> Callable[[Transaction], None]:
    def work(transaction: Transaction) -> None:
        retention.purge(transaction, positions)

    return work


async def _candidates(station: Station, city_now_ms: int, after: int) -> list[Candidate]:
    before_ms = city_now_ms - MINIMUM_AGE_MS
    return await station.store.read(
        lambda connection: retention.candidates(connection, before_ms, after, RECORDS_AT_ONCE)
    )


def _may_go(
    one: Candidate, city_now_ms: int, pending: Collection[bytes], logs: Mapping[bytes, Held]
) -> bool:
    held = logs.get(one.lid)
    return may_purge(
        one.custody(
            city_now_ms,
            closed=one.state in CLOSED,
            blob_pending=one.dossier_id in pending,
            withheld=held is None or (one.sequence in held.withheld and not one.copy_gone),
        )
    )


async def _purge_files(station: Station, held: Collection[bytes]) -> int:
    if station.vault is None:
        return 0
    digests = await station.store.read(lambda c: retention.purgeable_blobs(c, held))
    for digest in digests:

        def work(transaction: Transaction, digest: bytes = digest) -> None:
            blobs.mark_purged(transaction.connection, digest)

        await station.store.write(station.moment(), work)
        await asyncio.to_thread(station.vault.remove, digest)
    return len(digests)

"""One examination: measure everything at once, then let the checks judge.

Responsible for collecting facts from the station, its devices and the machine. Rules: whatever
cannot be measured in time is left out, never guessed; an examination has no effect on the public;
nothing personal is read. Must not know: pages, languages.
"""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

import msgspec

from edge_node.domain.errors import DomainError
from edge_node.health import host
from edge_node.health.checks import city_link, outbox
from edge_node.health.facts import (
    BacklogFacts,
    CatalogueFacts,
    CityFacts,
    CityWordFacts,
    Facts,
    ScannerFacts,
    ServiceFacts,
)
from edge_node.health.issue import Issue
from edge_node.health.log import HealthLog
from edge_node.health.runner import HealthReport, judge
from edge_node.health.watch import WatchedPrinter
from edge_node.store.city import Contact
from edge_node.usecases import technician
from edge_node.usecases.station import Station
from sync.database import DatabaseError

STORE_TIMEOUT_S: Final = 3
"""A store that needs longer for an empty transaction counts as busy."""


REFUSED: Final = frozenset({"conflict", "rejected", "unreadable"})
"""What the city says of a record that somebody must look at."""


def _no_scanners() -> tuple[ScannerFacts, ...]:
    return ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Devices:
    """What health may look at besides the station; `bootstrap` puts it together."""

    data_directory: Path
    version: str
    started_ms: int | None = None
    printers: tuple[WatchedPrinter, ...] = ()
    scanners: Callable[[], tuple[ScannerFacts, ...]] = _no_scanners
    certificate_expires_ms: int | None = None
    log: HealthLog = field(default_factory=HealthLog)


async def examine(station: Station, devices: Devices) -> HealthReport:
    """The station's health now; takes as long as its slowest printer, at most a few seconds."""
    async with asyncio.TaskGroup() as measuring:
        printers = [measuring.create_task(one.look()) for one in devices.printers]
        database = measuring.create_task(_database(station))
        city = measuring.create_task(technician.contact(station))
        backlog = measuring.create_task(_backlog(station))
        words = measuring.create_task(_city_words(station))
        disk = measuring.create_task(asyncio.to_thread(host.read_disk, devices.data_directory))
        power = measuring.create_task(asyncio.to_thread(host.read_power))
    reading = station.clock.read()
    report = judge(
        Facts(
            now_ms=reading.wall_ms,
            city=_city(city.result()),
            backlog=backlog.result(),
            printers=tuple(one.result() for one in printers),
            disk=disk.result(),
            clock_quality=reading.quality,
            power=power.result(),
            database=database.result(),
            certificate_expires_ms=devices.certificate_expires_ms,
            scanners=devices.scanners(),
            city_words=words.result(),
            catalogue=_catalogue(station, city.result()),
            disk_level=station.room.level.value,
            service=ServiceFacts(version=devices.version, started_ms=devices.started_ms),
        )
    )
    recent = devices.log.compare(report.checks, report.examined_ms)
    return msgspec.structs.replace(report, recent=recent)


async def city_state(station: Station) -> tuple[Issue, Issue | None]:
    """The line to the city and the queue for it, without asking any device; for every page."""
    facts = Facts(
        now_ms=station.clock.read().wall_ms,
        city=_city(await technician.contact(station)),
        backlog=await _backlog(station),
    )
    return city_link.detect(facts), outbox.detect(facts)


async def _database(station: Station) -> str:
    """Why an empty transaction did not go through, or the word `ok`."""
    try:
        async with asyncio.timeout(STORE_TIMEOUT_S):
            await station.store.write(station.moment(), lambda _: None)
    except DatabaseError as error:
        return error.code.value
    except TimeoutError:
        return "busy"
    return "ok"


async def _backlog(station: Station) -> BacklogFacts | None:
    try:
        waiting = await technician.waiting_for_city(station)
    except (DatabaseError, DomainError):
        return None
    return BacklogFacts(
        events=waiting.events,
        dossiers=waiting.dossiers,
        oldest_ms=waiting.oldest_wall_ms,
        refused=await _refused(station),
        withheld=waiting.withheld,
        stuck=waiting.stuck,
    )


async def _city_words(station: Station) -> CityWordFacts | None:
    try:
        words = await technician.city_words(station)
    except DatabaseError:
        return None
    dealings = await technician.dealings(station)
    return CityWordFacts(
        refused=words.kept.get("refused", 0),
        unknown=words.kept.get("unknown", 0),
        aside=dealings.aside if dealings else 0,
        alarms=tuple(sorted(words.alarms)),
    )


def _catalogue(station: Station, contact: Contact | None) -> CatalogueFacts:
    release = station.catalogue
    return CatalogueFacts(
        version=release.version,
        age_days=(station.clock.now().date() - release.valid_from).days,
        heard_ms=contact.last_success_wall_ms if contact else None,
    )


async def _refused(station: Station) -> int:
    """How many records the city holds but will not enter until a person looks."""
    lids = await station.city.held()
    codes = [code for lid in lids for code in (await station.city.statuses(lid)).values()]
    return sum(code in REFUSED for code in codes)


def _city(contact: Contact | None) -> CityFacts | None:
    if contact is None:
        return None
    return CityFacts(
        state=contact.state,
        last_attempt_ms=contact.last_attempt_wall_ms,
        last_success_ms=contact.last_success_wall_ms,
        next_attempt_ms=contact.next_attempt_wall_ms,
        last_receipt_ms=contact.last_receipt_wall_ms,
        failure_code=contact.failure_code or None,
        city_time_ms=contact.city_time_ms,
    )

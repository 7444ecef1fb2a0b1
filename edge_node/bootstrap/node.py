"""The node from start to stop: everything it opens and everything that runs in it.

Rules: everything that opens, closes (one exit stack); everything that runs, runs in one task
group and ends when `stopping` is set; a broken database ends the process, so that the service
manager starts it anew and the file is checked at open.
"""

import asyncio
import contextlib
import gc
import logging
from collections.abc import Callable
from typing import Final, NamedTuple, TypeAlias

from edge_node.bootstrap.listening import listen_for, listen_for_phones, read_tls
from edge_node.bootstrap.monitor import HealthMonitor
from edge_node.bootstrap.opening import SOFTWARE, open_station
from edge_node.bootstrap.printers import open_printer, renderer
from edge_node.health.examine import Devices
from edge_node.health.facts import ScannerFacts
from edge_node.health.host import read_disk
from edge_node.health.watch import WatchedPrinter
from edge_node.lan.announce import Announcement, announced
from edge_node.settings import Settings
from edge_node.usecases import attachments, printing, retention, viewing
from edge_node.usecases.inbox import Inbox
from edge_node.usecases.kiosk import leftovers
from edge_node.usecases.printing import Desk
from edge_node.usecases.queue.days import start_day
from edge_node.usecases.scans import ScanDesk
from edge_node.usecases.station import Station
from edge_node.web.app import create_app
from edge_node.web.phone import create_phone_app
from edge_node.web.voice.desk import load_voice
from hardware.ports import Clock, Scanner
from hardware.scanner import SerialScanner
from sync.database import DatabaseError, Writer
from sync.notify import keep_watchdog, notify

SWEEP_INTERVAL_S: Final = 60
COLLECTOR_THRESHOLDS: Final = (10_000, 20, 50)
HEALTH_INTERVAL_S: Final = 5
PRINTING_TIMEOUT_S: Final = 5.0
logger = logging.getLogger(__name__)

_Tasks: TypeAlias = list[asyncio.Task[None]]


class Reader(NamedTuple):
    """A scanner and the seat it serves."""

    seat: str
    scanner: Scanner


class _Node(NamedTuple):
    """What runs beside the requests."""

    station: Station
    settings: Settings
    printers: tuple[WatchedPrinter, ...]
    monitor: HealthMonitor
    inbox: Inbox

    def start(self, tasks: asyncio.TaskGroup, stopping: asyncio.Event) -> tuple[_Tasks, _Tasks]:
        """The printers' loops, which end by themselves, and all that is stopped at the end."""
        station, settings = self.station, self.settings
        desks = [
            Desk(section.role, printer, renderer(station, section))
            for section, printer in zip(settings.printer, self.printers, strict=True)
        ]
        loops = [tasks.create_task(printing.print_loop(station, desk, stopping)) for desk in desks]
        watchers = [
            tasks.create_task(_sweep(station)),
            tasks.create_task(_look_after(station, self.monitor, settings)),
            tasks.create_task(self.inbox.run()),
            tasks.create_task(retention.run(station, settings.retention.hours())),
            tasks.create_task(keep_watchdog(stopping)),
        ]
        return loops, watchers


async def serve(
    settings: Settings,
    stopping: asyncio.Event,
    ready: Callable[[str], None],
    clock: Clock | None = None,
) -> None:
    """Run the node until `stopping` is set; `ready(url)` once it answers.

    `clock` is the machine's own unless a rehearsal brings another.
    Raises PortBusyError, DatabaseError, CatalogueError, SettingsError before it is ready.
    """
    async with contextlib.AsyncExitStack() as stack:
        station, writer = await open_station(settings, stack, clock)
        printers = tuple(open_printer(section) for section in settings.printer)
        readers = tuple(Reader(one.seat, SerialScanner(one.device)) for one in settings.scanner)
        tls, expires_ms = read_tls(settings, station)
        devices = _devices(settings, station, printers, readers, expires_ms)
        monitor = HealthMonitor(station, devices)
        scans = ScanDesk(station.changes)
        inbox = await _open_inbox(station)
        voice = load_voice(settings.voice.rules(), settings.station.state_directory / "voice")
        app = create_app(station, health=monitor.report, scans=scans, version=SOFTWARE, voice=voice)
        url = await listen_for(app, settings, tls, stack)
        await _greet_others(station, settings, stack)
        node = _Node(station, settings, printers, monitor, inbox)
        async with asyncio.TaskGroup() as tasks:
            loops, watchers = node.start(tasks, stopping)
            watchers.append(tasks.create_task(_stop_when_broken(writer, stopping)))
            watchers += [tasks.create_task(_read(station, scans, one)) for one in readers]
            _settle_memory()
            ready(url)
            notify(f"READY=1\nSTATUS=serving {url}")
            await stopping.wait()
            notify("STOPPING=1")
            await _end(station, loops, watchers)
    if writer.broken.is_set():
        raise SystemExit(1)


def _devices(
    settings: Settings,
    station: Station,
    printers: tuple[WatchedPrinter, ...],
    readers: tuple[Reader, ...],
    expires_ms: int | None,
) -> Devices:
    """What the station's health is judged by."""
    return Devices(
        data_directory=settings.station.state_directory,
        version=SOFTWARE,
        started_ms=station.clock.read().wall_ms,
        printers=printers,
        scanners=lambda: tuple(
            ScannerFacts(seat=one.seat, connected=one.scanner.connected) for one in readers
        ),
        certificate_expires_ms=expires_ms,
    )


async def _open_inbox(station: Station) -> Inbox:
    """The queue's day goes on; what a crash left is cleared; the city's word is in force."""
    await start_day(station)
    await attachments.clear_strays(station)
    inbox = Inbox.of(station)
    await inbox.start()
    return inbox


def _settle_memory() -> None:
    """What start-up made stays for ever: the collector need not walk it in the middle of a rush.

    Measured at 32 clients: the slowest hundredth of submissions takes 25 ms instead of 45.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(*COLLECTOR_THRESHOLDS)


async def _greet_others(
    station: Station, settings: Settings, stack: contextlib.AsyncExitStack
) -> None:
    """Phones of citizens have a port of their own; programs on the LAN hear of the station."""
    if settings.phone.host:
        await listen_for_phones(create_phone_app(station), settings, stack)
    if settings.announce.enabled:
        listen = settings.listen
        announcement = Announcement(settings.station.code, listen.host, listen.port, SOFTWARE)
        await stack.enter_async_context(announced(announcement))


async def _read(station: Station, scans: ScanDesk, reader: Reader) -> None:
    async for frame in reader.scanner.frames():
        scans.offer(station, reader.seat, frame)


async def _sweep(station: Station) -> None:
    while True:
        # A full disk must not stop the desk from reading; the health check reports it.
        with contextlib.suppress(DatabaseError):
            await leftovers.sweep(station)
            await viewing.sweep(station)
        await asyncio.sleep(SWEEP_INTERVAL_S)


async def _look_after(station: Station, monitor: HealthMonitor, settings: Settings) -> None:
    """Examine the station regularly and tell open pages when something changed."""
    known: object = None
    limits, folder = settings.retention.limits(), settings.station.state_directory
    while True:
        disk = await asyncio.to_thread(read_disk, folder)
        if disk is not None:
            retention.watch_disk(station, disk.used_percent, limits)
        report = await monitor.report()
        codes = tuple(one.code for one in report.checks)
        found = (report.verdict, codes, report.backlog and report.backlog.events)
        if found != known:
            known = found
            station.changes.announce("health")
        await asyncio.sleep(HEALTH_INTERVAL_S)


async def _stop_when_broken(writer: Writer, stopping: asyncio.Event) -> None:
    await writer.broken.wait()
    logger.critical("%s: the disk refused a write; stopping to check it", writer.path)
    stopping.set()


async def _end(
    station: Station, loops: list[asyncio.Task[None]], watchers: list[asyncio.Task[None]]
) -> None:
    """Let a paper that is on its way come out, for a bounded time; stop everything else."""
    for watcher in watchers:
        watcher.cancel()
    station.paper.ring()
    if loops:
        _, unfinished = await asyncio.wait(loops, timeout=PRINTING_TIMEOUT_S)
        for loop in unfinished:
            # The job stays `sent` in the database and is called unknown at the next start.
            loop.cancel()

"""The node put together: the only file that knows every part.

Rules: everything that opens, closes (one exit stack); everything that runs, runs in one task
group and ends when `stopping` is set; a broken database ends the process, so that the service
manager starts it anew and the file is checked at open.
"""

import asyncio
import contextlib
import gc
import logging
import os
import ssl
from collections.abc import Callable
from importlib.metadata import version
from importlib.resources import files
from typing import Final

import msgspec
from aiohttp import web
from aiohttp.http_exceptions import HttpProcessingError
from aiohttp.typedefs import Handler
from cryptography import x509

from edge_node.data import read_release
from edge_node.documents.model import AppointmentSlip, TicketSlip
from edge_node.domain.catalogue import read_catalogue
from edge_node.domain.codes import epoch_tag
from edge_node.domain.units import read_units
from edge_node.domain.working_calendar import read_calendar
from edge_node.health.examine import Devices, examine
from edge_node.health.host import read_disk
from edge_node.health.runner import HealthReport
from edge_node.health.watch import WatchedPrinter
from edge_node.lan.announce import Announcement, announced
from edge_node.settings import PrinterSection, Settings, SettingsError
from edge_node.store.blobs import Vault
from edge_node.store.city import CityView
from edge_node.store.print_jobs import PrintJobRow
from edge_node.store.tickets import TicketNumbers
from edge_node.store.unit_of_work import Store
from edge_node.usecases import attachments, drafts, printing, retention
from edge_node.usecases.inbox import Inbox
from edge_node.usecases.printing import Desk
from edge_node.usecases.scans import ScanDesk
from edge_node.usecases.station import Station
from edge_node.web.app import create_app
from hardware.board import serial_number
from hardware.clock import SystemClock
from hardware.ports import DocumentFormat, Media, Printer, PrintJob
from hardware.printing.escpos import EscposPrinter
from hardware.printing.ipp import IppPrinter
from hardware.scanner import SerialScanner
from sync.certificates import ensure_tls
from sync.connections import KEEPALIVE_TIMEOUT_S, ConnectionGuard
from sync.database import DatabaseError, Writer, open_reader, open_writer
from sync.journal.journal import Journal, Run, ensure_identity
from sync.notify import keep_watchdog, notify

SOFTWARE: Final = version("ward-edge-node")
SWEEP_INTERVAL_S: Final = 60
COLLECTOR_THRESHOLDS: Final = (10_000, 20, 50)
HEALTH_INTERVAL_S: Final = 5
SHUTDOWN_TIMEOUT_S: Final = 2.0
PRINTING_TIMEOUT_S: Final = 5.0
MAXIMUM_CONNECTIONS: Final = 256
"""Browsers, streams and LAN clients of one station together."""

BACKLOG_CONNECTIONS: Final = 256

logger = logging.getLogger(__name__)


class PortBusyError(Exception):
    """Somebody else listens where the node should."""


async def serve(settings: Settings, stopping: asyncio.Event, ready: Callable[[str], None]) -> None:
    """Run the node until `stopping` is set; `ready(url)` once it answers.

    Raises PortBusyError, DatabaseError, CatalogueError, SettingsError before it is ready.
    """
    async with contextlib.AsyncExitStack() as stack:
        station, writer = await _open_station(settings, stack)
        printers = tuple(_printer(section) for section in settings.printer)
        scanner = SerialScanner(settings.scanner.device) if settings.scanner else None
        tls, expires_ms = _tls(settings, station)
        devices = Devices(
            data_directory=settings.station.state_directory,
            version=SOFTWARE,
            started_ms=station.clock.read().wall_ms,
            printers=printers,
            scanner_connected=(lambda: scanner.connected) if scanner else (lambda: None),
            certificate_expires_ms=expires_ms,
        )
        monitor = HealthMonitor(station, devices)
        scans = ScanDesk(station.changes)
        inbox = await _open_inbox(station)
        app = create_app(station, health=monitor.report, scans=scans, version=SOFTWARE)
        url = await _listen(app, settings, tls, stack)
        await _announce(settings, stack)
        async with asyncio.TaskGroup() as tasks:
            desks = [
                Desk(section.role, printer, _renderer(station, section))
                for section, printer in zip(settings.printer, printers, strict=True)
            ]
            loops = [
                tasks.create_task(printing.print_loop(station, desk, stopping)) for desk in desks
            ]
            watchers = [
                tasks.create_task(_sweep(station)),
                tasks.create_task(_look_after(station, monitor, settings)),
                tasks.create_task(inbox.run()),
                tasks.create_task(retention.run(station, settings.retention.hours())),
                tasks.create_task(_stop_when_broken(writer, stopping)),
                tasks.create_task(keep_watchdog(stopping)),
            ]
            if scanner is not None:
                watchers.append(tasks.create_task(_read_scanner(station, scans, scanner)))
            _settle_memory()
            ready(url)
            notify(f"READY=1\nSTATUS=serving {url}")
            await stopping.wait()
            notify("STOPPING=1")
            await _end(station, loops, watchers)
    if writer.broken.is_set():
        raise SystemExit(1)


async def _open_inbox(station: Station) -> Inbox:
    """What a crash left of attachments is cleared, and the city's word up to now is in force."""
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


class HealthMonitor:
    """Examinations on demand: callers that come while one runs share the next one.

    So the answer is never older than the question, and a crowd costs no more than one.
    """

    def __init__(self, station: Station, devices: Devices) -> None:
        self._station = station
        self._devices = devices
        self._lock = asyncio.Lock()
        self._asked = 0
        self._answered = 0
        self._last: HealthReport | None = None

    async def report(self) -> HealthReport:
        """The station's health, examined after this call began."""
        self._asked += 1
        mine = self._asked
        async with self._lock:
            if self._last is None or self._answered < mine:
                started = self._asked
                self._last = await examine(self._station, self._devices)
                self._answered = started
            return self._last


async def _open_station(
    settings: Settings, stack: contextlib.AsyncExitStack
) -> tuple[Station, Writer]:
    section = settings.station
    release = read_release()
    unit = read_units(release["units.json"]).get(section.code)
    if unit is None:
        raise SettingsError(f"station.code: {section.code} is not a unit of the catalogue")
    section.state_directory.mkdir(parents=True, exist_ok=True)
    path = section.state_directory / "node.db"
    owners = {
        "journal": files("sync.journal") / "migrations",
        "node": files("edge_node.store") / "migrations",
    }
    writer = await stack.enter_async_context(open_writer(path, owners, work_in_loop=True))
    reader = await stack.enter_async_context(open_reader(path))
    clock = SystemClock()
    run = Run(section.code, clock.boot_id, serial_number(), f"ward-edge-node {SOFTWARE}")
    entropy = os.urandom
    await writer.transact(lambda connection: ensure_identity(connection, run, entropy))
    journal = Journal(run, entropy=entropy, tag_of=epoch_tag)
    numbers = TicketNumbers()
    writer.join(journal, numbers)
    station = Station(
        code=section.code,
        name_vi=unit.police_name,
        name_en=unit.police_name_en,
        place=unit.short_name,
        catalogue=read_catalogue(release),
        calendar=read_calendar(release["calendar.json"]),
        store=Store(writer, reader, journal, numbers),
        city=CityView(section.sync_database, stack),
        clock=clock,
        entropy=entropy,
        officers={officer.id: officer.officer() for officer in settings.officer},
        devices=frozenset(bytes.fromhex(digest) for digest in settings.devices.token_sha256),
        policy=settings.desk.policy(),
        vault=Vault(path, section.enrolment),
    )
    return station, writer


def _printer(section: PrinterSection) -> WatchedPrinter:
    printer: Printer
    if section.kind == "escpos":
        host, _, port = section.address.rpartition(":")
        printer = EscposPrinter(
            host,
            int(port),
            width_dots=section.width_dots,
            in_order_status=section.in_order_status,
        )
    else:
        printer = IppPrinter(section.address)
    return WatchedPrinter(printer, printer_id=section.id, role=section.role)


def _renderer(station: Station, section: PrinterSection) -> Callable[[PrintJobRow, int], PrintJob]:
    """Draws stored jobs; Typst and Pillow are loaded with the first one, not at start."""

    def render(row: PrintJobRow, people_ahead: int) -> PrintJob:
        from edge_node.documents import render as drawing  # noqa: PLC0415 - 20 MB not needed idle

        document_format: DocumentFormat
        media: Media
        if row.kind == "ticket":
            ticket = msgspec.json.decode(row.slip, type=TicketSlip)
            ticket = msgspec.structs.replace(
                ticket, people_ahead=people_ahead, reprint=row.copy_of is not None
            )
            document = drawing.render_ticket(ticket, width_dots=section.width_dots).png
            document_format, media = DocumentFormat.PNG, Media.ROLL_80
        else:
            slip = msgspec.json.decode(row.slip, type=AppointmentSlip)
            slip = msgspec.structs.replace(slip, reprint=row.copy_of is not None)
            document = drawing.render_appointment_slip(slip)
            document_format, media = DocumentFormat.PDF, Media(slip.paper.lower())
        return PrintJob(
            job_id=printing.job_name(station, row.id),
            title=row.kind,
            document=document,
            document_format=document_format,
            media=media,
        )

    return render


def _tls(settings: Settings, station: Station) -> tuple[ssl.SSLContext | None, int | None]:
    listen = settings.listen
    if listen.tls == "off":
        return None, None
    hosts = ["localhost", "127.0.0.1", f"edge-node-{station.code}.local", *listen.names]
    if listen.host not in {"0.0.0.0", "::", *hosts}:  # noqa: S104 - compared, not bound
        hosts.append(listen.host)
    directory = settings.station.state_directory / "tls"
    made = ensure_tls(directory, f"edge-node-{station.code}", hosts, now=station.clock.now())
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.load_cert_chain(made.certificate, made.key)
    leaf = x509.load_pem_x509_certificate(made.certificate.read_bytes())
    return context, int(leaf.not_valid_after_utc.timestamp() * 1000)


async def _listen(
    app: web.Application,
    settings: Settings,
    tls: ssl.SSLContext | None,
    stack: contextlib.AsyncExitStack,
) -> str:
    guard = ConnectionGuard(maximum_connections=MAXIMUM_CONNECTIONS)

    @web.middleware
    async def watch(request: web.Request, handler: Handler) -> web.StreamResponse:
        return await guard.watch(request, handler)

    app.middlewares.insert(0, watch)
    runner = web.AppRunner(
        app,
        access_log=None,
        logger=_quiet_parser(),
        keepalive_timeout=KEEPALIVE_TIMEOUT_S,
        shutdown_timeout=SHUTDOWN_TIMEOUT_S,
    )
    await runner.setup()
    stack.push_async_callback(runner.cleanup)
    guard.server = runner.server
    listen = settings.listen
    try:
        server = await asyncio.get_running_loop().create_server(
            guard, listen.host, listen.port, ssl=tls, backlog=BACKLOG_CONNECTIONS
        )
    except OSError as error:
        message = f"{listen.host} port {listen.port} is taken or not ours ({error.strerror})"
        raise PortBusyError(message) from error
    stack.callback(server.close)
    return f"{'https' if tls else 'http'}://{listen.host}:{listen.port}"


def _quiet_parser() -> logging.Logger:
    """A log for the HTTP library that says that a request was no HTTP, not what it held.

    Its own message quotes the offending line, which may hold a token or a name.
    """
    quiet = logging.getLogger("edge_node.http")
    quiet.addFilter(_drop_details)
    return quiet


def _drop_details(record: logging.LogRecord) -> bool:
    if isinstance(record.exc_info, tuple) and isinstance(record.exc_info[1], HttpProcessingError):
        record.exc_info = None
        record.msg, record.args = "a request that is no HTTP was refused", ()
        record.levelno, record.levelname = logging.INFO, "INFO"
    return True


async def _announce(settings: Settings, stack: contextlib.AsyncExitStack) -> None:
    if settings.announce.enabled:
        listen = settings.listen
        announcement = Announcement(settings.station.code, listen.host, listen.port, SOFTWARE)
        await stack.enter_async_context(announced(announcement))


async def _read_scanner(station: Station, scans: ScanDesk, scanner: SerialScanner) -> None:
    async for frame in scanner.frames():
        scans.offer(station, frame)


async def _sweep(station: Station) -> None:
    while True:
        # A full disk must not stop the desk from reading; the health check reports it.
        with contextlib.suppress(DatabaseError):
            await drafts.forget_old(station)
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

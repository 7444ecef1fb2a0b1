"""Runs the city server: opens what it needs, listens, enters, and stops cleanly.

Responsible for the life of the process and nothing in between: keys, TLS, archive, page and the
background loops are put together here and only here.
"""

import asyncio
import contextlib
import errno
import signal
import ssl
from collections.abc import AsyncIterator, Callable, Coroutine
from concurrent.futures import Executor, ThreadPoolExecutor
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Final

from aiohttp import web

from sync.certificates import TlsFiles, ensure_tls
from sync.city.archive.port import Archive
from sync.city.backup.attachments import Attachments
from sync.city.backup.make import Source, keep_backing_up
from sync.city.feeds.reception import keep_clearing
from sync.city.metrics import Metrics
from sync.city.objects.store import Objects
from sync.city.receiving.desk import Desk, accept_released
from sync.city.receiving.projections import keep_opening
from sync.city.receiving.quarantine import keep_releasing
from sync.city.settings import Listen, Settings
from sync.city.storage import Storage, open_bucket, open_storage
from sync.city.trust.enrolment import CityFacts, Registrar
from sync.city.trust.identity import CityIdentity, ensure_identity
from sync.city.trust.office import Around, keep_looking, open_trust
from sync.city.trust.slip_key_news import SlipKeyNews, keep_telling
from sync.city.trust.slip_keys import SlipKeys
from sync.city.web.app import make_app
from sync.city.web.down import Around as AroundDown
from sync.city.web.down import Down, Places
from sync.city.web.enrolment import add_enrolment_routes
from sync.city.web.page import Page
from sync.city.web.public_page import PublicPage
from sync.city.web.slips import Slips, add_slip_routes
from sync.city.web.tracking import Tracking, add_tracking_routes
from sync.connections import KEEPALIVE_TIMEOUT_S, ConnectionGuard
from sync.notify import keep_watchdog, notify

OPENING_THREADS: Final = 2
"""Batches verified and opened at the same time; the work is processor time."""
LISTEN_BACKLOG: Final = 256
TLS_HANDSHAKE_TIMEOUT_S: Final = 10.0
SHUTDOWN_TIMEOUT_S: Final = 5.0
"""How long requests under way may take to finish after a stop is asked for."""
RENEWAL_CHECK_S: Final = 24 * 3600.0


class PortBusyError(Exception):
    """Somebody else listens on the configured port."""


class TlsError(Exception):
    """The certificate and key cannot be used; the message names both files."""


class ArchiveBrokenError(Exception):
    """The disk failed under the archive: the process must be started anew."""


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What the process takes from outside: time in milliseconds since 1970 UTC, randomness."""

    clock_ms: Callable[[], int]
    entropy: Callable[[int], bytes]


@dataclass(frozen=True, slots=True)
class Running:
    """A server that listens. `stop` is set to end it."""

    url: str
    port: int
    archive: Archive
    storage: Storage
    stop: asyncio.Event
    registrar: Registrar


def keys_directory(settings: Settings) -> Path:
    """Where the city's own keys lie."""
    return settings.city.state_directory / "keys"


def city_facts(settings: Settings, port: int, now_ms: int) -> CityFacts:
    """What stations are told about this city. Raises CertificateError, OSError.

    The authority is empty when the connection is not encrypted.
    """
    authority = ""
    if settings.listen.tls == "on":
        authority = prepare_tls(settings, now_ms).authority.read_text(encoding="ascii")
    return CityFacts(settings.city.name, settings.base_url(port), authority)


def prepare_identity(settings: Settings, surroundings: Surroundings) -> CityIdentity:
    """The city's keys, made at the first start. Raises KeyFileError."""
    return ensure_identity(keys_directory(settings), surroundings.entropy(8))


def prepare_tls(settings: Settings, now_ms: int) -> TlsFiles:
    """The configured certificate, or one of the city's own authority. Raises CertificateError."""
    listen = settings.listen
    if listen.certificate is not None and listen.key is not None:
        return TlsFiles(listen.certificate, listen.key, listen.certificate)
    now = datetime.fromtimestamp(now_ms / 1000, UTC)
    directory = settings.city.state_directory / "tls"
    return ensure_tls(directory, settings.city.name, settings.hosts, now=now)


def prepare_context(settings: Settings, now_ms: int) -> ssl.SSLContext | None:
    """TLS 1.2 or newer; None when it is off. Raises CertificateError, TlsError, OSError."""
    if settings.listen.tls == "off":
        return None
    files = prepare_tls(settings, now_ms)
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    try:
        context.load_cert_chain(files.certificate, files.key)
    except OSError as error:  # ssl.SSLError is one; neither names the file
        raise TlsError(f"listen.certificate {files.certificate}, {files.key}: {error}") from None
    return context


async def serve(
    settings: Settings, surroundings: Surroundings, ready: Callable[[str], None]
) -> None:
    """Serve until SIGTERM or SIGINT; `ready` is told the address once it listens."""
    async with running(settings, surroundings) as server:
        loop = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, server.stop.set)
        notify("READY=1")
        ready(server.url)
        await server.stop.wait()
        notify("STOPPING=1")
        broken = server.storage.broken.is_set()
    if broken:
        raise ArchiveBrokenError(str(settings.database_path))


@contextlib.asynccontextmanager
async def running(settings: Settings, surroundings: Surroundings) -> AsyncIterator[Running]:
    """The whole server, listening; everything is closed again on the way out.

    Raises PortBusyError, KeyFileError, CertificateError, DatabaseError.
    """
    identity = prepare_identity(settings, surroundings)
    clock_ms = surroundings.clock_ms
    context = prepare_context(settings, clock_ms())
    ports = [settings.listen.port]

    def facts() -> CityFacts:
        return city_facts(settings, ports[-1], clock_ms())

    async with contextlib.AsyncExitStack() as stack:
        storage = await stack.enter_async_context(
            open_storage(settings, identity.city_id, clock_ms())
        )
        archive = storage.archive
        beside = Around(clock_ms, surroundings.entropy, facts)
        registrar = await open_trust(identity, storage.shelf, beside)
        stations = registrar.stations
        executor = stack.enter_context(ThreadPoolExecutor(OPENING_THREADS, "opening"))
        down = _make_down(settings, surroundings, storage, registrar)
        desk = _make_desk(storage, registrar, down, executor)
        page = Page(archive, stations, settings.city.name, clock_ms)
        stop, guard = asyncio.Event(), ConnectionGuard()
        enrolment = partial(add_enrolment_routes, registrar=registrar)
        public = partial(PublicPage, city_name=settings.city.name, clock_ms=clock_ms)
        keys = SlipKeys(storage.shelf)
        follow = Tracking(public("tracking"), archive, stations)
        tracking = partial(add_tracking_routes, tracking=follow)
        slips = partial(add_slip_routes, slips=Slips(public("slip"), keys, stations))
        app = make_app(desk, page, guard, [down.add_routes, enrolment, tracking, slips])
        at = await stack.enter_async_context(_listening(settings, context, app, guard))
        ports.append(at)
        await stack.enter_async_context(
            _background(
                keep_opening(desk.opener, desk.traffic),
                keep_watchdog(stop),
                _stop_when_broken(storage, stop),
                _keep_certificate(settings, context, clock_ms),
                keep_looking(registrar),
                down.run(),
                keep_clearing(down.reception, desk.metrics.abandoned_uploads.inc),
                keep_telling(SlipKeyNews(keys, stations, down.publisher)),
                keep_releasing(storage.shelf, archive, partial(accept_released, desk), clock_ms),
                _keep_backing_up(settings, storage, identity, clock_ms),
            )
        )
        yield Running(settings.base_url(at), at, archive, storage, stop, registrar)


def _make_desk(storage: Storage, registrar: Registrar, down: Down, executor: Executor) -> Desk:
    """What takes HELLO and batches."""
    return Desk(
        storage.archive,
        registrar.stations,
        registrar.identity,
        Metrics(),
        registrar.clock_ms,
        executor,
        parts=down.welcome_parts,
        mentioned=down.reception.note_referenced,
        slip_keys=SlipKeys(storage.shelf).hear,
    )


def _make_down(
    settings: Settings, surroundings: Surroundings, storage: Storage, registrar: Registrar
) -> Down:
    """What goes to the stations, and the attachments that come."""
    return Down(
        registrar.identity,
        registrar.stations,
        Places(storage.feeds, storage.blobs, storage.shelf, open_bucket(settings)),
        AroundDown(surroundings.clock_ms, surroundings.entropy),
    )


@contextlib.asynccontextmanager
async def _background(*loops: Coroutine[None, None, None]) -> AsyncIterator[None]:
    """These loops beside the body; cancelled at its end. A failure of one ends the body."""
    async with asyncio.TaskGroup() as group:
        tasks = [group.create_task(loop) for loop in loops]
        try:
            yield
        finally:
            for task in tasks:
                task.cancel()


@contextlib.asynccontextmanager
async def _listening(
    settings: Settings,
    context: ssl.SSLContext | None,
    app: web.Application,
    guard: ConnectionGuard,
) -> AsyncIterator[int]:
    """The port that is listened on."""
    runner = web.AppRunner(
        app,
        access_log=None,
        keepalive_timeout=KEEPALIVE_TIMEOUT_S,
        shutdown_timeout=SHUTDOWN_TIMEOUT_S,
    )
    await runner.setup()
    guard.server = runner.server
    try:
        server = await _listen(settings.listen, context, guard)
        try:
            yield server.sockets[0].getsockname()[1]
        finally:
            server.close()
    finally:
        await runner.cleanup()


async def _listen(
    listen: Listen, context: ssl.SSLContext | None, guard: ConnectionGuard
) -> asyncio.Server:
    try:
        return await asyncio.get_running_loop().create_server(
            guard,
            listen.host or None,
            listen.port,
            ssl=context,
            backlog=LISTEN_BACKLOG,
            ssl_handshake_timeout=TLS_HANDSHAKE_TIMEOUT_S if context else None,
        )
    except OSError as error:
        if error.errno == errno.EADDRINUSE:
            raise PortBusyError(f"{listen.host}:{listen.port}") from None
        raise


async def _stop_when_broken(storage: Storage, stop: asyncio.Event) -> None:
    await storage.broken.wait()
    stop.set()


async def _keep_backing_up(
    settings: Settings, storage: Storage, identity: CityIdentity, clock_ms: Callable[[], int]
) -> None:
    """Backups as configured; without a folder for them nothing is ever called archived."""
    backup = settings.backup
    if backup.directory is not None:
        attachments = Attachments(storage.blobs, Objects(open_bucket(settings)))
        places = (storage.archive, storage.shelf, storage.feed_dump, attachments)
        source = Source(*places, identity.city_id)
        every_ms = int(backup.every_hours * 3600 * 1000)
        await keep_backing_up(source, backup.directory, every_ms, clock_ms)


async def _keep_certificate(
    settings: Settings, context: ssl.SSLContext | None, clock_ms: Callable[[], int]
) -> None:
    """Renew the server's own certificate in time; new connections get the new one."""
    while context is not None:
        await asyncio.sleep(RENEWAL_CHECK_S)
        files = prepare_tls(settings, clock_ms())
        context.load_cert_chain(files.certificate, files.key)

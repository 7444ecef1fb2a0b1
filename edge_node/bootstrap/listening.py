"""Where the node listens: certificate, port, and a guard against slow and greedy clients."""

import asyncio
import contextlib
import logging
import ssl
from typing import Final

from aiohttp import web
from aiohttp.http_exceptions import HttpProcessingError
from cryptography import x509

from edge_node.settings import Settings
from edge_node.usecases.station import Station
from sync.certificates import ensure_tls
from sync.connections import KEEPALIVE_TIMEOUT_S, ConnectionGuard

SHUTDOWN_TIMEOUT_S: Final = 2.0
MAXIMUM_CONNECTIONS: Final = 256
"""Browsers, streams and LAN clients of one station together."""

MAXIMUM_PHONES: Final = 64
"""Phones of citizens at once; a page is answered in milliseconds."""

BACKLOG_CONNECTIONS: Final = 256


class PortBusyError(Exception):
    """Somebody else listens where the node should."""


def read_tls(settings: Settings, station: Station) -> tuple[ssl.SSLContext | None, int | None]:
    """How to answer HTTPS and when the certificate ends (milliseconds since 1970); None without."""
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


async def listen_for(
    app: web.Application,
    settings: Settings,
    tls: ssl.SSLContext | None,
    stack: contextlib.AsyncExitStack,
) -> str:
    """Answer on the port of the settings and return the address. Raises PortBusyError."""
    listen = settings.listen
    await _answer_on(app, (listen.host, listen.port), (tls, MAXIMUM_CONNECTIONS), stack)
    return f"{'https' if tls else 'http'}://{listen.host}:{listen.port}"


async def listen_for_phones(
    app: web.Application, settings: Settings, stack: contextlib.AsyncExitStack
) -> None:
    """Answer citizens' phones over plain HTTP, where the settings say. Raises PortBusyError."""
    phone = settings.phone
    await _answer_on(app, (phone.host, phone.port), (None, MAXIMUM_PHONES), stack)


async def _answer_on(
    app: web.Application,
    place: tuple[str, int],
    terms: tuple[ssl.SSLContext | None, int],
    stack: contextlib.AsyncExitStack,
) -> None:
    """Serve at a host and port; `terms` are TLS or none, and how many may be connected."""
    (host, port), (tls, maximum) = place, terms
    guard = ConnectionGuard(maximum_connections=maximum)
    app.middlewares.insert(0, guard.watch)
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
    try:
        server = await asyncio.get_running_loop().create_server(
            guard, host, port, ssl=tls, backlog=BACKLOG_CONNECTIONS
        )
    except OSError as error:
        message = f"{host} port {port} is taken or not ours ({error.strerror})"
        raise PortBusyError(message) from error
    stack.callback(server.close)


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

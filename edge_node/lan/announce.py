"""Announce the station on its LAN (DNS-SD `_edge-node._tcp`).

Rules: the announcement is a hint where to look, never a proof of identity; a LAN without
multicast must not stop the station, so every failure is logged once and forgotten.
"""

import contextlib
import ipaddress
import logging
import socket
from collections.abc import AsyncIterator
from typing import Final, NamedTuple

from zeroconf import Error, InterfaceChoice, IPVersion
from zeroconf.asyncio import AsyncServiceInfo, AsyncZeroconf

SERVICE_TYPE: Final = "_edge-node._tcp.local."
API_VERSION: Final = "v1"

logger = logging.getLogger(__name__)


class Announcement(NamedTuple):
    """What is announced: station code, where it listens, its software version."""

    station_code: str
    host: str
    port: int
    software: str


@contextlib.asynccontextmanager
async def announced(announcement: Announcement) -> AsyncIterator[AsyncServiceInfo | None]:
    """Announce the station while the context is open; yields None when the LAN refuses."""
    try:
        directory, info = await _register(announcement)
    except (OSError, Error) as error:
        logger.warning("not announced on the LAN: %s", type(error).__name__)
        yield None
        return
    try:
        yield info
    finally:
        with contextlib.suppress(OSError, Error):
            # The first await says goodbye to the registry, the second to the LAN.
            await (await directory.async_unregister_service(info))
        await directory.async_close()


async def _register(announcement: Announcement) -> tuple[AsyncZeroconf, AsyncServiceInfo]:
    address = ipaddress.ip_address(announcement.host)
    info = AsyncServiceInfo(
        SERVICE_TYPE,
        f"edge-node-{announcement.station_code}.{SERVICE_TYPE}",
        addresses=[socket.inet_aton(ip) for ip in _addresses(address)],
        port=announcement.port,
        properties={
            "station": announcement.station_code,
            "api": API_VERSION,
            "version": announcement.software,
        },
        server=f"edge-node-{announcement.station_code}.local.",
    )
    # Announced where it listens and nowhere else.
    interfaces = InterfaceChoice.All if address.is_unspecified else [str(address)]
    directory = AsyncZeroconf(interfaces=interfaces, ip_version=IPVersion.V4Only)
    try:
        # What is left to await is the repetition of the announcement; nobody waits for it.
        _ = await directory.async_register_service(info, allow_name_change=True)
    except (OSError, Error):
        await directory.async_close()
        raise
    return directory, info


def _addresses(address: ipaddress.IPv4Address | ipaddress.IPv6Address) -> list[str]:
    """The addresses to publish; a wildcard stands for the address the default route uses.

    Raises OSError for an address that is not this machine's, or not IPv4.
    """
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        if not address.is_unspecified:
            probe.bind((str(address), 0))  # zeroconf leaks a socket when nobody has the address
            return [str(address)]
        # Connecting a datagram socket sends nothing; it only asks the routing table.
        probe.connect(("192.0.2.1", 9))
        return [str(probe.getsockname()[0])]

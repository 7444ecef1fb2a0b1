"""Printers that announce themselves on the station LAN (DNS-SD).

Responsible for a short look around for the technician.
Rules: an announcement is a hint, never a proof of identity; nothing is configured from it by
itself; names and addresses only.
Must not know: drivers.
"""

import asyncio
from typing import TYPE_CHECKING, Final, NamedTuple

if TYPE_CHECKING:
    from zeroconf.asyncio import AsyncZeroconf

BROWSE_S = 3.0
RESOLVE_TIMEOUT_MS = 1000
MAXIMUM_FOUND = 64
"""More than any station has; a flood of announcements stops here."""

_KINDS: Final = {
    "_ipp._tcp.local.": "ipp",
    "_ipps._tcp.local.": "ipps",
    "_pdl-datastream._tcp.local.": "escpos",
}


class FoundPrinter(NamedTuple):
    """One announcement: `address` is an ipp:// or tcp:// address for the configuration."""

    kind: str
    name: str
    address: str


async def browse(*, duration_s: float = BROWSE_S) -> list[FoundPrinter]:
    """Everything announced within `duration_s` seconds, sorted. OSError without a network."""
    from zeroconf import ServiceStateChange  # noqa: PLC0415 - needed by the technician only
    from zeroconf.asyncio import AsyncServiceBrowser, AsyncZeroconf  # noqa: PLC0415

    announced: set[tuple[str, str]] = set()

    def notice(*, service_type: str, name: str, state_change: object, **_: object) -> None:
        if state_change is not ServiceStateChange.Removed and len(announced) < MAXIMUM_FOUND:
            announced.add((service_type, name))

    network = AsyncZeroconf()
    try:
        browser = AsyncServiceBrowser(network.zeroconf, list(_KINDS), handlers=[notice])
        await asyncio.sleep(duration_s)
        found = [
            printer
            for service_type, name in sorted(announced)
            if (printer := await _resolve(network, service_type, name)) is not None
        ]
        await browser.async_cancel()
        return found
    finally:
        await network.async_close()


async def _resolve(network: "AsyncZeroconf", service_type: str, name: str) -> FoundPrinter | None:
    info = await network.async_get_service_info(service_type, name, timeout=RESOLVE_TIMEOUT_MS)
    if info is None or info.port is None:
        return None
    addresses = info.parsed_scoped_addresses()
    if not addresses:
        return None
    kind = _KINDS[service_type]
    path = info.decoded_properties.get("rp") or ""
    label = name.removesuffix("." + service_type)
    return FoundPrinter(kind, label, address_of(kind, addresses[0], info.port, path))


def address_of(kind: str, host: str, port: int, path: str) -> str:
    """The address as the configuration writes it; IPv6 in brackets."""
    bracketed = f"[{host}]" if ":" in host else host
    if kind == "escpos":
        return f"tcp://{bracketed}:{port}"
    return f"{kind}://{bracketed}:{port}/{path.lstrip('/')}"

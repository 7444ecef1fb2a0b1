"""The driver for a printer's address as people write it.

Responsible for reading `tcp://host:9100`, `ipp://host/ipp/print` and `ipps://…`.
Rules: an address that fits none is a ValueError with one readable line.
Must not know: what is printed. It is the one place beside the station's assembly that knows both
drivers, so that the drivers need not know each other.
"""

from urllib.parse import urlsplit

from hardware.ports import Media, Printer
from hardware.printing.escpos import EscposPrinter
from hardware.printing.ipp import IppPrinter

DEFAULT_ESCPOS_PORT = 9100


def printer_for(address: str, *, width_dots: int = 576) -> tuple[Printer, Media]:
    """A driver for the address, and the paper such printers hold unless told otherwise."""
    parts = urlsplit(address)
    try:
        port = parts.port
    except ValueError:
        raise ValueError(f"not a port number in {address!r}") from None
    if parts.hostname is None:
        raise ValueError(f"no host in {address!r}: write tcp://HOST:9100 or ipp://HOST/ipp/print")
    if parts.scheme == "tcp":
        driver = EscposPrinter(parts.hostname, port or DEFAULT_ESCPOS_PORT, width_dots=width_dots)
        return driver, Media.ROLL_80
    if parts.scheme in {"ipp", "ipps"}:
        return IppPrinter(address), Media.A4
    raise ValueError(f"unknown kind of address {parts.scheme!r}: use tcp://, ipp:// or ipps://")

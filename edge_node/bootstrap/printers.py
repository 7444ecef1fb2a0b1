"""The printers of the settings, and who draws what for them."""

from collections.abc import Callable

import msgspec

from edge_node.documents import kinds
from edge_node.health.watch import WatchedPrinter
from edge_node.settings import PrinterSection
from edge_node.store.print_jobs import PrintJobRow
from edge_node.usecases import printing
from edge_node.usecases.station import Station
from hardware.ports import DocumentFormat, Media, Printer, PrintJob
from hardware.printing.escpos import EscposPrinter
from hardware.printing.ipp import IppPrinter


def open_printer(section: PrinterSection) -> WatchedPrinter:
    """The driver of one printer, watched by health."""
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


def renderer(station: Station, section: PrinterSection) -> Callable[[PrintJobRow, int], PrintJob]:
    """Draws stored jobs; Typst and Pillow are loaded with the first one, not at start."""

    def render(row: PrintJobRow, people_ahead: int) -> PrintJob:
        from edge_node.documents import render as drawing  # noqa: PLC0415 - 20 MB not needed idle

        changes: dict[str, object] = {"reprint": row.copy_of is not None}
        if row.kind == "ticket":
            changes["people_ahead"] = people_ahead
        slip = msgspec.structs.replace(kinds.decode(row.kind, row.slip), **changes)
        drawn = drawing.draw(row.kind, slip, width_dots=section.width_dots)
        on_roll = drawn.medium == "roll"
        return PrintJob(
            job_id=printing.job_name(station, row.id),
            title=row.kind,
            document=drawn.document,
            document_format=DocumentFormat.PNG if on_roll else DocumentFormat.PDF,
            media=Media.ROLL_80 if on_roll else Media(drawn.sheet.lower()),
        )

    return render

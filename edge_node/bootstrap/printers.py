"""The printers of the settings, and who draws what for them."""

from collections.abc import Callable

import msgspec

from edge_node.documents.model import AppointmentSlip, TicketSlip
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

"""From values to paper: the documents of the desk on both kinds of printer."""

from io import BytesIO

import zxingcpp
from PIL import Image, ImageChops
from pypdf import PdfReader

from edge_node.documents.render import render_appointment_slip, render_ticket
from hardware.ports import DocumentFormat, Media, Printed, PrintJob
from hardware.printing.escpos import EscposPrinter
from hardware.printing.ipp import IppPrinter, IppTimeouts
from tests.documents.test_appointment_slip import SLIP
from tests.documents.test_ticket import TICKET
from tests.hardware.devices import Device


async def test_ticket_on_paper_is_the_rendered_ticket(ticket_device: Device) -> None:
    page = render_ticket(TICKET)
    job = PrintJob(
        job_id="job-1",
        title="ticket",
        document=page.png,
        document_format=DocumentFormat.PNG,
        media=Media.ROLL_80,
    )
    assert await EscposPrinter("127.0.0.1", ticket_device.port).print_job(job) == Printed()
    (paper,) = ticket_device.pages()
    with Image.open(BytesIO(page.png)) as rendered:
        printed = paper.crop((0, 0, *rendered.size)).convert("L")
        assert ImageChops.difference(printed, rendered.convert("L")).getbbox() is None
    assert [code.text for code in zxingcpp.read_barcodes(printed)] == [TICKET.dossier_number]


async def test_slip_on_paper_is_the_rendered_slip(sheet_device: Device) -> None:
    document = render_appointment_slip(SLIP)
    job = PrintJob(
        job_id="job-2",
        title="appointment slip",
        document=document,
        document_format=DocumentFormat.PDF,
        media=Media.A5,
    )
    printer = IppPrinter(sheet_device.facts["uri"], timeouts=IppTimeouts(poll_interval_s=0.02))
    assert await printer.print_job(job) == Printed()
    arrived = max(sheet_device.output.glob("job-*.pdf")).read_bytes()
    assert SLIP.full_name in PdfReader(BytesIO(arrived)).pages[0].extract_text()
    (sheet,) = sheet_device.pages()
    assert [code.text for code in zxingcpp.read_barcodes(sheet)] == [SLIP.dossier_number]

"""The thermal driver against the simulated printer, over a real socket."""

import asyncio
import socket

import pytest
from PIL import Image, ImageChops

from hardware.ports import (
    DeviceError,
    DocumentFormat,
    Failed,
    Media,
    Printed,
    PrinterStatus,
    PrintJob,
    Unknown,
)
from hardware.printing.escpos import EscposPrinter, EscposTimeouts, compose, status_from
from tests.hardware.conftest import png
from tests.hardware.devices import Device

QUICK = EscposTimeouts(connect_s=2.0, status_s=0.3, send_s=2.0, confirm_s=0.5)


def printer_of(device: Device) -> EscposPrinter:
    return EscposPrinter("127.0.0.1", device.port, timeouts=QUICK)


def job_of(picture: Image.Image) -> PrintJob:
    return PrintJob(
        job_id="7f3a",
        title="ticket A013",
        document=png(picture),
        document_format=DocumentFormat.PNG,
        media=Media.ROLL_80,
    )


def difference(one: Image.Image, other: Image.Image) -> tuple[int, int, int, int] | None:
    """The smallest box that holds every dot in which the pictures differ."""
    return ImageChops.difference(one.convert("L"), other.convert("L")).getbbox()


async def test_page_on_paper_is_the_page_sent_dot_for_dot(
    ticket_device: Device, ticket_picture: Image.Image
) -> None:
    assert await printer_of(ticket_device).print_job(job_of(ticket_picture)) == Printed()
    (page,) = ticket_device.pages()
    printed = page.crop((0, 0, *ticket_picture.size))
    assert (
        ImageChops.difference(printed.convert("L"), ticket_picture.convert("L")).getbbox() is None
    )
    feed = page.crop((0, ticket_picture.height, page.width, page.height))
    assert feed.getextrema() == (255, 255)


async def test_comparison_notices_one_wrong_dot(
    ticket_device: Device, ticket_picture: Image.Image
) -> None:
    await printer_of(ticket_device).print_job(job_of(ticket_picture))
    (page,) = ticket_device.pages()
    wrong = ticket_picture.copy()
    wrong.putpixel((500, 250), 0 if wrong.getpixel((500, 250)) else 1)
    printed = page.crop((0, 0, *wrong.size))
    assert difference(printed, wrong) == (500, 250, 501, 251)


async def test_silence_after_the_data_is_unknown(
    ticket_device: Device, ticket_picture: Image.Image
) -> None:
    await ticket_device.fault(silent_after_data=True)
    outcome = await printer_of(ticket_device).print_job(job_of(ticket_picture))
    assert outcome == Unknown(DeviceError.NO_ANSWER)
    assert len(ticket_device.pages()) == 1  # it did print: repeating would have doubled it


async def test_silence_before_the_data_is_a_certain_failure(
    ticket_device: Device, ticket_picture: Image.Image
) -> None:
    await ticket_device.fault(silent_status=True)
    outcome = await printer_of(ticket_device).print_job(job_of(ticket_picture))
    assert outcome == Failed(DeviceError.NO_ANSWER)
    assert await printer_of(ticket_device).status() is PrinterStatus.UNKNOWN
    assert ticket_device.pages() == []


async def test_roll_that_ends_inside_the_page_is_unknown_with_the_reason(
    ticket_device: Device, ticket_picture: Image.Image
) -> None:
    await ticket_device.fault(paper_out_after_bands=1)
    outcome = await printer_of(ticket_device).print_job(job_of(ticket_picture))
    assert outcome == Unknown(DeviceError.PAPER_OUT)
    assert ticket_device.pages() == []
    await ticket_device.fault(paper_out=False)  # a new roll: the printer finishes what it buffered
    await ticket_device.page_count_reaches(1)


async def test_clone_without_in_order_status(
    ticket_device: Device, ticket_picture: Image.Image
) -> None:
    printer = EscposPrinter("127.0.0.1", ticket_device.port, in_order_status=False, timeouts=QUICK)
    assert await printer.print_job(job_of(ticket_picture)) == Printed()
    assert await printer.find_job("7f3a") is None


async def test_device_that_hangs_up_at_once_fails_certainly(
    ticket_picture: Image.Image,
) -> None:
    async def hang_up(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.close()

    async with await asyncio.start_server(hang_up, "127.0.0.1", 0) as server:
        port = server.sockets[0].getsockname()[1]
        outcome = await EscposPrinter("127.0.0.1", port, timeouts=QUICK).print_job(
            job_of(ticket_picture)
        )
    assert outcome == Failed(DeviceError.CONNECTION_LOST)


async def test_connect_that_times_out_is_unreachable(ticket_picture: Image.Image) -> None:
    with socket.socket() as full:
        full.bind(("127.0.0.1", 0))
        full.listen(0)
        port = full.getsockname()[1]
        with socket.socket() as first, socket.socket() as second:
            for taken in (first, second):
                taken.settimeout(0)
                taken.connect_ex(("127.0.0.1", port))
            printer = EscposPrinter(
                "127.0.0.1", port, timeouts=EscposTimeouts(connect_s=0.2, status_s=0.2)
            )
            outcome = await printer.print_job(job_of(ticket_picture))
    assert isinstance(outcome, Failed)
    assert outcome.code in {DeviceError.UNREACHABLE, DeviceError.NO_ANSWER}


@pytest.mark.parametrize(
    "document", [b"", b"%PDF-1.7", png(Image.new("1", (577, 8))), png(Image.new("1", (8, 9000)))]
)
def test_page_that_does_not_fit_is_refused_before_anything_is_sent(document: bytes) -> None:
    with pytest.raises(ValueError, match=r"page|PNG"):
        compose(document, 576)


def test_worst_status_wins() -> None:
    assert status_from(printer=0x1A, offline=0x36, paper=0x72) is PrinterStatus.COVER_OPEN
    assert status_from(printer=0x1A, offline=0x32, paper=0x72) is PrinterStatus.PAPER_OUT
    assert status_from(printer=0x1A, offline=0x12, paper=0x1E) is PrinterStatus.STOPPED
    assert status_from(printer=0x12, offline=0x12, paper=0x1E) is PrinterStatus.NEAR_END
    assert status_from(printer=0x12, offline=0x12, paper=0x12) is PrinterStatus.READY

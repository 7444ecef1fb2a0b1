"""The sheet driver's own promises: formats, lost answers, jobs given up."""

from io import BytesIO

import msgspec
import pytest
from PIL import Image, ImageChops, ImageStat

from hardware.ports import DeviceError, DocumentFormat, Failed, Media, Printed, PrintJob, Unknown
from hardware.printing.ipp import (
    IppPrinter,
    IppTimeouts,
    outcome_from,
    raster_dots_per_inch,
    status_code_error,
    status_from,
)
from hardware.simulated.sheets import RENDER_DOTS_PER_INCH, pages_of
from tests.hardware.conftest import png
from tests.hardware.devices import Device

QUICK = IppTimeouts(request_s=1.0, send_s=1.0, job_s=1.0, poll_interval_s=0.02)


def printer_of(device: Device) -> IppPrinter:
    return IppPrinter(f"ipp://127.0.0.1:{device.port}/ipp/print", timeouts=QUICK)


def pdf_of(*pictures: Image.Image) -> bytes:
    stored = BytesIO()
    first, *others = [picture.convert("L") for picture in pictures]
    first.save(stored, "PDF", save_all=True, append_images=others, resolution=150)
    return stored.getvalue()


def job_of(document: bytes, job_id: str = "job-0017") -> PrintJob:
    return PrintJob(
        job_id=job_id,
        title="slip",
        document=document,
        document_format=DocumentFormat.PDF,
        media=Media.A5,
    )


def sheet(mark: int) -> Image.Image:
    """An A5 page at 150 dpi with a black square, elsewhere for every `mark`."""
    page = Image.new("L", (874, 1240), 255)
    page.paste(0, (100 * mark, 100, 100 * mark + 80, 180))
    return page


async def test_pdf_arrives_byte_for_byte_under_the_jobs_own_name(
    sheet_device: Device,
) -> None:
    document = pdf_of(sheet(1), sheet(2))
    assert await printer_of(sheet_device).print_job(job_of(document)) == Printed()
    assert max(sheet_device.output.glob("job-*.pdf")).read_bytes() == document
    files = sheet_device.page_files()
    notes = [msgspec.json.decode(path.with_suffix(".json").read_bytes()) for path in files]
    pictures = sheet_device.pages()
    assert [(note["job_name"], note["job_page"]) for note in notes] == [
        ("job-0017", 1),
        ("job-0017", 2),
    ]
    assert [page.convert("1").getpixel((140, 140)) for page in pictures] == [0, 255]


async def test_printer_without_pdf_gets_the_same_page_as_raster(raster_device: Device) -> None:
    document = pdf_of(sheet(3))
    assert await printer_of(raster_device).print_job(job_of(document)) == Printed()
    (printed,) = raster_device.pages()
    (expected,) = pages_of(document, "application/pdf")
    scaled = printed.resize(expected.size)
    assert printed.width == pytest.approx(expected.width * 200 / RENDER_DOTS_PER_INCH, abs=2)
    assert ImageStat.Stat(ImageChops.difference(scaled, expected)).mean[0] < 1.0
    assert ImageStat.Stat(ImageChops.difference(scaled, sheet(1))).mean[0] > 1.0


@pytest.mark.parametrize("reads_pdf", [True, False])
async def test_png_page_prints_on_a_sheet(
    sheet_device: Device, raster_device: Device, ticket_picture: Image.Image, *, reads_pdf: bool
) -> None:
    device = sheet_device if reads_pdf else raster_device
    job = PrintJob(
        job_id="ticket-1",
        title="ticket",
        document=png(ticket_picture),
        document_format=DocumentFormat.PNG,
        media=Media.A5,
    )
    assert await printer_of(device).print_job(job) == Printed()
    (page,) = device.pages()
    assert page.height > page.width  # an A5 sheet, not a slip of the ticket's own shape
    assert ImageStat.Stat(page).extrema[0][0] < 128


async def test_lost_answer_is_unknown_until_the_printer_is_asked(
    sheet_device: Device,
) -> None:
    printer = printer_of(sheet_device)
    await sheet_device.fault(lose_answer=True)
    outcome = await printer.print_job(job_of(pdf_of(sheet(1))))
    assert outcome == Unknown(DeviceError.CONNECTION_LOST)
    assert await printer.find_job("job-0017") == Printed()
    assert await printer.find_job("job-0018") is None
    assert len(sheet_device.page_files()) == 1
    await sheet_device.fault(forget_jobs=True)
    assert await printer.find_job("job-0017") is None


async def test_job_that_never_ends_is_unknown(sheet_device: Device) -> None:
    printer = printer_of(sheet_device)
    await sheet_device.fault(hang=True)
    outcome = await printer.print_job(job_of(pdf_of(sheet(1))))
    assert outcome == Unknown(DeviceError.PRINTER_BUSY)
    await sheet_device.fault(hang=False)
    assert await printer.find_job("job-0017") == Printed()


@pytest.mark.parametrize(
    ("pages_first", "outcome"),
    [(0, Failed(DeviceError.JOB_ABORTED)), (1, Unknown(DeviceError.JOB_ABORTED))],
)
async def test_aborted_job_failed_only_when_no_sheet_came_out(
    sheet_device: Device, pages_first: int, outcome: Failed | Unknown
) -> None:
    await sheet_device.fault(abort_after_pages=pages_first)
    assert await printer_of(sheet_device).print_job(job_of(pdf_of(sheet(1), sheet(2)))) == outcome
    assert len(sheet_device.pages()) == pages_first


async def test_document_the_printer_cannot_read_is_failed(sheet_device: Device) -> None:
    outcome = await printer_of(sheet_device).print_job(job_of(b"%PDF-1.7 and then nothing"))
    assert outcome == Failed(DeviceError.DOCUMENT_INVALID)


async def test_busy_printer_is_a_certain_failure(sheet_device: Device) -> None:
    await sheet_device.fault(busy=True)
    outcome = await printer_of(sheet_device).print_job(job_of(pdf_of(sheet(1))))
    assert outcome == Failed(DeviceError.PRINTER_BUSY)


async def test_web_server_that_is_no_printer_is_a_certain_failure(
    sheet_device: Device,
) -> None:
    port = sheet_device.facts["control_port"]
    printer = IppPrinter(f"ipp://127.0.0.1:{port}/ipp/print", timeouts=QUICK)
    outcome = await printer.print_job(job_of(pdf_of(sheet(1))))
    assert outcome == Failed(DeviceError.BAD_ANSWER)


@pytest.mark.parametrize(
    ("state", "reasons", "status"),
    [
        (3, "none", "ready"),
        (4, "none", "busy"),
        (5, "paused", "stopped"),
        (3, "media-low-report", "near_end"),
        (3, "media-empty-warning", "near_end"),
        (5, "media-empty-warning", "paper_out"),
        (3, ["media-needed", "door-open-error"], "cover_open"),
        (None, "none", "unknown"),
    ],
)
def test_status_is_the_worst_reason(state: int | None, reasons: object, status: str) -> None:
    assert status_from({"printer-state": state, "printer-state-reasons": reasons}) == status


def test_end_without_a_count_of_sheets_is_unknown() -> None:
    assert outcome_from({"job-state": 8}) == Unknown(DeviceError.JOB_ABORTED)
    assert outcome_from({"job-state": 7, "job-impressions-completed": 0}) == Failed(
        DeviceError.JOB_CANCELED
    )


def test_refusals_have_codes_of_their_own() -> None:
    assert status_code_error(0x040A) is DeviceError.FORMAT_NOT_SUPPORTED
    assert status_code_error(0x0507) is DeviceError.PRINTER_BUSY
    assert status_code_error(0x0401) is DeviceError.JOB_REFUSED


def test_finest_square_raster_up_to_300_is_chosen() -> None:
    name = "pwg-raster-document-resolution-supported"
    assert raster_dots_per_inch({name: [(600, 600, 3), (200, 200, 3), (300, 200, 3)]}) == 200
    assert raster_dots_per_inch({}) == 300

"""What every printer driver promises, against simulated printers over real sockets."""

import socket
from dataclasses import dataclass
from io import BytesIO

import pytest
from PIL import Image

from hardware.ports import (
    DeviceError,
    DocumentFormat,
    Failed,
    Media,
    Printed,
    Printer,
    PrinterStatus,
    PrintJob,
    Unknown,
)
from hardware.printing.escpos import EscposPrinter, EscposTimeouts
from hardware.printing.ipp import IppPrinter, IppTimeouts
from tests.hardware.conftest import png
from tests.hardware.devices import Device

ESCPOS_TIMEOUTS = EscposTimeouts(connect_s=2.0, status_s=0.5, send_s=2.0, confirm_s=0.5)
IPP_TIMEOUTS = IppTimeouts(request_s=1.0, send_s=1.0, job_s=2.0, poll_interval_s=0.02)


@dataclass(frozen=True, slots=True)
class Bench:
    """A driver, the simulated printer it is connected to, and a job for it."""

    printer: Printer
    device: Device
    job: PrintJob


def printer_at(kind: str, port: int) -> Printer:
    if kind == "escpos":
        return EscposPrinter("127.0.0.1", port, timeouts=ESCPOS_TIMEOUTS)
    return IppPrinter(f"ipp://127.0.0.1:{port}/ipp/print", timeouts=IPP_TIMEOUTS)


def job_for(kind: str, picture: Image.Image, document: bytes | None = None) -> PrintJob:
    pdf = BytesIO()
    picture.convert("L").save(pdf, "PDF")
    ticket = kind == "escpos"
    return PrintJob(
        job_id="job-0017",
        title="test",
        document=document or (png(picture) if ticket else pdf.getvalue()),
        document_format=DocumentFormat.PNG if ticket else DocumentFormat.PDF,
        media=Media.ROLL_80 if ticket else Media.A5,
    )


@pytest.fixture(params=["escpos", "ipp"])
def kind(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def bench(
    kind: str, ticket_device: Device, sheet_device: Device, ticket_picture: Image.Image
) -> Bench:
    device = ticket_device if kind == "escpos" else sheet_device
    return Bench(printer_at(kind, device.port), device, job_for(kind, ticket_picture))


async def test_confirmed_job_is_on_paper_once(bench: Bench) -> None:
    assert await bench.printer.status() is PrinterStatus.READY
    assert await bench.printer.print_job(bench.job) == Printed()
    assert len(bench.device.page_files()) == 1


@pytest.mark.parametrize(
    ("fault", "status", "code"),
    [
        ("paper_out", PrinterStatus.PAPER_OUT, DeviceError.PAPER_OUT),
        ("cover_open", PrinterStatus.COVER_OPEN, DeviceError.COVER_OPEN),
    ],
)
async def test_stopped_printer_is_a_certain_failure(
    bench: Bench, fault: str, status: PrinterStatus, code: DeviceError
) -> None:
    await bench.device.fault(**{fault: True})
    assert await bench.printer.status() is status
    assert await bench.printer.print_job(bench.job) == Failed(code)
    await bench.device.fault(**{fault: False})
    assert await bench.printer.print_job(bench.job) == Printed()
    assert len(bench.device.page_files()) == 1


async def test_nearly_empty_printer_prints(bench: Bench) -> None:
    await bench.device.fault(near_end=True)
    assert await bench.printer.status() is PrinterStatus.NEAR_END
    assert await bench.printer.print_job(bench.job) == Printed()


async def test_connection_lost_inside_the_document_is_unknown(bench: Bench) -> None:
    await bench.device.fault(drop_after_bytes=2000)
    assert await bench.printer.print_job(bench.job) == Unknown(DeviceError.CONNECTION_LOST)
    assert bench.device.page_files() == []


async def test_silent_printer_is_asked_nothing_it_could_print(bench: Bench) -> None:
    await bench.device.fault(silent_status=True)
    assert await bench.printer.status() is PrinterStatus.UNKNOWN
    assert await bench.printer.print_job(bench.job) == Failed(DeviceError.NO_ANSWER)
    await bench.device.fault(silent_status=False)
    assert bench.device.page_files() == []


async def test_slow_printer_is_waited_for(bench: Bench) -> None:
    await bench.device.fault(slow_ms=100)
    assert await bench.printer.print_job(bench.job) == Printed()


async def test_damaged_document_never_reaches_the_printer(
    bench: Bench, kind: str, ticket_picture: Image.Image
) -> None:
    damaged = job_for(kind, ticket_picture, document=b"not a document")
    assert await bench.printer.print_job(damaged) == Failed(DeviceError.DOCUMENT_INVALID)
    assert bench.device.page_files() == []


async def test_nobody_listening_is_a_certain_failure(
    kind: str, ticket_picture: Image.Image
) -> None:
    with socket.socket() as reserved:  # bound, not listening: connections are refused
        reserved.bind(("127.0.0.1", 0))
        printer = printer_at(kind, reserved.getsockname()[1])
        assert await printer.status() is PrinterStatus.UNREACHABLE
        outcome = await printer.print_job(job_for(kind, ticket_picture))
    assert outcome == Failed(DeviceError.REFUSED)


async def test_unknown_host_is_a_certain_failure(ticket_picture: Image.Image, kind: str) -> None:
    name = "printer.invalid"  # RFC 2606: never resolves
    printer: Printer = (
        EscposPrinter(name, timeouts=ESCPOS_TIMEOUTS)
        if kind == "escpos"
        else IppPrinter(f"ipp://{name}/ipp/print", timeouts=IPP_TIMEOUTS)
    )
    outcome = await printer.print_job(job_for(kind, ticket_picture))
    assert isinstance(outcome, Failed)


async def test_control_refuses_an_unknown_fault_by_name(bench: Bench) -> None:
    with pytest.raises(AssertionError, match="on_fire"):
        await bench.device.fault(on_fire=True)

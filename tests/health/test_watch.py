"""Asking a printer how it is never gets in the way of printing."""

import asyncio

from edge_node.health.watch import WatchedPrinter
from hardware.ports import (
    DeviceError,
    DocumentFormat,
    Failed,
    Media,
    Printed,
    PrinterStatus,
    PrintJob,
    PrintOutcome,
)

JOB = PrintJob(
    job_id="ward-1",
    title="ticket",
    document=b"x",
    document_format=DocumentFormat.PNG,
    media=Media.ROLL_80,
)


class Paper:
    """A printer whose jobs end when the test says so."""

    def __init__(self, outcome: PrintOutcome = Printed()) -> None:  # noqa: B008 - immutable
        self.outcome = outcome
        self.started = asyncio.Event()
        self.release = asyncio.Event()
        self.asked = 0

    async def print_job(self, job: PrintJob) -> PrintOutcome:  # noqa: ARG002
        self.started.set()
        await self.release.wait()
        return self.outcome

    async def status(self) -> PrinterStatus:
        self.asked += 1
        return PrinterStatus.NEAR_END

    async def find_job(self, job_id: str) -> PrintOutcome | None:  # noqa: ARG002
        return None


async def test_a_printer_at_work_is_busy_and_is_not_asked() -> None:
    paper = Paper()
    watched = WatchedPrinter(paper, printer_id="kiosk-1", role="ticket")
    async with asyncio.TaskGroup() as group:
        printing = group.create_task(watched.print_job(JOB))
        await paper.started.wait()
        assert (await watched.look()).status is PrinterStatus.BUSY
        assert paper.asked == 0
        paper.release.set()
    assert printing.result() == Printed()


async def test_an_idle_printer_speaks_for_itself() -> None:
    watched = WatchedPrinter(Paper(), printer_id="kiosk-1", role="ticket")
    found = await watched.look()
    assert (found.id, found.role, found.status) == ("kiosk-1", "ticket", PrinterStatus.NEAR_END)
    assert await watched.find_job("ward-1") is None


async def test_the_outcome_of_a_job_passes_through_unchanged() -> None:
    paper = Paper(Failed(DeviceError.PAPER_OUT))
    paper.release.set()
    watched = WatchedPrinter(paper, printer_id="kiosk-1", role="ticket")
    assert await watched.print_job(JOB) == Failed(DeviceError.PAPER_OUT)

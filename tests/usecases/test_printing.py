"""Paper: said to be printed only when the printer says so, never repeated when unsure."""

import asyncio
from collections.abc import Callable

import pytest

from edge_node.store import print_jobs
from edge_node.store.print_jobs import PrintJobRow
from edge_node.usecases import intake, lookup, printing
from edge_node.usecases.intake import Asked
from edge_node.usecases.printing import MAXIMUM_RETRY_AGE, Desk
from edge_node.usecases.station import Station
from hardware.ports import (
    DeviceError,
    DocumentFormat,
    Failed,
    Media,
    Printed,
    PrinterStatus,
    PrintJob,
    PrintOutcome,
    Unknown,
)
from tests.usecases.samples import submit
from tests.web.station import TestClock


class TrayPrinter:
    """Implements the port: answers what it was told to, remembers what it was sent."""

    def __init__(self, *outcomes: PrintOutcome) -> None:
        self.outcomes = list(outcomes)
        self.sent: list[str] = []
        self.says = PrinterStatus.READY
        self.remembers: dict[str, PrintOutcome] = {}

    async def print_job(self, job: PrintJob) -> PrintOutcome:
        self.sent.append(job.job_id)
        return self.outcomes.pop(0) if self.outcomes else Printed()

    async def status(self) -> PrinterStatus:
        return self.says

    async def find_job(self, job_id: str) -> PrintOutcome | None:
        return self.remembers.get(job_id)


def render(row: PrintJobRow, people_ahead: int) -> PrintJob:
    return PrintJob(
        job_id=f"ward-26560-{row.id}",
        title=f"{row.kind} {people_ahead}",
        document=b"x",
        document_format=DocumentFormat.PNG,
        media=Media.ROLL_80,
    )


async def test_the_number_says_how_many_are_called_before_it_whatever_their_letter(
    station: Station,
) -> None:
    drawn: list[int] = []

    def draw(row: PrintJobRow, people_ahead: int) -> PrintJob:
        drawn.append(people_ahead)
        return render(row, people_ahead)

    for key, service in (("a", "residence"), ("b", "identity"), ("c", "residence")):
        await intake.take_ticket(station, service, Asked(key, "kiosk"))
    working = desk(TrayPrinter(), draw)
    while await printing.print_next(station, working):
        pass
    assert drawn == [0, 1, 2]


def desk(printer: TrayPrinter, draw: Callable[[PrintJobRow, int], PrintJob] = render) -> Desk:
    return Desk("ticket", printer, draw)


async def paper_state(station: Station, number: str) -> str:
    return (await lookup.dossier(station, number)).print_jobs[0].state


async def states(station: Station) -> list[str]:
    def ask(connection: object) -> list[str]:
        rows = connection.execute("SELECT state FROM print_job ORDER BY id")  # type: ignore[attr-defined]
        return [row[0] for row in rows]

    return await station.store.read(ask)


async def test_a_job_is_sent_in_order_and_confirmed(station: Station) -> None:
    await submit(station, "a")
    await submit(station, "b")
    printer = TrayPrinter()
    while await printing.print_next(station, desk(printer)):
        pass
    assert printer.sent == ["ward-26560-1", "ward-26560-2"]
    assert await states(station) == ["printed", "printed"]


async def test_an_unknown_outcome_is_never_repeated(station: Station) -> None:
    await submit(station)
    printer = TrayPrinter(Unknown(DeviceError.CONNECTION_LOST))
    for _ in range(3):
        await printing.print_next(station, desk(printer))
        await printing.retry_failed(station, desk(printer))
    assert len(printer.sent) == 1
    assert await states(station) == ["unknown"]


async def test_what_certainly_did_not_print_waits_for_paper(station: Station) -> None:
    await submit(station)
    printer = TrayPrinter(Failed(DeviceError.PAPER_OUT))
    printer.says = PrinterStatus.PAPER_OUT
    await printing.print_next(station, desk(printer))
    await printing.retry_failed(station, desk(printer))
    assert await states(station) == ["failed"]
    printer.says = PrinterStatus.READY
    await printing.retry_failed(station, desk(printer))
    await printing.print_next(station, desk(printer))
    assert await states(station) == ["printed"]
    assert len(printer.sent) == 2


async def test_an_old_failure_is_left_to_a_person(station: Station, clock: TestClock) -> None:
    await submit(station)
    printer = TrayPrinter(Failed(DeviceError.PAPER_OUT))
    await printing.print_next(station, desk(printer))
    clock.advance(int(MAXIMUM_RETRY_AGE.total_seconds()) + 1)
    await printing.retry_failed(station, desk(printer))
    assert await states(station) == ["failed"]


async def test_a_crash_while_printing_leaves_unknown_unless_the_printer_remembers(
    station: Station,
) -> None:
    for key in ("a", "b"):
        await submit(station, key)

    class PowerCutError(Exception):
        """The process ends while the printer works."""

    class DyingPrinter(TrayPrinter):
        async def print_job(self, job: PrintJob) -> PrintOutcome:
            self.sent.append(job.job_id)
            raise PowerCutError

    for _ in range(2):
        with pytest.raises(PowerCutError):
            await printing.print_next(station, desk(DyingPrinter()))
    assert await states(station) == ["sent", "sent"]

    after = TrayPrinter()
    after.remembers = {"ward-26560-1": Printed()}
    await printing.recover(station, desk(after))
    assert await states(station) == ["printed", "unknown"]
    assert after.sent == []


async def test_a_document_that_cannot_be_drawn_fails_for_good(station: Station) -> None:
    await submit(station)

    def broken(row: PrintJobRow, people_ahead: int) -> PrintJob:
        raise ValueError(row.kind, people_ahead)

    printer = TrayPrinter()
    await printing.print_next(station, desk(printer, broken))
    await printing.retry_failed(station, desk(printer, broken))
    assert printer.sent == []
    assert await states(station) == ["failed"]


async def test_a_copy_is_a_new_job_that_says_so(station: Station) -> None:
    await submit(station)
    printer = TrayPrinter(Unknown(DeviceError.NO_ANSWER))
    await printing.print_next(station, desk(printer))
    copy_id = await printing.reprint(station, 1)
    row = await station.store.read(lambda c: print_jobs.find(c, copy_id))
    assert row is not None
    assert row.copy_of == 1
    await printing.print_next(station, desk(printer))
    assert await states(station) == ["unknown", "printed"]


async def test_the_loop_prints_what_comes_and_stops(station: Station) -> None:
    printer, stopping = TrayPrinter(), asyncio.Event()
    async with asyncio.TaskGroup() as tasks:
        tasks.create_task(printing.print_loop(station, desk(printer), stopping))
        answer = await submit(station)
        async with station.changes.subscribe() as changes:
            while (await lookup.dossier(station, answer.dossier_no)).print_jobs[
                0
            ].state != "printed":
                await changes.get()
        stopping.set()
        station.paper.ring()
    assert len(printer.sent) == 1

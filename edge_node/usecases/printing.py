"""Put queued paper on the printers, one loop per printer.

Rules: `sent` is durable before the first byte leaves; a job whose outcome nobody saw becomes
`unknown` and is never repeated by the station; a job that certainly did not print waits until its
printer is ready again, for a bounded time, then stays `failed` for a person to decide; a paper that
has nothing true to say any more is called off. Nothing is printed from inside a request.
"""

import asyncio
import logging
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from edge_node.domain.errors import DomainError, ErrorCode
from edge_node.domain.printing import PrintAction, PrintState, apply_print
from edge_node.store import print_jobs, undoing
from edge_node.store.print_jobs import NewPrintJob, PrintJobRow
from edge_node.store.unit_of_work import Connection, Transaction
from edge_node.usecases.kiosk import resume_note
from edge_node.usecases.paper import codes, pairing_note
from edge_node.usecases.paper.queueing import queue_made
from edge_node.usecases.queue import room
from edge_node.usecases.station import Station
from hardware.ports import (
    DeviceError,
    Failed,
    Printed,
    Printer,
    PrinterStatus,
    PrintJob,
    PrintOutcome,
    Unknown,
)

RETRY_INTERVAL_S: Final = 5.0
"""How often a printer that failed is asked whether it is ready again."""

MAXIMUM_RETRY_AGE: Final = timedelta(minutes=30)
"""A paper older than this is not printed by itself any more: its person may have gone home."""

_PRINTABLE: Final = frozenset({PrinterStatus.READY, PrinterStatus.NEAR_END, PrinterStatus.BUSY})

_FOR_A_PERSON: Final = frozenset(
    {DeviceError.DOCUMENT_INVALID, DeviceError.FORMAT_NOT_SUPPORTED, DeviceError.JOB_REFUSED}
)
"""Failures that come again however often the paper is sent."""

logger = logging.getLogger(__name__)

Render = Callable[[PrintJobRow, int], PrintJob]
"""Draws a job: (stored job, people ahead in the queue) → the document to send."""


@dataclass(frozen=True, slots=True)
class Desk:
    """One printer, what it prints, and who draws for it."""

    role: str
    printer: Printer
    render: Render


async def print_loop(station: Station, desk: Desk, stopping: asyncio.Event) -> None:
    """Print what is queued for one printer until the node stops."""
    await recover(station, desk)
    while not stopping.is_set():
        seen = station.paper.rings
        if not await print_next(station, desk):
            await retry_failed(station, desk)
            await station.paper.wait_beyond(seen, await _pause_s(station, desk))


async def _pause_s(station: Station, desk: Desk) -> float:
    """Until the next look: sooner when a paper that is held back may go by then."""
    now = station.now()
    release_ms = await station.store.read(
        lambda connection: undoing.next_release_ms(connection, desk.role, now)
    )
    return min(RETRY_INTERVAL_S, release_ms / 1000) if release_ms is not None else RETRY_INTERVAL_S


async def recover(station: Station, desk: Desk) -> None:
    """After a restart: ask the printer about jobs whose outcome was never recorded."""
    for row in await station.store.read(print_jobs.in_flight):
        if row.role == desk.role:
            found = await desk.printer.find_job(job_name(station, row.id))
            outcome = found or Unknown(DeviceError.CONNECTION_LOST)
            await _record(station, row, outcome)


async def print_next(station: Station, desk: Desk) -> bool:
    """Print the oldest queued job of the role; False when there is none."""
    now = station.now()
    row = await station.store.read(
        lambda connection: print_jobs.next_queued(connection, desk.role, now)
    )
    if row is None:
        return False
    ahead = await _people_ahead(station, row)
    try:
        whole = await _whole(station, row)
        job = await asyncio.to_thread(desk.render, whole, ahead) if whole is not None else None
    except Exception:
        logger.exception("print job %d cannot be drawn", row.id)
        await _move(station, row, PrintAction.SEND)
        await _record(station, row, Failed(DeviceError.DOCUMENT_INVALID))
        return True
    if job is None:
        await _move(station, row, PrintAction.CANCEL)
        station.changes.announce("print", str(row.id))
        return True
    await _move(station, row, PrintAction.SEND)
    await _record(station, row, await desk.printer.print_job(job))
    return True


async def _whole(station: Station, row: PrintJobRow) -> PrintJobRow | None:
    """The job with what is never stored; None when its paper would say nothing true any more."""
    if row.kind == resume_note.KIND:
        return await resume_note.written(station, row)
    if row.kind == pairing_note.KIND:
        return pairing_note.written(station, row)
    return await codes.stamped(station, row)


async def retry_failed(station: Station, desk: Desk) -> None:
    """Queue again what certainly did not print, once the printer says it is ready."""
    oldest = (station.clock.now() - MAXIMUM_RETRY_AGE).isoformat(timespec="seconds")
    rows = await station.store.read(
        lambda connection: print_jobs.failed_since(connection, desk.role, oldest)
    )
    again = [row for row in rows if row.failure not in _FOR_A_PERSON]
    if again and await desk.printer.status() in _PRINTABLE:
        for row in again:
            await _move(station, row, PrintAction.RETRY)


def comes_by_itself(row: PrintJobRow, now: datetime) -> bool:
    """Whether nobody need ask for this paper again: it waits, or is tried again."""
    if row.state is not PrintState.FAILED:
        return row.state in (PrintState.QUEUED, PrintState.SENT)
    young = row.created_at >= (now - MAXIMUM_RETRY_AGE).isoformat(timespec="seconds")
    return young and row.failure not in _FOR_A_PERSON


async def reprint(station: Station, job_id: int) -> int:
    """A person asks for the paper again: a new job that says it is a copy."""

    def copy(transaction: Transaction) -> NewPrintJob:
        row = print_jobs.find(transaction.connection, job_id)
        if row is None:
            raise DomainError(ErrorCode.NOT_FOUND)
        return NewPrintJob(
            row.kind, row.role, row.slip.encode(), row.dossier_id, row.ticket_id, row.id
        )

    return await queue_made(station, station.moment(), copy)


def job_name(station: Station, job_id: int) -> str:
    """What the printer lists; nothing personal."""
    return f"ward-{station.code}-{job_id}"


async def _people_ahead(station: Station, row: PrintJobRow) -> int:
    ticket_id = row.ticket_id
    if ticket_id is None:
        return 0
    moment = station.moment()

    def ask(connection: Connection) -> int:
        seen = room.look(connection, moment.day, moment.now)
        place = room.position(station, seen, ticket_id)
        return place.ahead if place is not None else 0

    return await station.store.read(ask)


async def _move(station: Station, row: PrintJobRow, action: PrintAction) -> None:
    state = apply_print(row.state, action)
    await station.store.write(
        station.moment(), lambda transaction: print_jobs.set_state(transaction, row.id, state)
    )


async def _record(station: Station, row: PrintJobRow, outcome: PrintOutcome) -> None:
    action, failure = _meaning(outcome)
    state = apply_print(PrintState.SENT, action)
    await station.store.write(
        station.moment(),
        lambda transaction: print_jobs.set_state(transaction, row.id, state, failure),
    )
    station.changes.announce("print", str(row.id))
    if row.dossier_id is not None:
        station.changes.announce("dossier", row.dossier_id.hex())


def _meaning(outcome: PrintOutcome) -> tuple[PrintAction, str]:
    match outcome:
        case Printed():
            return PrintAction.CONFIRM, ""
        case Failed(code):
            return PrintAction.REPORT_FAILURE, code.value
        case Unknown(code):
            return PrintAction.LOSE_SIGHT, code.value

"""What the product asks of a device: printers, scanners and the clock.

Responsible for the words both sides share: jobs, outcomes, states, error codes.
Rules: a driver answers with values, not exceptions, for everything a device can do wrong; an
outcome never claims more than the driver knows; nothing here performs input or output.
Must not know: dossiers, tickets, the database, or any particular driver.
"""

from collections.abc import AsyncGenerator
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import NamedTuple, Protocol, TypeAlias

MAXIMUM_DOCUMENT_BYTES = 16 << 20
"""A document larger than this is refused before anything is sent."""

MAXIMUM_FRAME_BYTES = 4096
"""A scanner frame longer than this is dropped up to its end mark."""


class Media(StrEnum):
    """What the page is printed on."""

    ROLL_58 = "roll_58"
    ROLL_80 = "roll_80"
    A5 = "a5"
    A4 = "a4"


class DocumentFormat(StrEnum):
    """How the document is encoded; the value is its media type."""

    PDF = "application/pdf"
    PNG = "image/png"  # one page, 1 bit per pixel, black on white, device dots


@dataclass(frozen=True, slots=True, kw_only=True)
class PrintJob:
    """One document to put on paper once.

    `job_id` is ASCII, at most 64 characters, and becomes the job name at the printer, so that an
    unknown outcome can be looked up there. `title` is for the technician's list. Neither may hold
    personal data: printers show job names to anybody.
    """

    job_id: str
    title: str
    document: bytes
    document_format: DocumentFormat
    media: Media


class DeviceError(StrEnum):
    """Why a device did not do what was asked; texts and remedies live in the locale files."""

    REFUSED = "device_refused"  # nobody listens at the address
    UNREACHABLE = "device_unreachable"  # no route, name not found, connect timed out
    CONNECTION_LOST = "device_connection_lost"  # broke off after data may have arrived
    NO_ANSWER = "device_no_answer"  # connected, but silent within the time allowed
    BAD_ANSWER = "device_bad_answer"  # an answer the protocol does not allow
    PAPER_OUT = "printer_paper_out"
    COVER_OPEN = "printer_cover_open"
    PRINTER_STOPPED = "printer_stopped"  # cutter jam, overheating, paused by hand
    PRINTER_BUSY = "printer_busy"
    JOB_REFUSED = "printer_job_refused"  # the printer would not take the job
    JOB_ABORTED = "printer_job_aborted"  # the printer gave up; some pages may have come out
    JOB_CANCELED = "printer_job_canceled"
    FORMAT_NOT_SUPPORTED = "printer_format_not_supported"
    DOCUMENT_INVALID = "printer_document_invalid"  # not the promised format, too large, too wide


@dataclass(frozen=True, slots=True)
class Printed:
    """The printer confirmed that it consumed the whole job."""


@dataclass(frozen=True, slots=True)
class Failed:
    """It is certain that nothing of the job is on paper: sending it again is safe."""

    code: DeviceError


@dataclass(frozen=True, slots=True)
class Unknown:
    """The first byte may have reached the printer and no confirmation came back.

    Never repeated by software: two papers with one number are worse than none. First ask
    `Printer.find_job`, then a human who can look at the tray.
    """

    code: DeviceError


PrintOutcome: TypeAlias = Printed | Failed | Unknown


class PrinterStatus(StrEnum):
    """The one thing about a printer that matters most right now, worst first."""

    UNREACHABLE = "unreachable"
    COVER_OPEN = "cover_open"
    PAPER_OUT = "paper_out"
    STOPPED = "stopped"
    NEAR_END = "near_end"  # prints, but the roll or tray is nearly empty
    BUSY = "busy"  # prints somebody else's job, accepts ours
    READY = "ready"
    UNKNOWN = "unknown"  # answers nothing we understand


class Printer(Protocol):
    """One printer. Calls on one printer must not overlap: a single worker owns it."""

    async def print_job(self, job: PrintJob) -> PrintOutcome:
        """The outcome of sending `job` once; never raises for what the device does."""
        ...

    async def status(self) -> PrinterStatus:
        """What the printer says about itself now; UNREACHABLE instead of an exception."""
        ...

    async def find_job(self, job_id: str) -> PrintOutcome | None:
        """What became of a job sent earlier, or None when the printer does not remember it.

        Printers without a job list always answer None: then only a human can tell.
        """
        ...


class Scanner(Protocol):
    """One code scanner. Frames may hold personal data: never logged, never stored raw."""

    @property
    def connected(self) -> bool:
        """Whether the device is open right now."""
        ...

    def frames(self) -> AsyncGenerator[bytes, None]:
        """Scanned frames without their end mark, 1 to MAXIMUM_FRAME_BYTES bytes, for ever."""
        ...


class ClockReading(NamedTuple):
    """One look at the clocks.

    `mono_ms` counts since boot, suspended time included; `wall_ms` is Unix time. `quality`:
    0 the wall clock is certainly wrong, 1 it runs free (battery or floor), 2 the kernel says it
    is synchronised, 3 confirmed by the city (never claimed by a machine clock alone).
    """

    mono_ms: int
    wall_ms: int
    quality: int


class Clock(Protocol):
    """The only source of time for the product."""

    @property
    def boot_id(self) -> bytes:
        """Eight bytes that change with every boot of the machine."""
        ...

    def read(self) -> ClockReading:
        """Both clocks and how far the wall clock can be trusted."""
        ...

    def now(self) -> datetime:
        """Wall time in Viet Nam (aware, +07:00, which has no summer time)."""
        ...

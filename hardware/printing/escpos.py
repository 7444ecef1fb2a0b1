"""Thermal printers: one raster page over TCP port 9100 in ESC/POS.

Responsible for sending a page of dots and for saying honestly what became of it.
Rules: the printer is asked before the first dot is sent, so paper out is a certain failure; after
the last dot it is asked in order (GS r, executed only when everything before it was consumed),
so an answer means printed and silence means unknown. Letters are always dots: code pages for
Vietnamese differ from maker to maker.
Must not know: what is on the page, who repeats jobs, other drivers.
"""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from io import BytesIO
from typing import Any, Final

from hardware.ports import (
    MAXIMUM_DOCUMENT_BYTES,
    DeviceError,
    DocumentFormat,
    Failed,
    Printed,
    PrinterStatus,
    PrintJob,
    PrintOutcome,
    Unknown,
)

BAND_ROWS = 128
"""Rows per raster command; small bands keep cheap printers' buffers from overflowing."""

MAXIMUM_PAGE_ROWS = 8192
"""About one metre of paper at 203 dots per inch: longer is a fault, not a ticket."""

_STATUS_PRINTER: Final = b"\x10\x04\x01"  # DLE EOT n: answered at once, even when stopped
_STATUS_OFFLINE: Final = b"\x10\x04\x02"
_STATUS_PAPER: Final = b"\x10\x04\x04"
_NO_AUTOMATIC_STATUS: Final = b"\x1d\x61\x00"  # GS a 0
_PAPER_IN_ORDER: Final = b"\x1d\x72\x01"  # GS r 1: answered when its turn in the buffer comes


@dataclass(frozen=True, slots=True, kw_only=True)
class EscposTimeouts:
    """How long each step may take, in seconds."""

    connect_s: float = 3.0
    status_s: float = 2.0
    send_s: float = 20.0
    confirm_s: float = 20.0


class _Silent(Exception):  # noqa: N818 - a signal between two functions of this file
    """The printer did not answer a status request in time, or hung up."""

    def __init__(self, code: DeviceError) -> None:
        self.code = code


class EscposPrinter:
    """One thermal printer (implements `hardware.ports.Printer`)."""

    def __init__(
        self,
        host: str,
        port: int = 9100,
        *,
        width_dots: int = 576,
        in_order_status: bool = True,
        timeouts: EscposTimeouts | None = None,
    ) -> None:
        """`in_order_status=False` is for clones without GS r; DLE EOT then confirms, weakly."""
        self._host = host
        self._port = port
        self._width_dots = width_dots
        self._in_order_status = in_order_status
        self._timeouts = timeouts or EscposTimeouts()

    async def print_job(self, job: PrintJob) -> PrintOutcome:
        """Prints and cuts one PNG page; see `PrintOutcome` for what may be concluded."""
        if job.document_format is not DocumentFormat.PNG:
            return Failed(DeviceError.FORMAT_NOT_SUPPORTED)
        try:
            data = await asyncio.to_thread(compose, job.document, self._width_dots)
        except ValueError:
            return Failed(DeviceError.DOCUMENT_INVALID)
        try:
            async with self._connection() as line:
                return await self._converse(line, data)
        except ConnectionRefusedError:
            return Failed(DeviceError.REFUSED)
        except OSError:  # a connect that timed out is one too
            return Failed(DeviceError.UNREACHABLE)

    async def status(self) -> PrinterStatus:
        """What DLE EOT tells; UNKNOWN when the printer is connected but silent."""
        try:
            async with self._connection() as line:
                return await line.status(self._timeouts.status_s)
        except _Silent:
            return PrinterStatus.UNKNOWN
        except OSError:  # a connect that timed out is one too
            return PrinterStatus.UNREACHABLE

    async def find_job(self, job_id: str) -> PrintOutcome | None:  # noqa: ARG002
        """Always None: these printers keep no list of jobs."""
        return None

    @asynccontextmanager
    async def _connection(self) -> AsyncIterator["_Line"]:
        async with asyncio.timeout(self._timeouts.connect_s):
            reader, writer = await asyncio.open_connection(self._host, self._port)
        try:
            yield _Line(reader, writer)
        finally:
            writer.close()
            try:
                async with asyncio.timeout(self._timeouts.connect_s):
                    await writer.wait_closed()
            except OSError:
                writer.transport.abort()

    async def _converse(self, line: "_Line", data: bytes) -> PrintOutcome:
        """Everything on an open connection; past `send` no outcome is Failed any more."""
        try:
            status = await line.status(self._timeouts.status_s)
        except _Silent as silent:
            return Failed(silent.code)
        if status in _CANNOT_PRINT:
            return Failed(_CANNOT_PRINT[status])
        try:
            await line.send(data, self._timeouts.send_s)
            await self._confirm(line)
        except _Silent as silent:
            return Unknown(await self._reason(line, silent.code))
        return Printed()

    async def _confirm(self, line: "_Line") -> None:
        if self._in_order_status:
            await line.ask(_PAPER_IN_ORDER, _is_paper_answer, self._timeouts.confirm_s)
        else:
            await line.ask(_STATUS_PRINTER, _is_status_answer, self._timeouts.confirm_s)

    async def _reason(self, line: "_Line", code: DeviceError) -> DeviceError:
        """Why no confirmation came, if the printer still answers real-time questions."""
        try:
            status = await line.status(self._timeouts.status_s)
        except _Silent:
            return code
        return _CANNOT_PRINT.get(status, code)


_CANNOT_PRINT: Final = {
    PrinterStatus.COVER_OPEN: DeviceError.COVER_OPEN,
    PrinterStatus.PAPER_OUT: DeviceError.PAPER_OUT,
    PrinterStatus.STOPPED: DeviceError.PRINTER_STOPPED,
}


class _Line:
    """An open connection and the little grammar of status bytes."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader = reader
        self._writer = writer

    async def status(self, timeout_s: float) -> PrinterStatus:
        paper = await self.ask(_STATUS_PAPER, _is_status_answer, timeout_s)
        offline = await self.ask(_STATUS_OFFLINE, _is_status_answer, timeout_s)
        printer = await self.ask(_STATUS_PRINTER, _is_status_answer, timeout_s)
        return status_from(printer=printer, offline=offline, paper=paper)

    async def ask(self, question: bytes, accepts: Callable[[int], bool], timeout_s: float) -> int:
        """The first byte the printer sends that fits the question; others are skipped."""
        await self.send(question, timeout_s)
        try:
            async with asyncio.timeout(timeout_s):
                while answer := await self._reader.read(1):
                    if accepts(answer[0]):
                        return answer[0]
        except TimeoutError:
            raise _Silent(DeviceError.NO_ANSWER) from None
        except OSError:
            raise _Silent(DeviceError.CONNECTION_LOST) from None
        raise _Silent(DeviceError.CONNECTION_LOST)

    async def send(self, data: bytes, timeout_s: float) -> None:
        try:
            async with asyncio.timeout(timeout_s):
                self._writer.write(data)
                await self._writer.drain()
        except TimeoutError:
            raise _Silent(DeviceError.NO_ANSWER) from None
        except OSError:
            raise _Silent(DeviceError.CONNECTION_LOST) from None


def _is_status_answer(answer: int) -> bool:
    """DLE EOT answers have bits 1 and 4 set, bits 0 and 7 clear."""
    return answer & 0x93 == 0x12


def _is_paper_answer(answer: int) -> bool:
    """GS r answers have bits 4 and 7 clear, which no DLE EOT answer has."""
    return answer & 0x90 == 0


def status_from(*, printer: int, offline: int, paper: int) -> PrinterStatus:
    """The worst thing the answers to DLE EOT 1, 2 and 4 say."""
    if offline & 0x04:
        return PrinterStatus.COVER_OPEN
    if paper & 0x60 or offline & 0x20:
        return PrinterStatus.PAPER_OUT
    if offline & 0x40 or printer & 0x08:
        return PrinterStatus.STOPPED
    return PrinterStatus.NEAR_END if paper & 0x0C else PrinterStatus.READY


def compose(document: bytes, width_dots: int) -> bytes:
    """The job for one page: raster bands, feed, cut. ValueError if the page cannot be printed."""
    from PIL import Image  # noqa: PLC0415 - costs memory, needed in the printing worker only

    if len(document) > MAXIMUM_DOCUMENT_BYTES:
        raise ValueError("document too large")
    try:
        with Image.open(BytesIO(document), formats=["PNG"]) as page:
            if page.width > width_dots or page.height > MAXIMUM_PAGE_ROWS:
                raise ValueError("page larger than the paper")
            page.load()
            printer = _composer(width_dots)
            printer._raw(_NO_AUTOMATIC_STATUS)  # noqa: SLF001 - the library has no name for it
            printer.hw("INIT")
            printer.image(page, fragment_height=BAND_ROWS)
            printer.cut()
            return bytes(printer.output)
    except (OSError, SyntaxError, Image.DecompressionBombError) as error:
        raise ValueError("not a PNG page") from error


def _composer(width_dots: int) -> Any:
    """python-escpos' in-memory printer, told the width of ours (it has no types of its own)."""
    from escpos.printer import Dummy  # noqa: PLC0415 - a second of start-up, megabytes of memory

    printer = Dummy()
    printer.profile.profile_data = printer.profile.profile_data | {
        "media": {"width": {"pixels": width_dots}}
    }
    return printer

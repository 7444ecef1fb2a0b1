"""A thermal printer made of software: ESC/POS on a TCP port, pages as PNG files.

Responsible for behaving on the wire as such printers do, well and badly.
Rules: one connection at a time prints, as on real ones; while paper is out or the cover is open
nothing is consumed, but DLE EOT is still answered; every fault has a switch.
Must not know: who prints, what the pages mean.
"""

import asyncio
import re
from dataclasses import dataclass, field

import msgspec
from PIL import Image

from hardware.clock import SystemClock
from hardware.simulated.control import Switches, control_app, ready_until_told, serving
from hardware.simulated.pages import PageNote, Tray
from hardware.simulated.thermal import (
    Band,
    Cut,
    Event,
    InOrderQuestion,
    Interpreter,
    RealTimeQuestion,
)

READ_BYTES = 4096
WAITING_CHUNKS = 64
"""Reads that a stopped printer buffers before it stops reading."""

_QUESTIONS = re.compile(rb"(\x10\x04.)+", re.DOTALL)


class ThermalFaults(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What can be wrong with the printer."""

    paper_out: bool = False
    near_end: bool = False
    cover_open: bool = False
    drop_after_bytes: int | None = None  # hang up after so many bytes of a connection
    paper_out_after_bands: int | None = None  # the roll ends after so many raster bands
    silent_status: bool = False  # never answers a question
    silent_after_data: bool = False  # answers until the first raster band, then no more
    slow_ms: int = 0  # per raster band


@dataclass(slots=True)
class _Connection:
    """One sender's stream and what has come of it."""

    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter
    interpreter: Interpreter
    chunks: asyncio.Queue[bytes] = field(default_factory=lambda: asyncio.Queue(WAITING_CHUNKS))
    received_bytes: int = 0
    bands: int = 0


class ThermalPrinter:
    """The device: hand `serve` to `asyncio.start_server`."""

    def __init__(self, tray: Tray, width_dots: int, switches: Switches[ThermalFaults]) -> None:
        self._tray = tray
        self._width_dots = width_dots
        self._switches = switches
        self._clock = SystemClock()
        self._turn = asyncio.Lock()

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """One connection from its first byte until everything it sent is on paper."""
        connection = _Connection(reader, writer, Interpreter(self._width_dots))
        try:
            async with self._turn, asyncio.TaskGroup() as both:
                both.create_task(self._receive(connection))
                both.create_task(self._consume(connection))
        except* OSError:
            pass  # the sender hung up
        finally:
            writer.close()

    async def _receive(self, connection: _Connection) -> None:
        """Takes bytes off the wire; answers real-time questions even while stopped."""
        try:
            while data := await connection.reader.read(READ_BYTES):
                connection.received_bytes += len(data)
                limit = self._switches.faults.drop_after_bytes
                if limit is not None and connection.received_bytes >= limit:
                    connection.writer.transport.abort()
                    break
                if _stopped(self._switches.faults) and _QUESTIONS.fullmatch(data):
                    for number in data[2::3]:
                        self._answer(connection, RealTimeQuestion(number))
                else:
                    await connection.chunks.put(data)
        finally:
            await connection.chunks.put(b"")

    async def _consume(self, connection: _Connection) -> None:
        while data := await connection.chunks.get():
            for event in connection.interpreter.feed(data):
                await self._act(connection, event)

    async def _act(self, connection: _Connection, event: Event) -> None:
        match event:
            case Band():
                await self._switches.until(lambda faults: not _stopped(faults))
                connection.bands += 1
                await asyncio.sleep(self._switches.faults.slow_ms / 1000)
                if connection.bands == self._switches.faults.paper_out_after_bands:
                    await self._switches.change({"paper_out": True, "paper_out_after_bands": None})
            case Cut(page):
                await self._switches.until(lambda faults: not _stopped(faults))
                await asyncio.to_thread(self._drop, page, connection.interpreter)
            case InOrderQuestion():
                await self._switches.until(lambda faults: not _stopped(faults))
                self._answer(connection, event)
            case RealTimeQuestion():
                self._answer(connection, event)

    def _drop(self, page: Image.Image, interpreter: Interpreter) -> None:
        note = PageNote(
            page=self._tray.next_number(),
            width_dots=page.width,
            height_dots=page.height,
            printed_at=self._clock.now().isoformat(),
            document_format="application/vnd.escpos",
            unknown_bytes=interpreter.unknown_bytes,
        )
        self._tray.drop(page, note)

    def _answer(self, connection: _Connection, question: Event) -> None:
        faults = self._switches.faults
        if faults.silent_status or (faults.silent_after_data and connection.bands):
            return
        connection.writer.write(bytes([answer_to(question, faults)]))


def _stopped(faults: ThermalFaults) -> bool:
    return faults.paper_out or faults.cover_open


def answer_to(question: Event, faults: ThermalFaults) -> int:
    """The status byte of DLE EOT 1-4 or GS r 1."""
    match question:
        case InOrderQuestion():
            return (0x0C if faults.paper_out else 0) | (0x03 if faults.near_end else 0)
        case RealTimeQuestion(number=1):
            return 0x12 | (0x08 if _stopped(faults) else 0)
        case RealTimeQuestion(number=2):
            return 0x12 | (0x04 if faults.cover_open else 0) | (0x20 if faults.paper_out else 0)
        case RealTimeQuestion(number=4):
            return 0x12 | (0x60 if faults.paper_out else 0) | (0x0C if faults.near_end else 0)
        case _:
            return 0x12


async def run_thermal_printer(
    faults: ThermalFaults, *, port: int, control_port: int, tray: Tray, width_dots: int
) -> None:
    """The process: prints what arrives on loopback `port` until SIGTERM (0: any free port)."""
    switches = Switches(faults)
    printer = ThermalPrinter(tray, width_dots, switches)
    async with (
        serving(control_app(switches, tray), control_port) as bound_control_port,
        await asyncio.start_server(printer.serve, "127.0.0.1", port) as server,
    ):
        await ready_until_told(
            {
                "kind": "escpos",
                "port": server.sockets[0].getsockname()[1],
                "control_port": bound_control_port,
                "output": str(tray.folder),
            }
        )

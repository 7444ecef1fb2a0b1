"""What a thermal printer does with bytes: an ESC/POS interpreter that draws pages.

Responsible for turning a stream of ESC/POS into pages and status requests.
Rules: pure (no sockets, no files, no clock); any split of the stream gives the same pages; an
unknown command is counted, never guessed at.
Must not know: sockets, faults, who sends.

Commands after the Epson ESC/POS reference: ESC @, GS v 0, ESC d, ESC J, LF, GS V, DLE EOT, GS r,
GS a and the parameter lengths of the common formatting commands, which draw nothing here.
"""

from dataclasses import dataclass, field
from typing import TypeAlias

from PIL import Image

LINE_ROWS = 30
"""Rows of paper one line feed moves (ESC 2, default spacing at 203 dots per inch)."""

MAXIMUM_PAGE_ROWS = 16384

_ESC, _GS, _DLE = 0x1B, 0x1D, 0x10
_PARAMETER_BYTES = {
    **dict.fromkeys([(_ESC, ord(c)) for c in "aEtM!-3GJVRrd{"], 1),
    **dict.fromkeys([(_ESC, ord(c)) for c in "@2"], 0),
    **dict.fromkeys([(_GS, ord(c)) for c in "aBbrH!fwh"], 1),
    **dict.fromkeys([(_GS, ord(c)) for c in "LW"], 2),
    (_ESC, ord("p")): 3,
    (_DLE, 0x04): 1,
    (_DLE, 0x05): 1,
}


@dataclass(frozen=True, slots=True)
class Cut:
    """The paper was cut: one finished page, mode "1", 0 = black dot."""

    page: Image.Image


@dataclass(frozen=True, slots=True)
class Band:
    """A raster band was printed."""

    rows: int


@dataclass(frozen=True, slots=True)
class RealTimeQuestion:
    """DLE EOT n."""

    number: int


@dataclass(frozen=True, slots=True)
class InOrderQuestion:
    """GS r n."""

    number: int


Event: TypeAlias = Cut | Band | RealTimeQuestion | InOrderQuestion


@dataclass(slots=True)
class Interpreter:
    """Eats bytes, gives events in the order the printer would act."""

    width_dots: int
    unknown_bytes: int = 0
    _pending: bytearray = field(default_factory=bytearray)
    _strips: list[Image.Image] = field(default_factory=list)
    _rows: int = 0

    def feed(self, data: bytes) -> list[Event]:
        """The events of everything that is complete so far."""
        self._pending += data
        events: list[Event] = []
        while (length := self._command_bytes()) is not None:
            command = bytes(self._pending[:length])
            del self._pending[:length]
            events += self._act(command)
        return events

    def _command_bytes(self) -> int | None:
        """Length of the command at the front, None when it is not complete yet."""
        length = command_length(bytes(self._pending[:8]))
        return None if length is None or length > len(self._pending) else length

    def _act(self, command: bytes) -> list[Event]:
        match command[:2]:
            case b"\x1dv":
                return [self._raster(command)]
            case b"\x1dV":
                return self._cut(command)
            case b"\x10\x04":
                return [RealTimeQuestion(command[2])]
            case b"\x1dr":
                return [InOrderQuestion(command[2])]
            case _:
                self._move_or_reset(command)
                return []

    def _move_or_reset(self, command: bytes) -> None:
        if command == b"\x1b@":
            self._strips, self._rows = [], 0
        elif command == b"\n":
            self._feed_rows(LINE_ROWS)
        elif command[:2] == b"\x1bd":
            self._feed_rows(LINE_ROWS * command[2])
        elif command[:2] == b"\x1bJ":
            self._feed_rows(command[2])
        elif len(command) == 1:
            self.unknown_bytes += 1

    def _raster(self, command: bytes) -> Band:
        width_bytes = command[4] | command[5] << 8
        rows = command[6] | command[7] << 8
        strip = Image.new("1", (self.width_dots, rows), 1)
        if width_bytes and rows:
            inverted = bytes(byte ^ 0xFF for byte in command[8:])  # on the wire 1 is black
            strip.paste(Image.frombytes("1", (width_bytes * 8, rows), inverted), (0, 0))
        self._add(strip)
        return Band(rows)

    def _cut(self, command: bytes) -> list[Event]:
        if command[2] in {65, 66}:  # feed to the cutter plus n rows
            self._feed_rows(command[3])
        if not self._strips:
            return []
        page = Image.new("1", (self.width_dots, self._rows), 1)
        top = 0
        for strip in self._strips:
            page.paste(strip, (0, top))
            top += strip.height
        self._strips, self._rows = [], 0
        return [Cut(page)]

    def _feed_rows(self, rows: int) -> None:
        if rows:
            self._add(Image.new("1", (self.width_dots, rows), 1))

    def _add(self, strip: Image.Image) -> None:
        if self._rows + strip.height <= MAXIMUM_PAGE_ROWS:
            self._strips.append(strip)
            self._rows += strip.height


def command_length(head: bytes) -> int | None:
    """Bytes of the command that begins with `head` (its first 8 bytes or fewer), None: need more.

    Letters and unknown control bytes are commands of one byte.
    """
    if not head or (head[0] in _PARAMETER_LEADS and len(head) < 2):
        return None
    if head[0] not in _PARAMETER_LEADS:
        return 1
    if head[:2] in _VARIABLE:
        return _VARIABLE[head[:2]](head)
    parameters = _PARAMETER_BYTES.get((head[0], head[1]))
    return 1 if parameters is None else 2 + parameters


def _raster_length(head: bytes) -> int | None:
    if len(head) < 8:
        return None
    return 8 + (head[4] | head[5] << 8) * (head[6] | head[7] << 8)


def _cut_length(head: bytes) -> int | None:
    if len(head) < 3:
        return None
    return 4 if head[2] in {65, 66} else 3


def _block_length(head: bytes) -> int | None:
    return None if len(head) < 5 else 5 + (head[3] | head[4] << 8)


_PARAMETER_LEADS = {_ESC, _GS, _DLE}
_VARIABLE = {b"\x1dv": _raster_length, b"\x1dV": _cut_length, b"\x1d(": _block_length}

"""Code scanners on a serial line (USB CDC-ACM or a real port).

Responsible for turning bytes of a tty into frames and for coming back when it was unplugged.
Rules: a frame ends with CR or LF; one longer than MAXIMUM_FRAME_BYTES is dropped up to its end
mark; a scan may be an identity card, so no content is ever logged or kept.
Must not know: what a frame means.
"""

import asyncio
import os
import termios
import tty
from collections.abc import AsyncGenerator, Iterator
from contextlib import contextmanager
from pathlib import Path

from hardware.ports import MAXIMUM_FRAME_BYTES

REOPEN_INTERVAL_S = 1.0
MAXIMUM_WAITING_FRAMES = 16
"""Frames nobody has taken yet; a person scans no faster, so more is noise and is dropped."""

BAUD_RATES = {9600: termios.B9600, 19200: termios.B19200, 115200: termios.B115200}
"""Ignored by USB CDC scanners, honoured by real serial ports; always 8 data bits, no parity."""

_READ_BYTES = 4096
_END_MARKS = b"\r\n"


class FrameSplitter:
    """Cuts a byte stream at CR or LF; empty frames are dropped, too long ones are dropped whole."""

    def __init__(self) -> None:
        self._frame = bytearray()
        self._dropping = False

    def feed(self, data: bytes) -> list[bytes]:
        """The frames that `data` completes."""
        frames = []
        for byte in data:
            if byte in _END_MARKS:
                if self._frame:
                    frames.append(bytes(self._frame))
                self._frame.clear()
                self._dropping = False
            elif not self._dropping:
                self._frame.append(byte)
                if len(self._frame) > MAXIMUM_FRAME_BYTES:
                    self._frame.clear()
                    self._dropping = True
        return frames


class SerialScanner:
    """One scanner (implements `hardware.ports.Scanner`).

    Close the iterator of `frames` (`contextlib.aclosing`) to release the device.
    """

    def __init__(
        self, device: Path, *, baud: int = 9600, reopen_interval_s: float = REOPEN_INTERVAL_S
    ) -> None:
        self._device = device
        self._speed = BAUD_RATES[baud]
        self._reopen_interval_s = reopen_interval_s
        self._connected = False

    @property
    def connected(self) -> bool:
        """Whether the device is open right now."""
        return self._connected

    async def frames(self) -> AsyncGenerator[bytes, None]:
        """Frames for ever; waits while the device is missing."""
        while True:
            try:
                with self._opened() as descriptor, _readable(descriptor) as queue:
                    while (frame := await queue.get()) is not None:
                        yield frame
            except OSError:
                pass  # not there (yet), or not ours to open: try again
            await asyncio.sleep(self._reopen_interval_s)

    @contextmanager
    def _opened(self) -> Iterator[int]:
        descriptor = os.open(self._device, os.O_RDONLY | os.O_NOCTTY | os.O_NONBLOCK | os.O_CLOEXEC)
        try:
            _make_raw(descriptor, self._speed)
            self._connected = True
            yield descriptor
        finally:
            self._connected = False
            os.close(descriptor)


@contextmanager
def _readable(descriptor: int) -> Iterator[asyncio.Queue[bytes | None]]:
    """A queue of frames read from `descriptor`, None when the device is gone."""
    loop = asyncio.get_running_loop()
    queue: asyncio.Queue[bytes | None] = asyncio.Queue()
    splitter = FrameSplitter()

    def read() -> None:
        try:
            data = os.read(descriptor, _READ_BYTES)
        except BlockingIOError:
            return
        except OSError:
            data = b""
        if not data:
            loop.remove_reader(descriptor)
            queue.put_nowait(None)
            return
        for frame in splitter.feed(data):
            if queue.qsize() < MAXIMUM_WAITING_FRAMES:
                queue.put_nowait(frame)

    loop.add_reader(descriptor, read)
    try:
        yield queue
    finally:
        loop.remove_reader(descriptor)


def _make_raw(descriptor: int, speed: int) -> None:
    """8 data bits, no parity, no echo, no translation. OSError if it is no terminal."""
    try:
        tty.setraw(descriptor, termios.TCSANOW)
        settings = termios.tcgetattr(descriptor)
        settings[4] = settings[5] = speed
        termios.tcsetattr(descriptor, termios.TCSANOW, settings)
    except termios.error as error:
        raise OSError(*error.args) from error

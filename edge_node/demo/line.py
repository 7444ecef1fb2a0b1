"""The line to the city as a switch: a TCP relay that can be cut and restored.

Cut means what a pulled cable means: open connections break, new ones get no answer.
"""

import asyncio
import contextlib
from typing import Final

CHUNK_BYTES: Final = 64 << 10
CONNECT_TIMEOUT_S: Final = 5.0


class Line:
    """Relays bytes to one address while it is whole."""

    def __init__(self, host: str, port: int) -> None:
        self._target = (host, port)
        self._open: set[asyncio.StreamWriter] = set()
        self._cuts = 0
        self.whole = True

    def cut(self) -> None:
        """Break every connection and refuse new ones until restored."""
        self.whole = False
        self._cuts += 1
        for writer in tuple(self._open):
            writer.transport.abort()

    def restore(self) -> None:
        """Let connections through again."""
        self.whole = True

    async def relay(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Serve one connection; the callback of `asyncio.start_server`."""
        if not self.whole:
            writer.transport.abort()
            return
        cuts = self._cuts
        try:
            async with asyncio.timeout(CONNECT_TIMEOUT_S):
                far_reader, far_writer = await asyncio.open_connection(*self._target)
        except (OSError, TimeoutError):
            writer.transport.abort()
            return
        if self._cuts != cuts:  # cut while the far end was being called
            writer.transport.abort()
            far_writer.transport.abort()
            return
        self._open |= {writer, far_writer}
        try:
            async with asyncio.TaskGroup() as tasks:
                tasks.create_task(_pump(reader, far_writer))
                tasks.create_task(_pump(far_reader, writer))
        finally:
            self._open -= {writer, far_writer}


async def _pump(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    with contextlib.suppress(OSError):
        while chunk := await reader.read(CHUNK_BYTES):
            writer.write(chunk)
            await writer.drain()
    writer.close()

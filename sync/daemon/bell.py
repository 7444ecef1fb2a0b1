"""A bell the node may ring: one datagram says that the journal has grown.

Only a shortcut: without it the journal is looked at fifty times a second. What is in a datagram is
not looked at; anybody on this machine who may reach the folder can make the daemon look once more.
"""

import asyncio
import contextlib
import socket
from collections.abc import Iterator
from pathlib import Path
from typing import Final

BELL_NAME: Final = "sync.bell"
BELL_MODE: Final = 0o666
DATAGRAM_BYTES: Final = 16
MAXIMUM_AT_ONCE: Final = 64
"""Datagrams taken before anything else has its turn."""


class Bell:
    """Rings end a wait."""

    def __init__(self, channel: socket.socket | None = None) -> None:
        self._channel = channel
        self._rung = asyncio.Event()

    async def wait(self, longest_s: float) -> bool:
        """Wait for a ring, at most so long; whether there was one."""
        try:
            async with asyncio.timeout(longest_s):
                await self._rung.wait()
        except TimeoutError:
            return False
        self._rung.clear()
        return True

    def ring(self) -> None:
        """End a wait, or the next one."""
        self._rung.set()

    def hear(self) -> None:
        """Take what datagrams there are, and remember one ring."""
        assert self._channel is not None
        with contextlib.suppress(BlockingIOError):
            for _ in range(MAXIMUM_AT_ONCE):
                self._channel.recv(DATAGRAM_BYTES)
                self.ring()


@contextlib.contextmanager
def open_bell(folder: Path) -> Iterator[Bell]:
    """The bell in `folder`; where a socket cannot be made, one that never rings."""
    path = folder / BELL_NAME
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_CLOEXEC) as channel:
        try:
            path.unlink(missing_ok=True)
            channel.bind(str(path))
            path.chmod(BELL_MODE)
        except OSError:
            yield Bell()
            return
        channel.settimeout(0.0)
        bell = Bell(channel)
        loop = asyncio.get_running_loop()
        loop.add_reader(channel, bell.hear)
        try:
            yield bell
        finally:
            loop.remove_reader(channel)
            path.unlink(missing_ok=True)

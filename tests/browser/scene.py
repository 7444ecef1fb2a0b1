"""A station in the middle of a morning, in one process, with canned people and dossiers.

The clock stands still until a test moves it; printers are rows without a device. Restarting is
closing and opening the same files behind the same port.
"""

import contextlib
import socket
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

from aiohttp import web

from edge_node.health.examine import Devices, examine
from edge_node.usecases.scans import ScanDesk
from edge_node.usecases.station import Station
from edge_node.web.app import create_app
from tests.usecases.city_side import Daemon, daemon_of
from tests.web.station import TestClock, open_station

Change = Callable[[Station], None]


class Scene:
    """One station, its web server, its clock and what its sync daemon would have written."""

    def __init__(self, folder: Path, clock: TestClock, change: Change | None = None) -> None:
        self.folder = folder
        self.clock = clock
        self.city: Daemon
        self.station: Station
        self._change = change
        self._open: contextlib.AsyncExitStack | None = None
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self._port = int(probe.getsockname()[1])

    @property
    def url(self) -> str:
        return f"http://localhost:{self._port}"

    async def start(self) -> None:
        """Open the files and listen; the port stays the same over restarts."""
        stack = contextlib.AsyncExitStack()
        self.city = await stack.enter_async_context(daemon_of(self.folder))
        self.station = await stack.enter_async_context(open_station(self.folder, self.clock))
        if self._change is not None:
            self._change(self.station)
        await stack.enter_async_context(served(self.station, self.folder, self._port))
        self._open = stack

    async def stop(self) -> None:
        """Every request from now on is refused."""
        if self._open is not None:
            await self._open.aclose()
            self._open = None


@contextlib.asynccontextmanager
async def served(station: Station, folder: Path, port: int) -> AsyncIterator[None]:
    """The station's pages on a port of this machine."""
    devices: Any = Devices(data_directory=folder, version="test")
    app = create_app(
        station,
        health=lambda: examine(station, devices),
        scans=ScanDesk(station.changes),
        version="test",
    )
    runner = web.AppRunner(app, shutdown_timeout=0.1)
    await runner.setup()
    try:
        await web.TCPSite(runner, "localhost", port, reuse_address=True).start()
        yield
    finally:
        await runner.cleanup()


@contextlib.asynccontextmanager
async def scene(folder: Path, change: Change | None = None) -> AsyncIterator[Scene]:
    """A started station; ``change`` is applied at every start."""
    opened = Scene(folder, TestClock(), change)
    await opened.start()
    try:
        yield opened
    finally:
        await opened.stop()

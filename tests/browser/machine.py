"""A real node as its own process, which may be killed in the middle of anything."""

import asyncio
import contextlib
import sqlite3
from asyncio.subprocess import Process
from pathlib import Path

from tests.node import process
from tests.node.process import START_TIMEOUT_S


class Machine:
    """One node on one port; ``kill`` is SIGKILL, ``start`` the same files again."""

    def __init__(self, folder: Path, more: str = "") -> None:
        self.port = process.free_port()
        self.folder = folder
        self.kills = 0
        self._config = process.write(folder, process.config(self.port, more))
        self._process: Process | None = None

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    async def start(self) -> None:
        """Start it and wait for its READY line."""
        self._process = await process.start("serve", "--config", self._config)
        assert self._process.stdout is not None
        async with asyncio.timeout(START_TIMEOUT_S):
            line = await self._process.stdout.readline()
        assert line.startswith(b"READY "), line

    async def kill(self) -> None:
        """Kill -9."""
        if self._process is None:
            return
        with contextlib.suppress(ProcessLookupError):
            self._process.kill()
        await self._process.communicate()
        self._process = None
        self.kills += 1

    async def power_cycle(self, delay_s: float) -> None:
        """Die a moment from now and come back."""
        await asyncio.sleep(delay_s)
        await self.kill()
        await self.start()

    def rows(self, query: str) -> list[tuple[object, ...]]:
        """What its database holds, read from outside."""
        database = self.folder / "state" / "node.db"
        with contextlib.closing(_open(database)) as reader:
            return reader.execute(query).fetchall()


def _open(database: Path) -> sqlite3.Connection:
    """Read-only, as anybody beside the node may."""
    address = f"file:{database}?mode=ro"
    return sqlite3.connect(address, uri=True)  # noqa: TID251 - from outside

"""Debian's Chromium against a real station that the test can take away and bring back."""

import os
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web

from edge_node.web.voice.desk import Voice
from tests.web.station import TestClock, make_app, open_station

collect_ignore = [] if os.environ.get("WHOLE") else ["test_chaos.py", "test_keyboard.py"]
"""Twenty kills in forms, and walks by keys alone, take minutes: they are run with WHOLE=1."""

SIZES = {"upright": (1080, 1920), "landscape": (1366, 768)}


class Node:
    """The station with its web server on one fixed port; ``stop`` and ``start`` are a restart."""

    def __init__(self, folder: Path, clock: TestClock, voice: Voice | None = None) -> None:
        self._folder = folder
        self._voice = voice
        self._clock = clock
        self._port = 0
        self._opened: Any = None
        self._runner: web.AppRunner | None = None
        self.station: Any = None

    @property
    def url(self) -> str:
        return f"http://localhost:{self._port}"

    async def start(self) -> None:
        """Open the files and listen; the port stays the same over restarts."""
        self._opened = open_station(self._folder, self._clock)
        self.station = await self._opened.__aenter__()
        self._runner = web.AppRunner(make_app(self.station, self._voice), shutdown_timeout=0.1)
        await self._runner.setup()
        site = web.TCPSite(self._runner, "localhost", self._port, reuse_address=True)
        await site.start()
        self._port = self._runner.addresses[0][1]

    async def stop(self) -> None:
        """Close everything: every request from now on is refused."""
        if self._runner is not None:
            await self._runner.cleanup()
            await self._opened.__aexit__(None, None, None)
            self._runner = None


@pytest.fixture
async def node(tmp_path: Path) -> AsyncIterator[Node]:
    running = Node(tmp_path, TestClock())
    await running.start()
    yield running
    await running.stop()

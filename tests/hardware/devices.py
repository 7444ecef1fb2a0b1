"""Simulated devices as real processes."""

import asyncio
import json
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import aiohttp
from PIL import Image

ROOT = Path(__file__).parents[2]
EXIT_WITHIN_S = 10.0


@dataclass(frozen=True, slots=True)
class Device:
    """A running simulated device; only pages printed after `pages_before` are looked at."""

    facts: dict[str, Any]
    pages_before: int = 0

    @property
    def port(self) -> int:
        return int(self.facts["port"])

    @property
    def output(self) -> Path:
        return Path(self.facts["output"])

    def control(self, path: str) -> str:
        return f"http://127.0.0.1:{self.facts['control_port']}{path}"

    async def fault(self, **faults: object) -> None:
        async with (
            aiohttp.ClientSession() as session,
            session.post(self.control("/fault"), json=faults) as answer,
        ):
            assert answer.status == 200, await answer.text()

    async def mended(self) -> "Device":
        """The same device without faults and with an empty tray, as a test wants to find it."""
        async with (
            aiohttp.ClientSession() as session,
            session.delete(self.control("/fault")) as answer,
        ):
            assert answer.status == 200
        return Device(self.facts, pages_before=len(self._all_pages()))

    async def page_count_reaches(self, count: int) -> None:
        """Waits until the tray holds `count` pages; the test's own timeout ends a vain wait."""
        while len(self.page_files()) < count:  # noqa: ASYNC110 - another process prints
            await asyncio.sleep(0.01)

    def page_files(self) -> list[Path]:
        return self._all_pages()[self.pages_before :]

    def pages(self) -> list[Image.Image]:
        pictures: list[Image.Image] = []
        for path in self.page_files():
            with Image.open(path) as picture:
                picture.load()
                pictures.append(picture)
        return pictures

    def _all_pages(self) -> list[Path]:
        return sorted(self.output.glob("*.png"))


@contextmanager
def running(*arguments: str) -> Iterator[Device]:
    """Runs `python -m hardware …` until the block ends, then proves a clean and silent exit."""
    process = subprocess.Popen(
        [sys.executable, "-W", "error", "-m", "hardware", *arguments],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    with process:
        assert process.stdout is not None
        assert process.stderr is not None
        try:
            line = process.stdout.readline().decode()
            assert line.startswith("READY "), process.stderr.read().decode()
            yield Device(json.loads(line.removeprefix("READY ")))
        finally:
            process.send_signal(signal.SIGTERM)
            _, errors = process.communicate(timeout=EXIT_WITHIN_S)
    assert process.returncode == 0, errors.decode()
    assert errors == b"", errors.decode()


def simulated_printer(kind: str, output: Path, *options: str) -> Any:
    return running("simulate-printer", "--kind", kind, "--output", str(output), *options)


DeviceFactory = Callable[..., Any]

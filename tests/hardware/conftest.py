"""Simulated devices as real processes, and a page to print."""

import asyncio
import json
import signal
import sys
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path

import aiohttp
import pytest
from PIL import Image

ROOT = Path(__file__).parents[2]


@dataclass(frozen=True, slots=True)
class Device:
    """A running simulated device."""

    facts: dict[str, object]
    process: asyncio.subprocess.Process

    @property
    def port(self) -> int:
        port = self.facts["port"]
        assert isinstance(port, int)
        return port

    @property
    def output(self) -> Path:
        return Path(str(self.facts["output"]))

    def control(self, path: str) -> str:
        return f"http://127.0.0.1:{self.facts['control_port']}{path}"

    async def fault(self, **faults: object) -> None:
        async with (
            aiohttp.ClientSession() as session,
            session.post(self.control("/fault"), json=faults) as answer,
        ):
            assert answer.status == 200, await answer.text()

    async def page_names(self) -> list[str]:
        async with (
            aiohttp.ClientSession() as session,
            session.get(self.control("/pages")) as answer,
        ):
            pages: list[str] = (await answer.json())["pages"]
            return pages

    def pages(self) -> list[Image.Image]:
        pictures: list[Image.Image] = []
        for path in sorted(self.output.glob("*.png")):
            with Image.open(path) as picture:
                picture.load()
                pictures.append(picture)
        return pictures

    async def page_count_reaches(self, count: int) -> None:
        """Waits until the tray holds `count` pages; the test's own timeout ends a vain wait."""
        while len(await self.page_names()) < count:  # noqa: ASYNC110
            await asyncio.sleep(0.01)  # another process: there is nothing to await


@asynccontextmanager
async def device(*arguments: str) -> AsyncIterator[Device]:
    """Runs `python -m hardware …` until the block ends, then proves a clean exit."""
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-W", "error", "-m", "hardware", *arguments,
        cwd=ROOT, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE,
    )  # fmt: skip
    assert process.stdout is not None
    assert process.stderr is not None
    try:
        line = (await process.stdout.readline()).decode()
        if not line.startswith("READY "):
            raise AssertionError((await process.stderr.read()).decode())
        yield Device(json.loads(line.removeprefix("READY ")), process)
    finally:
        if process.returncode is None:
            process.send_signal(signal.SIGTERM)
        _, errors = await process.communicate()
    assert process.returncode == 0, errors.decode()
    assert errors == b"", errors.decode()


DeviceFactory = Callable[..., AbstractAsyncContextManager[Device]]


@pytest.fixture
def escpos_device(tmp_path: Path) -> DeviceFactory:
    def start(*options: str) -> AbstractAsyncContextManager[Device]:
        output = str(tmp_path / "ticket-tray")
        return device("simulate-printer", "--kind", "escpos", "--output", output, *options)

    return start


@pytest.fixture
def ipp_device(tmp_path: Path) -> DeviceFactory:
    def start(*options: str) -> AbstractAsyncContextManager[Device]:
        output = str(tmp_path / "sheet-tray")
        return device("simulate-printer", "--kind", "ipp", "--output", output, *options)

    return start


def png(picture: Image.Image) -> bytes:
    stored = BytesIO()
    picture.save(stored, "PNG")
    return stored.getvalue()


@pytest.fixture
def ticket_picture() -> Image.Image:
    """A 1-bit page of 576 x 300 dots that is different in every row and column."""
    picture = Image.new("1", (576, 300), 1)
    for y in range(300):
        for x in range(0, 576, 3):
            picture.putpixel((x, y), (x * y // 7) % 2)
    return picture

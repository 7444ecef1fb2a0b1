"""The serial scanner against a pseudo-terminal in another process."""

import asyncio
from collections.abc import AsyncGenerator, Iterator
from contextlib import aclosing
from pathlib import Path

import aiohttp
import pytest
from hypothesis import given
from hypothesis import strategies as st

from hardware.ports import MAXIMUM_FRAME_BYTES
from hardware.scanner import FrameSplitter, SerialScanner
from tests.hardware.devices import Device, running

CARD = "079190000017|270000017|NGUYỄN THỊ MẪU|05031990|Nữ|12/3 Đường Ví Dụ|10052021".encode()


@pytest.fixture
def scanner_device(tmp_path: Path) -> Iterator[Device]:
    with running("simulate-scanner", "--link", str(tmp_path / "scanner")) as device:
        yield device


async def post(device: Device, path: str, body: bytes = b"") -> int:
    async with (
        aiohttp.ClientSession() as session,
        session.post(f"http://127.0.0.1:{device.port}{path}", data=body) as answer,
    ):
        return answer.status


async def next_frame(frames: AsyncGenerator[bytes, None]) -> bytes:
    return await anext(frames)


async def test_scan_arrives_untouched(scanner_device: Device) -> None:
    scanner = SerialScanner(Path(scanner_device.facts["link"]), reopen_interval_s=0.01)
    async with aclosing(scanner.frames()) as frames:
        assert await post(scanner_device, "/scan", CARD) == 204
        assert await anext(frames) == CARD
        assert scanner.connected
        await post(scanner_device, "/scan", b"A013")
        assert await anext(frames) == b"A013"
    assert not scanner.connected


async def test_scanner_comes_back_after_it_was_unplugged(scanner_device: Device) -> None:
    scanner = SerialScanner(Path(scanner_device.facts["link"]), reopen_interval_s=0.01)
    async with aclosing(scanner.frames()) as frames:
        await post(scanner_device, "/scan", b"before")
        assert await anext(frames) == b"before"
        async with asyncio.TaskGroup() as group:
            waiting = group.create_task(next_frame(frames))
            await post(scanner_device, "/unplug")
            assert await post(scanner_device, "/scan", b"lost") == 409
            await post(scanner_device, "/plug")
            await post(scanner_device, "/scan", b"after")
        assert waiting.result() == b"after"


async def test_scanner_that_is_plugged_in_later_is_found(tmp_path: Path) -> None:
    link = tmp_path / "scanner"
    scanner = SerialScanner(link, reopen_interval_s=0.01)
    async with aclosing(scanner.frames()) as frames, asyncio.TaskGroup() as group:
        waiting = group.create_task(next_frame(frames))
        with running("simulate-scanner", "--link", str(link)) as device:
            await post(device, "/scan", b"hello")
            assert await waiting == b"hello"


async def test_file_that_is_no_terminal_is_never_read(tmp_path: Path) -> None:
    plain = tmp_path / "file"
    plain.write_bytes(b"not a scan\r")
    scanner = SerialScanner(plain, reopen_interval_s=0.001)
    async with aclosing(scanner.frames()) as frames:
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.05):
                await anext(frames)


@given(st.lists(st.binary(min_size=1, max_size=40).filter(lambda b: not set(b) & set(b"\r\n"))))
def test_any_split_of_the_stream_gives_the_same_frames(frames: list[bytes]) -> None:
    stream = b"".join(frame + b"\r\n" for frame in frames)
    whole, bytewise = FrameSplitter(), FrameSplitter()
    assert whole.feed(stream) == frames
    assert [f for byte in stream for f in bytewise.feed(bytes([byte]))] == frames


def test_frame_length_is_bounded() -> None:
    splitter = FrameSplitter()
    longest = b"x" * MAXIMUM_FRAME_BYTES
    assert splitter.feed(longest + b"\r") == [longest]
    assert splitter.feed(longest + b"x" * 100_000 + b"\rnext\r") == [b"next"]

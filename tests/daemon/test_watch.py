"""The daemon learns of a commit soon, by looking or by the bell."""

import asyncio
import contextlib
import socket
from collections.abc import AsyncIterator
from pathlib import Path

import msgspec
import pytest

from sync.daemon.bell import BELL_NAME, Bell, open_bell
from sync.daemon.watch import watch
from sync.database import open_reader
from tests.daemon.scene import Scene

NEVER_S = 3600.0


@contextlib.asynccontextmanager
async def watching(scene: Scene, bell: Bell, poll_s: float) -> AsyncIterator[asyncio.Event]:
    settings = scene.station.settings
    slow = msgspec.structs.replace(
        settings, schedule=msgspec.structs.replace(settings.schedule, poll_s=poll_s)
    )
    grown = asyncio.Event()
    async with open_reader(settings.files.node_database) as reader, asyncio.TaskGroup() as group:
        task = group.create_task(watch(slow, grown, reader, bell))
        await grown.wait()
        grown.clear()
        yield grown
        task.cancel()


async def test_a_commit_is_seen_by_looking(scene: Scene) -> None:
    async with watching(scene, Bell(), 0.001) as grown:
        for _ in range(3):
            await scene.station.submit(1)
            await grown.wait()
            grown.clear()


async def test_a_commit_is_heard_by_the_bell(scene: Scene) -> None:
    folder = scene.station.folder
    with open_bell(folder) as bell, socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as node:
        async with watching(scene, bell, NEVER_S) as grown:
            for _ in range(3):
                await scene.station.submit(1)
                node.sendto(b"anything", str(folder / BELL_NAME))
                await grown.wait()
                grown.clear()
    assert not (folder / BELL_NAME).exists()


async def test_a_flood_of_rings_is_one_ring(tmp_path: Path) -> None:
    with open_bell(tmp_path) as bell, socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as node:
        node.setblocking(False)  # noqa: FBT003
        with contextlib.suppress(BlockingIOError):
            for _ in range(10_000):
                node.sendto(bytes(1000), str(tmp_path / BELL_NAME))
        assert await bell.wait(NEVER_S)
        assert not await bell.wait(0.0)


async def test_where_no_bell_can_hang_none_rings(tmp_path: Path) -> None:
    with open_bell(tmp_path / "missing") as bell:
        assert not await bell.wait(0.0)


@pytest.mark.parametrize("changed", ["enrolment.cbor", "keys/signing.pem"])
async def test_another_enrolment_or_key_ends_the_watch(scene: Scene, changed: str) -> None:
    settings = scene.station.settings
    path = scene.station.folder / changed
    async with open_reader(settings.files.node_database) as reader, asyncio.TaskGroup() as group:
        grown = asyncio.Event()
        task = group.create_task(watch(settings, grown, reader, Bell()))
        await grown.wait()
        other = path.with_name("other")
        other.write_bytes(path.read_bytes())
        other.rename(path)
        await task

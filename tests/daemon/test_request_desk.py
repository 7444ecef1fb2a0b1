"""What the node asks for is done once and answered, whatever becomes of it."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Mapping

import pytest

from sync.daemon.loop import open_mailbox
from sync.daemon.request_desk import (
    Report,
    RequestFailedError,
    RequestHandler,
    keep_desk,
)
from tests.daemon.scene import Scene
from tests.daemon.station import FixedClock, StationFiles

ANSWER = "SELECT id, state, done, total, code, finished_wall_ms FROM request_answer ORDER BY id"
NOW_MS = FixedClock().wall_ms


async def ask_daemon(station: StationFiles, kind: str, argument: str = "") -> None:
    await station.writer.transact(
        lambda connection: connection.execute(
            "INSERT INTO request_to_daemon (kind, argument, asked_wall_ms) VALUES (?, ?, 1)",
            (kind, argument),
        )
    )


async def until_answered(station: StationFiles, count: int) -> list[tuple[object, ...]]:
    """The test's own time limit ends it."""
    while True:
        rows = await station.ask(ANSWER)
        if len([row for row in rows if row[1] != "running"]) >= count:
            return rows


@contextlib.asynccontextmanager
async def desk(scene: Scene, handlers: Mapping[str, RequestHandler]) -> AsyncIterator[None]:
    files = scene.station.settings.files
    async with open_mailbox(scene.station.settings) as mailbox, asyncio.TaskGroup() as group:
        task = group.create_task(keep_desk(files.node_database, mailbox, handlers, FixedClock()))
        yield
        task.cancel()


async def count_to_three(argument: str, report: Report) -> None:
    assert argument == "argument"
    for number in range(1, 4):
        await report(number, 3)


async def refuse(argument: str, report: Report) -> None:
    await report(1, 2)
    raise RequestFailedError("stick_full")


async def break_down(argument: str, report: Report) -> None:
    raise OSError("gone")


@pytest.mark.parametrize(
    ("handler", "answer"),
    [
        (count_to_three, ("done", 3, 3, "")),
        (refuse, ("failed", 1, 2, "stick_full")),
        (break_down, ("failed", 0, 0, "request_failed")),
        (None, ("failed", 0, 0, "unknown_request")),
    ],
)
async def test_a_request_is_answered(
    scene: Scene, handler: RequestHandler | None, answer: tuple[object, ...]
) -> None:
    await ask_daemon(scene.station, "stick_export", "argument")
    async with desk(scene, {"stick_export": handler} if handler else {}):
        rows = await until_answered(scene.station, 1)
    assert rows == [(1, *answer, NOW_MS)]


async def test_a_request_is_done_once_also_after_a_restart(scene: Scene) -> None:
    done: list[str] = []

    async def note(argument: str, report: Report) -> None:
        done.append(argument)

    await ask_daemon(scene.station, "enrol", "first")
    async with desk(scene, {"enrol": note}):
        await until_answered(scene.station, 1)
        await ask_daemon(scene.station, "enrol", "second")
        await until_answered(scene.station, 2)
    async with desk(scene, {"enrol": note}):
        await ask_daemon(scene.station, "enrol", "third")
        await until_answered(scene.station, 3)
    assert done == ["first", "second", "third"]


async def test_what_was_under_way_at_the_end_is_answered_not_repeated(scene: Scene) -> None:
    begun = asyncio.Event()

    async def hang(argument: str, report: Report) -> None:
        begun.set()
        await asyncio.Event().wait()

    await ask_daemon(scene.station, "stick_import")
    async with desk(scene, {"stick_import": hang}):
        await begun.wait()
    begun.clear()
    async with desk(scene, {"stick_import": hang}):
        rows = await until_answered(scene.station, 1)
    assert rows == [(1, "failed", 0, 0, "interrupted", NOW_MS)]
    assert not begun.is_set()

"""Start the demonstration's processes, wait until each is ready, start again what dies, stop all.

Responsible for the children of one demonstration and their logs; whether one is started again says
`deaths`. It must not know what the processes do.
"""

import asyncio
import contextlib
import json
import sys
from asyncio.subprocess import Process
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final, NamedTuple

from edge_node.demo.deaths import RESTART_PAUSE_S, Deaths, Verdict

READY_TIMEOUT_S: Final = 60.0
STOP_TIMEOUT_S: Final = 12.0
POLL_S: Final = 0.05


class StartError(Exception):
    """A process did not become ready; the text is for the person who started the demo.

    `status` is what it ended with, None when it did not end by itself.
    """

    def __init__(self, message: str, status: int | None = None) -> None:
        super().__init__(message)
        self.status = status


class Running(NamedTuple):
    """A process that said it is ready, what it said, and how it was started."""

    name: str
    process: Process
    facts: dict[str, Any]
    arguments: tuple[str, ...]


class Change(NamedTuple):
    """A process ended, and what follows; `pid` is the new one's once it is ready again."""

    name: str
    status: int | None
    verdict: Verdict
    pid: int | None = None


Tell = Callable[[Change], None]


class Processes:
    """The children by name, in the order they were started."""

    def __init__(self, logs: Path, pause_s: float = RESTART_PAUSE_S) -> None:
        self._logs = logs
        self._pause_s = pause_s
        self._running: dict[str, Running] = {}

    async def start(self, name: str, *arguments: str) -> Running:
        """Run `python -m …` and wait for its READY line. What it said before is kept beside."""
        log = self._logs / f"{name}.log"
        if log.exists():
            log.replace(log.with_suffix(".before.log"))
        with log.open("wb") as output:
            process = await asyncio.create_subprocess_exec(
                sys.executable, "-m", *arguments, stdout=output, stderr=output
            )
        try:
            facts = await _ready(name, process, log)
        except BaseException:  # a cancelled start leaves no process behind either
            await _stop(process)
            raise
        self._running[name] = Running(name, process, facts, arguments)
        return self._running[name]

    async def keep_running(self, tell: Tell) -> None:
        """Start again whatever dies, as the units of a station do, until cancelled."""
        async with asyncio.TaskGroup() as tasks:
            for name in self._running:
                tasks.create_task(self._keep(name, tell))

    async def _keep(self, name: str, tell: Tell) -> None:
        loop, deaths = asyncio.get_running_loop(), Deaths()
        while True:
            began = loop.time()
            status: int | None = await self._running[name].process.wait()
            verdict = deaths.judge(status, loop.time() - began)
            while True:
                tell(Change(name, status, verdict))
                if verdict is not Verdict.AGAIN:
                    return
                await asyncio.sleep(self._pause_s)
                try:
                    again = await self.start(name, *self._running[name].arguments)
                except StartError as error:
                    status = error.status
                    verdict = deaths.judge(status, 0.0)
                else:
                    tell(Change(name, status, Verdict.AGAIN, again.process.pid))
                    break

    async def run(self, name: str, *arguments: str) -> str:
        """What `python -m …` prints until its end. Raises StartError when it fails."""
        process = await asyncio.create_subprocess_exec(
            sys.executable,
            "-m",
            *arguments,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
        )
        said, errors = await process.communicate()
        if process.returncode:
            raise StartError(f"{name}: {errors.decode(errors='replace').strip()}")
        return said.decode()

    def alive(self) -> dict[str, bool]:
        """Which of the started processes still run."""
        return {one.name: one.process.returncode is None for one in self._running.values()}

    async def stop_all(self) -> None:
        """End them, the last started first, each within STOP_TIMEOUT_S."""
        async with asyncio.TaskGroup() as tasks:
            for one in reversed(self._running.values()):
                tasks.create_task(_stop(one.process))


async def _ready(name: str, process: Process, log: Path) -> dict[str, Any]:
    """What follows READY in the log. A file, not a pipe: the process outlives its reader."""
    try:
        async with asyncio.timeout(READY_TIMEOUT_S):
            while True:
                text = await asyncio.to_thread(log.read_text, "utf-8", "replace")
                found = [line for line in text.splitlines() if line.startswith("READY ")]
                if found:
                    return dict(json.loads(found[0].removeprefix("READY ")))
                if process.returncode is not None:
                    said = text.strip() or process.returncode
                    raise StartError(f"{name}: {said}", process.returncode)
                await asyncio.sleep(POLL_S)
    except TimeoutError:
        raise StartError(f"{name}: not ready after {READY_TIMEOUT_S:.0f} s, see {log}") from None


async def _stop(process: Process) -> None:
    if process.returncode is not None:
        return
    with contextlib.suppress(ProcessLookupError):
        process.terminate()
    try:
        async with asyncio.timeout(STOP_TIMEOUT_S):
            await process.wait()
    except TimeoutError:
        with contextlib.suppress(ProcessLookupError):
            process.kill()
        await process.wait()

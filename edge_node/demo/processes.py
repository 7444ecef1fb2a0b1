"""Start the demonstration's processes, wait until each is ready, stop them all."""

import asyncio
import contextlib
import json
import sys
from asyncio.subprocess import Process
from pathlib import Path
from typing import Any, Final, NamedTuple

READY_TIMEOUT_S: Final = 60.0
STOP_TIMEOUT_S: Final = 12.0
POLL_S: Final = 0.05


class StartError(Exception):
    """A process did not become ready; the text is for the person who started the demo."""


class Running(NamedTuple):
    """A process that said it is ready, and what it said."""

    name: str
    process: Process
    facts: dict[str, Any]


class Processes:
    """The children, in the order they were started."""

    def __init__(self, logs: Path) -> None:
        self._logs = logs
        self._running: list[Running] = []

    async def start(self, name: str, *arguments: str) -> Running:
        """Run `python -m …` and wait for its READY line."""
        log = self._logs / f"{name}.log"
        with log.open("wb") as output:
            process = await asyncio.create_subprocess_exec(
                sys.executable, "-m", *arguments, stdout=output, stderr=output
            )
        try:
            facts = await _ready(name, process, log)
        except StartError:
            await _stop(process)
            raise
        running = Running(name, process, facts)
        self._running.append(running)
        return running

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
        return {one.name: one.process.returncode is None for one in self._running}

    async def stop_all(self) -> None:
        """End them, the last started first, each within STOP_TIMEOUT_S."""
        async with asyncio.TaskGroup() as tasks:
            for one in reversed(self._running):
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
                    raise StartError(f"{name}: {text.strip() or process.returncode}")
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

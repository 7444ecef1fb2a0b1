"""A node as its service manager meets it: a process, its READY line, its signals, its exit code."""

import asyncio
import contextlib
import hashlib
import json
import os
import signal
import socket
import sys
from asyncio.subprocess import PIPE, Process
from collections.abc import AsyncIterator
from pathlib import Path
from typing import NamedTuple

import aiohttp

TOKEN = "thiet-bi-thu-0002"
START_TIMEOUT_S = 60
STOP_TIMEOUT_S = 10


class Ended(NamedTuple):
    """How a process ended and what it said."""

    status: int
    stdout: str
    stderr: str


def free_port() -> int:
    """A port nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def config(port: int, more: str = "", tls: str = "off") -> str:
    """A station on loopback that announces nothing, with one paired device."""
    return f"""[station]
code = "26560"
state_directory = "state"
sync_database = "sync/sync.db"
[listen]
host = "127.0.0.1"
port = {port}
tls = "{tls}"
[announce]
enabled = false
[devices]
token_sha256 = ["{hashlib.sha256(TOKEN.encode()).hexdigest()}"]
{more}"""


def write(folder: Path, text: str) -> str:
    path = folder / "node.toml"
    path.write_text(text, encoding="utf-8")
    return str(path)


async def start(*arguments: str, environment: dict[str, str] | None = None) -> Process:
    return await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "edge_node", *arguments),
        stdin=asyncio.subprocess.DEVNULL,
        stdout=PIPE,
        stderr=PIPE,
        env={**os.environ, "NO_COLOR": "1", **(environment or {})},
    )


async def run(*arguments: str, given: str | None = None) -> Ended:
    """Run a command to its end; `given` is what a person types."""
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "edge_node", *arguments),
        stdin=PIPE,
        stdout=PIPE,
        stderr=PIPE,
        env={**os.environ, "NO_COLOR": "1", "COLUMNS": "100"},
    )
    try:
        async with asyncio.timeout(START_TIMEOUT_S):
            output, errors = await process.communicate((given or "").encode())
    finally:
        if process.returncode is None:
            process.kill()
    assert process.returncode is not None
    return Ended(process.returncode, output.decode(), errors.decode())


class Node:
    """A running node and a client that may hand dossiers in."""

    def __init__(self, process: Process, url: str, session: aiohttp.ClientSession) -> None:
        self.process = process
        self.url = url
        self.session = session

    async def post(self, path: str, body: dict[str, object], key: str) -> dict[str, object]:
        headers = {"Authorization": f"Bearer {TOKEN}", "Idempotency-Key": key}
        async with self.session.post(self.url + path, json=body, headers=headers) as answer:
            assert answer.status in {200, 201}, await answer.text()
            found: dict[str, object] = await answer.json()
            return found

    async def get(self, path: str) -> dict[str, object]:
        headers = {"Authorization": f"Bearer {TOKEN}"}
        async with self.session.get(self.url + path, headers=headers) as answer:
            assert answer.status == 200, await answer.text()
            found: dict[str, object] = await answer.json()
            return found

    async def stop(self) -> Ended:
        """SIGTERM, and the end within the time the service manager allows."""
        self.process.send_signal(signal.SIGTERM)
        async with asyncio.timeout(STOP_TIMEOUT_S):
            output, errors = await self.process.communicate()
        assert self.process.returncode is not None
        return Ended(self.process.returncode, output.decode(), errors.decode())

    async def kill(self) -> None:
        self.process.kill()
        _ = await self.process.communicate()


@contextlib.asynccontextmanager
async def running(path: str, environment: dict[str, str] | None = None) -> AsyncIterator[Node]:
    """A node that said READY; killed at the end if the test did not stop it."""
    process = await start("serve", "--config", path, environment=environment)
    try:
        assert process.stdout is not None
        assert process.stderr is not None
        async with asyncio.timeout(START_TIMEOUT_S):
            line = (await process.stdout.readline()).decode()
        word, _, facts = line.partition(" ")
        assert word == "READY", (await process.stderr.read()).decode()
        async with aiohttp.ClientSession() as session:
            yield Node(process, json.loads(facts)["url"], session)
    finally:
        if process.returncode is None:
            process.kill()
            _ = await process.communicate()

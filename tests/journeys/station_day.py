"""A real station for journeys: the demonstration's processes, driven from outside.

Everything goes through what a driver outside the repository has: the JSON line, HTTP, signals and
the commands. Nothing is imported from the processes under test.
"""

import asyncio
import contextlib
import json
import os
import signal
import socket
import ssl
import sys
from asyncio.subprocess import Process
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import aiohttp

START_TIMEOUT_S = 180.0
WAIT_TIMEOUT_S = 180.0
POLL_S = 0.1
PORTS_NEEDED = 9

COMMANDS = {
    "node": ("edge_node", "serve"),
    "sync": ("sync.daemon", "run"),
    "city": ("sync.city", "serve"),
}


def free_port_base() -> int:
    """A base with PORTS_NEEDED free ports after it, below those the kernel gives to clients."""
    slots = [20_000 + slot * 20 for slot in range(600)]
    first = os.getpid() % len(slots)
    for base in slots[first:] + slots[:first]:
        with contextlib.ExitStack() as stack:
            try:
                for port in range(base, base + PORTS_NEEDED):
                    probe = stack.enter_context(socket.socket())
                    probe.bind(("127.0.0.1", port))
            except OSError:
                continue
            return base
    raise RuntimeError("no free ports")


class StationDay:
    """One running demonstration and a client that trusts its authority."""

    def __init__(
        self, facts: dict[str, Any], session: aiohttp.ClientSession, console: asyncio.StreamReader
    ) -> None:
        self.facts = facts
        self.session = session
        self.console = console
        self.api: str = facts["urls"]["api"]
        self.state = Path(facts["state_dir"])
        self.pids: dict[str, int] = dict(facts["pids"])
        self._replacements: dict[str, Process] = {}

    @property
    def token(self) -> dict[str, str]:
        """The header a LAN client shows."""
        return {"Authorization": f"Bearer {self.facts['credentials']['device_token']}"}

    async def submit(self, key: str, **changes: Any) -> tuple[int, dict[str, Any], bool]:
        """POST one dossier: status, answer, whether it was a replay."""
        headers = {**self.token, "Idempotency-Key": key}
        async with self.session.post(
            f"{self.api}/dossiers", json=dossier(**changes), headers=headers
        ) as answer:
            replayed = answer.headers.get("Idempotency-Replayed") == "true"
            return answer.status, await answer.json(content_type=None), replayed

    async def submit_until_answered(self, key: str, **changes: Any) -> dict[str, Any]:
        """POST with the same key until somebody answers, as the kiosk page does."""
        while True:
            with contextlib.suppress(aiohttp.ClientError, TimeoutError, OSError):
                status, answer, _ = await self.submit(key, **changes)
                if status in {200, 201}:
                    return answer
                assert status >= 500, answer
            await asyncio.sleep(POLL_S)

    async def read(self, number: str) -> dict[str, Any]:
        """GET one dossier."""
        async with self.session.get(f"{self.api}/dossiers/{number}", headers=self.token) as answer:
            body: dict[str, Any] = await answer.json()
            assert answer.status == 200, body
            return body

    async def health(self) -> dict[str, Any]:
        """GET the health report."""
        async with self.session.get(f"{self.api}/health") as answer:
            body: dict[str, Any] = await answer.json()
            return body

    async def line(self, switch: str) -> None:
        """Cut or restore the line to the city."""
        async with self.session.post(self.facts["line"][switch]) as answer:
            assert answer.status == 200

    async def until(self, what: str, check: Callable[[], Any]) -> Any:
        """Wait until `await check()` is true; a clear failure otherwise."""
        last: Any = None
        try:
            async with asyncio.timeout(WAIT_TIMEOUT_S):
                while True:
                    with contextlib.suppress(aiohttp.ClientError, OSError):
                        last = await check()
                        if last:
                            return last
                    await asyncio.sleep(POLL_S)
        except TimeoutError:
            raise AssertionError(f"never came true: {what}; last seen {last!r}") from None

    async def all_entered(self) -> bool:
        """Nothing waits for the city and everything it holds is entered."""
        report = await self.health()
        return bool(report["backlog"] and report["backlog"]["events"] == 0)

    async def export(self) -> list[dict[str, Any]]:
        """Every record the city stores, through its own command."""
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "sync.city", "export", "--ndjson"),
            *("--config", self.facts["config"]["city"]),
            stdout=asyncio.subprocess.PIPE,
        )
        output, _ = await process.communicate()
        assert process.returncode == 0
        return [json.loads(line) for line in output.splitlines()]

    async def submitted_at_city(self) -> list[str]:
        """The numbers of every dossier.submitted the city holds, in order, repeats included."""
        return [
            record["body"]["dossier_no"]
            for record in await self.export()
            if record["body"] and record["body"]["type"] == "dossier.submitted"
        ]

    async def kill(self, name: str) -> None:
        """SIGKILL a process and wait until it is gone."""
        pid = self.pids[name]
        os.kill(pid, signal.SIGKILL)
        replacement = self._replacements.pop(name, None)
        if replacement is not None:
            await replacement.wait()

    async def start(self, name: str, *instead: str) -> None:
        """Start a killed process by its own command, or by another, and wait until it is ready."""
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", *(instead or COMMANDS[name])),
            *("--config", self.facts["config"][name]),
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.DEVNULL,
        )
        assert process.stdout is not None
        async with asyncio.timeout(START_TIMEOUT_S):
            line = await process.stdout.readline()
        assert line.startswith(b"READY "), line
        self._replacements[name] = process
        self.pids[name] = process.pid

    async def stop_replacements(self) -> None:
        """End what `start` started; the demonstration ends its own."""
        for process in self._replacements.values():
            if process.returncode is None:
                process.terminate()
            await process.wait()


def dossier(**changes: Any) -> dict[str, Any]:
    """A temporary-residence dossier of an invented person."""
    applicant = {
        "full_name": "Nguyễn Thị Mẫu",
        "id_number": "079190000017",
        "date_of_birth": "1990-03-05",
        "sex": "female",
        "address": "12/3 Đường Ví Dụ, Phường Bà Rịa, TP. Hồ Chí Minh",
        "phone": "0901234567",
    }
    return {
        "procedure_id": "res-temporary",
        "applicant": applicant,
        "answers": {"new_address": "45 Hẻm Mẫu, Phường Bà Rịa"},
        "documents": [{"id": "ct01", "have": True}],
        **changes,
    }


@contextlib.asynccontextmanager
async def station_day(folder: Path, *options: str) -> AsyncIterator[StationDay]:
    """Start the demonstration in `folder`, stop it at the end, and check that it stopped well."""
    with (folder / "demo.err").open("wb") as errors:
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "edge_node", "demo", "--json", *options),
            *("--state", str(folder / "demo"), "--port-base", str(free_port_base())),
            stdout=asyncio.subprocess.PIPE,
            stderr=errors,
        )
    assert process.stdout is not None
    try:
        async with asyncio.timeout(START_TIMEOUT_S):
            line = await process.stdout.readline()
        assert line, (folder / "demo.err").read_text()
        facts = json.loads(line)
        context = ssl.create_default_context(cafile=facts["ca_file"])
        connector = aiohttp.TCPConnector(ssl=context, limit=64)
        timeout = aiohttp.ClientTimeout(total=30)
        async with aiohttp.ClientSession(connector=connector, timeout=timeout) as session:
            day = StationDay(facts, session, process.stdout)
            try:
                yield day
            finally:
                await day.stop_replacements()
    finally:
        if process.returncode is None:
            process.send_signal(signal.SIGINT)
        async with asyncio.timeout(30):
            await process.wait()
    assert process.returncode == 0

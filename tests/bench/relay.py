"""A TCP relay that delays, limits, counts, and tells when what passed.

Opening a connection costs one round trip and every byte half of one, each way, so that times
divided by the round trip say how often somebody waited for the other end.

    python -m tests.bench.relay LISTEN_PORT CITY_PORT ROUND_TRIP_MS MBIT

Commands on standard input, one a line: `count` (bytes so far), `passed` (all chunks so far), `down`
(cut everything and refuse whoever comes), `up`.
"""

import argparse
import asyncio
import contextlib
import json
import sys
import time
from dataclasses import dataclass, field
from typing import NamedTuple

from tests.bench.child import READY, say

CHUNK_BYTES = 64 << 10
HOST = "127.0.0.1"


class Passed(NamedTuple):
    """Something that passed at the city's end: when, on which connection, which way, how much.

    `way` is "open", "up", "down", "close" or, while the relay is down, "refused".
    """

    at_s: float
    connection: int
    way: str
    size: int


@dataclass
class Relay:
    """What is carried between two ports."""

    port: int
    delay_s: float
    bytes_per_s: float
    is_up: bool = True
    connections: int = 0
    writers: list[asyncio.StreamWriter] = field(default_factory=list)
    passed: list[Passed] = field(default_factory=list)

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """One connection."""
        self.connections += 1
        number = self.connections
        if not self.is_up:
            self.note(number, "refused", 0)
            writer.close()
            return
        await asyncio.sleep(2 * self.delay_s)
        try:
            far_reader, far_writer = await asyncio.open_connection(HOST, self.port)
        except OSError:
            writer.close()
            return
        self.writers += [writer, far_writer]
        self.note(number, "open", 0)
        with contextlib.suppress(OSError, ExceptionGroup):
            async with asyncio.TaskGroup() as tasks:
                tasks.create_task(self.carry(number, "up", reader, far_writer))
                tasks.create_task(self.carry(number, "down", far_reader, writer))
        self.note(number, "close", 0)

    async def carry(
        self, number: int, way: str, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        """One direction, in order; what is under way does not hold up what comes behind it."""
        loop, free_at = asyncio.get_running_loop(), 0.0
        async with asyncio.TaskGroup() as tasks:
            queue: asyncio.Queue[tuple[float, bytes]] = asyncio.Queue(maxsize=256)
            tasks.create_task(self.deliver(number, way, queue, writer))
            while chunk := await reader.read(CHUNK_BYTES):
                if way == "down":
                    self.note(number, way, len(chunk))
                free_at = max(free_at, loop.time())
                if self.bytes_per_s:
                    free_at += len(chunk) / self.bytes_per_s
                await queue.put((free_at + self.delay_s, chunk))
            await queue.put((0.0, b""))

    async def deliver(
        self,
        number: int,
        way: str,
        queue: asyncio.Queue[tuple[float, bytes]],
        writer: asyncio.StreamWriter,
    ) -> None:
        """Hand over what has arrived."""
        loop = asyncio.get_running_loop()
        while True:
            due, chunk = await queue.get()
            if not chunk:
                break
            await asyncio.sleep(max(0.0, due - loop.time()))
            if way == "up":
                self.note(number, way, len(chunk))
            writer.write(chunk)
            await writer.drain()
        writer.close()

    def note(self, number: int, way: str, size: int) -> None:
        """Remember what passed."""
        self.passed.append(Passed(time.monotonic(), number, way, size))

    def answer(self, command: str) -> str:
        """What a command asks for."""
        if command in {"up", "down"}:
            self.is_up = command == "up"
            while self.writers and not self.is_up:
                self.writers.pop().transport.abort()
        if command == "passed":
            return json.dumps(self.passed)
        return json.dumps({"up": sum(one.size for one in self.passed if one.way == "up")})


async def _run(relay: Relay, port: int) -> None:
    server = await asyncio.start_server(relay.serve, HOST, port)
    reader = asyncio.StreamReader()
    loop = asyncio.get_running_loop()
    await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(reader), sys.stdin)
    say(READY)
    async with server:
        while command := await reader.readline():
            say(relay.answer(command.decode().strip()))


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("listen", type=int)
    parser.add_argument("city", type=int)
    parser.add_argument("round_trip_ms", type=float)
    parser.add_argument("mbit", type=float)
    given = parser.parse_args()
    made = Relay(given.city, given.round_trip_ms / 2000, given.mbit * 1e6 / 8)
    asyncio.run(_run(made, given.listen))

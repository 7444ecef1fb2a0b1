"""The other stations: a queue on disk, emptied in simpler ways. A process of its own.

- `one`: a POST a record, each awaited, each marked sent. `fifty`: the same, fifty under way.
- `list`: JSON lists of a hundred, gzip.
- `floor`: zstd level 3 and one signature for each batch of 200, four under way, receipts kept.
- `floor-dictionary`: the same at level 9 with the shared dictionary.

Prints READY when the queue is filled and the connection is open, waits for a line, sends
everything, and prints how many records and how many seconds.

    python -m tests.bench.peer_station MODE URL AUTHORITY FOLDER LINES COUNT
"""

import argparse
import asyncio
import gzip
import json
import ssl
import sys
import time
from collections.abc import Awaitable, Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import NamedTuple

import aiohttp

from tests.bench.batch_form import check_receipt, pack
from tests.bench.child import READY, say
from tests.bench.peer_queue import Queue, Taken

MODES = ("one", "fifty", "list", "floor", "floor-dictionary")
UNDER_WAY = {"one": 1, "fifty": 50, "list": 1, "floor": 4, "floor-dictionary": 4}
AT_ONCE = {"one": 1, "fifty": 1, "list": 100, "floor": 200, "floor-dictionary": 200}
FORMS = {"one": "record", "fifty": "record", "list": "list", "floor": "rows"}
FORM_OF = {**FORMS, "floor-dictionary": "rows"}


class Piece(NamedTuple):
    """What goes into one request, and the records in it."""

    taken: Taken
    payload: bytes


@dataclass
class Sending:
    """A queue whose records leave in the form of one mode."""

    queue: Queue
    mode: str

    def take(self) -> Piece | None:
        """The next request; None when nothing is left."""
        taken = self.queue.take(AT_ONCE[self.mode])
        return taken and Piece(taken, self._payload(taken.bodies))

    def _payload(self, bodies: list[bytes]) -> bytes:
        if self.mode == "list":
            whole = json.dumps([json.loads(body) for body in bodies], ensure_ascii=False)
            return gzip.compress(whole.encode(), 6)
        if self.mode == "floor":
            return pack(bodies, 3, dictionary=False)
        if self.mode == "floor-dictionary":
            return pack(bodies, 9, dictionary=True)
        return bodies[0]

    def done(self, piece: Piece, answer: bytes) -> None:
        """The centre has it."""
        if self.mode.startswith("floor"):
            check_receipt(answer, piece.payload)
            self.queue.keep(piece.taken, answer)
        else:
            self.queue.mark(piece.taken)


async def empty(sending: Sending, post: Callable[[bytes], Awaitable[bytes]]) -> None:
    """Send everything."""
    loop = asyncio.get_running_loop()
    with ThreadPoolExecutor(1) as executor:

        async def sender() -> None:
            while (piece := await loop.run_in_executor(executor, sending.take)) is not None:
                answer = await post(piece.payload)
                await loop.run_in_executor(executor, sending.done, piece, answer)

        async with asyncio.TaskGroup() as tasks:
            for _ in range(UNDER_WAY[sending.mode]):
                tasks.create_task(sender())


async def _run(given: argparse.Namespace) -> None:
    queue = Queue(given.folder)
    with given.lines.open("rb") as file:
        count = queue.fill(islice(file, given.count))
    context = ssl.create_default_context(cafile=str(given.authority))
    connector = aiohttp.TCPConnector(ssl=context, limit=UNDER_WAY[given.mode])
    timeout = aiohttp.ClientTimeout(total=None)
    async with aiohttp.ClientSession(connector=connector, timeout=timeout) as session:

        async def post(payload: bytes) -> bytes:
            async with session.post(f"{given.url}/records", data=payload) as answer:
                if answer.status != 200:
                    raise RuntimeError(f"the peer answered {answer.status}")
                return await answer.read()

        async with session.get(given.url):
            say(READY)
        await asyncio.to_thread(sys.stdin.readline)
        begun = time.perf_counter()
        await empty(Sending(queue, given.mode), post)
        seconds = time.perf_counter() - begun
    say(json.dumps({"records": count, "seconds": seconds}))
    await asyncio.to_thread(sys.stdin.readline)


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("mode", choices=MODES)
    parser.add_argument("url")
    parser.add_argument("authority", type=Path)
    parser.add_argument("folder", type=Path)
    parser.add_argument("lines", type=Path)
    parser.add_argument("count", type=int)
    asyncio.run(_run(parser.parse_args()))

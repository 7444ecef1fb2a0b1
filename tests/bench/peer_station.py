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
import sqlite3
import ssl
import sys
import time
from collections.abc import Awaitable, Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from itertools import islice
from pathlib import Path
from typing import NamedTuple

import aiohttp

from tests.bench.batch_form import check_receipt, pack

MODES = ("one", "fifty", "list", "floor", "floor-dictionary")
UNDER_WAY = {"one": 1, "fifty": 50, "list": 1, "floor": 4, "floor-dictionary": 4}
AT_ONCE = {"one": 1, "fifty": 1, "list": 100, "floor": 200, "floor-dictionary": 200}
FORMS = {"one": "record", "fifty": "record", "list": "list", "floor": "rows"}
FORM_OF = {**FORMS, "floor-dictionary": "rows"}
TABLES = """
CREATE TABLE queue (sequence INTEGER PRIMARY KEY, body BLOB NOT NULL, sent INTEGER DEFAULT 0);
CREATE TABLE acknowledged (upto INTEGER PRIMARY KEY, receipt BLOB NOT NULL);
"""


class Piece(NamedTuple):
    """What goes into one request, and up to which record it reaches."""

    first: int
    upto: int
    payload: bytes


class Queue:
    """The records that wait, in SQLite; its statements run in one thread."""

    def __init__(self, folder: Path, mode: str) -> None:
        self.mode = mode
        self._after = 0
        self._database = sqlite3.connect(  # noqa: TID251 - the other side of the comparison
            folder / "queue.db", isolation_level=None, check_same_thread=False
        )
        for pragma in ("journal_mode=wal", "synchronous=full"):
            self._database.execute(f"PRAGMA {pragma}")
        self._database.executescript(TABLES)

    def fill(self, bodies: Iterator[bytes]) -> int:
        """Records to send; how many there are."""
        self._database.execute("BEGIN")
        rows = ((body.rstrip(b"\n"),) for body in bodies)
        count = self._database.executemany("INSERT INTO queue (body) VALUES (?)", rows).rowcount
        self._database.execute("COMMIT")
        return count

    def take(self) -> Piece | None:
        """The next request; None when nothing is left."""
        found = self._database.execute(
            "SELECT sequence, body FROM queue WHERE sequence > ? AND sent = 0"
            " ORDER BY sequence LIMIT ?",
            (self._after, AT_ONCE[self.mode]),
        ).fetchall()
        if not found:
            return None
        first, self._after = found[0][0], found[-1][0]
        return Piece(first, self._after, self._payload([body for _, body in found]))

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
            row = (piece.upto, answer)
            self._database.execute("INSERT INTO acknowledged VALUES (?, ?)", row)
            return
        self._database.execute(
            "UPDATE queue SET sent = 1 WHERE sequence BETWEEN ? AND ?", (piece.first, piece.upto)
        )


async def empty(queue: Queue, post: Callable[[bytes], Awaitable[bytes]]) -> None:
    """Send everything."""
    loop = asyncio.get_running_loop()
    with ThreadPoolExecutor(1) as executor:

        async def sender() -> None:
            while (piece := await loop.run_in_executor(executor, queue.take)) is not None:
                answer = await post(piece.payload)
                await loop.run_in_executor(executor, queue.done, piece, answer)

        async with asyncio.TaskGroup() as tasks:
            for _ in range(UNDER_WAY[queue.mode]):
                tasks.create_task(sender())


async def _run(given: argparse.Namespace) -> None:
    queue = Queue(given.folder, given.mode)
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
            sys.stdout.write("READY {}\n")
            sys.stdout.flush()
        await asyncio.to_thread(sys.stdin.readline)
        begun = time.perf_counter()
        await empty(queue, post)
        seconds = time.perf_counter() - begun
    sys.stdout.write(json.dumps({"records": count, "seconds": seconds}) + "\n")
    sys.stdout.flush()
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

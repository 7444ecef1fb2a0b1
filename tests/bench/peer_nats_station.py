"""The station that publishes to NATS JetStream: five hundred records under way, each acknowledged.

Each carries its own id, so that a repeated one is kept once. Prints READY when the queue is
filled and the connection open, waits for a line, sends everything, and prints how many records
in how many seconds. Runs in the peers' own environment.

    python -m tests.bench.peer_nats_station URL AUTHORITY FOLDER LINES COUNT
"""

import argparse
import asyncio
import json
import ssl
import sys
import time
from itertools import islice
from pathlib import Path
from typing import Final

import nats
from nats.js import JetStreamContext
from nats.js.api import StorageType, StreamConfig

from tests.bench.child import READY, say
from tests.bench.peer_queue import Queue, Taken

STREAM: Final = "dossiers"
SUBJECT: Final = "station.26560"
UNDER_WAY: Final = 500
PENDING_BYTES: Final = 64 << 20
TIMEOUT_S: Final = 900


async def empty(stream: JetStreamContext, queue: Queue) -> None:
    """Send everything; whatever is acknowledged is marked while the rest is on its way."""
    waiting: list[tuple[Taken, list[asyncio.Future[object]]]] = []
    while (taken := queue.take(UNDER_WAY // 2)) is not None:
        waiting.append((taken, await _publish(stream, taken)))
        if len(waiting) > 1:
            await _settle(queue, *waiting.pop(0))
    for one in waiting:
        await _settle(queue, *one)


async def _publish(stream: JetStreamContext, taken: Taken) -> list["asyncio.Future[object]"]:
    return [
        await stream.publish_async(SUBJECT, body, headers={"Nats-Msg-Id": f"26560-{sequence}"})
        for sequence, body in enumerate(taken.bodies, taken.first)
    ]


async def _settle(queue: Queue, taken: Taken, answers: list["asyncio.Future[object]"]) -> None:
    await asyncio.gather(*answers)
    queue.mark(taken)


async def _run(given: argparse.Namespace) -> None:
    queue = Queue(given.folder)
    with given.lines.open("rb") as file:
        count = queue.fill(islice(file, given.count))
    context = ssl.create_default_context(cafile=str(given.authority))
    connection = await nats.connect(given.url, tls=context, pending_size=PENDING_BYTES)
    stream = connection.jetstream(timeout=TIMEOUT_S)
    await stream.add_stream(StreamConfig(name=STREAM, subjects=[SUBJECT], storage=StorageType.FILE))
    say(READY)
    await asyncio.to_thread(sys.stdin.readline)
    begun = time.perf_counter()
    await empty(stream, queue)
    seconds = time.perf_counter() - begun
    kept = (await stream.stream_info(STREAM)).state.messages
    if kept != count:
        raise RuntimeError(f"the stream holds {kept} of {count} records")
    say(json.dumps({"records": count, "seconds": seconds}))
    await asyncio.to_thread(sys.stdin.readline)


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("url")
    parser.add_argument("authority", type=Path)
    parser.add_argument("folder", type=Path)
    parser.add_argument("lines", type=Path)
    parser.add_argument("count", type=int)
    asyncio.run(_run(parser.parse_args()))

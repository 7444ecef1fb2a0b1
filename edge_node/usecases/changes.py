"""Tell open pages that something changed, after it is durable.

Rules: a change carries a topic and an opaque id, never a person's data; a subscriber that falls
behind loses its queue and is told to look at everything anew; nobody waits for a subscriber.
"""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from typing import Final, Literal, NamedTuple, TypeAlias

Topic: TypeAlias = Literal[
    "ticket", "dossier", "print", "health", "scan", "pay", "help", "booking", "seat", "resync"
]

MAXIMUM_WAITING_CHANGES: Final = 64
"""Changes a page may be behind before it is told to reload instead."""


class Change(NamedTuple):
    """What changed: `number` rises by one with every change since the node started.

    `seat` is the only seat whose pages may learn of it; empty: it is everybody's.
    """

    number: int
    topic: Topic
    id: str
    seat: str = ""


class Changes:
    """The list of who listens; every method runs in the event loop."""

    def __init__(self) -> None:
        self._listeners: set[asyncio.Queue[Change]] = set()
        self._number = 0

    @property
    def listeners(self) -> int:
        """How many pages listen."""
        return len(self._listeners)

    def announce(self, topic: Topic, changed_id: str = "", *, seat: str = "") -> None:
        """Tell every listener; call it only after the commit."""
        self._number += 1
        change = Change(self._number, topic, changed_id, seat)
        for queue in self._listeners:
            if queue.full():
                while not queue.empty():
                    queue.get_nowait()
                change_for_queue = change._replace(topic="resync", id="", seat="")
                queue.put_nowait(change_for_queue)
            else:
                queue.put_nowait(change)

    @contextlib.asynccontextmanager
    async def subscribe(self) -> AsyncIterator[asyncio.Queue[Change]]:
        """A queue of the changes from now on."""
        queue: asyncio.Queue[Change] = asyncio.Queue(MAXIMUM_WAITING_CHANGES)
        self._listeners.add(queue)
        try:
            yield queue
        finally:
            self._listeners.discard(queue)


class Bell:
    """Wakes loops that wait for work; a ring between two looks is never missed."""

    def __init__(self) -> None:
        self.rings = 0
        self._event = asyncio.Event()
        self._waiting = 0

    def ring(self) -> None:
        """Wake everybody who waits."""
        self.rings += 1
        if self._waiting:
            self._event.set()
            self._event = asyncio.Event()

    async def wait_beyond(self, seen: int, timeout_s: float) -> None:
        """Return at the first ring after `rings` was `seen`, or after `timeout_s`."""
        if self.rings != seen:
            return
        self._waiting += 1
        try:
            async with asyncio.timeout(timeout_s):
                await self._event.wait()
        except TimeoutError:
            return
        finally:
            self._waiting -= 1

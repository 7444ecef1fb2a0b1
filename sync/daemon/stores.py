"""What is being written to sync.db while the conversation goes on.

Responsible for order and for not losing a failure: writes are begun in order, so the writer keeps
them in order; a failure is raised at the next look. The city decides where to resume, so whatever
a crash keeps from being stored is heard again.
"""

import asyncio
from collections import deque
from collections.abc import Coroutine
from typing import Any


class Stores:
    """Writes under way, oldest first; they live in a task group of the conversation."""

    def __init__(self, group: asyncio.TaskGroup) -> None:
        self._group = group
        self._under_way: deque[asyncio.Task[Exception | None]] = deque()

    def begin(self, work: Coroutine[Any, Any, object]) -> None:
        """Start a write and go on."""
        self._under_way.append(self._group.create_task(_outcome(work)))

    async def settle(self, at_most: int = 0) -> None:
        """Wait until at most so many are under way. Raises what the first failed one raised."""
        while len(self._under_way) > at_most:
            failure = await self._under_way.popleft()
            if failure is not None:
                raise failure


async def _outcome(work: Coroutine[Any, Any, object]) -> Exception | None:
    try:
        await work
    except Exception as error:  # noqa: BLE001 - raised again where somebody looks
        return error
    return None

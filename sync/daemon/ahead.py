"""The batch that follows, on its way while the answer to the one before it is still awaited.

Responsible for one request that nobody has asked for yet. Rules: at most one is under way; a
message is an answer like any other, whatever else came back never counts and the batch is sent
again in its turn. It must not know what a batch or an answer means.
"""

import asyncio
from collections.abc import Coroutine
from typing import Any, NamedTuple

from sync.daemon.answers import Meaning
from sync.daemon.assemble import SealedBatch
from sync.daemon.clock import Reading


class Early(NamedTuple):
    """A batch that was sent before its turn, and when."""

    batch: SealedBatch
    asked_at: Reading
    saying: asyncio.Task[Meaning]


class Ahead:
    """What is under way lives in a task group of the conversation."""

    def __init__(self, group: asyncio.TaskGroup) -> None:
        self._group = group
        self._early: Early | None = None

    def send(
        self, batch: SealedBatch, asked_at: Reading, asking: Coroutine[Any, Any, Meaning]
    ) -> None:
        """Begin to send a batch; one that was begun before and not taken is given up."""
        self.drop()
        self._early = Early(batch, asked_at, self._group.create_task(asking))

    def take(self, batch: SealedBatch) -> Early | None:
        """What was sent of these very bytes; anything else is given up."""
        early = self._early
        if early is None or early.batch is not batch:
            self.drop()
            return None
        self._early = None
        return early

    def drop(self) -> None:
        """Give up what is under way; sent again, it changes nothing."""
        if self._early is not None:
            self._early.saying.cancel()
            self._early = None

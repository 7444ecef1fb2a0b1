"""Enters stored records into the register in the background.

Responsible for when: at the start, and soon after each commit, in small transactions that leave
room for batches. What entering means is the archive's affair. A stop loses nothing: `applied`
moves in the transaction of the effect.
"""

import asyncio
import contextlib
from collections.abc import Iterator
from typing import Final

from sync.city.archive.port import Archive, ArchiveError
from sync.city.metrics import Metrics

TURN_RECORDS: Final = 1000
"""Records entered in one transaction: the ids are random, so a larger one writes fewer pages."""
QUIET_S: Final = 0.05
"""Entering waits for this pause between batches, so that taking in always comes first."""
MAXIMUM_WAIT_S: Final = 2.0
"""But no longer than this after a commit."""
RETRY_S: Final = 5.0
"""Pause after the archive could not enter, for example on a full disk."""


class Traffic:
    """What the desk tells the background: batches under way, and that records were stored."""

    def __init__(self) -> None:
        self.arrived = asyncio.Event()
        """Set when records were stored that are not entered yet."""
        self.begun = 0
        self.under_way = 0

    @contextlib.contextmanager
    def batch(self) -> Iterator[None]:
        """Around the work for one batch."""
        self.begun += 1
        self.under_way += 1
        try:
            yield
        finally:
            self.under_way -= 1


async def keep_entering(archive: Archive, traffic: Traffic, metrics: Metrics) -> None:
    """Enter whatever is stored, for ever; cancel to stop."""
    while True:
        traffic.arrived.clear()
        try:
            await enter_all(archive, metrics)
        except ArchiveError:
            await asyncio.sleep(RETRY_S)
            continue
        await traffic.arrived.wait()
        await _wait_for_quiet(traffic)


async def enter_all(archive: Archive, metrics: Metrics) -> int:
    """Enter until nothing waits, old records of kinds learnt since first; how many there were."""
    total = 0
    while entered := await archive.reconsider():
        total += entered
    while entered := await archive.enter(TURN_RECORDS):
        total += entered
        metrics.entered.inc(entered)
    return total


async def _wait_for_quiet(traffic: Traffic) -> None:
    """Return when no batch came for QUIET_S, or MAXIMUM_WAIT_S after the call."""
    loop = asyncio.get_running_loop()
    deadline = loop.time() + MAXIMUM_WAIT_S
    begun = -1
    while (begun != traffic.begun or traffic.under_way) and loop.time() < deadline:
        begun = traffic.begun
        await asyncio.sleep(QUIET_S)

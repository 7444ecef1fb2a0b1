"""Enters stored records into the register in the background.

Responsible for when: at the start, and soon after each commit, in small transactions that leave
room for batches. What entering means is the archive's affair. A stop loses nothing: `applied`
moves in the transaction of the effect.
"""

import asyncio
from typing import Final

from sync.city.archive.port import Archive, ArchiveError
from sync.city.metrics import Metrics

TURN_RECORDS: Final = 250
"""Records entered in one transaction; some milliseconds of the writer's time."""
QUIET_S: Final = 0.02
"""Entering waits for this pause between batches, so that taking in always comes first."""
MAXIMUM_WAIT_S: Final = 0.5
"""But no longer than this after a commit."""
RETRY_S: Final = 5.0
"""Pause after the archive could not enter, for example on a full disk."""


async def keep_entering(archive: Archive, arrived: asyncio.Event, metrics: Metrics) -> None:
    """Enter whatever is stored, for ever; cancel to stop."""
    while True:
        arrived.clear()
        try:
            await enter_all(archive, arrived, metrics)
        except ArchiveError:
            await asyncio.sleep(RETRY_S)
            continue
        await arrived.wait()
        await _wait_for_quiet(arrived)


async def enter_all(archive: Archive, arrived: asyncio.Event, metrics: Metrics) -> int:
    """Enter until nothing waits, old records of kinds learnt since first; how many there were."""
    total = 0
    while entered := await archive.reconsider():
        total += entered
    while entered := await archive.enter(TURN_RECORDS):
        total += entered
        metrics.entered.inc(entered)
        if arrived.is_set():
            await _wait_for_quiet(arrived)
    return total


async def _wait_for_quiet(arrived: asyncio.Event) -> None:
    """Return when no batch came for QUIET_S, or MAXIMUM_WAIT_S after the call."""
    loop = asyncio.get_running_loop()
    deadline = loop.time() + MAXIMUM_WAIT_S
    arrived.clear()
    while (left := deadline - loop.time()) > 0:
        try:
            await asyncio.wait_for(arrived.wait(), min(QUIET_S, left))
        except TimeoutError:
            return
        arrived.clear()

"""Opens stored batches in the background and enters what they hold.

Responsible for when and how much: at the start, soon after each commit, in small transactions that
leave room for batches; and at once for one log when accepting must know its leaves. What a batch
holds is `opening`'s affair, what entering means the archive's. A stop loses nothing: what is opened
moves in the transaction of the effect.
"""

import asyncio
import contextlib
import logging
import math
from collections.abc import Awaitable, Callable, Iterator, Sequence
from concurrent.futures import Executor
from dataclasses import dataclass
from functools import partial
from typing import Final, TypeVar

from sync.city.archive.port import Archive, ArchiveError, Replay
from sync.city.metrics import Metrics
from sync.city.receiving.opening import (
    BodyKeys,
    Heard,
    Opened,
    Reopened,
    open_replay,
    open_works,
)
from sync.city.trust.slip_keys import Word
from sync.city.vocabulary import KNOWN_KINDS
from sync.protocol.errors import ProtocolError

_Result = TypeVar("_Result")

_log = logging.getLogger(__name__)

TURN_RECORDS: Final = 1000
"""Records opened in one transaction: ids are random, so a larger one writes fewer pages."""
QUIET_S: Final = 0.05
"""Opening waits for this pause between batches, so that taking in always comes first."""
RUSH_BATCHES: Final = 16
RUSH_QUIET_S: Final = 0.5
"""After so many batches it waits for this pause: many stations are sending, and a short silence is
not their end."""
MAXIMUM_RUSH_S: Final = 10.0
"""But no longer than this: a herd of stations has its receipts by then."""
MAXIMUM_WAIT_S: Final = 0.5
"""Longest wait before each turn in a longer rush: 2,000 records a second under any load."""
RETRY_S: Final = 5.0
"""Pause after the archive could not enter, for example on a full disk."""


class Traffic:
    """What the desk tells the background: batches under way, and that records were stored.

    Times are seconds of the event loop's clock. A rush is a run of batches without RUSH_QUIET_S
    between them.
    """

    def __init__(self) -> None:
        self.arrived = asyncio.Event()
        """Set when records were stored that are not opened yet."""
        self._under_way = 0
        self._newest_s = -math.inf
        self._rush_since_s = -math.inf
        self._rush_batches = 0

    @contextlib.contextmanager
    def batch(self) -> Iterator[None]:
        """Around the work for one batch."""
        clock_s = asyncio.get_running_loop().time
        self._begin(clock_s())
        try:
            yield
        finally:
            self._under_way -= 1
            self._newest_s = clock_s()

    def _begin(self, now_s: float) -> None:
        if not self._under_way and now_s - self._newest_s >= RUSH_QUIET_S:
            self._rush_since_s, self._rush_batches = now_s, 0
        self._under_way += 1
        self._rush_batches += 1

    def is_busy(self, now_s: float) -> bool:
        """Whether more batches are to be expected at once."""
        quiet_s = QUIET_S if self._rush_batches < RUSH_BATCHES else RUSH_QUIET_S
        return self._under_way > 0 or now_s - self._newest_s < quiet_s

    def patience_ends_s(self, now_s: float) -> float:
        """Until when opening waits at the longest, when it begins to wait now."""
        return max(now_s + MAXIMUM_WAIT_S, self._rush_since_s + MAXIMUM_RUSH_S)


Mentioned = Callable[[bytes, Sequence[bytes]], Awaitable[None]]
"""Hears of attachments (by H(cipher)) that the records of a station (its node id) speak of."""


async def nobody(node_id: bytes, attachments: Sequence[bytes]) -> None:
    """Hear of attachments and do nothing."""


SlipKeysHeard = Callable[[bytes, Sequence[Word]], Awaitable[None]]
"""Hears what the records of a station (its node id) say of its slip keys."""


async def nobody_checks(node_id: bytes, words: Sequence[Word]) -> None:
    """Hear of slip keys and do nothing."""


@dataclass(frozen=True, slots=True)
class Opener:
    """What opening takes; `clock_ms` reads milliseconds since 1970 UTC.

    `mentioned` is told before the records are entered: heard twice is better than never.
    """

    archive: Archive
    keys: BodyKeys
    executor: Executor
    clock_ms: Callable[[], int]
    metrics: Metrics
    mentioned: Mentioned = nobody
    slip_keys: SlipKeysHeard = nobody_checks

    async def open_some(self) -> int:
        """One turn; how many records moved on, 0 when nothing waits.

        What the archive fails on for a reason that is none of its faults holds up its own log only.
        """
        works = await self.archive.claim(self.clock_ms(), TURN_RECORDS)
        if not works:
            return 0
        opened = await self._run(partial(open_works, works, self.keys))
        try:
            return await self._enter(opened)
        except ArchiveError:
            raise
        except Exception:  # noqa: BLE001 - found again, and said, one log at a time
            return sum([await self._enter_alone(part) for part in opened])

    async def open_log(self, lid: bytes) -> None:
        """Open one log to its end; what cannot be read goes to quarantine."""
        while work := await self.archive.claim_log(lid, TURN_RECORDS):
            await self._enter(await self._run(partial(open_works, [work], self.keys)))

    async def reconsider(self) -> int:
        """One turn of records whose kind an older program did not know; how many."""
        replays = await self.archive.find_replays(KNOWN_KINDS, TURN_RECORDS)
        if not replays:
            return 0
        reopened = await self._run(partial(_open_replays, replays, self.keys))
        for part in reopened:
            await self._tell(part.heard)
        replayed = [part.replayed for part in reopened]
        return await self.archive.replay(replayed, self.clock_ms())

    async def _enter_alone(self, part: Opened) -> int:
        try:
            return await self._enter([part])
        except ArchiveError:
            raise
        except Exception as error:  # noqa: BLE001 - the log stays closed, and the gauges say so
            # The text of the error may quote a record.
            log = None if part.opening is None else part.opening.log
            _log.error("log %s cannot be opened: %s", log, type(error).__name__)
            return 0

    async def _enter(self, opened: Sequence[Opened]) -> int:
        for part in opened:
            await self._tell(part.heard)
        openings = [part.opening for part in opened if part.opening is not None]
        entered = await self.archive.enter(openings, self.clock_ms()) if openings else 0
        self.metrics.entered.inc(entered)
        moved = entered
        for part in opened:
            if part.unreadable is not None:
                moved += await self.archive.set_back(part.unreadable, self.clock_ms())
        return moved

    async def _tell(self, heard: Heard) -> None:
        if heard.attachments:
            await self.mentioned(heard.node_id, heard.attachments)
        if heard.slip_keys:
            await self.slip_keys(heard.node_id, heard.slip_keys)

    async def _run(self, work: Callable[[], _Result]) -> _Result:
        return await asyncio.get_running_loop().run_in_executor(self.executor, work)


async def keep_opening(opener: Opener, traffic: Traffic) -> None:
    """Open whatever is stored, for ever; cancel to stop."""
    while True:
        traffic.arrived.clear()
        try:
            await open_all(opener, traffic)
        except ArchiveError:
            await asyncio.sleep(RETRY_S)
            continue
        # Another process may store what nobody tells this one of.
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(RETRY_S):
                await traffic.arrived.wait()
        await _wait_for_quiet(traffic)


async def open_all(opener: Opener, traffic: Traffic) -> int:
    """Open until nothing waits, old records of kinds learnt since first; how many there were."""
    total = 0
    while entered := await opener.reconsider():
        total += entered
    while entered := await opener.open_some():
        total += entered
        await _wait_for_quiet(traffic)
    return total


def _open_replays(replays: Sequence[Replay], keys: BodyKeys) -> list[Reopened]:
    opened: list[Reopened] = []
    for replay in replays:
        # A key that was lost since leaves its records where they are.
        with contextlib.suppress(ProtocolError):
            opened.append(open_replay(replay, keys))
    return opened


async def _wait_for_quiet(traffic: Traffic) -> None:
    loop = asyncio.get_running_loop()
    end_s = traffic.patience_ends_s(loop.time())
    while traffic.is_busy(now_s := loop.time()) and now_s < end_s:  # noqa: ASYNC110 - silence
        await asyncio.sleep(QUIET_S)

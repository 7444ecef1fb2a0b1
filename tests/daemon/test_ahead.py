"""The batch that follows is on its way before the one before it is answered."""

import asyncio
from collections.abc import Iterator

import msgspec
import pytest

from sync.daemon.ahead import Ahead
from sync.daemon.answers import Meaning
from sync.daemon.assemble import SealedBatch
from sync.daemon.clock import Reading
from sync.daemon.events import Failed, Failure, State
from sync.protocol.batch import SignedBatch
from tests.daemon.city_faults import Fault
from tests.daemon.scene import Scene

RECORDS = 900
"""Two batches and a little."""

NOW = Reading(1, 1)


@pytest.fixture
def slow(scene: Scene) -> Scene:
    """A station that counts every byte: as on a slow line it packs tightly and sends ahead."""
    settings = scene.station.settings
    schedule = msgspec.structs.replace(settings.schedule, metered=True)
    scene.station.settings = msgspec.structs.replace(settings, schedule=schedule)
    return scene


class Turns:
    """A city that judges batches in their order, however they arrive."""

    def __init__(self) -> None:
        self.arrived: list[int] = []
        self.changed = asyncio.Condition()

    async def until_two(self, batch: SignedBatch) -> None:
        """The first batch is judged when the second is there; the second after it."""
        async with self.changed:
            self.arrived.append(batch.header.first)
            self.changed.notify_all()
            if len(self.arrived) == 1:
                await self.changed.wait_for(lambda: len(self.arrived) == 2)


async def test_two_batches_are_on_their_way_at_once(slow: Scene) -> None:
    await slow.station.submit(RECORDS)
    turns = Turns()
    slow.city.turn_of = turns.until_two
    async with asyncio.timeout(20):
        assert (await slow.once()).state is State.IDLE
    await slow.assert_everything_arrived()
    assert turns.arrived == sorted(turns.arrived)
    assert slow.city.greetings == 1


@pytest.mark.parametrize(
    "fault", [Fault.GAP, Fault.BUSY, Fault.DROP_BEFORE_COMMIT, Fault.DROP_AFTER_COMMIT, Fault.FORK]
)
async def test_whatever_else_is_said_to_an_early_batch_does_not_count(
    slow: Scene, fault: Fault
) -> None:
    await slow.station.submit(RECORDS)
    turns = Turns()
    slow.city.turn_of = turns.until_two
    once: Iterator[Fault] = iter([fault])
    slow.city.fault_for = lambda batch: (
        next(once, Fault.NONE) if batch.header.first == turns.arrived[1] else Fault.NONE
    )
    async with asyncio.timeout(20):
        assert (await slow.once()).state is State.IDLE
    await slow.assert_everything_arrived()
    assert slow.city.greetings == 1
    assert turns.arrived.count(turns.arrived[1]) == 2


def sealed(first: int) -> SealedBatch:
    return SealedBatch(bytes(16), first, 1, bytes(32), b"sealed", 6, compressed=True)


async def silence() -> Meaning:
    await asyncio.Event().wait()
    return Failed(Failure.TIMEOUT)


async def test_only_the_same_bytes_are_taken_and_the_rest_is_given_up() -> None:
    async with asyncio.TaskGroup() as group:
        ahead = Ahead(group)
        batch, other = sealed(3), sealed(9)
        ahead.send(batch, NOW, silence())
        assert ahead.take(sealed(3)) is None
        assert ahead.take(batch) is None, "it was given up"
        ahead.send(other, NOW, silence())
        ahead.send(batch, NOW, silence())
        assert ahead.take(other) is None
        ahead.send(batch, NOW, silence())
        early = ahead.take(batch)
        assert early is not None
        assert not early.saying.done()
        early.saying.cancel()
        ahead.drop()

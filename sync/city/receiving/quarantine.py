"""Lets go what was set aside: a person decides on the command line, the running server does it.

Responsible for: the wish on the shelf, carrying it out through the ordinary way of accepting a
batch, and the outcome for the person who waits. Rules: the bytes stay in quarantine whatever comes
of it; an item is marked as released only once its records are stored; an item that continues
another one waits for it. It must not know who may wish.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from typing import Final

from sync.city.archive.port import Archive
from sync.city.archive.values import ArchiveError
from sync.city.problems import Refused
from sync.city.shelf import Shelf
from sync.protocol.problems import Problem

WISHES: Final = "releases"
OUTCOMES: Final = "released"
LOOK_S: Final = 1.0
RELEASED: Final = "released"
MISSING: Final = "missing"

Accept = Callable[[bytes], Awaitable[object]]
"""Takes the bytes of a batch in, whatever the standing of its key. Raises Refused."""

_log = logging.getLogger(__name__)


async def wish(shelf: Shelf, item: int) -> None:
    """Ask the running server to let this item go. Raises ArchiveError."""
    await shelf.remove(OUTCOMES, str(item))
    await shelf.write(WISHES, str(item), b"\0")


async def outcome(shelf: Shelf, item: int) -> str | None:
    """What came of it: RELEASED, or the code of the refusal; None while the server has not said."""
    content = await shelf.read(OUTCOMES, str(item))
    return None if content is None else content.decode()


async def release_wished(
    shelf: Shelf, archive: Archive, accept: Accept, clock_ms: Callable[[], int]
) -> int:
    """Carry out what is wished for; how many items were let go. Raises ArchiveError."""
    waiting = sorted(int(name) for name in await shelf.list(WISHES) if name.isdigit())
    said: dict[int, str] = {}
    moved = True
    while waiting and moved:
        for item in waiting:
            said[item] = await _release(archive, accept, item, clock_ms)
        moved = any(said[item] == RELEASED for item in waiting)
        waiting = [item for item in waiting if said[item] == Problem.GAP]
    for item, word in said.items():
        await shelf.write(OUTCOMES, str(item), word.encode())
        await shelf.remove(WISHES, str(item))
    return sum(word == RELEASED for word in said.values())


async def keep_releasing(
    shelf: Shelf, archive: Archive, accept: Accept, clock_ms: Callable[[], int]
) -> None:
    """Look every second, for ever; what the archive cannot do now is done later."""
    while True:
        await asyncio.sleep(LOOK_S)
        try:
            await release_wished(shelf, archive, accept, clock_ms)
        except ArchiveError as error:
            _log.warning("releasing waits: %s", error.fault)


async def _release(archive: Archive, accept: Accept, item: int, clock_ms: Callable[[], int]) -> str:
    data = await archive.read_quarantined(item)
    if data is None:
        return MISSING
    try:
        await accept(data)
    except Refused as refused:
        return refused.problem.value
    await archive.release(item, clock_ms())
    return RELEASED

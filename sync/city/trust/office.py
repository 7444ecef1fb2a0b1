"""Who the city trusts, put together: its keys, the shelf, the stations, the registrar.

Responsible for opening them in order and for looking at the shelf again while the server runs, so
that what the operator does on the command line, or another process does, holds here a second later.
"""

import asyncio
import logging
from collections.abc import Callable
from dataclasses import dataclass

from sync.city.archive.values import ArchiveError
from sync.city.shelf import Shelf
from sync.city.trust import keysets
from sync.city.trust.enrolment import CityFacts, Registrar
from sync.city.trust.identity import CityIdentity
from sync.city.trust.stations import LOOK_S, StationDirectory

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Around:
    """What comes from outside: time in milliseconds since 1970 UTC, randomness, what to say."""

    clock_ms: Callable[[], int]
    entropy: Callable[[int], bytes]
    facts: Callable[[], CityFacts]


async def open_trust(identity: CityIdentity, shelf: Shelf, around: Around) -> Registrar:
    """Everything, as it is on the shelf now. Raises ArchiveError."""
    stations = StationDirectory(shelf, identity)
    registrar = Registrar(identity, shelf, stations, around.facts, around.clock_ms, around.entropy)
    await look(registrar)
    return registrar


async def look(registrar: Registrar) -> None:
    """Take over keys, stations and revocations from the shelf. Raises ArchiveError."""
    await keysets.share(registrar.identity, registrar.shelf)
    await registrar.stations.refresh()


async def keep_looking(registrar: Registrar) -> None:
    """Look every second, for ever; a shelf that cannot be read is said once."""
    failed = False
    while True:
        await asyncio.sleep(LOOK_S)
        try:
            await look(registrar)
        except ArchiveError as error:
            if not failed:
                _log.warning("stations are as they were at the last look: %s", error)
            failed = True
        else:
            failed = False

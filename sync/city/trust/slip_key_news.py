"""States the stations' slip keys to every station, so that any of them can check any slip.

Responsible for: looking at what the shelf has of slip keys and putting each state of each key into
the public feed of keys (SPEC 22.4). Rules: what is on the shelf is told, whoever put it there and
whenever, so that nothing is missed by a crash, an upgrade or another process; only public keys,
codes and positions leave; a station can fill nobody's feed. It must not know records.
"""

import asyncio
import logging
from collections import Counter
from collections.abc import Mapping
from typing import Final

from sync.city.archive.feed_store.port import Draft
from sync.city.archive.values import ArchiveError
from sync.city.feeds.announcements import KEYS_FEED, AnnouncementError, SlipKeyStated, address
from sync.city.feeds.publishing import MAXIMUM_AT_ONCE, Publisher, tell
from sync.city.trust.slip_keys import Known, SlipKeys, node_of
from sync.city.trust.stations import StationDirectory, format_code
from sync.protocol.feed import EVERY_STATION

LOOK_S: Final = 3.0
"""Between two looks at the shelf."""
MAXIMUM_KEYS: Final = 64
"""Slip keys of one station that others are told of; a new one is made when a machine is lost."""

_log = logging.getLogger(__name__)


class SlipKeyNews:
    """What was told of each key since the start; telling it again afterwards changes nothing."""

    def __init__(self, keys: SlipKeys, stations: StationDirectory, publisher: Publisher) -> None:
        self._keys = keys
        self._stations = stations
        self._publisher = publisher
        self._told: Mapping[str, str] = {}

    async def tell(self) -> int:
        """Tell what is new on the shelf; how many states that were. Raises ArchiveError."""
        listed = within_limit(await self._keys.versions())
        fresh = [name for name, version in listed.items() if self._told.get(name) != version]
        count = 0
        for first in range(0, len(fresh), MAXIMUM_AT_ONCE):
            names = fresh[first : first + MAXIMUM_AT_ONCE]
            drafts = {name: await self._draft(name) for name in names}
            said = [draft for draft in drafts.values() if draft is not None]
            if said:
                await tell(self._publisher, KEYS_FEED, said)
            # A key whose beginning, or whose station, is not known yet is looked at again.
            told = {name: listed[name] for name, draft in drafts.items() if draft is not None}
            self._told = {**self._told, **told}
            count += len(said)
        return count

    async def _draft(self, name: str) -> Draft | None:
        known = await self._keys.known(name)
        station = self._stations.any_node(node_of(name))
        if station is None or not known.public_key:
            return None
        try:
            return stated(format_code(station.code), known)
        except AnnouncementError as error:
            _log.warning("a slip key of station %s is not told: %s", station.code, error)
            return None


def stated(station: str, known: Known) -> Draft:
    """The entry that says all that is known of a key. Raises AnnouncementError."""
    positions = known.positions if known.ended else None
    said = SlipKeyStated(
        station=station, public_key=known.public_key, ended=known.ended, positions=positions
    )
    return address(said, EVERY_STATION)[0].draft


def within_limit(versions: Mapping[str, str]) -> dict[str, str]:
    """The same without what a station has beyond MAXIMUM_KEYS."""
    counts: Counter[bytes] = Counter()
    kept = {}
    for name in sorted(versions):
        counts[node_of(name)] += 1
        if counts[node_of(name)] <= MAXIMUM_KEYS:
            kept[name] = versions[name]
    return kept


async def keep_telling(news: SlipKeyNews) -> None:
    """Look and tell, for ever; cancel to stop."""
    while True:
        try:
            await news.tell()
        except ArchiveError as error:
            _log.warning("slip keys wait to be told: %s", error.fault)
        await asyncio.sleep(LOOK_S)

"""Take up what the daemon heard from the city: feeds, time, own records, alarms, what to repeat.

Rules: the effect of an entry and the cursor behind it are one transaction; an entry without effect
is kept and never holds up the next one; everything may be interrupted anywhere and is done again
from the cursors. Open pages are told after the commit. Nothing here talks to a network.
"""

import asyncio
import contextlib
import logging
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final, NamedTuple

from edge_node.domain.codes import epoch_tag
from edge_node.store import city_news, evidence, inbox, replay, retention
from edge_node.store.city_news import NOTHING, Entry, FeedHead, News
from edge_node.store.unit_of_work import Transaction
from edge_node.usecases import city_effects, releases, withheld
from edge_node.usecases.city_effects import Effect, NoEffectError
from edge_node.usecases.officers import accounts
from edge_node.usecases.releases import Rules, Shelf
from edge_node.usecases.station import Officer, Station
from sync.database import DatabaseError
from sync.journal import recovery

POLL_S: Final = 0.5
"""Between looks at sync.db; one look is one pragma."""

ENTRIES_AT_ONCE: Final = 64
RECORDS_AT_ONCE: Final = 200
ANCHOR_INTERVAL_MS: Final = 60 * 60 * 1000
"""A boot's clock is tied to the city's at most so often."""

CLOCK_JUMP_MS: Final = 60_000
"""A wall clock that moved further than this against the monotonic one was set by somebody."""

RENEWING_NOTICES: Final = frozenset({"rollback"})
ALARMS: Final = frozenset({"fork", "rollback", "lost_archived"})
"""Notices that become alert records, so that the city has the station's own word on them."""

logger = logging.getLogger(__name__)


@dataclass(slots=True)
class Inbox:
    """What the node remembers between looks; the rest is in the two databases."""

    station: Station
    shelf: Shelf
    officers: dict[str, Officer] = field(default_factory=dict)
    seen: int | None = None
    day: str = ""
    offset_ms: int | None = None
    receipt: int | None = None

    @classmethod
    def of(cls, station: Station) -> "Inbox":
        """For a station as bootstrap made it: built-in catalogue, officers of the settings."""
        built_in = Rules(station.catalogue, station.calendar, station.money)
        return cls(station, Shelf(built_in), dict(station.officers))

    async def start(self) -> None:
        """Before the first request: yesterday's news is in force, entries of new kinds are read."""
        await releases.adopt(self.station, self.shelf)
        await self._staff()
        await self._again("unknown")
        await self.look()

    async def run(self) -> None:
        """Look whenever sync.db has changed, for ever."""
        while True:
            with contextlib.suppress(DatabaseError):
                await self.look_if_changed()
            await asyncio.sleep(POLL_S)

    async def look_if_changed(self) -> None:
        """Look when sync.db was written since the last look that was answered in full."""
        await self._mind_the_clock()
        city = self.station.city
        unanswered, version = city.unanswered, await city.version()
        day = self.station.moment().text[:10]
        if version == self.seen and day == self.day:
            return
        await self.look()
        if city.unanswered == unanswered:
            self.seen, self.day = version, day

    async def look(self) -> None:
        """Take up everything that is new. Raises DatabaseError; the next look goes on."""
        station = self.station
        boot_id = station.clock.boot_id
        news = await station.city.ask(lambda c: city_news.news(c, boot_id), NOTHING)
        await self._note(news)
        await withheld.give_once(station)
        for lid in news.recovered:
            await self._take_back(lid)
        for feed in news.feeds:
            await self._read_feed(feed)
        await self._again("waiting")
        await releases.adopt(station, self.shelf)

    async def _note(self, news: News) -> None:
        """Receipts, time, alarms, backups: one transaction, and none when nothing is new."""
        station = self.station

        def pending(connection: evidence.Connection) -> bool:
            fresh = evidence.is_news(connection, news, ALARMS, ANCHOR_INTERVAL_MS)
            return fresh or news.receipt_number != self.receipt

        def note(transaction: Transaction) -> int:
            transaction.journal.last_receipt = news.receipt_number
            evidence.tie_clock(transaction, news.anchor, ANCHOR_INTERVAL_MS)
            evidence.note_keys(transaction, news.keys)
            retention.note_archived(transaction, news.archived, news.city_time_ms)
            return evidence.raise_alarms(transaction, news.notices, ALARMS, RENEWING_NOTICES)

        if news is NOTHING or not await station.store.read(pending):
            return
        if await station.store.write(station.moment(), note):
            station.changes.announce("health")
        self.receipt = news.receipt_number

    async def _mind_the_clock(self) -> None:
        reading = self.station.clock.read()
        offset_ms = reading.wall_ms - reading.mono_ms
        before, self.offset_ms = self.offset_ms, offset_ms
        if before is None or abs(offset_ms - before) < CLOCK_JUMP_MS:
            return
        expected_ms = max(before + reading.mono_ms, 0)
        found_ms = max(reading.wall_ms, 0)
        await self.station.store.write(
            self.station.moment(),
            lambda transaction: evidence.alarm(
                transaction, "clock_jump", None, expected_ms, found_ms
            ),
        )
        self.station.changes.announce("health")

    async def _take_back(self, lid: bytes) -> None:
        """Own records the city sent back, a few at a time, into the journal and the tables."""
        station = self.station
        while True:
            known = (await station.store.read(replay.sizes)).get(lid, 0)
            returned = await self._returned(lid, known)
            if not returned:
                return

            def work(
                transaction: Transaction, returned: Sequence[recovery.Returned] = returned
            ) -> _Back:
                return _put_back(station, transaction, lid, returned)

            back = await station.store.write(station.moment(), work)
            for dossier_id in back.touched:
                station.changes.announce("dossier", dossier_id.hex())
            if back.records:
                station.changes.announce("ticket")
            if back.records < len(returned):
                return

    async def _read_feed(self, feed: FeedHead) -> None:
        station = self.station
        cursor = (await station.store.read(inbox.cursors)).get(feed.fid, inbox.NEW_FEED)
        size = max(cursor.size, feed.oldest)
        while size < feed.size:
            entries = await self._entries(feed.fid, size)
            if not entries:
                break
            await self._take(entries)
            size = entries[-1].sequence + 1
        if feed.feed >= city_news.FIRST_OWN_FEED and cursor.acknowledged < feed.size == size:
            await station.store.write(
                station.moment(),
                lambda transaction: evidence.acknowledge(
                    transaction, feed.fid, feed.size, feed.root
                ),
            )

    async def _returned(self, lid: bytes, first: int) -> list[recovery.Returned]:
        nothing: list[recovery.Returned] = []
        return await self.station.city.ask(
            lambda c: city_news.recovered(c, lid, first, RECORDS_AT_ONCE), nothing
        )

    async def _entries(self, fid: bytes, first: int) -> list[Entry]:
        nothing: list[Entry] = []
        return await self.station.city.ask(
            lambda c: city_news.entries(c, fid, first, ENTRIES_AT_ONCE), nothing
        )

    async def _take(self, entries: Sequence[Entry]) -> None:
        """Entries of one feed in their order; together if all goes well, else one by one."""
        judged = [(entry, await self._judge(entry)) for entry in entries]
        try:
            await self._commit(judged)
        except DatabaseError:
            raise
        except Exception:  # noqa: BLE001 - a bad entry must not hold up the next ones
            for one in judged:
                await self._commit_alone(*one)

    async def _judge(self, entry: Entry) -> Effect | NoEffectError:
        try:
            return await city_effects.effect_of(self.station, entry)
        except NoEffectError as error:
            return error

    async def _commit_alone(self, entry: Entry, effect: Effect | NoEffectError) -> None:
        try:
            await self._commit([(entry, effect)])
        except DatabaseError:
            raise
        except Exception as error:  # noqa: BLE001 - kept for a person; the body stays unspoken
            name = type(error).__name__
            logger.error("feed entry %d of kind %d: %s", entry.sequence, entry.kind, name)  # noqa: TRY400
            await self._commit([(entry, NoEffectError("refused", "internal"))])

    async def _commit(self, judged: Sequence[tuple[Entry, Effect | NoEffectError]]) -> None:
        def work(transaction: Transaction) -> set[bytes]:
            touched = {_take_one(transaction, entry, effect) for entry, effect in judged}
            return {one for one in touched if one is not None}

        touched = await self.station.store.write(self.station.moment(), work)
        await self._tell(touched)
        if any(entry.kind in city_effects.BOOKING_KINDS for entry, _ in judged):
            self.station.changes.announce("booking")

    async def _tell(self, touched: set[bytes]) -> None:
        await self._staff()
        for dossier_id in touched:
            self.station.changes.announce("dossier", dossier_id.hex())
            self.station.changes.announce("pay")
        self.station.changes.announce("health")

    async def _staff(self) -> None:
        """Who may work here, as settings, city and chief say."""
        await accounts.refresh(self.station, self.officers)

    async def _again(self, state: inbox.KeptState) -> None:
        """Try entries without effect once more: what they lacked may have come."""
        for entry in await self.station.store.read(lambda c: inbox.kept(c, state)):
            effect = await self._judge(entry)
            if not isinstance(effect, NoEffectError) or effect.state != state:
                await self._commit_alone(entry, effect)


class _Back(NamedTuple):
    """How many records came back, and which dossiers they concern."""

    records: int
    touched: set[bytes]


def _put_back(
    station: Station, transaction: Transaction, lid: bytes, returned: Sequence[recovery.Returned]
) -> _Back:
    transaction.journal.close_if_open(transaction.connection, lid)
    restored = recovery.restore(
        transaction.connection, lid, returned, epoch_tag, transaction.moment.time
    )
    letters = {service.letter: service.id for service in station.catalogue.services}
    touched = replay.replay(transaction, lid, restored, lambda letter: letters.get(letter, ""))
    return _Back(len(restored), touched)


def _take_one(
    transaction: Transaction, entry: Entry, effect: Effect | NoEffectError
) -> bytes | None:
    """One entry's effect, or its place among the kept ones, and the cursor behind it."""
    inbox.move(transaction, entry.fid, entry.sequence + 1)
    if not isinstance(effect, NoEffectError):
        try:
            touched = effect(transaction)
        except NoEffectError as error:
            inbox.keep(transaction, entry, error.state, error.code)
            return None
        inbox.release(transaction, entry)
        return touched
    inbox.keep(transaction, entry, effect.state, effect.code)
    return None

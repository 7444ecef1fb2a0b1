"""The archive in PostgreSQL, for several city processes on one database.

Responsible for: each port call as one transaction or one statement. The statements are in the
modules beside this one. Imported only by a city that is configured for PostgreSQL. It must not know
HTTP, keys or wire formats.
"""

import contextlib
from collections.abc import AsyncIterator, Collection, Mapping, Sequence
from importlib.resources import files
from importlib.resources.abc import Traversable
from types import MappingProxyType
from typing import Any, Final

from sync.city.archive import postgres_kept as kept
from sync.city.archive import postgres_named_attachments as named
from sync.city.archive import postgres_opened as opened
from sync.city.archive import postgres_overview as overview
from sync.city.archive import postgres_taking_in as taking_in
from sync.city.archive.port import (
    ArchiveError,
    Arrival,
    AskedHead,
    Caller,
    Followed,
    Gauges,
    Head,
    MustOpen,
    Named,
    NoticeCode,
    Opening,
    OpeningWork,
    Quarantined,
    Replay,
    Replayed,
    Sealed,
    StationSummary,
    Stored,
    StoredBatch,
    Unreadable,
    Watermark,
)
from sync.city.archive.postgres_pool import Pool, open_pool
from sync.city.intake import KnownLog, Refuse

OWNER: Final = "city"
OWNERS: Final[Mapping[str, Traversable]] = MappingProxyType(
    {OWNER: files("sync.city.archive") / "migrations_postgres"}
)
NO_OTHERS: Final[Mapping[str, Traversable]] = MappingProxyType({})


class PostgresArchive:
    """Implements the archive port; made by `open_postgres`."""

    def __init__(self, pool: Pool, generation: bytes) -> None:
        self.pool = pool
        self._generation = generation

    @property
    def generation(self) -> bytes:
        """8 random bytes that change only when the archive is made anew or restored."""
        return self._generation

    async def check(self) -> None:
        """Read something; a restore by another process is noticed here."""
        self._generation = await kept.read_generation(self.pool)

    async def store(self, arrival: Arrival) -> Stored | MustOpen | Refuse:
        """Keep a batch that continues its log exactly, durably."""
        stored = await taking_in.continue_log(self.pool, arrival)
        if stored is not None:
            return stored
        return await self.pool.transact(lambda connection: taking_in.store(connection, arrival))

    async def store_opened(
        self, arrival: Arrival, leaves: Sequence[bytes]
    ) -> Stored | MustOpen | Refuse:
        """Compare an opened batch leaf by leaf and keep what is new."""
        return await self.pool.transact(
            lambda connection: taking_in.store_opened(connection, arrival, leaves)
        )

    async def greet(
        self, caller: Caller, asked: Sequence[AskedHead], received_ms: int
    ) -> tuple[list[Head], int]:
        """Note the contact and tell the heads of the logs asked for."""
        async with self.pool.snapshot() as connection:
            heads = await taking_in.asked_heads(connection, caller.node_id, asked)
            number = await taking_in.newest_batch(connection)
        pairs = zip(asked, heads, strict=True)
        behind = sum(max(0, log.size - head.size) for log, head in pairs)
        # A full disk must not keep a station from learning where it stands.
        with contextlib.suppress(ArchiveError):
            await taking_in.note_contact(self.pool, caller, received_ms, behind)
        return heads, number

    async def logs_of(self, node_id: bytes) -> list[KnownLog]:
        """Every log of a station, newest first."""
        async with self.pool.snapshot() as connection:
            return await taking_in.logs_of(connection, node_id)

    async def claim(self, now_ms: int, maximum_records: int) -> Sequence[OpeningWork]:
        """Batches to open of logs that no other process has claimed."""
        return await self.pool.transact(
            lambda connection: opened.claim(connection, now_ms, maximum_records)
        )

    async def claim_log(self, lid: bytes, maximum_records: int) -> OpeningWork | None:
        """Batches to open of one log."""
        async with self.pool.snapshot() as connection:
            return await opened.claim_log(connection, lid, maximum_records)

    async def enter(self, openings: Sequence[Opening], now_ms: int) -> int:
        """Write down what was opened; how many records were entered."""
        return await self.pool.transact(
            lambda connection: opened.enter(connection, openings, now_ms)
        )

    async def set_back(self, unreadable: Unreadable, now_ms: int) -> bool:
        """Put the batch at `opened` and all after it into quarantine."""
        return await self.pool.transact(
            lambda connection: opened.set_back(connection, unreadable, now_ms)
        )

    async def find_replays(self, kinds: Collection[int], maximum_records: int) -> Sequence[Replay]:
        """Records of formerly unknown kinds, with their batches."""
        async with self.pool.snapshot() as connection:
            return await opened.find_replays(connection, kinds, maximum_records)

    async def replay(self, replayed: Sequence[Replayed], now_ms: int) -> int:
        """Let the records of formerly unknown kinds take effect."""
        return await self.pool.transact(
            lambda connection: opened.replay(connection, replayed, now_ms)
        )

    async def keep_apart(self, sealed: Sealed) -> bool:
        """Put bytes into quarantine; False when the station's share of it is full."""
        return await self.pool.transact(lambda connection: kept.keep_apart(connection, sealed))

    async def quarantined(self, station: int | None) -> Sequence[Quarantined]:
        """What lies in quarantine, oldest first."""
        return await kept.quarantined(self.pool, station)

    async def read_quarantined(self, item: int) -> bytes | None:
        """The bytes of an item as they came."""
        return await kept.read_quarantined(self.pool, item)

    async def release(self, item: int, now_ms: int) -> None:
        """Mark an item as let go by a person."""
        await kept.release(self.pool, item, now_ms)

    async def leaves(self, lid: bytes, first: int, end: int) -> list[bytes]:
        """The leaves of these positions, as far as they are opened."""
        async with self.pool.snapshot() as connection:
            return await kept.leaves(connection, lid, first, end)

    async def batch_at(self, node_id: bytes, lid: bytes, sequence: int) -> StoredBatch | None:
        """The batch whose own records include this one."""
        return await kept.batch_at(self.pool, node_id, lid, sequence)

    async def attachments_named(self, lid: bytes, first: int, end: int) -> Sequence[Named]:
        """What opened records of a log speak of, in order."""
        return await named.read(self.pool, lid, first, end)

    async def watermarks(self) -> Sequence[Watermark]:
        """Every log, in order of arrival."""
        return await kept.watermarks(self.pool)

    async def count_effects(self) -> int:
        """How many commands have taken effect."""
        return int(await self.pool.fetchval("SELECT count(*) FROM effect"))

    async def set_archived(self, archived: Mapping[bytes, int]) -> None:
        """These leading records are in a verified backup."""
        await kept.set_archived(self.pool, archived)

    async def renew(self) -> bytes:
        """Begin a new generation."""
        self._generation = await kept.renew(self.pool)
        return self._generation

    async def notices(self, node_id: bytes, now_ms: int) -> Sequence[tuple[NoticeCode, bytes]]:
        """What a WELCOME tells this station."""
        return await overview.notices(self.pool, node_id, now_ms)

    async def gauges(self) -> Gauges:
        """The archive as a whole."""
        return await overview.gauges(self.pool)

    async def follow(self, dossier_id: bytes) -> Followed | None:
        """A dossier of the register by its id."""
        return await overview.follow(self.pool, dossier_id)

    async def summarise(self, now_ms: int) -> list[StationSummary]:
        """One summary for each station ever heard of."""
        async with self.pool.snapshot() as connection:
            return await overview.summarise(connection, now_ms)


@contextlib.asynccontextmanager
async def open_postgres(
    url: str, now_ms: int, others: Mapping[str, Traversable] = NO_OTHERS, **options: Any
) -> AsyncIterator[PostgresArchive]:
    """The archive at `url`, migrated as needed. Raises DatabaseError, ArchiveError.

    `others` are further owners of tables in the same database, with their folders of migrations;
    they share `pool`.
    """
    async with open_pool(url, {**OWNERS, **others}, **options) as pool:
        await kept.prepare_months(pool, now_ms)
        yield PostgresArchive(pool, await kept.read_generation(pool))

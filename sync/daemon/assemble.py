"""From journal rows to sealed batches.

Responsible for reading node.db (read-only), cutting and sealing batches, and the station's own
roots. Rules: bytes once sealed are kept while they may be sent again; sealing and hashing run
outside the event loop; nothing is ever written to node.db. It must not know the network.
"""

import asyncio
import sqlite3
from collections import OrderedDict
from collections.abc import Sequence
from typing import Final, NamedTuple

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PublicKey

from sync.daemon.clock import Clock, sealing_time
from sync.daemon.events import LogSize, SendBatch
from sync.database import Reader
from sync.journal import backlog
from sync.protocol import merkle
from sync.protocol.batch import BatchInput, build_batch
from sync.protocol.compression import DENSE_LEVEL, Dictionary
from sync.protocol.entries import withheld
from sync.protocol.handshake import LogHead
from sync.protocol.limits import MAXIMUM_HELLO_LOGS
from sync.protocol.merkle import Frontier

READ_AT_ONCE: Final = 128
"""Records read before the size is looked at again."""

REMEMBERED_FRONTIERS: Final = 64
KEPT_BATCHES: Final = 2
"""The batch in flight and the one prepared behind it."""

KEPT_MAXIMUM_FACTOR: Final = 2
"""A kept batch this many times larger than now wanted is cut again."""


class JournalError(Exception):
    """node.db does not hold what it says; the message names what, never a record's content."""


class Sealing(NamedTuple):
    """What a batch is signed with and sealed for; the first recipient is used until changed."""

    station: int
    signing_key: Ed25519PrivateKey
    recipients: Sequence[X25519PublicKey]
    dictionary: Dictionary | None
    clock: Clock


class SealedBatch(NamedTuple):
    """A batch ready to travel, and what its receipt must say."""

    lid: bytes
    first: int
    records: int
    root: bytes
    data: bytes
    plain_bytes: int
    compressed: bool
    withheld: bool = False

    @property
    def end(self) -> int:
        """The size of the log once the city holds this batch."""
        return self.first + self.records


class _Cut(NamedTuple):
    batch_input: BatchInput
    plain_bytes: int


class Assembler:
    """Batches and roots of one station's journal."""

    def __init__(self, reader: Reader, sealing: Sealing) -> None:
        self._reader = reader
        self._sealing = sealing
        self._recipient = 0
        self._frontiers: OrderedDict[tuple[bytes, int], Frontier] = OrderedDict()
        self._kept: OrderedDict[tuple[bytes, int], SealedBatch] = OrderedDict()

    async def sizes(self) -> tuple[LogSize, ...]:
        """Every log of the journal, oldest first."""
        found = await self._reader.query(backlog.sizes)
        return tuple(LogSize(*each) for each in found)

    async def all_logs(self) -> frozenset[bytes]:
        """Every log there ever was here, the abandoned ones too."""
        return await self._reader.query(backlog.lids)

    async def log_heads(self, lids: Sequence[bytes] | None) -> list[LogHead]:
        """What a greeting says of these logs (None: of all), at most MAXIMUM_HELLO_LOGS.

        When there are more, the newest are kept: older ones were compared when they were new.
        """
        heads = await self._reader.query(backlog.heads)
        wanted = [head for head in heads if lids is None or head.lid in lids]
        return [
            LogHead(head.lid, head.size, merkle.root(merkle.unpack(head.frontier)))
            for head in wanted[-MAXIMUM_HELLO_LOGS:]
        ]

    async def frontier_at(self, lid: bytes, size: int) -> Frontier:
        """The station's own frontier over the first `size` records of a log."""
        return await self._reader.query(lambda connection: self._frontier(connection, lid, size))

    async def root_at(self, lid: bytes, size: int) -> bytes:
        """The station's own root over the first `size` records of a log."""
        return merkle.root(await self.frontier_at(lid, size))

    async def build(self, order: SendBatch) -> SealedBatch:
        """The batch `order` asks for; the same bytes again while they still fit the order."""
        kept = self._kept.get((order.lid, order.first))
        if kept is not None and _fits(kept, order):
            return kept
        cut = await self._reader.query(lambda connection: self._cut(connection, order))
        batch = await asyncio.to_thread(self._seal, cut, order)
        self._kept[order.lid, order.first] = batch
        while len(self._kept) > KEPT_BATCHES:
            self._kept.popitem(last=False)
        return batch

    def release(self, batch: SealedBatch) -> None:
        """Forget bytes whose receipt is stored."""
        self._kept.pop((batch.lid, batch.first), None)

    def use_recipients(self, recipients: Sequence[X25519PublicKey]) -> None:
        """Seal for the first of these from now on, and drop what was sealed for others."""
        self._sealing = self._sealing._replace(recipients=recipients)
        self._recipient = 0
        self._kept.clear()

    def change_recipient(self) -> None:
        """Seal to the city's next encryption key, and drop what was sealed to this one."""
        self._recipient = (self._recipient + 1) % len(self._sealing.recipients)
        self._kept.clear()

    def _cut(self, connection: sqlite3.Connection, order: SendBatch) -> _Cut:
        head = backlog.head(connection, order.lid)
        records = _read(connection, order)
        if head is None or not records:
            raise JournalError(f"log {order.lid.hex()} has no record {order.first}")
        entries = _entries(records, order)
        before = self._frontier(connection, order.lid, order.first)
        after = merkle.extend(before, order.first, (record.leaf for record in records))
        self._remember(order.lid, order.first + len(records), after)
        batch_input = BatchInput(
            identity=head.identity,
            parent=head.parent,
            station=self._sealing.station,
            first=order.first,
            previous_root=merkle.root(before),
            root=merkle.root(after),
            entries=entries,
            sealed_at=sealing_time(self._sealing.clock),
        )
        return _Cut(batch_input, sum(map(len, entries)))

    def _seal(self, cut: _Cut, order: SendBatch) -> SealedBatch:
        recipients = self._sealing.recipients
        data = build_batch(
            cut.batch_input,
            signing_key=self._sealing.signing_key,
            recipient=recipients[self._recipient % len(recipients)],
            dictionary=_dictionary(self._sealing.dictionary, order),
        )
        return SealedBatch(
            lid=order.lid,
            first=order.first,
            records=len(cut.batch_input.entries),
            root=cut.batch_input.root,
            data=data,
            plain_bytes=cut.plain_bytes,
            compressed=order.compressed,
            withheld=order.withheld,
        )

    def _frontier(self, connection: sqlite3.Connection, lid: bytes, size: int) -> Frontier:
        """Runs in the reader's thread only, which also guards the memory of frontiers."""
        if not size:
            return merkle.EMPTY_FRONTIER
        known = self._frontiers.get((lid, size))
        if known is not None:
            return known
        head = backlog.head(connection, lid)
        if head is not None and head.size == size:
            return merkle.unpack(head.frontier)
        leaves = backlog.leaves(connection, lid, size)
        if len(leaves) != size:
            raise JournalError(f"a log holds {len(leaves)} of {size} leaves")
        frontier = merkle.extend(merkle.EMPTY_FRONTIER, 0, leaves)
        self._remember(lid, size, frontier)
        return frontier

    def _remember(self, lid: bytes, size: int, frontier: Frontier) -> None:
        self._frontiers[lid, size] = frontier
        while len(self._frontiers) > REMEMBERED_FRONTIERS:
            self._frontiers.popitem(last=False)


def _read(connection: sqlite3.Connection, order: SendBatch) -> list[backlog.StoredRecord]:
    """Records up to the order's limits, at least one when there is one."""
    taken: list[backlog.StoredRecord] = []
    total_bytes = 0
    while len(taken) < order.maximum_records:
        count = min(READ_AT_ONCE, order.maximum_records - len(taken))
        found = backlog.records(connection, order.lid, order.first + len(taken), count)
        for record in found:
            total_bytes += len(record.raw)
            if taken and total_bytes > order.target_bytes:
                return taken
            taken.append(record)
        if len(found) < count:
            break
    return taken


def _dictionary(known: Dictionary | None, order: SendBatch) -> Dictionary | None:
    if known is None or not order.compressed:
        return None
    return known._replace(level=DENSE_LEVEL) if order.dense else known


def _fits(kept: SealedBatch, order: SendBatch) -> bool:
    small = kept.records == 1 or kept.plain_bytes <= KEPT_MAXIMUM_FACTOR * order.target_bytes
    same = (kept.compressed, kept.withheld) == (order.compressed, order.withheld)
    return small and same and kept.records <= order.maximum_records


def _entries(records: list[backlog.StoredRecord], order: SendBatch) -> list[bytes]:
    """The records as they travel: leaves alone where nobody takes more, or no body is left."""
    return [
        withheld(order.first + number, record.leaf)
        if order.withheld or not record.raw
        else record.raw
        for number, record in enumerate(records)
    ]

"""The part of an audit that takes the city's encryption key: from bodies to leaves and effects.

Responsible for: opening each batch, computing its leaves and roots anew, comparing records that
came twice, and counting each command id once. Pure but for the keys it is given. It must not know
files; record contents never leave it.
"""

from dataclasses import dataclass, field

from sync.city.archive.copies import Pair, answered, new_pairs
from sync.city.archive.port import OpeningWork, StoredBatch
from sync.city.audit.check import Log
from sync.city.audit.values import Rule
from sync.city.backup.form import BatchRow
from sync.city.receiving.opening import BodyKeys, Opened, open_work, read_stored
from sync.protocol import merkle
from sync.protocol.batch import SignedBatch, open_batch
from sync.protocol.batch_header import BatchHeader
from sync.protocol.entries import Entry
from sync.protocol.errors import ProtocolError, ProtocolErrorCode
from sync.protocol.limits import DIGEST_BYTES
from sync.protocol.record import LogIdentity, Parent, Record, parse_genesis


@dataclass(slots=True)
class _Leaves:
    """The leaves of a log, one after another, and the frontier over them."""

    data: bytearray = field(default_factory=bytearray)
    frontier: merkle.Frontier = merkle.EMPTY_FRONTIER
    broken: bool = False

    @property
    def size(self) -> int:
        return len(self.data) // DIGEST_BYTES

    def slice(self, first: int, end: int) -> list[bytes]:
        span = range(first * DIGEST_BYTES, end * DIGEST_BYTES, DIGEST_BYTES)
        return [bytes(self.data[at : at + DIGEST_BYTES]) for at in span]


class Bodies:
    """Everything that was opened so far."""

    def __init__(self, keys: BodyKeys) -> None:
        self._keys = keys
        self._leaves: dict[bytes, _Leaves] = {}
        self._effects: dict[bytes, bytes] = {}
        self._copies: dict[bytes, list[Record]] = {}
        self._withheld: list[tuple[Log, Pair]] = []

    @property
    def effects(self) -> int:
        """How many command ids took effect."""
        return len(self._effects)

    def open(self, log: Log, row: BatchRow, signed: SignedBatch) -> None:
        """Open a batch whose signature and place are known, and compare."""
        leaves = self._leaves.setdefault(log.lid, _Leaves())
        if leaves.broken or leaves.size != row.start:
            leaves.broken = True
            self._check_readable(log, row, signed)
            return
        batch = StoredBatch(0, row.start, row.end, row.raw, row.received_ms)
        work = OpeningWork(
            *(0, log.node_id, log.station, log.lid, row.start, leaves.frontier), [batch]
        )
        opened = open_work(work, self._keys)
        if opened.opening is None or opened.unreadable is not None:
            leaves.broken = True
            reason = opened.unreadable.reason if opened.unreadable else ""
            is_root = reason == ProtocolErrorCode.ROOT_MISMATCH.value
            log.find(Rule.LEAVES if is_root else Rule.UNREADABLE, row.start, reason)
            return
        leaves.frontier = opened.opening.frontier
        leaves.data += b"".join(run for _, run in opened.opening.leaves)
        self._check_again(log, row, signed, leaves)
        self._check_genesis(log, batch, signed.header)
        self._count(log, opened)

    def fill_roots(self, log: Log, sizes: set[int]) -> None:
        """Add the roots at these sizes to those that batches ended with, where they are known."""
        leaves = self._leaves.get(log.lid)
        if leaves is None:
            return
        frontier, done = merkle.EMPTY_FRONTIER, 0
        for size in sorted(sizes - log.roots.keys()):
            if size <= leaves.size:
                frontier = merkle.extend(frontier, done, leaves.slice(done, size))
                done = size
                log.roots[size] = merkle.root(frontier)

    def note_withheld(self) -> None:
        """Once everything was opened: tell of the records that no copy stands for."""
        for log, pair in self._withheld:
            if not answered(self._copies.get(log.node_id, ()), [pair]):
                log.find(Rule.WITHHELD, pair.sequence)

    def _check_readable(self, log: Log, row: BatchRow, signed: SignedBatch) -> None:
        """Behind a fault the root cannot be computed, but the body can still be read."""
        try:
            open_batch(signed, **self._keys._asdict())
        except ProtocolError as error:
            log.find(Rule.UNREADABLE, row.start, error.code.value)

    def _check_again(self, log: Log, row: BatchRow, signed: SignedBatch, leaves: _Leaves) -> None:
        """What a batch repeats of earlier ones is the same again."""
        first = signed.header.first
        if first == row.start:
            return
        again = open_batch(signed, **self._keys._asdict())[: row.start - first]
        if [entry.leaf for entry in again] != leaves.slice(first, row.start):
            log.find(Rule.LEAVES, first)
        if first not in log.roots:
            log.unchecked -= 1
            self.fill_roots(log, {first})
            if log.roots[first] != signed.header.previous_root:
                log.find(Rule.ROOT, first)

    def _check_genesis(self, log: Log, batch: StoredBatch, header: BatchHeader) -> None:
        if batch.start or header.description is None:
            return
        if _read_genesis(read_stored(batch, self._keys)[0]) != (
            LogIdentity(header.node_id, *header.description[:3]),
            header.description.parent,
            header.station,
        ):
            log.find(Rule.GENESIS, 0)

    def _count(self, log: Log, opened: Opened) -> None:
        assert opened.opening is not None
        self._withheld += [(log, pair) for pair in new_pairs(opened.opening)]
        self._copies.setdefault(log.node_id, []).extend(opened.opening.copies)
        for command in opened.opening.commands:
            if command.verdict is not None:
                continue
            if self._effects.setdefault(command.eid, command.digest) != command.digest:
                log.find(Rule.CONFLICT, command.sequence)


def _read_genesis(entry: Entry) -> tuple[LogIdentity, Parent | None, int] | None:
    """Log, parent and station as the first record says; None when it is no genesis."""
    if entry.record is None:
        return None
    try:
        genesis = parse_genesis(entry.record)
    except ProtocolError:
        return None
    return genesis.identity, genesis.parent, genesis.station

"""What the city server asks of the place where its own logs and the attachments' ledger lie.

Responsible for: the values and the Protocols. Rules: a call that changes something returns after a
durable commit and is one transaction; an entry never changes; an entry whose eid the feed holds
already is not appended again. Raises ArchiveError like the archive. It must not name a database
product.
"""

from collections.abc import Callable, Sequence
from typing import NamedTuple, Protocol

from sync.protocol import merkle
from sync.protocol.merkle import Frontier
from sync.protocol.record import CONTENT_JSON, Record


class FeedName(NamedTuple):
    """Which log: the number of the feed, and the station it is for, or EVERY_STATION."""

    feed: int
    station: int


class Stamp(NamedTuple):
    """What a change may need from outside: 8 random bytes, milliseconds since 1970 UTC."""

    nonce: bytes
    now_ms: int


class FeedHead(NamedTuple):
    """Where a feed stands. A new reader may begin at `start`, with `start_frontier` as given."""

    fid: bytes
    name: FeedName
    number: int
    nonce: bytes
    size: int
    frontier: Frontier
    start: int
    start_frontier: Frontier
    named_ms: int

    @property
    def root(self) -> bytes:
        """The root over the whole feed."""
        return merkle.root(self.frontier)


class Draft(NamedTuple):
    """An entry before it has a place. Of drafts with one `state_key` only the newest counts."""

    kind: int
    eid: bytes
    body: bytes
    subject: bytes | None = None
    version: int = 0
    content_type: int = CONTENT_JSON
    state_key: str = ""

    @classmethod
    def of(cls, record: Record, state_key: str = "") -> "Draft":
        """What this entry of a feed was before it had a place."""
        content = (record.kind, record.eid, record.body)
        return cls(*content, record.subject, record.version, record.content_type, state_key)


class Slice(NamedTuple):
    """Consecutive entries of a feed from `first` on, and the frontier of all before them."""

    head: FeedHead
    first: int
    before: Frontier
    entries: list[bytes]


class Limit(NamedTuple):
    """How much of a feed is read at once; one entry is read whatever its size."""

    entries: int
    size_bytes: int


class RecordStatus(NamedTuple):
    """What became of a record of a station's log: a verdict's code, or "entered" after all."""

    lid: bytes
    sequence: int
    code: str


DraftOf = Callable[[RecordStatus], Draft]
"""The entry that tells a station."""

Choose = Callable[[Sequence[Record]], Sequence[Record]]
"""Of the newest entry of each key, in order: those that a new reader still needs."""


class FeedStore(Protocol):
    """Keeps the city's logs."""

    async def heads(self, station: int) -> list[FeedHead]:
        """The feeds for everybody and those of this station, by feed number."""
        ...

    async def find(self, fid: bytes) -> FeedHead | None:
        """The feed that has this id now."""
        ...

    async def ensure(self, name: FeedName, stamp: Stamp) -> FeedHead:
        """The feed of this name, opened empty when there is none."""
        ...

    async def append(self, name: FeedName, drafts: Sequence[Draft], stamp: Stamp) -> FeedHead:
        """Append what the feed does not hold yet, opening the feed when there is none."""
        ...

    async def restate(self, name: FeedName, choose: Choose, stamp: Stamp) -> FeedHead:
        """Append a snapshot: a marker and what `choose` keeps; new readers begin there."""
        ...

    async def tell_statuses(self, maximum: int, draft_of: DraftOf, stamp: Stamp) -> set[int]:
        """Append what stations were not told yet of their records; the stations' numbers.

        At most `maximum` entries. Looking at the archive's verdicts, appending and noting what was
        told are one transaction. Only for a store that shares its database with the archive.
        """
        ...

    async def read(self, fid: bytes, first: int, limit: Limit) -> Slice | None:
        """Entries from `first` on, perhaps none; None for an unknown feed or `first` beyond it."""
        ...

    async def root_at(self, fid: bytes, size: int) -> bytes | None:
        """The root over the first `size` entries; None for an unknown feed or a size beyond it."""
        ...

    async def rename(self, fid: bytes, stamp: Stamp) -> FeedHead | None:
        """Give the feed its next number and a new id; None when it is not called `fid` any more."""
        ...


class LedgerBlob(NamedTuple):
    """An attachment: H(cipher), whose it is, its sealed size, the signed header.

    It lies whole in the object store from `stored_ms` on; None while it is only announced.
    `touched_ms` is when it was announced or a part of it came, to the day.
    """

    digest: bytes
    node_id: bytes
    size_bytes: int
    signed: bytes
    stored_ms: int | None = None
    touched_ms: int = 0


class BlobLedger(Protocol):
    """Knows which attachments are there, and which should be."""

    async def find(self, digest: bytes) -> LedgerBlob | None:
        """What is known of an attachment."""
        ...

    async def announce(self, blob: LedgerBlob, quota_bytes: int) -> LedgerBlob | None:
        """Note an attachment that is to come, unless it is noted already; what is noted now.

        None, and nothing noted, when its station would have more than `quota_bytes`.
        """
        ...

    async def touch(self, digest: bytes, now_ms: int) -> None:
        """Somebody goes on with an announced attachment."""
        ...

    async def abandoned(self, before_ms: int, maximum: int) -> list[bytes]:
        """Announced attachments that are not whole and were not touched since, oldest first."""
        ...

    async def drop(self, digest: bytes, before_ms: int) -> bool:
        """Forget one of those; false when somebody went on with it meanwhile. Awaited it stays."""
        ...

    async def note_stored(self, digest: bytes, now_ms: int) -> None:
        """An announced attachment lies in the object store; it is not awaited any more."""
        ...

    async def note_lost(self, digest: bytes) -> None:
        """The object store has lost an attachment: it is awaited again from its station."""
        ...

    async def await_blobs(self, node_id: bytes, digests: Sequence[bytes], now_ms: int) -> None:
        """Entered records of this station speak of these; those stored already are passed over."""
        ...

    async def awaited(self, node_id: bytes, maximum: int) -> list[bytes]:
        """Attachments that have not come, longest awaited first."""
        ...

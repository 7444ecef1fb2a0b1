"""What the city server asks of an archive.

Responsible for: the values and the Protocol between the server and the place records are kept.

Rules: a batch is kept whole, as it came, for ever; what is told about it (leaves, verdicts,
register) is computed from it later, in *openings*. `store`, `keep_apart` and every other call that
changes something return only after a durable commit. Opening a log and entering its records into
the register are one transaction, in the order of the log. `archived ≤ opened ≤ size` of every log
at any time. It must not name a database product, nor hold keys: the archive sees sealed bytes and
what others read from them.
"""

from collections.abc import AsyncIterator, Collection, Mapping, Sequence
from typing import Final, Protocol

from sync.city.archive.values import (
    STATION_NOTICES,
    WIRE_STATUS,
    Anchor,
    ArchiveError,
    ArchiveFault,
    Arrival,
    AskedHead,
    Boot,
    Caller,
    Command,
    ExportedBatch,
    Followed,
    Gauges,
    Head,
    LogTimes,
    MustOpen,
    Named,
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
    Verdict,
    VerdictCode,
    Watermark,
)
from sync.city.intake import KnownLog, NoticeCode, Refuse

__all__ = [
    "LEASE_MS",
    "STATION_NOTICES",
    "WIRE_STATUS",
    "Anchor",
    "Archive",
    "ArchiveError",
    "ArchiveFault",
    "Arrival",
    "AskedHead",
    "Boot",
    "Caller",
    "Command",
    "ExportedBatch",
    "Exporter",
    "Followed",
    "Gauges",
    "Head",
    "LogTimes",
    "MustOpen",
    "Named",
    "NoticeCode",
    "Opening",
    "OpeningWork",
    "Quarantined",
    "Replay",
    "Replayed",
    "Sealed",
    "StationSummary",
    "Stored",
    "StoredBatch",
    "Unreadable",
    "Verdict",
    "VerdictCode",
    "Watermark",
]

LEASE_MS: Final = 30_000
"""How long logs claimed for opening stay with one process; after that another may take them."""


class Archive(Protocol):
    """Keeps each batch once, for ever. Every call raises ArchiveError when it cannot."""

    @property
    def generation(self) -> bytes:
        """8 random bytes that change only when the archive is made anew or restored."""
        ...

    async def check(self) -> None:
        """Read something."""
        ...

    async def store(self, arrival: Arrival) -> Stored | MustOpen | Refuse:
        """Keep a batch that continues its log exactly, durably; it is opened later.

        MustOpen when it overlaps what is stored, leaves a gap, contradicts the stored root, or when
        the log is wary. A log that another node owns is refused as FOREIGN. The contact is noted.
        """
        ...

    async def store_opened(
        self, arrival: Arrival, leaves: Sequence[bytes]
    ) -> Stored | MustOpen | Refuse:
        """Compare an opened batch leaf by leaf (`intake.decide`) and keep what is new.

        MustOpen when the log has batches that are not opened yet.
        """
        ...

    async def greet(
        self, caller: Caller, asked: Sequence[AskedHead], received_ms: int
    ) -> tuple[list[Head], int]:
        """Note the contact; the heads of the logs asked for and the newest batch number.

        Each head has the root at the smaller of the two sizes; an unknown log has size 0.
        """
        ...

    async def logs_of(self, node_id: bytes) -> list[KnownLog]:
        """Every log of a station, newest first."""
        ...

    async def claim(self, now_ms: int, maximum_records: int) -> Sequence[OpeningWork]:
        """Batches to open, of the logs whose turn it is, and keep others away for LEASE_MS.

        At most `maximum_records`, but at least one batch when there is one; batches of one log
        are consecutive and begin at its `opened`. Empty when nothing waits.
        """
        ...

    async def claim_log(self, lid: bytes, maximum_records: int) -> OpeningWork | None:
        """The same for one log, whoever has claimed it; None when it is opened to its end."""
        ...

    async def enter(self, openings: Sequence[Opening], now_ms: int) -> int:
        """Write down what was opened, let the records take effect, move `opened`: one transaction.

        An opening is passed over when its `before` is no longer the log's `opened`, or when its
        last batch is no longer there: another process was faster. Returns how many records were
        entered by this call.
        """
        ...

    async def set_back(self, unreadable: Unreadable, now_ms: int) -> bool:
        """Put the batch at `opened` and all after it into quarantine and make the log wary.

        The log's size goes back to `opened`. False when `opened` has moved meanwhile, or when
        another batch is there now.
        """
        ...

    async def find_replays(self, kinds: Collection[int], maximum_records: int) -> Sequence[Replay]:
        """Records of formerly unknown kinds that are among `kinds`, with their batches."""
        ...

    async def replay(self, replayed: Sequence[Replayed], now_ms: int) -> int:
        """Take the verdicts away and let the records take effect; how many there were."""
        ...

    async def keep_apart(self, sealed: Sealed) -> bool:
        """Put bytes into quarantine, durably; False when the station's share of it is full.

        The same bytes again are one item, and true.
        """
        ...

    async def quarantined(self, station: int | None) -> Sequence[Quarantined]:
        """What lies in quarantine, oldest first, released items too."""
        ...

    async def read_quarantined(self, item: int) -> bytes | None:
        """The bytes of an item as they came."""
        ...

    async def release(self, item: int, now_ms: int) -> None:
        """Mark an item as let go by a person; its bytes stay."""
        ...

    async def leaves(self, lid: bytes, first: int, end: int) -> list[bytes]:
        """The leaves of these positions, as far as they are opened."""
        ...

    async def batch_at(self, node_id: bytes, lid: bytes, sequence: int) -> StoredBatch | None:
        """The batch whose own records include this one; None beyond the end or for another node."""
        ...

    async def attachments_named(self, lid: bytes, first: int, end: int) -> Sequence[Named]:
        """What the opened records `first` … `end` - 1 of a log speak of, in order."""
        ...

    async def watermarks(self) -> Sequence[Watermark]:
        """Every log, in order of arrival."""
        ...

    async def count_effects(self) -> int:
        """How many commands have taken effect; slow, for backups and drills."""
        ...

    async def set_archived(self, archived: Mapping[bytes, int]) -> None:
        """These leading records are in a verified backup. Never lowers, never passes `opened`."""
        ...

    async def renew(self) -> bytes:
        """A new generation, after a restore; the new value."""
        ...

    async def notices(self, node_id: bytes, now_ms: int) -> Sequence[tuple[NoticeCode, bytes]]:
        """What a WELCOME tells this station (STATION_NOTICES), with the log it is about."""
        ...

    async def gauges(self) -> Gauges:
        """The archive as a whole."""
        ...

    async def follow(self, dossier_id: bytes) -> Followed | None:
        """A dossier of the register by its id; None when no record of it was entered."""
        ...

    async def summarise(self, now_ms: int) -> list[StationSummary]:
        """One summary for each station ever heard of, by station number."""
        ...


class Exporter(Protocol):
    """Reads everything that is stored, while the server runs."""

    async def dossiers_numbered(self, dossier_no: str) -> Sequence[tuple[bytes, int]]:
        """Ids and stations of the register's dossiers with this number."""
        ...

    def export(self, station: int | None) -> AsyncIterator[ExportedBatch]:
        """Every stored batch: by station, log in order of first arrival, start."""
        ...

    async def timeline(self, node_id: bytes) -> Sequence[LogTimes]:
        """The logs of a node by number, with the anchors of each; one short read."""
        ...

    async def quarantined(self, station: int | None) -> Sequence[Quarantined]:
        """What lies in quarantine, oldest first, released items too."""
        ...

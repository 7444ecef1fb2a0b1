"""What the city server asks of an archive.

Responsible for: the values and the Protocol between the server and the place records are kept.
Rules: `store` returns only after a durable commit; a stored record never changes; entering a record
into the register and advancing `applied` are one transaction. It must not name a database product.
"""

from collections.abc import AsyncIterator, Mapping, Sequence
from enum import StrEnum
from types import MappingProxyType
from typing import Final, NamedTuple, Protocol

from sync.city.intake import Claim, Refuse
from sync.protocol.batch import BatchHeader, Entry
from sync.protocol.receipt import RecordStatus


class ArchiveFault(StrEnum):
    """Why an archive cannot do what was asked just now."""

    FULL = "full"
    BUSY = "busy"
    BROKEN = "broken"
    MISSING = "missing"


class ArchiveError(Exception):
    """Nothing was stored; `fault` says whether to wait, to make room or to look at the disk."""

    def __init__(self, fault: ArchiveFault, detail: str = "") -> None:
        super().__init__(f"{detail}: {fault.value}" if detail else fault.value)
        self.fault = fault


class VerdictCode(StrEnum):
    """What a stored record is when it is not simply entered; the values are in the export."""

    DUPLICATE = "duplicate"
    """The same command with the same content was entered before: no second effect."""
    CONFLICT = "conflict"
    """The same command id with other content: both are kept, a person decides."""
    UNKNOWN_KIND = "unknown_kind"
    """A newer station's record: entered after the city's next upgrade."""
    WITHHELD = "withheld"
    """Only the leaf came."""
    REJECTED = "rejected"
    """The body cannot be read as its kind says."""


WIRE_STATUS: Final[Mapping[VerdictCode, RecordStatus]] = MappingProxyType(
    {
        VerdictCode.DUPLICATE: RecordStatus.DUPLICATE,
        VerdictCode.CONFLICT: RecordStatus.CONFLICT,
        VerdictCode.UNKNOWN_KIND: RecordStatus.UNKNOWN_KIND,
        VerdictCode.WITHHELD: RecordStatus.WITHHELD,
        VerdictCode.REJECTED: RecordStatus.REJECTED,
    }
)
"""The number that a receipt gives a station for a verdict."""


class Arrival(NamedTuple):
    """A verified and opened batch of the enrolled station its header names.

    `signed` is the signed header, kept as evidence; `received_ms` counts from 1970 UTC.
    """

    header: BatchHeader
    entries: Sequence[Entry]
    signed: bytes
    received_ms: int

    @property
    def claim(self) -> Claim:
        """What the batch says about its log."""
        leaves = [entry.leaf for entry in self.entries]
        return Claim(self.header.first, self.header.previous_root, self.header.root, leaves)


class Head(NamedTuple):
    """What is stored of a log. `archived` and `applied` count leading records."""

    lid: bytes
    size: int
    root: bytes
    archived: int
    applied: int
    statuses: tuple[tuple[int, int], ...]


class Stored(NamedTuple):
    """The durable outcome of a batch. `number` is the newest batch's and never goes back."""

    head: Head
    number: int
    new_records: int


class Sealed(NamedTuple):
    """Bytes kept apart for a person: they are in no log and have no effect."""

    node_id: bytes
    station: int
    lid: bytes
    reason: str
    raw: bytes
    received_ms: int


class AskedHead(NamedTuple):
    """A log and the size the station says it has."""

    lid: bytes
    size: int


class Caller(NamedTuple):
    """An enrolled station that made contact."""

    node_id: bytes
    station: int


class StationSummary(NamedTuple):
    """One row of the overview; counts of records unless said otherwise."""

    station: int
    last_contact_ms: int | None
    stored: int
    entered: int
    dossiers: int
    problems: tuple[tuple[str, int], ...]

    @property
    def pending(self) -> int:
        """Stored but not entered yet."""
        return self.stored - self.entered


class ExportedRecord(NamedTuple):
    """A stored record with where it belongs and what became of it."""

    station: int
    lid: bytes
    sequence: int
    kind: int | None
    eid: bytes | None
    subject: bytes | None
    version: int | None
    status: str
    raw: bytes | None


class Archive(Protocol):
    """Keeps each record once, for ever."""

    @property
    def generation(self) -> bytes:
        """8 random bytes that change only when the archive is made anew."""
        ...

    async def check(self) -> None:
        """Read something. Raises ArchiveError."""
        ...

    async def store(self, arrival: Arrival) -> Stored | Refuse:
        """Compare with what is stored and keep what is new, durably. Raises ArchiveError."""
        ...

    async def keep_apart(self, sealed: Sealed) -> bool:
        """Put bytes into quarantine, durably; False when the station's share of it is full."""
        ...

    async def greet(
        self, caller: Caller, asked: Sequence[AskedHead], received_ms: int
    ) -> tuple[list[Head], int]:
        """Note the contact; the heads of the logs asked for and the newest batch number.

        Each head has the root at the smaller of the two sizes; an unknown log has size 0.
        """
        ...

    async def enter(self, maximum_records: int) -> int:
        """Enter up to this many records of one log into the register; how many were entered."""
        ...

    async def reconsider(self) -> int:
        """Enter some records whose kind an older program did not know; how many."""
        ...

    async def summarise(self, now_ms: int) -> list[StationSummary]:
        """One summary for each station ever heard of, by station number."""
        ...


class Exporter(Protocol):
    """Reads everything that is stored, while the server runs."""

    def export(self, station: int | None) -> AsyncIterator[Sequence[ExportedRecord]]:
        """Every stored record in pages: by station, log in order of first arrival, sequence."""
        ...

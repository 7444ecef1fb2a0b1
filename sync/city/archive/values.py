"""The values between the server and the place records are kept.

Responsible for: what an archive is given and what it answers with; all of them frozen. Counts are
of records and times are milliseconds since 1970 UTC unless said otherwise. It must not know SQL or
keys.
"""

from collections.abc import Mapping, Sequence
from enum import StrEnum
from types import MappingProxyType
from typing import Final, NamedTuple

from sync.city.intake import NoticeCode
from sync.protocol.batch import BatchHeader
from sync.protocol.merkle import Frontier
from sync.protocol.receipt import RecordStatus
from sync.protocol.record import Record


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
    """The same command with the same content was entered before, or a copy stands for a record of
    which only the leaf came: no second effect."""
    CONFLICT = "conflict"
    """The same command id with other content: both are kept, a person decides."""
    PARKED = "parked"
    """An earlier version of its dossier has not come yet."""
    UNKNOWN_KIND = "unknown_kind"
    """A newer station's record: entered after the city's next upgrade."""
    WITHHELD = "withheld"
    """Only the leaf came, and no copy stands for it."""
    REJECTED = "rejected"
    """The body cannot be read as its kind says, or the dossier is another station's."""


WIRE_STATUS: Final[Mapping[VerdictCode, RecordStatus]] = MappingProxyType(
    {
        VerdictCode.DUPLICATE: RecordStatus.DUPLICATE,
        VerdictCode.CONFLICT: RecordStatus.CONFLICT,
        VerdictCode.PARKED: RecordStatus.PARKED,
        VerdictCode.UNKNOWN_KIND: RecordStatus.UNKNOWN_KIND,
        VerdictCode.WITHHELD: RecordStatus.WITHHELD,
        VerdictCode.REJECTED: RecordStatus.REJECTED,
    }
)
"""The number that a receipt gives a station for a verdict."""


STATION_NOTICES: Final = frozenset(
    {
        NoticeCode.BRANCH_OTHER_HARDWARE,
        NoticeCode.MISSING_TAIL,
        NoticeCode.PARKED_LONG,
        NoticeCode.LOST_ARCHIVED,
    }
)
"""Notices that a WELCOME tells the station; the others say what the station knows itself."""


class Arrival(NamedTuple):
    """A batch whose signature, body digest and sender are good; it may still be closed.

    `raw` is the whole batch as it came; `received_ms` counts from 1970 UTC.
    """

    header: BatchHeader
    raw: bytes
    received_ms: int


class Head(NamedTuple):
    """What is stored of a log. `archived` and `applied` count leading records.

    `root` is at the size that was asked for; None when that lies inside a batch that is not opened.
    """

    lid: bytes
    size: int
    root: bytes | None
    archived: int
    applied: int
    statuses: tuple[tuple[int, int], ...]


class Stored(NamedTuple):
    """The durable outcome of a batch; `head.root` is at `head.size`.

    `number` is the newest batch's and never goes back.
    """

    head: Head
    number: int
    new_records: int


class MustOpen(NamedTuple):
    """The batch can only be judged with its leaves, and with the log `log` opened to its end.

    `log` is None when the log is not known yet.
    """

    log: int | None


class Sealed(NamedTuple):
    """Bytes kept apart for a person: they are in no log and have no effect."""

    node_id: bytes
    station: int
    lid: bytes
    first: int
    records: int
    reason: str
    raw: bytes
    received_ms: int


class Quarantined(NamedTuple):
    """One item of the quarantine. `released_ms` is set when a person let it go to its log."""

    id: int
    node_id: bytes
    station: int
    lid: bytes
    first: int
    records: int
    reason: str
    size_bytes: int
    received_ms: int
    released_ms: int | None


class AskedHead(NamedTuple):
    """A log and the size the station says it has."""

    lid: bytes
    size: int


class Caller(NamedTuple):
    """An enrolled station that made contact."""

    node_id: bytes
    station: int


class StoredBatch(NamedTuple):
    """A batch of a log. The records from `start` on are its own; those before came in another."""

    number: int
    start: int
    end: int
    raw: bytes
    received_ms: int


class OpeningWork(NamedTuple):
    """Stored batches of one log that wait to be opened, in order, from `opened` on.

    `frontier` is that of the first `opened` leaves.
    """

    log: int
    node_id: bytes
    station: int
    lid: bytes
    opened: int
    frontier: Frontier
    batches: Sequence[StoredBatch]


class Command(NamedTuple):
    """A record that may change the register.

    `digest` are 16 bytes, equal for equal content. With a `verdict` (unknown kind, rejected)
    it only takes its place among the versions of the dossier. The texts may be empty.
    """

    sequence: int
    eid: bytes
    digest: bytes
    kind: int
    subject: bytes | None
    version: int
    dossier_no: str
    procedure_id: str
    state: str
    verdict: VerdictCode | None


class Verdict(NamedTuple):
    """A record that is stored but not entered; `kind` is None for a withheld one."""

    sequence: int
    code: VerdictCode
    kind: int | None


class Anchor(NamedTuple):
    """The city's time as a station heard it, on the clock of one boot; milliseconds."""

    sequence: int
    boot_id: bytes
    city_time_ms: int
    mono_sent_ms: int
    mono_received_ms: int


class Boot(NamedTuple):
    """Where a log was made, from its genesis."""

    boot_id: bytes
    hardware_id: bytes


class Named(NamedTuple):
    """A record that speaks of an attachment, by H(cipher)."""

    sequence: int
    digest: bytes


class Opening(NamedTuple):
    """What batches of one log held: everything between the sizes `before` and `size`.

    `leaves` gives for each batch number its own leaves, 32 bytes each. `alerts` are notices that
    the station itself reports, with the log they are about. `copies` are the records that say that
    they were journalled again, `named` the attachments that records speak of.
    """

    log: int
    before: int
    size: int
    frontier: Frontier
    leaves: Sequence[tuple[int, bytes]]
    commands: Sequence[Command]
    verdicts: Sequence[Verdict]
    boot: Boot | None
    anchors: Sequence[Anchor]
    alerts: Sequence[NoticeCode]
    copies: Sequence[Record] = ()
    named: Sequence[Named] = ()


class Unreadable(NamedTuple):
    """The log `log` is good up to `opened`; the batch of this number after it is not."""

    log: int
    opened: int
    reason: str
    batch: int


class Replay(NamedTuple):
    """Records set aside as of unknown kind whose kind is known now, in one batch."""

    log: int
    station: int
    batch: StoredBatch
    sequences: Sequence[int]


class Replayed(NamedTuple):
    """What became of a Replay's records."""

    log: int
    sequences: Sequence[int]
    commands: Sequence[Command]
    verdicts: Sequence[Verdict]
    named: Sequence[Named] = ()


class Followed(NamedTuple):
    """A dossier as the register has it, and when its station was last heard of.

    `behind` is how many records the station said it had and the city had not.
    """

    station: int
    dossier_no: str
    state: str
    last_contact_ms: int | None
    behind: int


class StationSummary(NamedTuple):
    """One row of the overview; counts of records unless said otherwise.

    `behind` is what the station had at its last HELLO and the city had not.
    """

    station: int
    last_contact_ms: int | None
    stored: int
    entered: int
    dossiers: int
    problems: tuple[tuple[str, int], ...]
    archived: int = 0
    behind: int = 0

    @property
    def pending(self) -> int:
        """Stored but not entered yet."""
        return self.stored - self.entered


class Gauges(NamedTuple):
    """The archive as a whole: counts of records, or of items; milliseconds since 1970 UTC."""

    stored: int
    opened: int
    archived: int
    oldest_unopened_ms: int | None
    parked: int
    oldest_parked_ms: int | None
    quarantined: int
    quarantined_bytes: int
    oldest_unarchived_ms: int | None = None


class Watermark(NamedTuple):
    """How far a log is opened, and how far it is in a verified backup."""

    lid: bytes
    size: int
    opened: int
    archived: int
    node_id: bytes
    station: int


class LogTimes(NamedTuple):
    """One log on its station's time line. `number` is the order in which logs were opened."""

    lid: bytes
    number: int
    boot_id: bytes | None
    parent_lid: bytes | None
    anchors: Sequence[Anchor]


class ExportedBatch(NamedTuple):
    """A stored batch with where it belongs and what became of its records.

    `opened` is the log's; records below it without a verdict are entered.
    """

    station: int
    node_id: bytes
    lid: bytes
    opened: int
    batch: StoredBatch
    verdicts: Mapping[int, VerdictCode]

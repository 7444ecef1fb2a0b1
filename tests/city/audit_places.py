"""A city's export for auditors to look at: keysets, certificates, batches; and how to forge it."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey

from sync.city.audit.shell import Export, Question, audit
from sync.city.audit.values import Report, Rule
from sync.city.backup.form import (
    BatchRow,
    LogMark,
    Manifest,
    Range,
    Row,
    Segment,
    ShelfRow,
    encode_row,
    write_manifest,
    write_segment,
)
from sync.city.receiving.opening import BodyKeys, unpack
from sync.city.trust.keysets import KEYSETS
from sync.city.trust.stations import STATIONS, StationFile, pack_station, station_name
from sync.dictionary import DICTIONARIES
from sync.protocol.certificate import StationCertificate, sign_certificate
from sync.protocol.keyset import Keyset, root_hash, sign_keyset
from sync.protocol.receipt import Receipt, sign_receipt
from tests.city.station import HARDWARE, Log, SimulatedStation

MADE_MS = 1_795_300_000_000
GENERATION = b"generati"


def signing(seed: int) -> Ed25519PrivateKey:
    return Ed25519PrivateKey.from_private_bytes(bytes([seed]) * 32)


def raw(key: Ed25519PrivateKey | X25519PrivateKey) -> bytes:
    return key.public_key().public_bytes_raw()


@dataclass
class PaperCity:
    """The city's keys."""

    seed: int = 1
    city_id: bytes = b"CITYCITY"

    @property
    def roots(self) -> list[Ed25519PrivateKey]:
        return [signing(self.seed + offset) for offset in (100, 101, 102)]

    @property
    def ca(self) -> Ed25519PrivateKey:
        return signing(self.seed + 50)

    @property
    def receipt_key(self) -> Ed25519PrivateKey:
        return signing(self.seed + 60)

    @property
    def encryption(self) -> X25519PrivateKey:
        return X25519PrivateKey.from_private_bytes(bytes([self.seed + 70]) * 32)

    @property
    def root_hash(self) -> bytes:
        return root_hash(raw(root) for root in self.roots)

    def keyset(self, version: int = 1) -> Keyset:
        return Keyset(
            city_id=self.city_id,
            version=version,
            root_keys=tuple(raw(root) for root in self.roots),
            threshold=2,
            ca_keys=(raw(self.ca),),
            receipt_keys=(raw(self.receipt_key),),
            feed_keys=(raw(signing(self.seed + 61)),),
            encryption_keys=(raw(self.encryption),),
        )

    def message(self, version: int = 1, signatures: int = 2) -> bytes:
        return sign_keyset(self.keyset(version), self.roots[:signatures])

    def certificate(
        self,
        station: SimulatedStation,
        ca: Ed25519PrivateKey | None = None,
        not_after_ms: int | None = None,
    ) -> bytes:
        certificate = StationCertificate(
            *(self.city_id, station.node_id, station.code, raw(station.signing_key)),
            *(raw(station.encryption_key), HARDWARE, 1, not_after_ms),
        )
        return sign_certificate(certificate, ca or self.ca)

    def receipt(self, log: Log, size: int, root: bytes | None = None, **more: int) -> bytes:
        receipt = Receipt(
            city_id=self.city_id,
            generation=GENERATION,
            lid=log.lid,
            size=size,
            root=log.root(size) if root is None else root,
            archived=more.get("archived", 0),
            applied=0,
            city_time_ms=more.get("city_time_ms", MADE_MS),
            batch=None,
            statuses=(),
            receipt_number=1,
            nonce=None,
        )
        return sign_receipt(receipt, self.receipt_key)

    @property
    def keys(self) -> BodyKeys:
        return BodyKeys(lambda _: self.encryption, DICTIONARIES.get)


@dataclass
class Paper:
    """An export in memory, which tests change before it is written."""

    city: PaperCity = field(default_factory=PaperCity)
    batches: list[BatchRow] = field(default_factory=list)
    state: list[Row] = field(default_factory=list)
    marks: dict[bytes, LogMark] = field(default_factory=dict)
    effects: int = 0

    def add_station(self, station: SimulatedStation, certificate: bytes | None = None) -> None:
        message = certificate or self.city.certificate(station)
        content = pack_station(StationFile(message, "Trạm"))
        self.state.append(ShelfRow(STATIONS, station_name(station.node_id), content))

    def add_keyset(self, message: bytes | None = None, version: int = 1) -> None:
        self.state.append(ShelfRow(KEYSETS, str(version), message or self.city.message(version)))

    def add_log(self, station: SimulatedStation, log: Log, cuts: Iterable[int]) -> None:
        """The log in batches that end at these sizes and at its own."""
        first = 0
        for end in [*cuts, log.size]:
            self.add_batch(station, log, first, end)
            first = end
        self.marks[log.lid] = LogMark(
            *(log.lid, station.node_id, station.code, log.size, log.root(), log.size)
        )

    def add_batch(
        self, station: SimulatedStation, log: Log, first: int, end: int, *, own: int | None = None
    ) -> None:
        """Records `first` … `end` - 1; those before `own` came in another batch."""
        data = station.batch(self.city.encryption.public_key(), first, end - first, log=log)
        start = first if own is None else own
        self.batches.append(BatchRow(log.lid, start, end, MADE_MS - 1, data))

    def change(self, index: int, change: Callable[[bytes], bytes]) -> None:
        row = self.batches[index]
        self.batches[index] = row._replace(raw=change(row.raw))

    def write(self, folder: Path, rows_in_segment: int = 2) -> Manifest:
        folder.mkdir(exist_ok=True)
        segments: list[Segment] = []
        pieces = [encode_row(row) for row in self.batches]
        for at in range(0, len(pieces), rows_in_segment):
            part = pieces[at : at + rows_in_segment]
            segments.append(write_segment(folder, len(segments) + 1, part, state=False))
        state = [encode_row(row) for row in self.state]
        segments.append(write_segment(folder, len(segments) + 1, state, state=True))
        effects = Range(self.effects, self.effects)
        manifest = Manifest(
            *(len(segments) + 1, self.city.city_id, GENERATION, MADE_MS, tuple(segments)),
            *(tuple(self.marks.values()), effects, Range(0, 0), 0),
        )
        write_manifest(folder, manifest)
        return manifest

    def audit(self, *, opened: bool = False, receipts: Sequence[bytes] = ()) -> Report:
        with TemporaryDirectory() as name:
            self.write(Path(name))
            return self.ask(Path(name), opened=opened, receipts=receipts)

    def ask(self, folder: Path, *, opened: bool = False, receipts: Sequence[bytes] = ()) -> Report:
        keys = self.city.keys if opened else None
        question = Question(Export(folder), self.city.root_hash, None, keys, receipts)
        return audit(question, lambda _done, _total: None)


def three_logs() -> tuple[Paper, list[SimulatedStation]]:
    """Two stations, three logs of which one goes on another, seven batches."""
    paper = Paper()
    first, second = SimulatedStation(1), SimulatedStation(2, code=26561)
    paper.add_keyset()
    for station in (first, second):
        paper.add_station(station)
        station.append_many(9)
    first.open_log()
    first.append_many(5)
    paper.add_log(first, first.logs[0], [3, 7])
    paper.add_log(first, first.logs[1], [2])
    paper.add_log(second, second.log, [4])
    paper.effects = 23
    return paper, [first, second]


def rules(report: Report) -> set[Rule]:
    return {finding.rule for finding in report.findings}


def flip(data: bytes, bit: int) -> bytes:
    changed = bytearray(data)
    changed[bit // 8 % len(data)] ^= 1 << bit % 8
    return bytes(changed)


def body_offset(data: bytes) -> int:
    """Where the body of a batch begins."""
    return len(data) - len(unpack(data).body)

"""The city of a simulation: the real desk and archive, in memory."""

import contextlib
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from importlib.resources import files
from typing import NamedTuple, cast

import msgspec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey

from sync.city.archive import kept
from sync.city.archive.port import StoredBatch
from sync.city.archive.sqlite import OWNER, SqliteArchive
from sync.city.feeds.desk import FeedReader
from sync.city.metrics import Metrics
from sync.city.problems import TYPE_PREFIX, Refused
from sync.city.receiving import desk as counter
from sync.city.receiving.desk import Desk
from sync.city.receiving.opening import read_stored
from sync.city.receiving.returning import own_records
from sync.city.trust.identity import CityIdentity
from sync.city.trust.stations import StationDirectory
from sync.daemon.answers import Answer
from sync.protocol.batch import MEDIA_TYPE, SignedBatch, open_batch
from sync.protocol.custody import CustodyReason
from sync.protocol.errors import ProtocolError
from sync.protocol.problems import HTTP_STATUS, PROBLEM_MEDIA_TYPE, Problem
from sync.protocol.seal import encryption_key_id
from tests.simulators.virtual import Memory, QuickKey

CITY_ID = b"SIMCITY!"
START_MS = 1_795_000_000_000
METRICS = Metrics()
EXECUTOR = ThreadPoolExecutor(1)
"""Asked for by name only: the virtual loop does at once what it is given for one."""
CITY_SECRET = X25519PrivateKey.from_private_bytes(b"\x03" * 32)
CITY_PUBLIC = CITY_SECRET.public_key()
CITY_KEY_ID = encryption_key_id(CITY_PUBLIC)
STATION_SECRET = X25519PrivateKey.from_private_bytes(b"\x04" * 32)
STATION_PUBLIC = STATION_SECRET.public_key().public_bytes_raw()
ARCHIVE = {OWNER: files("sync.city.archive") / "migrations"}


class Enrolled(NamedTuple):
    """A station as the desk asks about it."""

    node_id: bytes
    code: int
    kid: bytes
    key: Ed25519PublicKey
    not_after_ms: int | None = None


@dataclass
class Directory:
    """Who is enrolled, and whose key is revoked just now."""

    by_kid: dict[bytes, Enrolled] = field(default_factory=dict)
    revoked: set[bytes] = field(default_factory=set)

    def find(self, kid: bytes) -> Enrolled | None:
        return self.by_kid.get(kid)

    def find_key(self, kid: bytes) -> Ed25519PublicKey | None:
        station = self.by_kid.get(kid)
        return None if station is None else station.key

    def standing(
        self, kid: bytes, lid: bytes, first: int, now_ms: int, *, count: int
    ) -> CustodyReason | None:
        del lid, first, now_ms, count
        return CustodyReason.REVOKED if kid in self.revoked else None

    def all(self) -> list[Enrolled]:
        return list(self.by_kid.values())

    async def look_for_stranger(self) -> None:
        """There is no shelf to look at."""


class _Version(NamedTuple):
    version: int = 1


class _Signed(NamedTuple):
    keyset: _Version = _Version()


@dataclass(frozen=True)
class Identity:
    """The city's keys as the desk asks for them."""

    receipt_key: QuickKey
    city_id: bytes = CITY_ID
    keyset: _Signed = field(default_factory=_Signed)

    def find_encryption_key(self, kid: bytes) -> X25519PrivateKey | None:
        return CITY_SECRET if kid == CITY_KEY_ID else None


class City:
    """One city process, its database, its backups."""

    def __init__(self, clock_s: Callable[[], float]) -> None:
        self._clock_s = clock_s
        self.memory = Memory(ARCHIVE)
        self.directory = Directory()
        self.key = QuickKey(b"city")
        self.backup: bytes | None = None
        self.issued: set[bytes] = set()
        self.unread: set[bytes] = set()
        """Commands that this release of the city cannot read."""
        self._read: dict[tuple[bytes, int], frozenset[bytes]] = {}
        self.spoilt: set[tuple[bytes, int]] = set()
        """Places, log and sequence, where whatever stands cannot be read."""
        self.desk = self._open()

    def now_ms(self) -> int:
        """The city's clock is right."""
        return START_MS + int(self._clock_s() * 1000)

    def _open(self) -> Desk:
        (generation,) = self.memory.raw.execute("SELECT generation FROM city").fetchone()
        self.archive = SqliteArchive(
            self.memory.as_writer(), self.memory.as_reader(), bytes(generation)
        )
        return Desk(
            archive=self.archive,
            stations=cast("StationDirectory", self.directory),
            identity=cast("CityIdentity", Identity(self.key)),
            metrics=METRICS,
            clock_ms=self.now_ms,
            executor=EXECUTOR,
        )

    def restart(self) -> None:
        """A new process on the same database."""
        self.desk = self._open()

    async def ask(self, path: str, body: bytes) -> Answer:
        """The answer as it leaves the city."""
        try:
            said = await self._route(path, body)
        except Refused as refused:
            problem = refused.problem
            details = {"type": TYPE_PREFIX + problem.value}
            text = msgspec.json.encode(details)
            return Answer(HTTP_STATUS[problem], PROBLEM_MEDIA_TYPE, "1", text, 0.1)
        if said is None:
            return Answer(204, "", "", b"", 0.1)
        self.issued.add(said)
        return Answer(200, MEDIA_TYPE, "", said, 0.1)

    async def _route(self, path: str, body: bytes) -> bytes | None:
        if path == "/v1/hello":
            return await counter.greet(self.desk, body)
        if path == "/v1/batches":
            return await self._accept(body)
        if not path.startswith("/v1/logs/"):
            raise Refused(Problem.NOT_FOUND)
        lid, _, first = path.removeprefix("/v1/logs/").partition("?from=")
        return await self._return(bytes.fromhex(lid), int(first))

    async def _accept(self, body: bytes) -> bytes:
        """As the desk does it; what cannot be read is kept aside with the city's word."""
        checked = await self.desk.checker.check(body)
        if checked.aside is None and self._stumbles(checked.signed):
            reason = CustodyReason.UNREADABLE
            return await counter._set_aside(self.desk, body, checked.signed, reason)
        return await counter.accept(self.desk, body)

    def _stumbles(self, signed: SignedBatch) -> bool:
        if not self.unread and not self.spoilt:
            return False
        try:
            entries = open_batch(signed, **self.desk.keys._asdict())
        except ProtocolError:
            return False  # the desk has its own word for it
        lid, first = signed.header.lid, signed.header.first
        return any(
            entry.record.eid in self.unread or (lid, sequence) in self.spoilt
            for sequence, entry in enumerate(entries, first)
            if entry.record is not None
        )

    async def _return(self, lid: bytes, first: int) -> bytes | None:
        """Own records on their way back; only who asks is taken from the log, not from TLS."""
        row = self.memory.raw.execute(
            "SELECT node_id, station FROM log WHERE lid = ?", (lid,)
        ).fetchone()
        if row is None:
            return None
        reader = FeedReader(row[0], row[1], STATION_PUBLIC)
        return await own_records(self.desk, reader, lid, first)

    async def open_some(self) -> None:
        """One turn of the background."""
        while await self.desk.opener.open_some():
            pass

    async def back_up(self) -> None:
        """Copy, verify, and only then promise: as the backup job does."""
        image = self.memory.image()
        marks = {mark.lid: mark.opened for mark in await self.archive.watermarks()}
        self.backup = image
        await self.archive.set_archived(marks)

    async def restore(self) -> None:
        """The primary storage burns; the backup becomes the city, under a new generation."""
        if self.backup is None:
            return
        self.memory.restore(self.backup)
        self.restart()
        await self.archive.renew()

    def entered(self) -> Mapping[bytes, int]:
        """Command id → how many effects it has had (0: claimed, but without an effect)."""
        rows = self.memory.raw.execute("SELECT dossier_id, events FROM register_dossier")
        return {bytes(row[0]): int(row[1]) for row in rows}

    def stored_ids(self) -> set[bytes]:
        """Command ids in every stored batch, opened or not."""
        found: set[bytes] = set()
        with contextlib.suppress(LookupError):
            for lid, node_id, size in self.memory.raw.execute("SELECT lid, node_id, size FROM log"):
                found |= self._ids_of(bytes(lid), bytes(node_id), int(size))
        return found

    def _ids_of(self, lid: bytes, node_id: bytes, size: int) -> set[bytes]:
        ids: set[bytes] = set()
        at = 0
        while at < size:
            batch = kept.batch_at(self.memory.raw, node_id, lid, at)
            if batch is None:
                break
            ids |= self._commands_of(batch)
            at = batch.end
        return ids

    def _commands_of(self, batch: StoredBatch) -> frozenset[bytes]:
        """A batch never changes, so that each is opened for the oracle once."""
        key = (batch.raw, batch.start)
        found = self._read.get(key)
        if found is None:
            found = frozenset[bytes]()
            with contextlib.suppress(Exception):
                found = frozenset(
                    entry.record.eid
                    for entry in read_stored(batch, self.desk.keys)
                    if entry.record and entry.record.kind == 16
                )
            self._read[key] = found
        return found


def recipient() -> X25519PublicKey:
    """What stations seal for."""
    return CITY_PUBLIC

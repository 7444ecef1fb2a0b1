"""The enrolled stations: certificates and revocations on the shelf, and an index of them in memory.

Responsible for: finding a station by the id of a key, also one enrolled, changed, revoked or
removed while the server runs, and saying whether what a key signed still counts. Rules: only what
a CA key of the keyset signed is believed; an earlier key of a station stays good until it is
revoked; a revocation is a place in a log, so that it needs no clock. `find` and `standing` may be
called from several threads and never wait. It must not know batches or HTTP.
"""

import asyncio
from collections.abc import Iterator, Mapping, Sequence
from typing import Final, NamedTuple

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from sync.city.shelf import Shelf
from sync.city.trust.identity import CityIdentity
from sync.protocol.canonical import Value, decode, encode
from sync.protocol.certificate import StationCertificate, verify_certificate
from sync.protocol.cose import FindKey, public_key, raw_key_id, signer
from sync.protocol.custody import CustodyReason
from sync.protocol.errors import ProtocolError
from sync.protocol.fields import ControlMap, any_bytes, array
from sync.protocol.keyset import keys_by_id
from sync.protocol.revocation import Revocation, covers, verify_revocation

STATIONS: Final = "stations"
REVOCATIONS: Final = "revocations"
SUFFIX: Final = ".cbor"
MAXIMUM_CERTIFICATES: Final = 64
"""Kept of one station: the one in use and the earlier ones whose batches may still come."""

LOOK_S: Final = 1.0
"""Between two looks at the shelf: so soon a revocation holds everywhere."""
STRANGER_LOOK_S: Final = 0.2
"""For an unknown key the shelf is looked at at once, but not more often than this."""

_CERTIFICATE: Final = 1
_NAME: Final = 2
_EARLIER: Final = 3
_KEYS: Final = frozenset({_CERTIFICATE, _NAME, _EARLIER})


class Station(NamedTuple):
    """An enrolled station under one of its keys; `name` may be empty.

    `not_after_ms` counts from 1970 UTC. `current` is false for a key it used before.
    """

    node_id: bytes
    code: int
    name: str
    kid: bytes
    key: Ed25519PublicKey
    not_after_ms: int | None
    certificate: StationCertificate
    current: bool = True


class StationFile(NamedTuple):
    """What lies on the shelf: the signed certificate in use, the earlier ones, the name."""

    certificate: bytes
    name: str
    earlier: tuple[bytes, ...] = ()


class _Seen(NamedTuple):
    stations: Mapping[str, str]
    revocations: Mapping[str, str]
    ca_keys: tuple[bytes, ...]


class _Index(NamedTuple):
    by_kid: Mapping[bytes, Station]
    by_node: Mapping[bytes, Station]
    revoked: Mapping[bytes, Sequence[Revocation]]


_NOTHING: Final = _Index({}, {}, {})


class _Checks:
    """Signatures that were checked under these CA keys: each certificate once."""

    def __init__(self, ca_keys: tuple[bytes, ...]) -> None:
        self.find_ca = keys_by_id(ca_keys)
        self._known: dict[bytes, StationCertificate | None] = {}

    def certificate(self, message: bytes) -> StationCertificate | None:
        """The certificate in a message; None when no CA key of the city's signed it."""
        if message not in self._known:
            try:
                self._known[message] = verify_certificate(message, self.find_ca)
            except ProtocolError:
                self._known[message] = None
        return self._known[message]


def format_code(code: int) -> str:
    """A station's administrative code as people write it: five digits or more."""
    return f"{code:05}"


class StationDirectory:
    """The stations on the shelf as they were at the last look; `refresh` looks."""

    def __init__(self, shelf: Shelf, identity: CityIdentity) -> None:
        self._shelf = shelf
        self._identity = identity
        self._lock = asyncio.Lock()
        self._index = _NOTHING
        self._seen: _Seen | None = None
        self._checks = _Checks(())
        self._looked_s = float("-inf")
        self._files: dict[str, tuple[str, StationFile]] = {}
        self._notes: dict[str, tuple[str, bytes]] = {}

    def find(self, kid: bytes) -> Station | None:
        """The station that has or had the signing key with this id."""
        return self._index.by_kid.get(kid)

    def find_key(self, kid: bytes) -> Ed25519PublicKey | None:
        """The public key with this id, for verifying a signature."""
        station = self.find(kid)
        return None if station is None else station.key

    def find_node(self, node_id: bytes) -> Station | None:
        """The station under the key in use, unless that key is revoked."""
        index = self._index
        station = index.by_node.get(node_id)
        return None if station is None or index.revoked.get(station.kid) else station

    def any_node(self, node_id: bytes) -> Station | None:
        """The station under the key in use, also when that key is revoked."""
        return self._index.by_node.get(node_id)

    def revoked(self, kid: bytes) -> bool:
        """Whether there is a revocation of this key, from whatever place on."""
        return bool(self._index.revoked.get(kid))

    def keys_of(self, code: int) -> list[Station]:
        """Every key, earlier ones too, of the stations with this code."""
        return [station for station in self._index.by_kid.values() if station.code == code]

    def signed_by(self, kid: bytes) -> int:
        """How many certificates and revocations count only because of this CA key."""
        notes = [note for _, note in self._notes.values()]
        messages = [
            message
            for _, file in self._files.values()
            for message in (file.certificate, *file.earlier)
        ]
        return sum(_signer_of(message) == kid for message in (*messages, *notes))

    def all(self) -> list[Station]:
        """Every enrolled station under the key in use, by code."""
        return sorted(self._index.by_node.values(), key=lambda station: station.code)

    def standing(
        self, kid: bytes, lid: bytes, first: int, now_ms: int, *, count: int
    ) -> CustodyReason | None:
        """Why `count` records of log `lid` from `first` on, signed by this key, do not count now.

        None when they do. A batch that begins before the end of what counts and goes beyond it
        does not count: who holds a stolen key could put anything behind a known record.
        """
        index = self._index
        if any(covers(one, lid, first, count) for one in index.revoked.get(kid, ())):
            return CustodyReason.REVOKED
        station = index.by_kid.get(kid)
        if station and station.not_after_ms is not None and station.not_after_ms <= now_ms:
            return CustodyReason.EXPIRED
        return None

    async def refresh(self) -> None:
        """Look at the shelf. Raises ArchiveError; the last look counts on then."""
        async with self._lock:
            await self._look()

    async def look_for_stranger(self) -> None:
        """Look at the shelf because of an unknown key, unless that was done just now."""
        async with self._lock:
            if asyncio.get_running_loop().time() - self._looked_s >= STRANGER_LOOK_S:
                await self._look()

    async def _look(self) -> None:
        self._looked_s = asyncio.get_running_loop().time()
        now = _Seen(
            await self._shelf.list(STATIONS),
            await self._shelf.list(REVOCATIONS),
            self._identity.keyset.keyset.ca_keys,
        )
        if now == self._seen:
            return
        self._files = await self._read_files(now.stations)
        self._notes = await self._read_notes(now.revocations)
        files = [file for _, file in self._files.values()]
        notes = [note for _, note in self._notes.values()]
        # Signatures are processor time; the loop belongs to other stations meanwhile.
        if self._seen is None or self._seen.ca_keys != now.ca_keys:
            self._checks = _Checks(now.ca_keys)
        self._index = await asyncio.to_thread(_make_index, files, notes, self._checks)
        self._seen = now

    async def _read_files(self, versions: Mapping[str, str]) -> dict[str, tuple[str, StationFile]]:
        found: dict[str, tuple[str, StationFile]] = {}
        for name, version in versions.items():
            known = self._files.get(name)
            if known is not None and known[0] == version:
                found[name] = known
                continue
            content = await self._shelf.read(STATIONS, name)
            file = None if content is None else read_content(content)
            if file is not None:
                found[name] = version, file
        return found

    async def _read_notes(self, versions: Mapping[str, str]) -> dict[str, tuple[str, bytes]]:
        found: dict[str, tuple[str, bytes]] = {}
        for name, version in versions.items():
            known = self._notes.get(name)
            if known is not None and known[0] == version:
                found[name] = known
                continue
            content = await self._shelf.read(REVOCATIONS, name)
            if content is not None:
                found[name] = version, content
        return found


def station_name(node_id: bytes) -> str:
    """The name of this station's content on the shelf."""
    return f"{node_id.hex()}{SUFFIX}"


def pack_station(file: StationFile) -> bytes:
    """The content for the shelf."""
    earlier: list[Value] = list(file.earlier[:MAXIMUM_CERTIFICATES])
    return encode({_CERTIFICATE: file.certificate, _NAME: file.name, _EARLIER: earlier})


def read_content(content: bytes) -> StationFile | None:
    """What `pack_station` packed; None when it cannot be read."""
    try:
        fields = ControlMap(decode(content), _KEYS)
        earlier = array(fields.value(_EARLIER), MAXIMUM_CERTIFICATES, "key 3")
        return StationFile(
            any_bytes(fields.value(_CERTIFICATE), "key 1"),
            fields.text(_NAME),
            tuple(any_bytes(one, "key 3") for one in earlier),
        )
    except ProtocolError:
        return None


def _make_index(files: Sequence[StationFile], notes: Sequence[bytes], checks: _Checks) -> _Index:
    by_kid: dict[bytes, Station] = {}
    by_node: dict[bytes, Station] = {}
    for file in files:
        for message in (*reversed(file.earlier), file.certificate):
            certificate = checks.certificate(message)
            if certificate is None:
                continue
            station = _station(certificate, file.name, current=message is file.certificate)
            by_kid[station.kid] = station
            if station.current:
                by_node[station.node_id] = station
    revoked: dict[bytes, list[Revocation]] = {}
    for note in _verified(notes, checks.find_ca):
        revoked.setdefault(note.kid, []).append(note)
    return _Index(by_kid, by_node, revoked)


def _signer_of(message: bytes) -> bytes | None:
    try:
        return signer(message)
    except ProtocolError:
        return None


def _verified(notes: Sequence[bytes], find_ca: FindKey) -> Iterator[Revocation]:
    for message in notes:
        try:
            yield verify_revocation(message, find_ca)
        except ProtocolError:
            continue


def _station(certificate: StationCertificate, name: str, *, current: bool) -> Station:
    return Station(
        certificate.node_id,
        certificate.station,
        name,
        raw_key_id(certificate.signing_key),
        public_key(certificate.signing_key),
        certificate.not_after_ms,
        certificate,
        current,
    )

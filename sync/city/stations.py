"""The enrolled stations, one signed certificate in one file each.

Responsible for: finding a station by the id of its key, also one enrolled, changed or removed while
the server runs. Rules: a file whose certificate the city's own key did not sign is passed over;
functions may be called from several threads. It must not know batches or HTTP.
"""

import threading
from pathlib import Path
from typing import Final, NamedTuple

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from sync.certificates import DIRECTORY_MODE, PUBLIC_MODE, write_whole
from sync.protocol.canonical import decode, encode
from sync.protocol.cose import public_key, raw_key_id
from sync.protocol.enrolment import keys_by_id, verify_certificate
from sync.protocol.errors import ProtocolError
from sync.protocol.fields import ControlMap, any_bytes

SUFFIX: Final = ".cbor"
MAXIMUM_FILE_BYTES: Final = 64 << 10
_CERTIFICATE: Final = 1
_NAME: Final = 2
_KEYS: Final = frozenset({_CERTIFICATE, _NAME})


class Station(NamedTuple):
    """An enrolled station; `name` may be empty; `not_after_ms` counts from 1970 UTC."""

    node_id: bytes
    code: int
    name: str
    kid: bytes
    key: Ed25519PublicKey
    not_after_ms: int | None


class _Version(NamedTuple):
    inode: int
    modified_ns: int


def format_code(code: int) -> str:
    """A station's administrative code as people write it: five digits or more."""
    return f"{code:05}"


class StationDirectory:
    """The stations in a folder, read again whenever an unknown key or a changed file turns up."""

    def __init__(self, folder: Path, city_key: bytes) -> None:
        """`city_key` is the raw public CA key that signed the certificates."""
        folder.mkdir(mode=DIRECTORY_MODE, parents=True, exist_ok=True)
        self._folder = folder
        self._find_city_key = keys_by_id([city_key])
        self._lock = threading.Lock()
        self._versions: dict[Path, _Version] = {}
        self._stations: dict[Path, Station] = {}
        self._paths: dict[bytes, Path] = {}

    def find(self, kid: bytes) -> Station | None:
        """The station whose current signing key has this id."""
        with self._lock:
            path = self._paths.get(kid)
            if path is None or _version(path) != self._versions[path]:
                self._refresh()
                path = self._paths.get(kid)
            return None if path is None else self._stations[path]

    def find_key(self, kid: bytes) -> Ed25519PublicKey | None:
        """The public key with this id, for verifying a signature."""
        station = self.find(kid)
        return None if station is None else station.key

    def all(self) -> list[Station]:
        """Every enrolled station, by code."""
        with self._lock:
            self._refresh()
            return sorted(self._stations.values(), key=lambda station: station.code)

    def _refresh(self) -> None:
        seen = {path: _version(path) for path in self._folder.glob(f"*{SUFFIX}")}
        for path, version in seen.items():
            if version is not None and self._versions.get(path) != version:
                self._load(path, version)
        for path in self._versions.keys() - seen.keys():
            self._versions.pop(path)
            self._stations.pop(path, None)
        self._paths = {station.kid: path for path, station in self._stations.items()}

    def _load(self, path: Path, version: _Version) -> None:
        self._versions[path] = version
        self._stations.pop(path, None)
        try:
            self._stations[path] = self._read(path)
        except (OSError, ProtocolError):
            return

    def _read(self, path: Path) -> Station:
        with path.open("rb") as file:
            fields = ControlMap(decode(file.read(MAXIMUM_FILE_BYTES)), _KEYS)
        signed = any_bytes(fields.value(_CERTIFICATE), "certificate")
        certificate = verify_certificate(signed, self._find_city_key)
        return Station(
            certificate.node_id,
            certificate.station,
            fields.text(_NAME),
            raw_key_id(certificate.signing_key),
            public_key(certificate.signing_key),
            certificate.not_after_ms,
        )


def station_path(folder: Path, node_id: bytes) -> Path:
    """The file of this station."""
    return folder / f"{node_id.hex()}{SUFFIX}"


def write_station(folder: Path, node_id: bytes, certificate: bytes, name: str) -> None:
    """Put a station's file in place; a running server picks it up at the next message."""
    folder.mkdir(mode=DIRECTORY_MODE, parents=True, exist_ok=True)
    content = encode({_CERTIFICATE: certificate, _NAME: name})
    write_whole(station_path(folder, node_id), content, mode=PUBLIC_MODE)


def _version(path: Path) -> _Version | None:
    try:
        status = path.stat()
    except OSError:
        return None
    return _Version(status.st_ino, status.st_mtime_ns)

"""Who this station is towards the city: its keys, its request, its enrolment.

Responsible for the files in the keys directory and for believing an enrolment: it must be signed,
for this node, this station code and this key. Only this process reads the private keys.
"""

import sqlite3
from importlib import metadata
from pathlib import Path
from typing import Final, NamedTuple

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey

from sync.certificates import DIRECTORY_MODE, PUBLIC_MODE, write_whole
from sync.daemon.settings import Settings, url_fault
from sync.database import DatabaseError, open_reader
from sync.journal import backlog
from sync.journal.backlog import Identity
from sync.keys import (
    KeyFileError,
    KeyFileFault,
    generate_encryption_key,
    generate_signing_key,
    load_encryption_key,
    load_signing_key,
)
from sync.protocol.enrolment import (
    Enrolment,
    StationRequest,
    fingerprint,
    keys_by_id,
    sign_request,
    verify_certificate,
    verify_enrolment,
)
from sync.protocol.errors import ProtocolError
from sync.protocol.limits import MAXIMUM_CONTROL_BYTES

SIGNING_KEY_FILE: Final = "signing.pem"
ENCRYPTION_KEY_FILE: Final = "encryption.pem"

NODE_MISSING: Final = "node_missing"
KEYS_MISSING: Final = "keys_missing"
ENROLMENT_MISSING: Final = "enrolment_missing"
ENROLMENT_INVALID: Final = "enrolment_invalid"
ENROLMENT_OTHER: Final = "enrolment_other_station"


class NotEnrolledError(Exception):
    """Something a person must do first; `code` is stable, the message one line with a remedy."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code


class Keys(NamedTuple):
    """The station's private keys."""

    signing: Ed25519PrivateKey
    encryption: X25519PrivateKey


class Credentials(NamedTuple):
    """All that is needed to talk to the city."""

    identity: Identity
    keys: Keys
    enrolment: Enrolment
    city_url: str


def ensure_keys(directory: Path) -> Keys:
    """The keys in `directory`, made now when missing (0600). Raises KeyFileError."""
    directory.mkdir(mode=DIRECTORY_MODE, parents=True, exist_ok=True)
    if not (directory / SIGNING_KEY_FILE).exists():
        generate_signing_key(directory / SIGNING_KEY_FILE)
    if not (directory / ENCRYPTION_KEY_FILE).exists():
        generate_encryption_key(directory / ENCRYPTION_KEY_FILE)
    return load_keys(directory)


def load_keys(directory: Path) -> Keys:
    """The keys in `directory`. Raises KeyFileError, also when others may read a file."""
    return Keys(
        load_signing_key(directory / SIGNING_KEY_FILE),
        load_encryption_key(directory / ENCRYPTION_KEY_FILE),
    )


async def read_node_identity(settings: Settings) -> Identity:
    """Who the node says it is. Raises NotEnrolledError when it never ran, or is another station."""
    path = settings.files.node_database
    if not path.exists():
        raise NotEnrolledError(NODE_MISSING, f"{path}: missing; start edge-node first")
    try:
        async with open_reader(path) as reader:
            identity = await reader.query(backlog.identity)
    except DatabaseError as error:
        message = f"{path}: {error.code}; start edge-node first"
        raise NotEnrolledError(NODE_MISSING, message) from None
    except sqlite3.OperationalError:
        raise NotEnrolledError(NODE_MISSING, f"{path}: empty; start edge-node first") from None
    if identity is None:
        raise NotEnrolledError(NODE_MISSING, f"{path}: no identity yet; start edge-node first")
    if identity.station_code != settings.station.code:
        raise NotEnrolledError(
            ENROLMENT_OTHER,
            f"station.code is {settings.station.code}, but {path} is of {identity.station_code}",
        )
    return identity


class Request(NamedTuple):
    """An enrolment request and the digits two people compare."""

    message: bytes
    fingerprint: str


def make_request(identity: Identity, keys: Keys) -> Request:
    """The signed request that a person carries to the city."""
    message = sign_request(
        StationRequest(
            node_id=identity.node_id,
            station=int(identity.station_code),
            signing_key=keys.signing.public_key().public_bytes_raw(),
            encryption_key=keys.encryption.public_key().public_bytes_raw(),
            hardware_id=identity.hardware_id,
            software=f"ward-edge-node {software_version()}",
        ),
        keys.signing,
    )
    return Request(message, fingerprint(message))


def write_request(path: Path, request: Request) -> None:
    """Put the request where the operator asked for it. Raises OSError."""
    write_whole(path, request.message, mode=PUBLIC_MODE)


def software_version() -> str:
    """The installed version, or "unknown" when run from a plain folder."""
    try:
        return metadata.version("ward-edge-node")
    except metadata.PackageNotFoundError:
        return "unknown"


async def read_credentials(settings: Settings) -> Credentials:
    """Everything needed to talk to the city. Raises NotEnrolledError or KeyFileError."""
    identity = await read_node_identity(settings)
    try:
        keys = load_keys(settings.files.keys_directory)
    except KeyFileError as error:
        if error.fault is not KeyFileFault.MISSING:
            raise
        raise NotEnrolledError(KEYS_MISSING, f"{error}; run edge-sync identity first") from None
    enrolment = read_enrolment(settings.files.enrolment)
    _check_ours(enrolment, identity, keys)
    city_url = settings.city.url or enrolment.city_url
    if fault := url_fault(city_url):
        raise NotEnrolledError(ENROLMENT_INVALID, f"the city's address {city_url!r} {fault}")
    return Credentials(identity, keys, enrolment, city_url)


def read_enrolment(path: Path) -> Enrolment:
    """The enrolment in a file, verified. Raises NotEnrolledError."""
    try:
        with path.open("rb") as file:
            message = file.read(MAXIMUM_CONTROL_BYTES + 1)
    except OSError as error:
        raise NotEnrolledError(ENROLMENT_MISSING, f"{path}: {error.strerror}") from None
    try:
        return verify_enrolment(message)
    except (ProtocolError, ValueError) as error:
        raise NotEnrolledError(ENROLMENT_INVALID, f"{path}: not an enrolment ({error})") from None


def _check_ours(enrolment: Enrolment, identity: Identity, keys: Keys) -> None:
    certificate = verify_certificate(enrolment.certificate, keys_by_id(enrolment.ca_keys))
    ours = (identity.node_id, int(identity.station_code))
    if (certificate.node_id, certificate.station) != ours:
        raise NotEnrolledError(ENROLMENT_OTHER, "the enrolment is for another station")
    if certificate.signing_key != keys.signing.public_key().public_bytes_raw():
        raise NotEnrolledError(ENROLMENT_OTHER, "the enrolment is for another key of this station")

"""Who this station is towards the city: its keys, its request, its enrolment.

Responsible for the files in the keys directory and for believing an enrolment: it must be signed,
for this node, this station code and this key. Only this process reads the private keys.
"""

import contextlib
import sqlite3
from collections.abc import Iterable
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
    credentials_directory,
    find_key_file,
    generate_encryption_key,
    generate_signing_key,
    load_encryption_key,
    load_signing_key,
    sync_folder,
)
from sync.protocol.enrolment import (
    Enrolment,
    StationCertificate,
    StationRequest,
    fingerprint,
    keys_by_id,
    sign_request,
    verify_certificate,
    verify_enrolment,
)
from sync.protocol.errors import ProtocolError
from sync.protocol.keyset import Keyset, verify_keyset
from sync.protocol.limits import MAXIMUM_CONTROL_BYTES, NONCE_BYTES

SIGNING_KEY_FILE: Final = "signing.pem"
ENCRYPTION_KEY_FILE: Final = "encryption.pem"
NEXT_SIGNING_KEY_FILE: Final = "signing-next.pem"
NEXT_ENCRYPTION_KEY_FILE: Final = "encryption-next.pem"
"""New keys while they are being introduced: in use as soon as the enrolment names them."""

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

    @property
    def public(self) -> tuple[bytes, bytes]:
        """The raw public halves, as a certificate names them."""
        return (
            self.signing.public_key().public_bytes_raw(),
            self.encryption.public_key().public_bytes_raw(),
        )


class Credentials(NamedTuple):
    """All that is needed to talk to the city."""

    identity: Identity
    keys: Keys
    enrolment: Enrolment
    city_url: str


def ensure_keys(directory: Path) -> Keys:
    """The keys in `directory`, made now when missing (0600). Raises KeyFileError."""
    return _ensure(directory, SIGNING_KEY_FILE, ENCRYPTION_KEY_FILE)


def ensure_next_keys(directory: Path) -> Keys:
    """The keys that come after those in use, made now when missing. Raises KeyFileError."""
    return _ensure(directory, NEXT_SIGNING_KEY_FILE, NEXT_ENCRYPTION_KEY_FILE)


def load_keys(directory: Path) -> Keys:
    """The keys in `directory`. Raises KeyFileError, also when others may read a file.

    A key that is not there may be lent by systemd under the same name.
    """
    return _load(directory, SIGNING_KEY_FILE, ENCRYPTION_KEY_FILE)


def load_certified_keys(directory: Path, certificate: StationCertificate) -> Keys:
    """The keys that the certificate names: a change may have been cut off after the enrolment.

    Raises KeyFileError, and NotEnrolledError when it names neither these nor the next ones.
    """
    certified = (certificate.signing_key, certificate.encryption_key)
    keys = load_keys(directory)
    if keys.public == certified:
        return keys
    for names in _AFTER_A_CUT:
        with contextlib.suppress(KeyFileError):
            keys = _load(directory, *names)
            if keys.public == certified:
                return keys
    raise NotEnrolledError(ENROLMENT_OTHER, "the enrolment is for another key of this station")


def settle_keys(directory: Path, certificate: StationCertificate) -> None:
    """Let the certified keys be the keys in use, and forget the ones before them.

    Safe to cut off anywhere: `load_certified_keys` finds them in each state between.
    """
    if load_certified_keys(directory, certificate).public == load_keys(directory).public:
        return
    signing, encryption = directory / NEXT_SIGNING_KEY_FILE, directory / NEXT_ENCRYPTION_KEY_FILE
    if encryption.exists():
        encryption.replace(directory / ENCRYPTION_KEY_FILE)
    if signing.exists():
        signing.replace(directory / SIGNING_KEY_FILE)
    sync_folder(directory)


_AFTER_A_CUT: Final = (
    (NEXT_SIGNING_KEY_FILE, NEXT_ENCRYPTION_KEY_FILE),
    (NEXT_SIGNING_KEY_FILE, ENCRYPTION_KEY_FILE),
)


def _ensure(directory: Path, signing: str, encryption: str) -> Keys:
    directory.mkdir(mode=DIRECTORY_MODE, parents=True, exist_ok=True)
    lent = credentials_directory()
    if not find_key_file(directory, signing, lent).exists():
        generate_signing_key(directory / signing)
    if not find_key_file(directory, encryption, lent).exists():
        generate_encryption_key(directory / encryption)
    return _load(directory, signing, encryption)


def _load(directory: Path, signing: str, encryption: str) -> Keys:
    lent = credentials_directory()
    return Keys(
        load_signing_key(find_key_file(directory, signing, lent)),
        load_encryption_key(find_key_file(directory, encryption, lent)),
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


class Proof(NamedTuple):
    """What makes a request count without two people: a code's secret, and a fresh nonce."""

    nonce: bytes
    secret: bytes | None = None


def make_request(identity: Identity, keys: Keys, proof: Proof | None = None) -> Request:
    """The signed request that is carried to the city, by a person or over the network."""
    proof = proof or Proof(bytes(NONCE_BYTES))
    message = sign_request(
        StationRequest(
            node_id=identity.node_id,
            station=int(identity.station_code),
            signing_key=keys.signing.public_key().public_bytes_raw(),
            encryption_key=keys.encryption.public_key().public_bytes_raw(),
            hardware_id=identity.hardware_id,
            software=f"ward-edge-node {software_version()}",
            nonce=proof.nonce,
        ),
        keys.signing,
        proof.secret,
    )
    return Request(message, fingerprint(message))


def write_enrolment(path: Path, message: bytes) -> None:
    """Put a verified enrolment in place, whole or not at all. Raises OSError."""
    write_whole(path, message, mode=PUBLIC_MODE)


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
    directory = settings.files.keys_directory
    try:
        load_keys(directory)
    except KeyFileError as error:
        if error.fault is not KeyFileFault.MISSING:
            raise
        raise NotEnrolledError(KEYS_MISSING, f"{error}; run edge-sync identity first") from None
    enrolment = read_enrolment(settings.files.enrolment)
    keys = load_certified_keys(directory, certificate_for(enrolment, identity))
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


def newest_keyset(enrolment: Enrolment, later: Iterable[bytes]) -> Keyset:
    """The keyset of the enrolment, or the last of the `later` ones that its roots handed on to."""
    keyset = enrolment.keyset.keyset
    for message in later:
        # Of an enrolment before this one, with another city or other roots: not for us.
        with contextlib.suppress(ProtocolError):
            keyset = verify_keyset(message, keyset)
    return keyset


def certificate_for(enrolment: Enrolment, identity: Identity) -> StationCertificate:
    """The certificate in an enrolment, when it is this station's. Raises NotEnrolledError."""
    certificate = verify_certificate(enrolment.certificate, keys_by_id(enrolment.ca_keys))
    ours = (identity.node_id, int(identity.station_code))
    if (certificate.node_id, certificate.station) != ours:
        raise NotEnrolledError(ENROLMENT_OTHER, "the enrolment is for another station")
    return certificate

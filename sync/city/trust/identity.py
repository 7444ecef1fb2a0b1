"""Who the city is: its id, its private keys and the keysets that name their public halves.

Responsible for: making them at the first start, loading them ever after, and taking over a newer
keyset while the server runs. Rules: a key that is lost is never replaced silently, because stations
hold its public half; of each role the first key in the keyset whose private half is here signs;
whatever an earlier encryption key sealed stays readable, also when the keyset names it no more. It
must not know stations or batches.
"""

from collections.abc import Mapping
from hashlib import sha256
from pathlib import Path
from typing import Final, NamedTuple

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey

from sync.certificates import DIRECTORY_MODE, PUBLIC_MODE, write_whole
from sync.city.trust import keyring
from sync.city.trust.ceremony import THRESHOLD, WORKING_ROLES, Role, keys_of, newest_for
from sync.city.trust.keyring import Ring
from sync.dictionary import DICTIONARIES
from sync.keys import KeyFileError, KeyFileFault, credentials_directory
from sync.protocol.cose import raw_key_id
from sync.protocol.enrolment import SignedKeyset
from sync.protocol.keyset import Keyset, sign_keyset, verify_keyset
from sync.protocol.limits import CITY_ID_BYTES

_ID_FILE: Final = "city-id"


class _Held(NamedTuple):
    """The keys at one moment; `signing` are those in use, by role."""

    published: tuple[SignedKeyset, ...]
    signing: Mapping[Role, Ed25519PrivateKey]
    encryption: X25519PrivateKey
    opening: Mapping[bytes, X25519PrivateKey]


class CityIdentity:
    """The city's id, the private keys that the server needs, and its signed keysets.

    The CA key signs certificates and revocations, the receipt key receipts, WELCOME and
    enrolments, the feed key feeds; bodies open with the encryption keys. Root keys are not here:
    nothing but a change of the keyset needs them. Properties may be read from several threads.
    """

    def __init__(self, directory: Path, city_id: bytes) -> None:
        """Raises KeyFileError when a key that is in use is not there."""
        self.directory = directory
        self.city_id = city_id
        self._held = _hold(directory)

    @property
    def keyset(self) -> SignedKeyset:
        """The newest keyset: what stations seal for and verify with."""
        return self._held.published[-1]

    @property
    def ca_key(self) -> Ed25519PrivateKey:
        """Signs certificates and revocations."""
        return self._held.signing[Role.CA]

    @property
    def receipt_key(self) -> Ed25519PrivateKey:
        """Signs receipts, WELCOME and enrolments."""
        return self._held.signing[Role.RECEIPT]

    @property
    def feed_key(self) -> Ed25519PrivateKey:
        """Signs feeds."""
        return self._held.signing[Role.FEED]

    @property
    def encryption_key(self) -> X25519PrivateKey:
        """Opens what stations seal now."""
        return self._held.encryption

    @property
    def ca_public(self) -> bytes:
        """The raw public key that new certificates are verified with, 32 bytes."""
        return self.ca_key.public_key().public_bytes_raw()

    @property
    def receipt_public(self) -> bytes:
        """The raw public receipt key, 32 bytes."""
        return self.receipt_key.public_key().public_bytes_raw()

    @property
    def encryption_public(self) -> bytes:
        """The raw public encryption key, 32 bytes."""
        return self.encryption_key.public_key().public_bytes_raw()

    @property
    def published(self) -> tuple[SignedKeyset, ...]:
        """Every keyset that ever held, oldest first."""
        return self._held.published

    def find_encryption_key(self, kid: bytes) -> X25519PrivateKey | None:
        """The private key that opens what was sealed for `kid`, however long ago."""
        return self._held.opening.get(kid)

    def keyset_after(self, version: int | None) -> bytes:
        """The keyset message for a station at `version`; see `ceremony.newest_for`."""
        return newest_for(self.published, version) or self.keyset.message

    def take_over(self, message: bytes) -> None:
        """Keep a newer keyset that enough roots signed, and use its keys from now on.

        Raises ProtocolError for one that may not follow, KeyFileError for a private key that is
        not here; the keys in use stay then.
        """
        keyset = verify_keyset(message, self.keyset.keyset)
        keyring.write_keyset(self.directory, SignedKeyset(message, keyset))
        self.renew()

    def renew(self) -> None:
        """Read the folder again. Raises KeyFileError; the keys in use stay then."""
        self._held = _hold(self.directory)


def ensure_identity(directory: Path, proposed_id: bytes) -> CityIdentity:
    """The identity in `directory`, made now when this is the first start.

    `proposed_id` is 8 random bytes, used only when there is no keyset yet. Raises KeyFileError,
    also when there is a keyset and a key in it is missing.
    """
    directory.mkdir(mode=DIRECTORY_MODE, parents=True, exist_ok=True)
    if not keyring.read_keysets(directory):
        _make_keys(directory, proposed_id)
    return load_identity(directory)


def load_identity(directory: Path) -> CityIdentity:
    """The identity in `directory`. Raises KeyFileError."""
    published = keyring.read_keysets(directory)
    if not published:
        raise KeyFileError(KeyFileFault.MISSING, directory / "keyset-1.cbor")
    city_id = published[-1].keyset.city_id
    # For people and for scripts; the keyset is what counts.
    if not (directory / _ID_FILE).exists():
        write_whole(directory / _ID_FILE, city_id.hex().encode() + b"\n", mode=PUBLIC_MODE)
    return CityIdentity(directory, city_id)


def _make_keys(directory: Path, city_id: bytes) -> None:
    """Keys, then the first keyset: until that is there, nobody has seen the keys."""
    assert len(city_id) == CITY_ID_BYTES
    keyring.remove_unpublished(directory)
    roots = keyring.make_roots(directory)
    public = {
        role: keyring.make_key(directory, role).public_key().public_bytes_raw()
        for role in WORKING_ROLES
    }
    keyset = Keyset(
        city_id=city_id,
        version=1,
        root_keys=tuple(root.public_key().public_bytes_raw() for root in roots),
        threshold=THRESHOLD,
        ca_keys=(public[Role.CA],),
        receipt_keys=(public[Role.RECEIPT],),
        feed_keys=(public[Role.FEED],),
        encryption_keys=(public[Role.ENCRYPTION],),
        dictionaries=tuple(
            (number, sha256(content).digest()) for number, content in sorted(DICTIONARIES.items())
        ),
    )
    keyring.write_keyset(directory, SignedKeyset(sign_keyset(keyset, roots), keyset))


def _hold(directory: Path) -> _Held:
    published = tuple(keyring.read_keysets(directory))
    ring = keyring.read_ring(directory, credentials_directory())
    keyset = published[-1].keyset
    in_use = {role: _in_use(directory, ring, keyset, role) for role in WORKING_ROLES}
    signing: dict[Role, Ed25519PrivateKey] = {
        role: ring.signing[role, kid] for role, kid in in_use.items() if role is not Role.ENCRYPTION
    }
    return _Held(published, signing, ring.encryption[in_use[Role.ENCRYPTION]], ring.encryption)


def _in_use(directory: Path, ring: Ring, keyset: Keyset, role: Role) -> bytes:
    """The id of the first key of the role that is at hand. Raises KeyFileError."""
    kids = [raw_key_id(raw) for raw in keys_of(keyset, role)]
    found = next((kid for kid in kids if ring.has(role, kid)), None)
    if found is None:
        raise KeyFileError(KeyFileFault.MISSING, keyring.expected_path(directory, role, kids[0]))
    return found

"""Who the city is: its id, its own private keys and the keyset that names their public halves.

Responsible for: making them at the first start and loading them ever after. A key that is lost is
never replaced silently: stations hold its public half. It must not know stations or batches.
"""

from hashlib import sha256
from pathlib import Path
from typing import Final, NamedTuple

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey

from sync.certificates import DIRECTORY_MODE, PUBLIC_MODE, write_whole
from sync.dictionary import DICTIONARIES
from sync.keys import (
    KeyFileError,
    KeyFileFault,
    generate_encryption_key,
    generate_signing_key,
    load_encryption_key,
    load_signing_key,
)
from sync.protocol.enrolment import SignedKeyset
from sync.protocol.errors import ProtocolError
from sync.protocol.keyset import Keyset, sign_keyset, verify_keyset
from sync.protocol.limits import CITY_ID_BYTES
from sync.protocol.seal import encryption_key_id


class CityIdentity(NamedTuple):
    """The city's id, the private keys that the server needs, and its signed keyset.

    The CA key signs certificates and revocations, the receipt key receipts, WELCOME and
    enrolments, the feed key feeds; bodies open with the encryption key. Root keys are not here:
    nothing but a change of the keyset needs them.
    """

    city_id: bytes
    ca_key: Ed25519PrivateKey
    receipt_key: Ed25519PrivateKey
    feed_key: Ed25519PrivateKey
    encryption_key: X25519PrivateKey
    keyset: SignedKeyset

    @property
    def ca_public(self) -> bytes:
        """The raw public key that certificates are verified with, 32 bytes."""
        return self.ca_key.public_key().public_bytes_raw()

    @property
    def receipt_public(self) -> bytes:
        """The raw public receipt key, 32 bytes."""
        return self.receipt_key.public_key().public_bytes_raw()

    @property
    def encryption_public(self) -> bytes:
        """The raw public encryption key, 32 bytes."""
        return self.encryption_key.public_key().public_bytes_raw()

    def find_encryption_key(self, kid: bytes) -> X25519PrivateKey | None:
        """The private key that opens what was sealed for `kid`."""
        known = encryption_key_id(self.encryption_key.public_key())
        return self.encryption_key if kid == known else None


ROOT_FILES: Final = ("root-1.pem", "root-2.pem", "root-3.pem")
"""The private roots; after the first start they belong on media that people keep apart."""
ROOT_THRESHOLD: Final = 2

_ID_FILE: Final = "city-id"
_CA_FILE: Final = "ca.pem"
_RECEIPT_FILE: Final = "receipt.pem"
_FEED_FILE: Final = "feed.pem"
_ENCRYPTION_FILE: Final = "encryption.pem"
_KEYSET_FILE: Final = "keyset.cbor"


def ensure_identity(directory: Path, proposed_id: bytes) -> CityIdentity:
    """The identity in `directory`, made now when this is the first start.

    `proposed_id` is 8 random bytes, used only when there is no id yet. Raises KeyFileError, also
    when the id is there and a key is missing.
    """
    directory.mkdir(mode=DIRECTORY_MODE, parents=True, exist_ok=True)
    id_path = directory / _ID_FILE
    if not id_path.exists():
        # The id is written last: until it is there, nobody has seen the keys.
        _make_keys(directory, proposed_id)
        write_whole(id_path, proposed_id.hex().encode() + b"\n", mode=PUBLIC_MODE)
    return load_identity(directory)


def load_identity(directory: Path) -> CityIdentity:
    """The identity in `directory`. Raises KeyFileError."""
    id_path = directory / _ID_FILE
    try:
        city_id = bytes.fromhex(id_path.read_text(encoding="ascii"))
    except FileNotFoundError:
        raise KeyFileError(KeyFileFault.MISSING, id_path) from None
    except (OSError, ValueError):
        raise KeyFileError(KeyFileFault.UNREADABLE, id_path) from None
    if len(city_id) != CITY_ID_BYTES:
        raise KeyFileError(KeyFileFault.UNREADABLE, id_path)
    return CityIdentity(
        city_id,
        load_signing_key(directory / _CA_FILE),
        load_signing_key(directory / _RECEIPT_FILE),
        load_signing_key(directory / _FEED_FILE),
        load_encryption_key(directory / _ENCRYPTION_FILE),
        _load_keyset(directory / _KEYSET_FILE),
    )


def _make_keys(directory: Path, city_id: bytes) -> None:
    signing = (*ROOT_FILES, _CA_FILE, _RECEIPT_FILE, _FEED_FILE)
    for name in (*signing, _ENCRYPTION_FILE):
        (directory / name).unlink(missing_ok=True)
    keys = {name: generate_signing_key(directory / name) for name in signing}
    public = {name: key.public_key().public_bytes_raw() for name, key in keys.items()}
    encryption = generate_encryption_key(directory / _ENCRYPTION_FILE)
    keyset = Keyset(
        city_id=city_id,
        version=1,
        root_keys=tuple(public[name] for name in ROOT_FILES),
        threshold=ROOT_THRESHOLD,
        ca_keys=(public[_CA_FILE],),
        receipt_keys=(public[_RECEIPT_FILE],),
        feed_keys=(public[_FEED_FILE],),
        encryption_keys=(encryption.public_key().public_bytes_raw(),),
        dictionaries=tuple(
            (number, sha256(content).digest()) for number, content in sorted(DICTIONARIES.items())
        ),
    )
    message = sign_keyset(keyset, [keys[name] for name in ROOT_FILES])
    write_whole(directory / _KEYSET_FILE, message, mode=PUBLIC_MODE)


def _load_keyset(path: Path) -> SignedKeyset:
    try:
        message = path.read_bytes()
        return SignedKeyset(message, verify_keyset(message))
    except FileNotFoundError:
        raise KeyFileError(KeyFileFault.MISSING, path) from None
    except (OSError, ProtocolError):
        raise KeyFileError(KeyFileFault.UNREADABLE, path) from None

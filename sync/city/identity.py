"""Who the city is: its id and its own private keys.

Responsible for: making both at the first start and loading them ever after. A key that is lost is
never replaced silently: stations hold its public half. It must not know stations or batches.
"""

from pathlib import Path
from typing import Final, NamedTuple

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey

from sync.certificates import DIRECTORY_MODE, PUBLIC_MODE, write_whole
from sync.keys import (
    KeyFileError,
    KeyFileFault,
    generate_encryption_key,
    generate_signing_key,
    load_encryption_key,
    load_signing_key,
)
from sync.protocol.limits import CITY_ID_BYTES
from sync.protocol.seal import encryption_key_id


class CityIdentity(NamedTuple):
    """The city's id and keys; the receipt key signs receipts, WELCOME and certificates."""

    city_id: bytes
    receipt_key: Ed25519PrivateKey
    encryption_key: X25519PrivateKey

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


_ID_FILE: Final = "city-id"
_RECEIPT_FILE: Final = "receipt.pem"
_ENCRYPTION_FILE: Final = "encryption.pem"


def ensure_identity(directory: Path, proposed_id: bytes) -> CityIdentity:
    """The identity in `directory`, made now when this is the first start.

    `proposed_id` is 8 random bytes, used only when there is no id yet. Raises KeyFileError, also
    when one key is there and another is missing.
    """
    directory.mkdir(mode=DIRECTORY_MODE, parents=True, exist_ok=True)
    id_path = directory / _ID_FILE
    if not id_path.exists():
        # The id is written last: until it is there, nobody has seen the keys.
        for name in (_RECEIPT_FILE, _ENCRYPTION_FILE):
            (directory / name).unlink(missing_ok=True)
        generate_signing_key(directory / _RECEIPT_FILE)
        generate_encryption_key(directory / _ENCRYPTION_FILE)
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
        load_signing_key(directory / _RECEIPT_FILE),
        load_encryption_key(directory / _ENCRYPTION_FILE),
    )

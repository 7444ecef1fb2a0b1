"""The city's private keys and its published keysets, in one folder of files.

Responsible for: names and modes of the files, finding the private half of a public key, taking the
roots away to be kept offline. Rules: a file is made once and never overwritten; the first key of a
role is `ROLE.pem`, a later one `ROLE-KEYID.pem`, so that both lie beside each other; keysets are
`keyset-VERSION.cbor`, and none is ever removed; systemd's credentials count as files of the folder.
It must not know what keys are used for.
"""

import os
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Final, NamedTuple, TypeAlias

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey

from sync.certificates import PUBLIC_MODE, write_whole
from sync.city.trust.ceremony import ROOTS, Role
from sync.keys import KeyFileError, KeyFileFault, load_encryption_key, load_signing_key, write_key
from sync.protocol.cose import raw_key_id
from sync.protocol.enrolment import SignedKeyset
from sync.protocol.errors import ProtocolError
from sync.protocol.keyset import verify_keyset
from sync.protocol.limits import MAXIMUM_CONTROL_BYTES

PrivateKey: TypeAlias = Ed25519PrivateKey | X25519PrivateKey

_KEY_FILE: Final = re.compile(r"(root|ca|receipt|feed|encryption)(-[0-9a-f]+)?\.pem")
_LENT_PREFIX: Final = "keys_"
"""What `LoadCredential=keys:FOLDER` puts before the name of each file."""
_KEYSET_FILE: Final = re.compile(r"keyset-([0-9]{1,18})\.cbor")


class Ring(NamedTuple):
    """The private keys at hand, by role and key id, and where each lies."""

    signing: Mapping[tuple[Role, bytes], Ed25519PrivateKey]
    encryption: Mapping[bytes, X25519PrivateKey]
    paths: Mapping[tuple[Role, bytes], Path]

    def has(self, role: Role, kid: bytes) -> bool:
        """Whether the private half is at hand."""
        return (role, kid) in self.paths

    def roots(self) -> dict[bytes, Ed25519PrivateKey]:
        """The root keys at hand, by key id."""
        return {kid: key for (role, kid), key in self.signing.items() if role is Role.ROOT}


def read_ring(directory: Path, credentials: Path | None = None) -> Ring:
    """Every private key in the folder and among the credentials. Raises KeyFileError."""
    signing: dict[tuple[Role, bytes], Ed25519PrivateKey] = {}
    encryption: dict[bytes, X25519PrivateKey] = {}
    paths: dict[tuple[Role, bytes], Path] = {}
    for role, path in _key_files(directory, credentials):
        if role is Role.ENCRYPTION:
            opening = load_encryption_key(path)
            kid = raw_key_id(opening.public_key().public_bytes_raw())
            encryption[kid] = opening
        else:
            key = load_signing_key(path)
            kid = raw_key_id(key.public_key().public_bytes_raw())
            signing[role, kid] = key
        paths[role, kid] = path
    return Ring(signing, encryption, paths)


def make_key(directory: Path, role: Role) -> PrivateKey:
    """A new key of a working role, on disk before it is returned. Raises KeyFileError."""
    key = X25519PrivateKey.generate() if role is Role.ENCRYPTION else Ed25519PrivateKey.generate()
    write_key(_free_path(directory, role, key), key)
    return key


def make_roots(directory: Path) -> list[Ed25519PrivateKey]:
    """New root keys, on disk before they are returned. Raises KeyFileError."""
    keys = [Ed25519PrivateKey.generate() for _ in range(ROOTS)]
    for number, key in enumerate(keys, 1):
        first = directory / f"{Role.ROOT}-{number}.pem"
        write_key(_named(directory, Role.ROOT, key) if first.exists() else first, key)
    return keys


def remove_unpublished(directory: Path) -> None:
    """Take away the keys of a first start that did not come to its keyset: nobody knows them."""
    for _, path in list(_key_files(directory, None)):
        path.unlink()


def expected_path(directory: Path, role: Role, kid: bytes) -> Path:
    """Where the file of a key that is missing should lie: for the message about it."""
    first = directory / f"{role}.pem"
    return directory / f"{role}-{kid.hex()}.pem" if first.exists() else first


def export_roots(directory: Path, target: Path, *, remove: bool) -> list[Path]:
    """Copy the root keys to `target` (a stick, a safe's disk) and read them back.

    With `remove` they are then taken out of the folder. Raises KeyFileError, OSError.
    """
    sources = [path for role, path in _key_files(directory, None) if role is Role.ROOT]
    if not sources:
        raise KeyFileError(KeyFileFault.MISSING, directory / f"{Role.ROOT}-1.pem")
    copies = []
    for source in sources:
        key, copy = load_signing_key(source), target / source.name
        write_key(copy, key)
        if load_signing_key(copy).private_bytes_raw() != key.private_bytes_raw():
            raise KeyFileError(KeyFileFault.UNREADABLE, copy)
        copies.append(copy)
    if remove:
        for source in sources:
            source.unlink()
    return copies


def read_keysets(directory: Path) -> list[SignedKeyset]:
    """The published keysets in the folder, oldest first. Raises KeyFileError for a damaged one."""
    found: list[SignedKeyset] = []
    for path in directory.glob("keyset-*.cbor"):
        match = _KEYSET_FILE.fullmatch(path.name)
        if match is None:
            continue
        try:
            message = path.read_bytes()[: MAXIMUM_CONTROL_BYTES + 1]
            found.append(SignedKeyset(message, verify_keyset(message)))
        except (OSError, ProtocolError):
            raise KeyFileError(KeyFileFault.UNREADABLE, path) from None
    return sorted(found, key=lambda one: one.keyset.version)


def write_keyset(directory: Path, signed: SignedKeyset) -> None:
    """Keep a verified keyset beside the keys. Raises OSError."""
    path = directory / f"keyset-{signed.keyset.version}.cbor"
    write_whole(path, signed.message, mode=PUBLIC_MODE)


def _key_files(directory: Path, credentials: Path | None) -> Iterator[tuple[Role, Path]]:
    """Files of the folder first; a credential of the same name is passed over."""
    seen: set[str] = set()
    for folder in (directory, credentials):
        for path in sorted(folder.iterdir()) if folder and folder.is_dir() else []:
            name = path.name.removeprefix(_LENT_PREFIX)
            match = _KEY_FILE.fullmatch(name)
            if match and name not in seen:
                seen.add(name)
                yield Role(match[1]), path


def _free_path(directory: Path, role: Role, key: PrivateKey) -> Path:
    first = directory / f"{role}.pem"
    return _named(directory, role, key) if os.path.lexists(first) else first


def _named(directory: Path, role: Role, key: PrivateKey) -> Path:
    kid = raw_key_id(key.public_key().public_bytes_raw())
    return directory / f"{role}-{kid.hex()}.pem"

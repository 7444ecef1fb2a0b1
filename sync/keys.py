"""Private keys in files: made once, readable by their owner only, loaded with clear errors.

Signing keys are Ed25519, encryption keys X25519, both as unencrypted PKCS #8 PEM. A file that
anybody else may read, that belongs to somebody else, or that is a link, is refused: it is no
longer known whose key it is. Key bytes never appear in an error.
"""

import os
import stat
from enum import StrEnum
from pathlib import Path
from typing import Final

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_pem_private_key,
)

MAXIMUM_KEY_FILE_BYTES: Final = 4096

_OTHERS: Final = 0o077
_STRANGERS: Final = stat.S_IRWXO
_OWNER_ONLY: Final = 0o600


class KeyFileFault(StrEnum):
    """What is wrong with a key file."""

    MISSING = "missing"
    EXISTS = "exists"
    NOT_A_FILE = "not_a_file"
    UNREADABLE = "unreadable"
    OWNER = "owner"
    PERMISSIONS = "permissions"
    NOT_A_KEY = "not_a_key"
    WRONG_KIND = "wrong_kind"


_EXPLANATIONS: Final = {
    KeyFileFault.MISSING: "there is no such file",
    KeyFileFault.EXISTS: "the file exists already and is never overwritten",
    KeyFileFault.NOT_A_FILE: "it is not a regular file",
    KeyFileFault.UNREADABLE: "this user may not read or write it",
    KeyFileFault.OWNER: "it belongs to another user",
    KeyFileFault.PERMISSIONS: "others may read it; run chmod 600",
    KeyFileFault.NOT_A_KEY: "it does not hold a private key in PEM form",
    KeyFileFault.WRONG_KIND: "it holds a private key of another kind",
}


class KeyFileError(Exception):
    """A key file that cannot be used; the message names the file and the remedy."""

    def __init__(self, fault: KeyFileFault, path: Path) -> None:
        self.fault = fault
        self.path = path
        super().__init__(f"key file {path}: {_EXPLANATIONS[fault]}")


def generate_signing_key(path: Path) -> Ed25519PrivateKey:
    """A new Ed25519 key, on disk before it is returned. Errors: EXISTS, MISSING (the folder)."""
    key = Ed25519PrivateKey.generate()
    write_key(path, key)
    return key


def generate_encryption_key(path: Path) -> X25519PrivateKey:
    """A new X25519 key, on disk before it is returned. Errors: EXISTS, MISSING (the folder)."""
    key = X25519PrivateKey.generate()
    write_key(path, key)
    return key


def load_signing_key(path: Path) -> Ed25519PrivateKey:
    """The Ed25519 key in a file."""
    key = _load(path)
    if not isinstance(key, Ed25519PrivateKey):
        raise KeyFileError(KeyFileFault.WRONG_KIND, path)
    return key


def load_encryption_key(path: Path) -> X25519PrivateKey:
    """The X25519 key in a file."""
    key = _load(path)
    if not isinstance(key, X25519PrivateKey):
        raise KeyFileError(KeyFileFault.WRONG_KIND, path)
    return key


def credentials_directory() -> Path | None:
    """Where systemd lends this service its credentials (`LoadCredential=`); None elsewhere."""
    name = os.environ.get("CREDENTIALS_DIRECTORY", "")
    return Path(name) if name else None


def find_key_file(directory: Path, name: str, credentials: Path | None = None) -> Path:
    """The file of a key: in `directory`, or lent as a credential of the same name."""
    path = directory / name
    lent = credentials / name if credentials else path
    return lent if lent.exists() and not os.path.lexists(path) else path


def write_key(path: Path, key: Ed25519PrivateKey | X25519PrivateKey) -> None:
    """Create the file with its content and its folder entry on disk, or not at all.

    Errors: EXISTS, MISSING (the folder).
    """
    pem = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    unfinished = path.with_name(f".{path.name}.unfinished")
    try:
        unfinished.unlink(missing_ok=True)
        flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
        with os.fdopen(os.open(unfinished, flags, _OWNER_ONLY), "wb") as file:
            file.write(pem)
            file.flush()
            os.fsync(file.fileno())
        # A hard link, unlike a rename, never replaces a key that is already there.
        os.link(unfinished, path)
        unfinished.unlink()
        sync_folder(path.parent)
    except FileExistsError:
        unfinished.unlink(missing_ok=True)
        raise KeyFileError(KeyFileFault.EXISTS, path) from None
    except OSError as error:
        raise KeyFileError(_fault_of(error), path) from error


def sync_folder(folder: Path) -> None:
    """Make the names in `folder` durable. Raises OSError."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _load(path: Path) -> object:
    pem = _read_private(path)
    try:
        return load_pem_private_key(pem, password=None)
    except (ValueError, TypeError):
        # TypeError: the key is encrypted. The library's text could quote the file: drop it.
        raise KeyFileError(KeyFileFault.NOT_A_KEY, path) from None


def _read_private(path: Path) -> bytes:
    """The bytes of a file that is its owner's alone, checked on the open file, not on its name."""
    try:
        # Non-blocking, so that a named pipe cannot hold the start of a service.
        descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
        with os.fdopen(descriptor, "rb") as file:
            _check_private(os.fstat(file.fileno()), path)
            return file.read(MAXIMUM_KEY_FILE_BYTES)
    except IsADirectoryError:
        raise KeyFileError(KeyFileFault.NOT_A_FILE, path) from None
    except OSError as error:
        fault = KeyFileFault.NOT_A_FILE if path.is_symlink() else _fault_of(error)
        raise KeyFileError(fault, path) from error


def _check_private(status: os.stat_result, path: Path) -> None:
    if not stat.S_ISREG(status.st_mode):
        raise KeyFileError(KeyFileFault.NOT_A_FILE, path)
    lent_by_root = status.st_uid == 0 != os.geteuid()
    if status.st_uid != os.geteuid() and not lent_by_root:
        raise KeyFileError(KeyFileFault.OWNER, path)
    # systemd 257 lends credentials as root's files, 0440 with an ACL for the service alone; the
    # ACL's mask then stands in the group bits.
    if status.st_mode & (_STRANGERS if lent_by_root else _OTHERS):
        raise KeyFileError(KeyFileFault.PERMISSIONS, path)


def _fault_of(error: OSError) -> KeyFileFault:
    if isinstance(error, FileNotFoundError):
        return KeyFileFault.MISSING
    return KeyFileFault.UNREADABLE

"""Copies of attachments that officers may look at, readable by this running program only.

Responsible for files sealed with AES-256-GCM under a key that is drawn at the start and lives in
memory alone. Rules: what the city is sent is sealed for the city, and no key on the disk opens
anything; after a restart, or on a stolen disk, the copies are noise, so a start removes them; a
copy that cannot be kept is no failure. It must not know dossiers.
"""

import os
import secrets
from collections import OrderedDict
from pathlib import Path
from typing import Final

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

FOLDER: Final = "viewing"
FILE_MODE: Final = 0o600
FOLDER_MODE: Final = 0o700
KEY_BITS: Final = 256
NONCE_BYTES: Final = 12
MAXIMUM_BYTES: Final = 512 << 20
"""All copies together; the oldest goes first."""


class ViewingCopies:
    """The copies of one run of the program, by the digest of what was sealed for the city."""

    def __init__(self) -> None:
        self._cipher = AESGCM(AESGCM.generate_key(KEY_BITS))
        self._sizes: OrderedDict[bytes, int] = OrderedDict()

    @property
    def digests(self) -> tuple[bytes, ...]:
        """What there are copies of, the oldest first."""
        return tuple(self._sizes)

    def keep(self, vault: Path, digest: bytes, content: bytes) -> bool:
        """Keep a copy beside the sealed files in `vault`; False when it could not be."""
        nonce = secrets.token_bytes(NONCE_BYTES)
        sealed = nonce + self._cipher.encrypt(nonce, content, digest)
        path = _path(vault, digest)
        try:
            path.parent.mkdir(mode=FOLDER_MODE, exist_ok=True)
            descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, FILE_MODE)
            with os.fdopen(descriptor, "wb") as file:
                file.write(sealed)
        except OSError:
            return False
        self._sizes[digest] = len(sealed)
        while sum(self._sizes.values()) > MAXIMUM_BYTES:
            self.forget(vault, next(iter(self._sizes)))
        return True

    def has(self, digest: bytes) -> bool:
        """Whether there is a copy."""
        return digest in self._sizes

    def read(self, vault: Path, digest: bytes) -> bytes | None:
        """The content; None when there is no copy, or its file was changed."""
        if digest not in self._sizes:
            return None
        try:
            sealed = _path(vault, digest).read_bytes()
            return self._cipher.decrypt(sealed[:NONCE_BYTES], sealed[NONCE_BYTES:], digest)
        except (OSError, InvalidTag, ValueError):
            return None

    def forget(self, vault: Path, digest: bytes) -> None:
        """Remove a copy."""
        self._sizes.pop(digest, None)
        _path(vault, digest).unlink(missing_ok=True)

    def clear(self, vault: Path) -> None:
        """At the start: remove what an earlier run left."""
        folder = vault.parent / FOLDER
        for path in folder.iterdir() if folder.is_dir() else ():
            path.unlink(missing_ok=True)
        self._sizes.clear()


def _path(vault: Path, digest: bytes) -> Path:
    return vault.parent / FOLDER / digest.hex()

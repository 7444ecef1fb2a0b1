"""Codes that go on paper and never on the disk: sealed in the job, under a key in memory only.

Rules: whoever takes the disk away finds no code in the papers on it; after a restart what was not
printed cannot be opened any more. Must not know: what a code leads to.
"""

import asyncio
import base64
import binascii
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Final, NamedTuple

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

KEY_BYTES: Final = 32
NONCE_BYTES: Final = 12
MAXIMUM_GIVEN: Final = 256
"""Codes kept in mind; more than the kiosks of a station give out within half an hour."""


class Given(NamedTuple):
    """A code, the print job of its paper, the digest of the form it leads to, and until when."""

    code: str
    job_id: int
    form: bytes
    until_wall_ms: int


@dataclass(slots=True)
class Unwritten:
    """What one run of the node keeps of its codes, and nobody after it."""

    key: bytes = field(default=b"", repr=False)
    given: OrderedDict[bytes, Given] = field(default_factory=OrderedDict, repr=False)
    one_at_a_time: asyncio.Lock = field(default_factory=asyncio.Lock)

    def keep(self, name: bytes, given: Given) -> None:
        """Remember one, forget the oldest."""
        self.given[name] = given
        self.given.move_to_end(name)
        while len(self.given) > MAXIMUM_GIVEN:
            self.given.popitem(last=False)

    def find(self, name: bytes, wall_ms: int) -> Given | None:
        """What was given under a name, unless it is over."""
        given = self.given.get(name)
        if given is None or wall_ms > given.until_wall_ms:
            self.given.pop(name, None)
            return None
        return given

    def seal(self, code: str, entropy: Callable[[int], bytes]) -> str:
        """A code as a print job may keep it; `entropy` gives so many random bytes."""
        self.key = self.key or entropy(KEY_BYTES)
        nonce = entropy(NONCE_BYTES)
        sealed = AESGCM(self.key).encrypt(nonce, code.encode(), None)
        return base64.b64encode(nonce + sealed).decode()

    def open(self, text: str) -> str:
        """The code again; empty when another run of the node has sealed it."""
        try:
            raw = base64.b64decode(text, validate=True)
            plain = AESGCM(self.key).decrypt(raw[:NONCE_BYTES], raw[NONCE_BYTES:], None)
        except (binascii.Error, InvalidTag, ValueError):
            return ""
        return plain.decode()

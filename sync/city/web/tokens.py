"""Bearer tokens of a session: who may read feeds and own records, and send attachments.

A token is the station's id, when the token ends, and a MAC over both under a key derived from the
city's receipt key. So every process of the city knows every token, also after a restart, and none
is stored. A station that is revoked is refused by its certificate, not by its token: the caller
looks the station up. It must not know HTTP.
"""

import hmac
from hashlib import sha256
from typing import Final

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from sync.protocol.limits import NODE_ID_BYTES

TOKEN_LIFETIME_MS: Final = 3_600_000
"""One hour: a session greets more often than that."""

_EXPIRY_BYTES: Final = 8
_SAID_BYTES: Final = NODE_ID_BYTES + _EXPIRY_BYTES
_MAC_BYTES: Final = 32
TOKEN_BYTES: Final = _SAID_BYTES + _MAC_BYTES

_INFO: Final = b"wes1/token\x00mac"


class Tokens:
    """Makes tokens and reads them back."""

    def __init__(self, key: bytes) -> None:
        """`key` is secret, 32 bytes, and the same in every process of a city."""
        self._key = key

    def issue(self, node_id: bytes, now_ms: int) -> bytes:
        """A token for this station, good for an hour."""
        said = node_id + (now_ms + TOKEN_LIFETIME_MS).to_bytes(_EXPIRY_BYTES)
        return said + self._mac(said)

    def read(self, token: bytes, now_ms: int) -> bytes | None:
        """Whose token it is; None when nobody issued it or its time is over."""
        if len(token) != TOKEN_BYTES:
            return None
        said = token[:_SAID_BYTES]
        if not hmac.compare_digest(token[_SAID_BYTES:], self._mac(said)):
            return None
        ends_ms = int.from_bytes(said[NODE_ID_BYTES:])
        return said[:NODE_ID_BYTES] if now_ms < ends_ms else None

    def _mac(self, said: bytes) -> bytes:
        return hmac.digest(self._key, said, sha256)


def tokens_of(receipt_key: Ed25519PrivateKey) -> Tokens:
    """The tokens of the city that holds this key; another use of the key gives nothing of them."""
    derived = HKDF(algorithm=SHA256(), length=32, salt=None, info=_INFO)
    return Tokens(derived.derive(receipt_key.private_bytes_raw()))

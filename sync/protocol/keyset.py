"""The city's current public keys, signed: how a station learns of a new encryption key.

Accepted only under a receipt key that the station trusts already, so a keyset can add keys and
retire them but never bring in a stranger's.
"""

from typing import Final, NamedTuple

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from sync.protocol.canonical import Value, decode
from sync.protocol.control import check_size, sign_control
from sync.protocol.cose import LABEL_KEYSET, FindKey, verify
from sync.protocol.enrolment import raw_keys
from sync.protocol.fields import ControlMap, unsigned
from sync.protocol.limits import CITY_ID_BYTES, MAXIMUM_KEYS, PROTOCOL_VERSION

_KEYS: Final = frozenset(range(1, 6))


class Keyset(NamedTuple):
    """Raw public keys, 32 bytes each; bodies are sealed for the first of ``encryption_keys``."""

    city_id: bytes
    receipt_keys: tuple[bytes, ...]
    encryption_keys: tuple[bytes, ...]
    dictionaries: tuple[int, ...]


def sign_keyset(keyset: Keyset, key: Ed25519PrivateKey) -> bytes:
    """The keyset, signed by a receipt key that stations know."""
    fields: dict[int | str, Value] = {
        1: PROTOCOL_VERSION,
        2: keyset.city_id,
        3: list(keyset.receipt_keys),
        4: list(keyset.encryption_keys),
        5: list(keyset.dictionaries),
    }
    return sign_control(key, LABEL_KEYSET, fields)


def verify_keyset(message: bytes, find_key: FindKey) -> Keyset:
    """The keyset in a message, once a key that the station trusts has signed it.

    Errors: UNSUPPORTED, MALFORMED, those of ``cose.verify`` and ``canonical.decode``.
    """
    check_size(message)
    fields = ControlMap(decode(verify(message, LABEL_KEYSET, find_key).payload), _KEYS)
    fields.version()
    return Keyset(
        city_id=fields.bytes_of(2, CITY_ID_BYTES),
        receipt_keys=raw_keys(fields.array(3, MAXIMUM_KEYS), "key 3"),
        encryption_keys=raw_keys(fields.array(4, MAXIMUM_KEYS), "key 4"),
        dictionaries=tuple(unsigned(item, "key 5") for item in fields.array(5, MAXIMUM_KEYS)),
    )

"""Good messages to start from: the payload of every signed object."""

from hashlib import sha256
from typing import Any, Final, TypeAlias

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey

from sync.protocol.canonical import encode
from sync.protocol.cose import (
    LABEL_CERTIFICATE,
    LABEL_KEYSET,
    LABEL_REQUEST,
    sign,
)
from sync.protocol.keyset import join_keyset
from sync.protocol.merkle import EMPTY_ROOT
from sync.protocol.seal import encryption_key_id
from tests.protocol import samples

CITY_SECRET: Final = X25519PrivateKey.from_private_bytes(b"\x03" * 32)
SEALING_ID: Final = encryption_key_id(CITY_SECRET.public_key())
B8, B16, B32 = b"8" * 8, b"s" * 16, b"d" * 32
TIME: Final[list[Any]] = [b"bootboot", 6_638, 1_795_392_000_000, 2]
STATES: Final[list[Any]] = [[B16, 9, 3, B32, 4, [[1, 5], [2, 3]]]]


Map: TypeAlias = dict[int | str, Any]


def _raw(key: Ed25519PrivateKey) -> bytes:
    return key.public_key().public_bytes_raw()


def a_header() -> Map:
    """The header of a batch whose body is `body`."""
    return {
        1: 1,
        2: samples.NODE_ID,
        3: samples.LID,
        4: 0,
        5: 1,
        6: EMPTY_ROOT,
        7: B32,
        8: [1, SEALING_ID],
        9: [2, 1],
        10: sha256(b"body").digest(),
        11: 4,
        12: 100,
        13: TIME,
        14: samples.STATION,
        15: [0, samples.IDENTITY.nonce, 1, None, None, None],
    }


HELLO: Final[Map] = {
    1: 1,
    2: B16,
    3: 26560,
    4: B16,
    5: [1],
    7: [[B16, 5, B32]],
    8: [[B16, 3, B32]],
    9: TIME,
}
WELCOME: Final[Map] = {
    1: 1,
    2: B8,
    3: B8,
    4: samples.NONCE,
    5: 1_795_392_000_000,
    6: STATES,
    7: [[B16, 1, 0, EMPTY_ROOT, 0, b""]],
    8: {1: 10, 2: 900, 3: 1 << 20, 4: None, 5: [0, 1439]},
    10: 3,
    11: [B32],
    12: [["missing_tail", B16]],
    13: 1,
    15: 7,
}
RECEIPT: Final[Map] = {
    1: 1,
    2: B8,
    3: B8,
    4: B16,
    5: 9,
    6: B32,
    7: 3,
    8: 1_795_392_000_000,
    9: [4, 5, B32],
    10: [[1, 5]],
    13: 8,
    14: None,
    15: 4,
}
CERTIFICATE: Final[Map] = {1: 1, 2: B8, 3: B16, 4: 1, 5: B32, 6: B32, 7: B16, 8: 1, 9: None}
CUSTODY: Final[Map] = {
    1: 1,
    2: B8,
    3: B8,
    4: B32,
    5: 2,
    6: B16,
    7: 5,
    8: 1_795_392_000_000,
    9: 3,
    14: None,
}
REVOCATION: Final[Map] = {1: 1, 2: B16, 3: B8, 4: [[B16, 7]], 5: "mất thẻ", 6: 1_795_392_000_000}
BLOB: Final[Map] = {
    1: 1,
    2: B16,
    3: B32,
    4: 100,
    5: [1, SEALING_ID],
    6: B32,
    7: 148,
    8: "image/jpeg",
    9: None,
}
BLOB_RECEIPT: Final[Map] = {1: 1, 2: B8, 4: B32, 8: 1_795_392_000_000}
KEYSET: Final[Map] = {
    1: 1,
    2: B8,
    3: 2,
    4: [B32, b"e" * 32],
    5: 2,
    6: {1: [B32], 2: [B32], 3: [B32], 4: [B32]},
    7: [[1, B32]],
    8: 1,
}
STATION_KEY: Final = samples.STATION_KEY
CITY_KEY: Final = samples.CITY_KEY
ROOTS: Final = [Ed25519PrivateKey.from_private_bytes(bytes([number]) * 32) for number in (9, 10)]
REAL_KEYSET: Final[Map] = {
    **KEYSET,
    4: [_raw(key) for key in ROOTS],
    6: {1: [_raw(CITY_KEY)], 2: [_raw(CITY_KEY)], 3: [_raw(CITY_KEY)], 4: [B32]},
}
REQUEST: Final[Map] = {
    1: 1,
    2: B16,
    3: 26560,
    4: _raw(STATION_KEY),
    5: B32,
    6: B16,
    7: "edge-node 0.1.0",
    8: B16,
    9: None,
}
REKEY: Final[Map] = {
    1: 1,
    2: B16,
    4: _raw(STATION_KEY),
    5: B32,
    6: sign(STATION_KEY, LABEL_REQUEST, encode(REQUEST)),
}
ENROLMENT: Final[Map] = {
    1: 1,
    2: B8,
    3: "Thành phố",
    4: "https://thanhpho.vn",
    5: "pem",
    6: join_keyset([sign(key, LABEL_KEYSET, encode(REAL_KEYSET)) for key in ROOTS]),
    8: sign(CITY_KEY, LABEL_CERTIFICATE, encode(CERTIFICATE)),
    9: [1],
    11: None,
}

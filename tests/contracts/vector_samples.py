"""The keys, the log of three records and the helpers that the test vectors are made from."""

from hashlib import sha256
from typing import Any, Final

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey

from sync.protocol import merkle
from sync.protocol.batch_header import (
    BatchHeader,
    Compression,
    LogDescription,
    SealedFor,
    SealingTime,
    encode_header,
)
from sync.protocol.canonical import Value, decode, encode
from sync.protocol.cose import LABEL_BATCH, key_id, sign, signer, split_first, unverified_payload
from sync.protocol.record import (
    Genesis,
    LogIdentity,
    Record,
    RecordTime,
    command_id,
    content_digest,
    encode_record,
    genesis_record,
    log_id,
)
from sync.protocol.seal import batch_info, encryption_key_id
from tests.protocol import hpke_reference

STATION_KEY: Final = Ed25519PrivateKey.from_private_bytes(b"\x01" * 32)
CITY_KEY: Final = Ed25519PrivateKey.from_private_bytes(b"\x02" * 32)
CITY_ENCRYPTION_KEY: Final = X25519PrivateKey.from_private_bytes(b"\x03" * 32)
STATION_ENCRYPTION_KEY: Final = X25519PrivateKey.from_private_bytes(b"\x04" * 32)
STRANGER_KEY: Final = Ed25519PrivateKey.from_private_bytes(b"\x05" * 32)
EPHEMERAL_KEY: Final = X25519PrivateKey.from_private_bytes(b"\x06" * 32)
CA_KEY: Final = Ed25519PrivateKey.from_private_bytes(b"\x07" * 32)
FEED_KEY: Final = Ed25519PrivateKey.from_private_bytes(b"\x08" * 32)
SLIP_KEY: Final = Ed25519PrivateKey.from_private_bytes(b"\x0c" * 32)
ROOT_KEYS: Final = [Ed25519PrivateKey.from_private_bytes(bytes([9 + at]) * 32) for at in range(3)]

NODE_ID: Final = bytes(range(16))
SUBJECT: Final = bytes(range(0x10, 0x20))
BOOT_ID: Final = bytes(range(0xB0, 0xB8))
CITY_ID: Final = b"CITY\0\0\0\0"
GENERATION: Final = bytes(range(0xC0, 0xC8))
NONCE: Final = bytes(range(0xD0, 0xE0))
HARDWARE_ID: Final = bytes(range(0xE0, 0xF0))
STATION: Final = 26734
SOFTWARE: Final = "edge-node 0.1.0"
WALL_MS: Final = 1_795_392_000_000
IDENTITY: Final = LogIdentity(NODE_ID, 0, bytes(range(0xA0, 0xA8)), 1)
LID: Final = log_id(IDENTITY)
SEALED_AT: Final = SealingTime(BOOT_ID, RecordTime(130_000, WALL_MS + 130_000, 2))

GENESIS: Final = genesis_record(
    Genesis(IDENTITY, STATION, None, BOOT_ID, "start", SOFTWARE, HARDWARE_ID, None),
    RecordTime(1_000, None, 0),
)
RECEIVED: Final = Record(
    sequence=1,
    kind=17,
    eid=command_id("khoa-0001"),
    subject=SUBJECT,
    version=1,
    time=RecordTime(6_600, WALL_MS + 6_600, 1),
    content_type=0,
    body=b'{"type":"dossier.received","dossier_no":"T26734-7KXM-00001-3"}',
)
REFUSED: Final = RECEIVED._replace(
    sequence=2,
    kind=19,
    eid=command_id("khoa-0002"),
    version=2,
    time=RecordTime(120_000, WALL_MS + 120_000, 2),
    body='{"type":"dossier.refused","reason":"Không thuộc thẩm quyền"}'.encode(),
)
RECORDS: Final = [encode_record(record) for record in (GENESIS, RECEIVED, REFUSED)]
LEAVES: Final = [merkle.leaf_hash(raw) for raw in RECORDS]
ROOT: Final = merkle.root_of(LEAVES)
# The columns of the three records through libzstd 1.5.7, level 3, dictionary 1.
COMPRESSED: Final = bytes.fromhex(
    "28b52ffd60a7006d0800640e587c88000050e221b78cb155c7127107ccda1e888ba4f600831903e8f6000158"
    "5dab0150000102030405060708090a0b0c0d0e0f0219686e03000448a0a1a2a3a4a5a6a7050106f60748b0b1"
    "b2b3b4b5b6b708657374617274096f656467652d6e6f646520302e312e300a50e0e1e2e3e4e5e6e7e8e9eaeb"
    "ecedeeef0bf65860001113000102000119bac8f8000000000101a2a20505b3b3d0d0000000003e4340588136"
    "3733342d374b584d2d2d33227d227d4058409d33935cd85585fc947df0d797329dcdf71e6dd2860f4e387d98"
    "a4e82b801604101112131415161718191a1b1c1d1e1f0dfc355c700d7b33158158b338c1ac727452d306e74a"
    "5da33cd50471ef76ec19026491ec07"
)


Vector = dict[str, Any]


def plain(value: Value) -> Any:
    """A CBOR value in JSON: byte strings become ``h:…``, map keys become texts."""
    if isinstance(value, bytes):
        return f"h:{value.hex()}"
    if isinstance(value, list):
        return [plain(item) for item in value]
    if isinstance(value, dict):
        return {str(key): plain(item) for key, item in value.items()}
    return value


def record_vector(
    name: str, about: str, record: Record, reads: str = "record", **more: Any
) -> Vector:
    """A record that is accepted, with its leaf, the digest of its content and `more`."""
    data = encode_record(record)
    return {
        "name": name,
        "about": about,
        "reads": reads,
        "given": {},
        "bytes": data.hex(),
        "expect": "accepted",
        "says": plain(decode(data)),
        "leaf": merkle.leaf_hash(data).hex(),
        "content_digest": content_digest(record).hex(),
        **more,
        "written": True,
    }


SIGNERS: Final = {
    "station": STATION_KEY,
    "city": CITY_KEY,
    "ca": CA_KEY,
    "feed": FEED_KEY,
    "stranger": STRANGER_KEY,
    **{f"root-{at}": key for at, key in enumerate(ROOT_KEYS, 1)},
}
_NOT_WRITTEN: Final = frozenset({"request", "enrolment", "rekey", "feed", "return"})
"""What holds another message or draws random bytes: only read."""


def message(reads: str, about: str, data: bytes, **given: Any) -> Vector:
    """A signed object; ``says`` is its payload."""
    kid = signer(split_first(data)[0])
    name = next(name for name, key in SIGNERS.items() if key_id(key.public_key()) == kid)
    return {
        "name": reads,
        "about": about,
        "reads": reads,
        "given": given,
        "bytes": data.hex(),
        "expect": "accepted",
        "says": plain(decode(unverified_payload(split_first(data)[0]))),
        "signers": [name],
        "written": reads not in _NOT_WRITTEN,
    }


def refuse(
    name: str, reads: str, about: str, data: str | bytes, expect: str, **given: Any
) -> Vector:
    """A vector to refuse, for this one reason."""
    return {
        "name": f"refused-{name}",
        "about": about,
        "reads": reads,
        "given": given,
        "bytes": data if isinstance(data, str) else data.hex(),
        "expect": expect,
    }


def changed(data: bytes, label: str, key: Ed25519PrivateKey, change: dict[int, Any]) -> bytes:
    """A signed object with other members, ``ABSENT`` for none, under a good signature."""
    fields = decode(unverified_payload(data))
    assert isinstance(fields, dict)
    members: list[tuple[int | str, Any]] = [*fields.items(), *change.items()]
    kept = {name: value for name, value in dict(members).items() if value is not ABSENT}
    return sign(key, label, encode(kept))


ABSENT: Final = object()


def raw(key: Ed25519PrivateKey | X25519PrivateKey) -> bytes:
    """The raw public half."""
    return key.public_key().public_bytes_raw()


def header(body: bytes, **change: Any) -> BatchHeader:
    """The header of the sample log's three records over this body, with some other fields."""
    fields: dict[str, Any] = {
        "node_id": NODE_ID,
        "lid": LID,
        "first": 0,
        "count": len(RECORDS),
        "previous_root": merkle.EMPTY_ROOT,
        "root": ROOT,
        "sealed_for": None,
        "compression": Compression(0, None),
        "body_digest": sha256(body).digest(),
        "body_bytes": len(body),
        "plaintext_bytes": len(b"".join(RECORDS)),
        "sealed_at": SEALED_AT,
        "station": STATION,
        "description": LogDescription(IDENTITY.number, IDENTITY.nonce, IDENTITY.lane, None),
    }
    return BatchHeader(**(fields | change))


def batch(body: bytes, **change: Any) -> bytes:
    """A batch with exactly this header and body, signed by the station."""
    return sign(STATION_KEY, LABEL_BATCH, encode_header(header(body, **change))) + encode(body)


def seal_for(recipient: X25519PrivateKey, plaintext: bytes, info: bytes) -> bytes:
    """Sealed for the owner of this key, always with the same ephemeral key."""
    return hpke_reference.seal(plaintext, recipient.public_key(), info, EPHEMERAL_KEY)


def seal(plaintext: bytes, *, first: int = 0, count: int = 3, root: bytes = ROOT) -> bytes:
    """The plaintext sealed for the city, always with the same ephemeral key."""
    info = batch_info(LID, first, count, root)
    recipient = CITY_ENCRYPTION_KEY.public_key()
    return hpke_reference.seal(plaintext, recipient, info, EPHEMERAL_KEY)


FOR_THE_CITY: Final = SealedFor(1, encryption_key_id(CITY_ENCRYPTION_KEY.public_key()))

"""Keys, logs and messages that the protocol tests share. All of it is invented."""

from typing import Final

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey

from sync.dictionary import CURRENT_DICTIONARY, DICTIONARIES
from sync.protocol import merkle
from sync.protocol.batch import BatchInput, Entry, Form, SignedBatch, build_batch, open_batch
from sync.protocol.batch_header import SealingTime
from sync.protocol.cose import LABEL_FEED, LABEL_RETURN, key_id
from sync.protocol.keyset import Keyset
from sync.protocol.record import (
    Genesis,
    LogIdentity,
    Record,
    RecordTime,
    command_id,
    encode_record,
    genesis_record,
    log_id,
)
from sync.protocol.seal import encryption_key_id

STATION_KEY: Final = Ed25519PrivateKey.from_private_bytes(b"\x01" * 32)
CITY_KEY: Final = Ed25519PrivateKey.from_private_bytes(b"\x02" * 32)
CITY_ENCRYPTION_KEY: Final = X25519PrivateKey.from_private_bytes(b"\x03" * 32)
STATION_ENCRYPTION_KEY: Final = X25519PrivateKey.from_private_bytes(b"\x04" * 32)
STRANGER_KEY: Final = Ed25519PrivateKey.from_private_bytes(b"\x05" * 32)
CA_KEY: Final = Ed25519PrivateKey.from_private_bytes(b"\x07" * 32)
FEED_KEY: Final = Ed25519PrivateKey.from_private_bytes(b"\x08" * 32)
ROOT_KEYS: Final = [Ed25519PrivateKey.from_private_bytes(bytes([9 + at]) * 32) for at in range(3)]

NODE_ID: Final = bytes(range(16))
SUBJECT: Final = bytes(range(0x10, 0x20))
BOOT_ID: Final = bytes(range(0xB0, 0xB8))
CITY_ID: Final = b"CITY\0\0\0\0"
GENERATION: Final = bytes(range(0xC0, 0xC8))
NONCE: Final = bytes(range(0xD0, 0xE0))
HARDWARE_ID: Final = b"h" * 16
STATION: Final = 26734
IDENTITY: Final = LogIdentity(NODE_ID, 0, bytes(range(0xA0, 0xA8)), 1)
LID: Final = log_id(IDENTITY)
TIME: Final = RecordTime(6_638, 1_795_392_000_000, 2)
SEALED_AT: Final = SealingTime(BOOT_ID, TIME)
RETURN_FORM: Final = Form(LABEL_RETURN, log_id)
FEED_FORM_WITH_LOG_IDS: Final = Form(LABEL_FEED, log_id)


def raw(key: Ed25519PrivateKey | X25519PrivateKey) -> bytes:
    """The raw public half, 32 bytes."""
    return key.public_key().public_bytes_raw()


KEYSET: Final = Keyset(
    city_id=CITY_ID,
    version=1,
    root_keys=tuple(raw(key) for key in ROOT_KEYS),
    threshold=2,
    ca_keys=(raw(CA_KEY),),
    receipt_keys=(raw(CITY_KEY),),
    feed_keys=(raw(FEED_KEY),),
    encryption_keys=(raw(CITY_ENCRYPTION_KEY),),
    dictionaries=((1, bytes(32)),),
)


def find_key(kid: bytes) -> Ed25519PublicKey | None:
    """The keys that the tests' receivers know: the station's and the city's."""
    known = (key.public_key() for key in (STATION_KEY, CITY_KEY, CA_KEY, FEED_KEY))
    return {key_id(key): key for key in known}.get(kid)


def find_encryption_key(kid: bytes) -> X25519PrivateKey | None:
    known = encryption_key_id(CITY_ENCRYPTION_KEY.public_key())
    return CITY_ENCRYPTION_KEY if kid == known else None


def find_station_key(kid: bytes) -> X25519PrivateKey | None:
    known = encryption_key_id(STATION_ENCRYPTION_KEY.public_key())
    return STATION_ENCRYPTION_KEY if kid == known else None


def a_genesis() -> Genesis:
    return Genesis(IDENTITY, STATION, None, BOOT_ID, "start", "edge-node 0.1.0", HARDWARE_ID, None)


def a_record(sequence: int = 1, body: bytes = b'{"type":"ticket.called"}') -> Record:
    return Record(sequence, 17, command_id(f"key-{sequence}"), SUBJECT, 3, TIME, 0, body)


def a_log(size: int) -> list[bytes]:
    """The encoded records of a log, a genesis first."""
    records = [genesis_record(a_genesis(), TIME), *(a_record(number) for number in range(1, size))]
    return [encode_record(record) for record in records]


def root_of_records(records: list[bytes]) -> bytes:
    return merkle.root_of(merkle.leaf_hash(record) for record in records)


def a_batch_input(log: list[bytes], first: int = 0) -> BatchInput:
    """The batch from ``first`` to the end of a log."""
    return BatchInput(
        identity=IDENTITY,
        parent=None,
        station=STATION,
        first=first,
        previous_root=root_of_records(log[:first]),
        root=root_of_records(log),
        entries=log[first:],
        sealed_at=SEALED_AT,
    )


def a_batch(size: int = 3, first: int = 0) -> bytes:
    """A sealed and compressed batch."""
    return build_batch(
        a_batch_input(a_log(size), first),
        signing_key=STATION_KEY,
        recipient=CITY_ENCRYPTION_KEY.public_key(),
        dictionary=CURRENT_DICTIONARY,
    )


def open_as_city(signed: SignedBatch) -> list[Entry]:
    return open_batch(
        signed, find_encryption_key=find_encryption_key, find_dictionary=DICTIONARIES.get
    )

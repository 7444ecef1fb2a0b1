"""The product reads every vector as it says: accepts it, or refuses it for its one reason."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

import pytest

from sync.dictionary import DICTIONARIES
from sync.protocol import merkle
from sync.protocol.batch import open_batch, parse_batch
from sync.protocol.canonical import Value, decode, encode
from sync.protocol.cose import split_first, unverified_payload
from sync.protocol.enrolment import verify_certificate, verify_enrolment, verify_request
from sync.protocol.errors import ProtocolError, ProtocolErrorCode
from sync.protocol.handshake import verify_hello, verify_welcome
from sync.protocol.keyset import encode_keyset, verify_keyset
from sync.protocol.receipt import verify_receipt
from sync.protocol.record import content_digest, decode_record, encode_record
from tests.protocol import samples

FOLDER: Final = Path(__file__).resolve().parents[2] / "sync" / "vectors"
VECTORS: Final = [json.loads(path.read_text()) for path in sorted(FOLDER.glob("*.json"))]
WITH_BYTES: Final = [vector for vector in VECTORS if "bytes" in vector]

Vector = dict[str, Any]


def plain(value: Value) -> Any:
    if isinstance(value, bytes):
        return f"h:{value.hex()}"
    if isinstance(value, list):
        return [plain(item) for item in value]
    if isinstance(value, dict):
        return {str(key): plain(item) for key, item in value.items()}
    return value


def read_item(data: bytes, vector: Vector) -> object:
    return decode(data)


def read_record(data: bytes, vector: Vector) -> object:
    record = decode_record(data)
    if vector["expect"] == "accepted":
        assert encode_record(record) == data
        assert merkle.leaf_hash(data).hex() == vector["leaf"]
        assert content_digest(record).hex() == vector["content_digest"]
    return decode(data)


def read_batch(data: bytes, vector: Vector) -> object:
    signed = parse_batch(data, samples.find_key)
    entries = open_batch(
        signed,
        find_encryption_key=samples.find_encryption_key,
        find_dictionary=DICTIONARIES.get,
        accept_unsealed=vector["given"].get("accept_unsealed", False),
    )
    leaves = [entry.leaf for entry in entries]
    held = vector["given"].get("held")
    if held is not None:
        check_history(signed.header.first, signed.header.previous_root, held)
        frontier = merkle.unpack(bytes.fromhex(held["frontier"]))
        if merkle.root(merkle.extend(frontier, held["size"], leaves)) != signed.header.root:
            raise ProtocolError(ProtocolErrorCode.ROOT_MISMATCH)
    assert [leaf.hex() for leaf in leaves] == vector["leaves"]
    return decode(unverified_payload(split_first(data)[0]))


def check_history(first: int, previous_root: bytes, held: dict[str, Any]) -> None:
    """Steps 8 and 9 of accepting a batch, for batches that start where the city is."""
    if first > held["size"]:
        raise ProtocolError(ProtocolErrorCode.GAP)
    if merkle.root(merkle.unpack(bytes.fromhex(held["frontier"]))) != previous_root:
        raise ProtocolError(ProtocolErrorCode.FORK)


def payload_of(read: Callable[[bytes], object]) -> Callable[[bytes, Vector], object]:
    def verified(data: bytes, vector: Vector) -> object:
        read(data)
        return decode(unverified_payload(data))

    return verified


def read_welcome(data: bytes, vector: Vector) -> object:
    verify_welcome(data, samples.find_key, bytes.fromhex(vector["given"]["nonce"]))
    return decode(unverified_payload(data))


READERS: Final[dict[str, Callable[[bytes, Vector], Any]]] = {
    "item": read_item,
    "record": read_record,
    "batch": read_batch,
    "hello": payload_of(lambda data: verify_hello(data, samples.find_key)),
    "welcome": read_welcome,
    "receipt": payload_of(lambda data: verify_receipt(data, samples.find_key)),
    "request": payload_of(verify_request),
    "certificate": payload_of(lambda data: verify_certificate(data, samples.find_key)),
    "enrolment": payload_of(verify_enrolment),
    "keyset": lambda data, _: decode(encode_keyset(verify_keyset(data))),
}


@pytest.mark.parametrize("vector", WITH_BYTES, ids=[vector["name"] for vector in WITH_BYTES])
def test_every_vector_is_read_as_it_says(vector: Vector) -> None:
    read = READERS[vector["reads"]]
    data = bytes.fromhex(vector["bytes"])
    if vector["expect"] == "accepted":
        value = read(data, vector)
        assert plain(value) == vector["says"]
        assert vector["reads"] == "batch" or encode(value) in data
        return
    with pytest.raises(ProtocolError) as caught:
        read(data, vector)
    assert caught.value.code == vector["expect"]


def test_there_are_enough_vectors_and_each_has_its_own_name() -> None:
    assert len(VECTORS) >= 50
    assert sorted(vector["name"] for vector in VECTORS) == sorted(
        path.stem for path in FOLDER.glob("*.json")
    )


def test_the_reader_of_vectors_can_fail() -> None:
    vector = next(vector for vector in VECTORS if vector["name"] == "record-plain")
    with pytest.raises(AssertionError):
        read_record(bytes.fromhex(vector["bytes"]), vector | {"leaf": "00"})

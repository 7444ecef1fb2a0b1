"""The vectors that a reader refuses, each for one reason named in ``expect``."""

from collections.abc import Mapping
from typing import Any, Final

import cbor2

from sync.protocol import merkle
from sync.protocol.batch_header import Compression, LogDescription, SealedFor, encode_header
from sync.protocol.canonical import Value, decode, encode
from sync.protocol.cose import (
    LABEL_BATCH,
    LABEL_RECEIPT,
    LABEL_WELCOME,
    key_id,
    sign,
    split_first,
    unverified_payload,
)
from tests.contracts import vector_samples as sample
from tests.contracts.vector_samples import refuse

Vector = dict[str, Any]

PLAINTEXT: Final = b"".join(sample.RECORDS)
ITEMS: Final = (
    # name, about, bytes, expect
    ("key-order", "Map keys 2 then 1.", "a202000100", "not_canonical"),
    ("key-order-bytewise", "'a' before 100: bytewise order.", "a26161001864f6", "not_canonical"),
    ("duplicate-key", "Key 1 twice.", "a201000100", "not_canonical"),
    ("true-and-one", "Keys 1 and true, which some decoders merge.", "a20100f502", "forbidden_type"),
    ("byte-string-key", "A byte string as a key.", "a1414100", "forbidden_type"),
    ("long-head", "5 in two bytes.", "1805", "not_canonical"),
    ("long-length", "A length in three bytes.", "59000141", "not_canonical"),
    ("trailing-byte", "One byte after the item.", "0500", "malformed"),
    ("truncated", "An array of two with one item.", "8205", "malformed"),
    ("huge-array", "2^64-1 items that are not there.", "9bffffffffffffffff", "malformed"),
    ("reserved-head", "Additional information 28.", "1c", "malformed"),
    ("not-utf8", "Text that is not UTF-8.", "62c328", "malformed"),
    ("float", "1.0 in its shortest form.", "f93c00", "forbidden_type"),
    ("tag", "Tag 1, a time.", "c11a6b03f500", "forbidden_type"),
    ("shared-reference", "A list that holds itself, by tags 28 and 29.", "d81c81d81d00",
     "forbidden_type"),
    ("undefined", "A simple value other than false, true and null.", "f7", "forbidden_type"),
    ("indefinite-array", "An array without a length.", "9f05ff", "not_canonical"),
    ("indefinite-bytes", "A byte string in pieces.", "5f4100ff", "not_canonical"),
    ("too-deep", "17 arrays inside one another.", "81" * 17 + "00", "too_deep"),
)  # fmt: skip


def refused(accepted: Mapping[str, Vector]) -> list[Vector]:
    """Every vector to refuse, some of them made by changing an accepted one."""
    return [
        *(refuse(f"item-{name}", "item", *rest) for name, *rest in ITEMS),
        *signed_objects(accepted),
        *headers(),
        *bodies(),
        *histories(),
        *messages(accepted),
    ]  # fmt: skip


def batch(name: str, about: str, data: bytes, expect: str, **given: Any) -> Vector:
    return refuse(f"batch-{name}", "batch", about, data, expect, accept_unsealed=True, **given)


def flipped(data: bytes, position: int) -> bytes:
    """The data with one bit changed."""
    return data[:position] + bytes([data[position] ^ 1]) + data[position + 1 :]


def signed_objects(accepted: Mapping[str, Vector]) -> list[Vector]:
    """Faults of the envelope, on the unsealed batch."""
    data = bytes.fromhex(accepted["batch-unsealed"]["bytes"])
    envelope, body = split_first(data)
    payload = unverified_payload(envelope)
    station = key_id(sample.STATION_KEY.public_key())
    bit = data.index(sample.ROOT)
    return [
        batch("flipped-bit", "One bit of the root.", flipped(data, bit), "bad_signature"),
        batch("flipped-signature", "One bit of the signature.",
              flipped(envelope, len(envelope) - 1) + body, "bad_signature"),
        batch("label", "Signed under the label of a receipt.",
              sign(sample.STATION_KEY, LABEL_RECEIPT, payload) + body, "bad_signature"),
        batch("unknown-key", "Signed by nobody known.",
              sign(sample.STRANGER_KEY, LABEL_BATCH, payload) + body, "unknown_key"),
        batch("unprotected-header", "The key id in the unprotected header.",
              enveloped({1: -19}, {4: station}, payload) + body, "malformed"),
        batch("algorithm", "Algorithm -8 instead of -19.",
              enveloped({1: -8, 4: station}, {}, payload) + body, "unsupported"),
        batch("critical-header", "A header that the reader does not know.",
              enveloped({1: -19, 2: [9], 4: station}, {}, payload) + body, "unsupported"),
        batch("no-tag", "A COSE_Sign1 without its tag.", data[1:], "malformed"),
        batch("trailing-byte", "One byte after the body.", data + b"\x00", "malformed"),
        batch("long-body-head", "The body's length in eight bytes.",
              envelope + b"\x5b" + len(PLAINTEXT).to_bytes(8, "big") + PLAINTEXT,
              "not_canonical"),
        batch("long-envelope-head", "The protected header's length in two bytes.",
              envelope[:2] + b"\x58\x0d" + data[3:], "not_canonical"),
        batch("header-key-order", "Keys 2 and 1 of the header change places.",
              sign(sample.STATION_KEY, LABEL_BATCH, swapped(payload)) + body, "not_canonical"),
    ]  # fmt: skip


def enveloped(protected: dict[int, Any], unprotected: dict[int, Any], payload: bytes) -> bytes:
    """A signed object with any headers and a good signature, made with cbor2 alone."""
    head = cbor2.dumps(protected, canonical=True)
    signed = cbor2.dumps(["Signature1", head, LABEL_BATCH.encode(), payload])
    fields = [head, unprotected, payload, sample.STATION_KEY.sign(signed)]
    return cbor2.dumps(cbor2.CBORTag(18, fields))


def swapped(payload: bytes) -> bytes:
    """The header map with its first two members in the other order."""
    first = payload[1:3]
    second = payload[3 : 3 + 2 + len(sample.NODE_ID)]
    rest = payload[1 + len(first) + len(second) :]
    return payload[:1] + second + first + rest


def extended(payload: bytes, change: dict[int | str, Value]) -> bytes:
    """The map in a payload with other members."""
    fields = decode(payload)
    assert isinstance(fields, dict)
    return encode({**fields, **change})


def with_fields(change: dict[int | str, Value]) -> bytes:
    payload = extended(encode_header(sample.header(PLAINTEXT)), change)
    return sign(sample.STATION_KEY, LABEL_BATCH, payload) + encode(PLAINTEXT)


def headers() -> list[Vector]:
    """Faults of the header, under a good signature."""
    other = LogDescription(1, sample.IDENTITY.nonce, sample.IDENTITY.lane, None)
    return [
        batch("unknown-key-50", "A member of a newer protocol.", with_fields({50: 0}),
              "unsupported"),
        batch("version", "Version 2.", with_fields({1: 2}), "unsupported"),
        batch("deflate", "Compression method 1.", with_fields({9: [1, None]}), "unsupported"),
        batch("suite", "Sealing suite 2.", with_fields({8: [2, b"k" * 8]}), "unsupported"),
        batch("negative", "A negative position.", with_fields({4: -1}), "malformed"),
        batch("empty", "No entries.", with_fields({5: 0}), "malformed"),
        batch("too-many", "501 entries.", with_fields({5: 501}), "too_large"),
        batch("log-id", "The log id of another log number.",
              sample.batch(PLAINTEXT, description=other), "log_id_mismatch"),
        batch("no-description", "A first batch that does not describe its log.",
              sample.batch(PLAINTEXT, description=None), "malformed"),
        batch("flipped-body", "One bit of the body.",
              flipped(sample.batch(PLAINTEXT), len(sample.batch(PLAINTEXT)) - 1),
              "digest_mismatch"),
    ]  # fmt: skip


def bodies() -> list[Vector]:
    """Faults behind the digest: sealing, compression, entries."""
    city, zstd = sample.FOR_THE_CITY, Compression(2, 1)
    sealed = sample.seal(sample.COMPRESSED)
    elsewhere = sample.seal(sample.COMPRESSED, first=1)
    stranger = SealedFor(1, b"k" * 8)
    size = len(PLAINTEXT)
    wrong_sequence = b"".join([sample.RECORDS[0], sample.RECORDS[2], sample.RECORDS[1]])
    return [
        refuse("batch-not-sealed", "batch", "Not sealed, and the reader wants it sealed.",
               sample.batch(PLAINTEXT), "not_sealed"),
        batch("encryption-key", "Sealed for a key that the city does not have.",
              sample.batch(sealed, sealed_for=stranger, compression=zstd),
              "unknown_encryption_key"),
        batch("sealed-elsewhere", "A body sealed for another position of the log.",
              sample.batch(elsewhere, sealed_for=city, compression=zstd), "cannot_open"),
        batch("dictionary", "Dictionary 99.",
              sample.batch(sealed, sealed_for=city, compression=Compression(2, 99)),
              "unknown_dictionary"),
        batch("no-frame", "The plaintext where a zstd frame should be.",
              sample.batch(PLAINTEXT, compression=Compression(2, None)), "cannot_decompress"),
        batch("plaintext-longer", "One byte more than declared.",
              sample.batch(sealed, sealed_for=city, compression=zstd, plaintext_bytes=size - 1),
              "malformed"),
        batch("plaintext-shorter", "One byte less than declared.",
              sample.batch(sealed, sealed_for=city, compression=zstd, plaintext_bytes=size + 1),
              "malformed"),
        batch("bomb", "64 MiB of zeros in 2 KiB, declared as 8 MiB.",
              sample.batch(bomb(), compression=Compression(2, None), plaintext_bytes=8 << 20),
              "too_large"),
        batch("count-plus-one", "One entry more than there is.",
              sample.batch(PLAINTEXT, count=4), "malformed"),
        batch("count-minus-one", "One entry less than there is.",
              sample.batch(PLAINTEXT, count=2), "malformed"),
        batch("sequence", "Records 1 and 2 in the other order.",
              sample.batch(wrong_sequence), "malformed"),
    ]  # fmt: skip


def bomb() -> bytes:
    """A zstd frame by hand (RFC 8878 §3.1.1): 512 blocks that each repeat one byte 128 Ki times."""
    magic, descriptor, window = b"\x28\xb5\x2f\xfd", b"\x00", b"\x38"
    repeated, size, count = 1, 128 << 10, 512
    block = [(size << 3 | repeated << 1 | (number == count - 1)) for number in range(count)]
    body = b"".join(head.to_bytes(3, "little") + b"\x00" for head in block)
    return magic + descriptor + window + body


def histories() -> list[Vector]:
    """Good batches that do not continue the log that the city holds (``held``)."""
    other = [merkle.leaf_hash(b"another history"), sample.LEAVES[1]]
    held = {"size": 2, "frontier": merkle.pack(merkle.extend((), 0, other)).hex()}
    same = {
        "size": 2,
        "frontier": merkle.pack(merkle.extend((), 0, sample.LEAVES[:2])).hex(),
    }
    later: dict[str, Any] = {
        "first": 2,
        "count": 1,
        "previous_root": merkle.root_of(sample.LEAVES[:2]),
        "plaintext_bytes": len(sample.RECORDS[2]),
        "description": None,
    }
    good = sample.batch(sample.RECORDS[2], **later)
    wrong = sample.batch(sample.RECORDS[2], **{**later, "root": sample.LEAVES[0]})
    return [
        batch("previous-root", "Continues another history of the same log.", good, "fork",
              held=held),
        batch("gap", "The city has one record, the batch starts at 2.", good, "gap",
              held={"size": 1, "frontier": sample.LEAVES[0].hex()}),
        batch("root", "The entries do not give the root in the header.", wrong, "root_mismatch",
              held=same),
    ]  # fmt: skip


def messages(accepted: Mapping[str, Vector]) -> list[Vector]:
    """Faults of WELCOME, receipt and enrolment."""
    receipt = unverified_payload(bytes.fromhex(accepted["receipt"]["bytes"]))
    request = unverified_payload(bytes.fromhex(accepted["request"]["bytes"]))
    signed_receipt = sign(sample.CITY_KEY, LABEL_WELCOME, receipt)
    beyond = extended(receipt, {15: 4})
    stolen = sign(sample.CITY_KEY, "wes1/request", request)
    return [
        refuse("welcome-nonce", "welcome", "A WELCOME of another session.",
               accepted["welcome"]["bytes"], "nonce_mismatch", nonce="ff" * 16),
        refuse("receipt-label", "receipt", "Signed under the label of a WELCOME.",
               signed_receipt, "bad_signature"),
        refuse("receipt-applied", "receipt", "More applied than stored.",
               sign(sample.CITY_KEY, LABEL_RECEIPT, beyond), "malformed"),
        refuse("request-key", "request", "Signed by another key than it names.", stolen,
               "unknown_key"),
    ]  # fmt: skip

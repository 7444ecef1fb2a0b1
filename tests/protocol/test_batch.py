"""Batches: what is built is opened; anything else is refused with its own reason."""

from collections.abc import Callable
from dataclasses import replace
from hashlib import sha256
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sync.dictionary import CURRENT_DICTIONARY, DICTIONARIES
from sync.protocol.batch import Dictionary, build_batch, open_batch, parse_batch
from sync.protocol.batch_header import Compression, SealedFor, encode_header, parse_header
from sync.protocol.canonical import Value, decode, encode
from sync.protocol.cose import LABEL_BATCH, key_id, sign, split_first
from sync.protocol.entries import withheld
from sync.protocol.errors import ProtocolError, ProtocolErrorCode
from sync.protocol.limits import (
    MAXIMUM_BATCH_BYTES,
    MAXIMUM_BATCH_RECORDS,
    MAXIMUM_INTEGER,
    MAXIMUM_PLAINTEXT_BYTES,
)
from sync.protocol.merkle import EMPTY_ROOT, leaf_hash
from sync.protocol.record import Parent
from sync.protocol.seal import encryption_key_id
from tests.contracts.dictionary_train import sample_records
from tests.protocol import samples

RECIPIENT = samples.CITY_ENCRYPTION_KEY.public_key()


@pytest.mark.parametrize(("size", "first"), [(1, 0), (3, 0), (3, 2), (200, 50)])
@pytest.mark.parametrize("dictionary", [None, CURRENT_DICTIONARY])
@pytest.mark.parametrize("recipient", [None, RECIPIENT])
def test_what_is_built_is_opened(size: int, first: int, dictionary: Any, recipient: Any) -> None:
    log = samples.a_log(size)
    data = build_batch(
        samples.a_batch_input(log, first),
        signing_key=samples.STATION_KEY,
        recipient=recipient,
        dictionary=dictionary,
    )
    signed = parse_batch(data, samples.find_key)
    assert signed.kid == key_id(samples.STATION_KEY.public_key())
    header = signed.header
    assert (header.lid, header.first, header.count) == (samples.LID, first, size - first)
    assert header.previous_root == samples.root_of_records(log[:first])
    assert header.root == samples.root_of_records(log)
    assert (header.description is None) == (first > 0)
    entries = open_batch(
        signed,
        find_encryption_key=samples.find_encryption_key,
        find_dictionary=DICTIONARIES.get,
        accept_unsealed=recipient is None,
    )
    assert [entry.raw for entry in entries] == log[first:]
    assert [entry.leaf for entry in entries] == [leaf_hash(raw) for raw in log[first:]]


def test_the_header_names_the_parent() -> None:
    parent = Parent(b"p" * 16, 12, EMPTY_ROOT)
    batch_input = samples.a_batch_input(samples.a_log(1))._replace(parent=parent)
    data = build_batch(
        batch_input, signing_key=samples.STATION_KEY, recipient=RECIPIENT, dictionary=None
    )
    description = parse_batch(data, samples.find_key).header.description
    assert description is not None
    assert description.parent == parent


def test_a_withheld_record_keeps_the_log_moving() -> None:
    log = samples.a_log(3)
    batch_input = samples.a_batch_input(log)
    batch_input = batch_input._replace(entries=[log[0], withheld(1, leaf_hash(log[1])), log[2]])
    data = build_batch(
        batch_input, signing_key=samples.STATION_KEY, recipient=RECIPIENT, dictionary=None
    )
    entries = samples.open_as_city(parse_batch(data, samples.find_key))
    assert [entry.record is None for entry in entries] == [False, True, False]
    assert [entry.leaf for entry in entries] == [leaf_hash(raw) for raw in log]


def refusal(act: Callable[[], object]) -> ProtocolErrorCode:
    with pytest.raises(ProtocolError) as caught:
        act()
    return caught.value.code


def build(entries: list[bytes], dictionary: Dictionary | None = None) -> bytes:
    batch_input = samples.a_batch_input(samples.a_log(1))._replace(entries=entries)
    return build_batch(
        batch_input, signing_key=samples.STATION_KEY, recipient=RECIPIENT, dictionary=dictionary
    )


def test_a_batch_is_neither_empty_nor_too_large() -> None:
    assert refusal(lambda: build([])) is ProtocolErrorCode.MALFORMED
    too_many = [b"\x00"] * (MAXIMUM_BATCH_RECORDS + 1)
    assert refusal(lambda: build(too_many)) is ProtocolErrorCode.TOO_LARGE
    assert refusal(lambda: build([bytes(MAXIMUM_BATCH_BYTES)])) is ProtocolErrorCode.TOO_LARGE
    plaintext = [bytes(MAXIMUM_PLAINTEXT_BYTES + 1)]
    assert refusal(lambda: build(plaintext, CURRENT_DICTIONARY)) is ProtocolErrorCode.TOO_LARGE
    assert refusal(lambda: parse(bytes(MAXIMUM_BATCH_BYTES + 1))) is ProtocolErrorCode.TOO_LARGE


def parse(data: bytes) -> object:
    return parse_batch(data, samples.find_key)


def resigned(change: dict[int | str, Value], body: bytes | None = None) -> bytes:
    """The sample batch with other header fields and a good signature over them."""
    data = samples.a_batch()
    header = parse_batch(data, samples.find_key).header
    rest = split_first(data)[1]
    fields = decode(encode_header(header))
    assert isinstance(fields, dict)
    body = decode_body(rest) if body is None else body
    fields |= {10: sha256(body).digest(), 11: len(body)}
    fields |= change
    kept: dict[int | str, Value] = {key: fields[key] for key in fields if fields[key] != "absent"}
    return sign(samples.STATION_KEY, LABEL_BATCH, encode(kept)) + encode(body)


def decode_body(rest: bytes) -> bytes:
    body = decode(rest)
    assert isinstance(body, bytes)
    return body


BAD_HEADERS: list[tuple[dict[int | str, Value], ProtocolErrorCode]] = [
    ({1: 2}, ProtocolErrorCode.UNSUPPORTED),
    ({50: 0}, ProtocolErrorCode.UNSUPPORTED),
    ({-1: 0}, ProtocolErrorCode.UNSUPPORTED),
    ({2: b"short"}, ProtocolErrorCode.MALFORMED),
    ({3: b"x" * 16}, ProtocolErrorCode.LOG_ID_MISMATCH),
    ({4: -1}, ProtocolErrorCode.MALFORMED),
    ({4: "0"}, ProtocolErrorCode.MALFORMED),
    ({4: True}, ProtocolErrorCode.MALFORMED),
    ({4: MAXIMUM_INTEGER}, ProtocolErrorCode.MALFORMED),
    ({4: MAXIMUM_INTEGER + 1}, ProtocolErrorCode.MALFORMED),
    ({5: 0}, ProtocolErrorCode.MALFORMED),
    ({5: MAXIMUM_BATCH_RECORDS + 1}, ProtocolErrorCode.TOO_LARGE),
    ({8: [2, b"k" * 8]}, ProtocolErrorCode.UNSUPPORTED),
    ({8: [1, b"k" * 7]}, ProtocolErrorCode.MALFORMED),
    ({8: [1]}, ProtocolErrorCode.MALFORMED),
    ({9: [1, None]}, ProtocolErrorCode.UNSUPPORTED),
    ({9: [0, 1]}, ProtocolErrorCode.MALFORMED),
    ({9: "none"}, ProtocolErrorCode.MALFORMED),
    ({10: b"d" * 32}, ProtocolErrorCode.DIGEST_MISMATCH),
    ({11: 1}, ProtocolErrorCode.DIGEST_MISMATCH),
    ({12: MAXIMUM_PLAINTEXT_BYTES + 1}, ProtocolErrorCode.TOO_LARGE),
    ({13: [samples.BOOT_ID, 0, None, 4]}, ProtocolErrorCode.MALFORMED),
    ({13: [samples.BOOT_ID, 0, 0]}, ProtocolErrorCode.MALFORMED),
    ({14: "absent"}, ProtocolErrorCode.MALFORMED),
    ({15: "absent"}, ProtocolErrorCode.MALFORMED),
    ({15: [0, samples.IDENTITY.nonce, 2, None, None, None]}, ProtocolErrorCode.LOG_ID_MISMATCH),
    ({15: [0, samples.IDENTITY.nonce, 1, b"p" * 16, None, None]}, ProtocolErrorCode.MALFORMED),
]


@pytest.mark.parametrize(("change", "code"), BAD_HEADERS, ids=[str(c) for c, _ in BAD_HEADERS])
def test_a_header_out_of_order_is_refused(
    change: dict[int | str, Value], code: ProtocolErrorCode
) -> None:
    assert refusal(lambda: parse(resigned(change))) is code


def test_unknown_keys_from_100_on_are_ignored() -> None:
    assert parse(resigned({100: "later"}))


def test_a_header_survives_its_own_reading() -> None:
    header = parse_batch(samples.a_batch(), samples.find_key).header
    unsealed = replace(header, sealed_for=None, compression=Compression(0, None))
    later = replace(header, first=5, description=None, compression=Compression(2, None))
    for example in (header, unsealed, later):
        assert parse_header(encode_header(example)) == example


def opening(change: dict[int | str, Value], body: bytes | None = None) -> ProtocolErrorCode:
    signed = parse_batch(resigned(change, body), samples.find_key)
    return refusal(lambda: samples.open_as_city(signed))


def test_each_way_of_not_opening_has_its_code() -> None:
    kid = encryption_key_id(RECIPIENT)
    assert opening({8: None}) is ProtocolErrorCode.NOT_SEALED
    assert opening({8: [1, b"k" * 8]}) is ProtocolErrorCode.UNKNOWN_ENCRYPTION_KEY
    assert opening({8: [1, kid]}, b"x" * 60) is ProtocolErrorCode.CANNOT_OPEN
    assert opening({5: 4}) is ProtocolErrorCode.CANNOT_OPEN
    assert opening({7: b"r" * 32}) is ProtocolErrorCode.CANNOT_OPEN
    assert opening({9: [2, 99]}) is ProtocolErrorCode.UNKNOWN_DICTIONARY
    assert opening({9: [2, None]}) is ProtocolErrorCode.CANNOT_DECOMPRESS
    assert opening({12: 10}) is ProtocolErrorCode.TOO_LARGE
    assert opening({12: 4096}) is ProtocolErrorCode.MALFORMED


def test_a_batch_ends_with_its_body() -> None:
    data = samples.a_batch()
    assert refusal(lambda: parse(data + b"\x00")) is ProtocolErrorCode.MALFORMED
    assert refusal(lambda: parse(data[:-1])) is ProtocolErrorCode.MALFORMED


DATA = samples.a_batch()


@given(st.integers(0, len(DATA) - 1), st.integers(1, 255))
@settings(max_examples=300)
def test_no_byte_of_a_batch_may_change(position: int, difference: int) -> None:
    changed = bytearray(DATA)
    changed[position] ^= difference
    with pytest.raises(ProtocolError):
        samples.open_as_city(parse_batch(bytes(changed), samples.find_key))


@given(st.binary(max_size=200))
def test_any_bytes_are_refused(data: bytes) -> None:
    for message in (data, split_first(DATA)[0] + data):
        with pytest.raises(ProtocolError):
            parse(message)


@given(st.binary(max_size=200), st.integers(1, 3))
def test_a_station_that_signs_rubbish_is_refused(body: bytes, count: int) -> None:
    header = parse_batch(DATA, samples.find_key).header
    header = replace(
        header,
        count=count,
        compression=Compression(0, None),
        sealed_for=None,
        body_digest=sha256(body).digest(),
        body_bytes=len(body),
        plaintext_bytes=len(body),
    )
    signed = sign(samples.STATION_KEY, LABEL_BATCH, encode_header(header)) + encode(body)
    with pytest.raises(ProtocolError):
        open_batch(
            parse_batch(signed, samples.find_key),
            find_encryption_key=samples.find_encryption_key,
            find_dictionary=DICTIONARIES.get,
            accept_unsealed=True,
        )


def test_two_hundred_dossier_events_fit_a_small_batch() -> None:
    entries = sample_records(seed=7, dossiers=40)
    batch_input = samples.a_batch_input(samples.a_log(1))._replace(
        entries=entries, root=samples.root_of_records(entries)
    )
    data = build_batch(
        batch_input,
        signing_key=samples.STATION_KEY,
        recipient=RECIPIENT,
        dictionary=CURRENT_DICTIONARY,
    )
    assert len(entries) == 200
    assert len(data) * 3 < sum(map(len, entries))
    signed = parse_batch(data, samples.find_key)
    assert [entry.raw for entry in samples.open_as_city(signed)] == entries
    assert signed.header.sealed_for == SealedFor(1, encryption_key_id(RECIPIENT))

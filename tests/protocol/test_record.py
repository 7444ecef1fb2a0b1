"""Records: the fast ways equal the strict ones, and identities follow their formulas."""

from hashlib import sha256
from typing import Any

import cbor2
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sync.protocol.canonical import decode_sequence, encode
from sync.protocol.entries import Entry, read_entries, withheld
from sync.protocol.errors import ProtocolError, ProtocolErrorCode
from sync.protocol.limits import MAXIMUM_INTEGER, MAXIMUM_RECORD_BYTES
from sync.protocol.merkle import EMPTY_ROOT, leaf_hash
from sync.protocol.plain_record import read_plain_record
from sync.protocol.record import (
    CONTENT_CBOR,
    Kind,
    LogIdentity,
    Parent,
    Record,
    RecordTime,
    command_id,
    content_digest,
    decode_record,
    encode_record,
    genesis_record,
    hardware_id,
    log_id,
    parse_genesis,
)
from tests.protocol import samples

unsigned = st.integers(0, MAXIMUM_INTEGER) | st.integers(0, 300)
identifiers = st.binary(min_size=16, max_size=16)
times = st.builds(RecordTime, unsigned, unsigned | st.none(), st.integers(0, 3))
extensions = st.none() | st.dictionaries(st.integers(0, 200), st.binary(max_size=9), max_size=3)
records = st.builds(
    Record,
    sequence=unsigned,
    kind=unsigned,
    eid=identifiers,
    subject=identifiers | st.none(),
    version=unsigned,
    time=times,
    content_type=unsigned,
    body=st.binary(max_size=300),
    ext=extensions,
)


def as_value(record: Record) -> Any:
    fields: list[Any] = [*record[:5], list(record.time), record.content_type, record.body]
    return fields if record.ext is None else [*fields, record.ext]


@given(records)
def test_the_fast_encoder_equals_the_canonical_one(record: Record) -> None:
    data = encode_record(record)
    assert data == encode(as_value(record)) == cbor2.dumps(as_value(record), canonical=True)
    assert decode_record(data) == record
    assert decode_record(as_value(record)) == record


@given(records, st.binary(max_size=10))
def test_the_fast_reader_reads_plain_records_only(record: Record, before: bytes) -> None:
    data = encode_record(record)
    read = read_plain_record(before + data + b"\x00", len(before))
    expected = (record, len(before) + len(data)) if record.ext is None else None
    assert read == expected


@given(records, st.data())
def test_the_fast_reader_accepts_nothing_that_the_strict_one_refuses(
    record: Record, data: st.DataObject
) -> None:
    damaged = bytearray(encode_record(record))
    position = data.draw(st.integers(0, min(len(damaged) - 1, 90)))
    damaged[position] = data.draw(st.integers(0, 255))
    cut = data.draw(st.integers(0, len(damaged)) | st.just(len(damaged)))
    result = read_plain_record(bytes(damaged[:cut]), 0)
    if result is not None:
        found, end = result
        assert decode_record(bytes(damaged[:end])) == found


def test_the_fast_reader_leaves_every_other_form_alone() -> None:
    plain = as_value(samples.a_record())
    for position, other in ((5, [1, 2]), (5, [1, None, 4]), (2, b"short"), (0, "text"), (7, None)):
        fields = [*plain[:position], other, *plain[position + 1 :]]
        assert read_plain_record(encode(fields), 0) is None
    assert read_plain_record(encode(plain)[:-1], 0) is None
    assert read_plain_record(b"", 0) is None


@given(st.binary(max_size=80))
def test_any_bytes_are_a_record_or_refused(data: bytes) -> None:
    for read in (decode_record, lambda plaintext: read_entries(plaintext, 0, 1)):
        try:
            read(b"\x88\x00" + data)
        except ProtocolError:
            continue


BAD_FIELDS: list[dict[str, Any]] = [
    {"sequence": -1},
    {"kind": MAXIMUM_INTEGER + 1},
    {"version": -5},
    {"content_type": -1},
    {"eid": b"short"},
    {"subject": b"short"},
    {"time": RecordTime(-1, None, 0)},
    {"time": RecordTime(1, -1, 0)},
    {"time": RecordTime(1, MAXIMUM_INTEGER + 1, 0)},
    {"time": RecordTime(1, None, 4)},
    {"time": RecordTime(1, None, -1)},
]


@pytest.mark.parametrize("fields", BAD_FIELDS, ids=str)
def test_a_field_out_of_range_is_refused_both_ways(fields: dict[str, Any]) -> None:
    record = samples.a_record()._replace(**fields)
    for refuse in (encode_record, lambda bad: decode_record(as_value(bad))):
        with pytest.raises(ProtocolError) as caught:
            refuse(record)
        assert caught.value.code is ProtocolErrorCode.MALFORMED


BAD_FORMS: list[Any] = [
    None,
    [],
    [1] * 8,
    [*as_value(samples.a_record())[:7], "text"],
    [*as_value(samples.a_record()), None],
    [*as_value(samples.a_record()), {"a": 1}],
    [*as_value(samples.a_record()), {-1: 1}],
]


@pytest.mark.parametrize("value", BAD_FORMS, ids=repr)
def test_another_form_is_no_record(value: Any) -> None:
    with pytest.raises(ProtocolError) as caught:
        decode_record(value)
    assert caught.value.code is ProtocolErrorCode.MALFORMED


def test_a_record_has_a_largest_size() -> None:
    overhead = len(encode_record(samples.a_record(body=b"x" * 60_000))) - 60_000
    largest = samples.a_record(body=b"x" * (MAXIMUM_RECORD_BYTES - overhead))
    data = encode_record(largest)
    assert len(data) == MAXIMUM_RECORD_BYTES
    assert decode_record(data) == largest
    too_large = largest._replace(body=largest.body + b"x")
    raw = encode(as_value(too_large))
    for refuse in (
        lambda: encode_record(too_large),
        lambda: decode_record(raw),
        lambda: read_entries(raw, 1, 1),
    ):
        with pytest.raises(ProtocolError) as caught:
            refuse()
        assert caught.value.code is ProtocolErrorCode.TOO_LARGE


@given(records)
def test_the_content_digest_leaves_place_and_time_out(record: Record) -> None:
    spelled = [record.kind, record.subject, record.version, record.content_type, record.body]
    assert content_digest(record) == sha256(cbor2.dumps(spelled, canonical=True)).digest()
    moved = record._replace(sequence=7, time=RecordTime(0, None, 0), eid=b"e" * 16, ext=None)
    assert content_digest(moved) == content_digest(record)
    assert content_digest(record._replace(body=record.body + b"!")) != content_digest(record)


def test_identities_follow_their_formulas() -> None:
    identity = samples.IDENTITY
    spelled = cbor2.dumps([identity.node_id, 0, identity.nonce, 1], canonical=True)
    assert log_id(identity) == sha256(b"wes1/log\0" + spelled).digest()[:16]
    assert command_id("khóa-1") == sha256("wes1/command\0khóa-1".encode()).digest()[:16]
    expected = sha256(b"wes1/hw\0" + samples.NODE_ID + b"serial").digest()[:16]
    assert hardware_id(samples.NODE_ID, "serial") == expected


@pytest.mark.parametrize("parent", [None, Parent(b"p" * 16, 12, EMPTY_ROOT)])
@pytest.mark.parametrize("last_receipt", [None, 41])
def test_a_genesis_says_what_it_was_given(parent: Parent | None, last_receipt: int | None) -> None:
    genesis = samples.a_genesis()._replace(parent=parent, last_receipt=last_receipt)
    record = genesis_record(genesis, samples.TIME)
    assert (record.sequence, record.kind, record.content_type) == (0, Kind.GENESIS, CONTENT_CBOR)
    assert record.eid == sha256(b"wes1/genesis\0" + samples.LID).digest()[:16]
    assert parse_genesis(decode_record(encode_record(record))) == genesis


def test_a_genesis_of_another_log_is_noticed() -> None:
    record = genesis_record(samples.a_genesis(), samples.TIME)
    with pytest.raises(ProtocolError) as caught:
        parse_genesis(record._replace(eid=b"e" * 16))
    assert caught.value.code is ProtocolErrorCode.LOG_ID_MISMATCH
    with pytest.raises(ProtocolError) as caught:
        parse_genesis(samples.a_record())
    assert caught.value.code is ProtocolErrorCode.MALFORMED


def test_entries_are_records_and_withheld_leaves() -> None:
    log = samples.a_log(3)
    with_ext = encode_record(samples.a_record(3)._replace(ext={1: [samples.LID, 5, b"b" * 8]}))
    plaintext = log[0] + withheld(1, leaf_hash(log[1])) + log[2] + with_ext
    entries = read_entries(plaintext, 0, 4)
    assert [entry.leaf for entry in entries] == [leaf_hash(raw) for raw in [*log, with_ext]]
    assert entries[1] == Entry(None, withheld(1, leaf_hash(log[1])), leaf_hash(log[1]))
    assert b"".join(entry.raw for entry in entries) == plaintext


@given(st.lists(records, max_size=4), st.integers(0, 1 << 40))
def test_reading_entries_is_decoding_a_sequence(drawn: list[Record], first: int) -> None:
    log = [record._replace(sequence=first + at) for at, record in enumerate(drawn)]
    plaintext = b"".join(encode_record(record) for record in log)
    entries = read_entries(plaintext, first, len(log))
    decoded = decode_sequence(plaintext, len(log))
    assert [entry.record for entry in entries] == [decode_record(value) for value, _ in decoded]
    assert [entry.raw for entry in entries] == [raw for _, raw in decoded]


@pytest.mark.parametrize(
    "plaintext",
    [
        samples.a_log(2)[1],
        withheld(0, b"short"),
        withheld(1, b"\x00" * 32),
        samples.a_log(1)[0] + b"\x00",
        b"",
    ],
)
def test_entries_come_in_sequence_and_complete(plaintext: bytes) -> None:
    with pytest.raises(ProtocolError) as caught:
        read_entries(plaintext, 0, 1)
    assert caught.value.code is ProtocolErrorCode.MALFORMED


def test_another_nonce_is_another_log() -> None:
    other = LogIdentity(samples.NODE_ID, 0, b"nonce--2", 1)
    assert log_id(other) != samples.LID

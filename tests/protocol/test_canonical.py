"""Canonical CBOR: one form for each value, and nothing but that form is read."""

from concurrent.futures import ThreadPoolExecutor
from enum import IntEnum
from typing import Any

import cbor2
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sync.protocol.canonical import Value, decode, decode_sequence, encode
from sync.protocol.errors import ProtocolError, ProtocolErrorCode
from sync.protocol.heads import BYTES, head, read_bytes, read_head, skip
from sync.protocol.limits import MAXIMUM_DEPTH

scalars = (
    st.integers(min_value=-(1 << 64), max_value=(1 << 64) - 1)
    | st.binary(max_size=40)
    | st.text(max_size=20)
    | st.booleans()
    | st.none()
)
keys = st.integers(min_value=-(1 << 64), max_value=(1 << 64) - 1) | st.text(max_size=8)
values = st.recursive(
    scalars,
    lambda inner: st.lists(inner, max_size=5) | st.dictionaries(keys, inner, max_size=5),
    max_leaves=20,
)


@given(values)
def test_what_is_encoded_is_decoded(value: Value) -> None:
    assert decode(encode(value)) == value


def test_true_and_one_stay_apart() -> None:
    value: Value = [True, 1, False, 0, None, "", b""]
    assert repr(decode(encode(value))) == repr(value)


@given(st.binary(max_size=60))
def test_any_bytes_are_refused_or_are_canonical(data: bytes) -> None:
    try:
        value = decode(data)
    except ProtocolError:
        return
    assert encode(value) == data


@given(values, st.data())
def test_a_changed_byte_never_reads_as_the_same_value(value: Value, data: st.DataObject) -> None:
    original = encode(value)
    position = data.draw(st.integers(0, len(original) - 1))
    bit = 1 << data.draw(st.integers(0, 7))
    changed = bytearray(original)
    changed[position] ^= bit
    try:
        assert encode(decode(bytes(changed))) == bytes(changed)
    except ProtocolError:
        return


def nested(depth: int) -> Any:
    value: Any = []
    for _ in range(depth - 1):
        value = [value]
    return value


REFUSED = [
    ("", ProtocolErrorCode.MALFORMED),
    ("0000", ProtocolErrorCode.MALFORMED),
    ("8201", ProtocolErrorCode.MALFORMED),
    ("19ff", ProtocolErrorCode.MALFORMED),
    ("43aabb", ProtocolErrorCode.MALFORMED),
    ("1c", ProtocolErrorCode.MALFORMED),
    ("62c328", ProtocolErrorCode.MALFORMED),
    ("1817", ProtocolErrorCode.NOT_CANONICAL),
    ("190018", ProtocolErrorCode.NOT_CANONICAL),
    ("1a0000ffff", ProtocolErrorCode.NOT_CANONICAL),
    ("1b00000000ffffffff", ProtocolErrorCode.NOT_CANONICAL),
    ("580100", ProtocolErrorCode.NOT_CANONICAL),
    ("9f01ff", ProtocolErrorCode.NOT_CANONICAL),
    ("bf0101ff", ProtocolErrorCode.NOT_CANONICAL),
    ("5f4100ff", ProtocolErrorCode.NOT_CANONICAL),
    ("a202000100", ProtocolErrorCode.NOT_CANONICAL),
    ("a201000101", ProtocolErrorCode.NOT_CANONICAL),
    ("a2616100186401", ProtocolErrorCode.NOT_CANONICAL),
    ("f93c00", ProtocolErrorCode.FORBIDDEN_TYPE),
    ("fa47c35000", ProtocolErrorCode.FORBIDDEN_TYPE),
    ("fb3ff199999999999a", ProtocolErrorCode.FORBIDDEN_TYPE),
    ("f7", ProtocolErrorCode.FORBIDDEN_TYPE),
    ("e0", ProtocolErrorCode.FORBIDDEN_TYPE),
    ("f820", ProtocolErrorCode.FORBIDDEN_TYPE),
    ("ff", ProtocolErrorCode.FORBIDDEN_TYPE),
    ("c100", ProtocolErrorCode.FORBIDDEN_TYPE),
    ("c240", ProtocolErrorCode.FORBIDDEN_TYPE),
    ("d28440a04040", ProtocolErrorCode.FORBIDDEN_TYPE),
    ("d81c81d81d00", ProtocolErrorCode.FORBIDDEN_TYPE),
    ("a1f500", ProtocolErrorCode.FORBIDDEN_TYPE),
    ("a14000", ProtocolErrorCode.FORBIDDEN_TYPE),
    ("a18000", ProtocolErrorCode.FORBIDDEN_TYPE),
    ("81" * (MAXIMUM_DEPTH + 1) + "00", ProtocolErrorCode.TOO_DEEP),
    ("81" * 100_000, ProtocolErrorCode.TOO_DEEP),
    ("9bffffffffffffffff00", ProtocolErrorCode.MALFORMED),
    ("bb7fffffffffffffff00", ProtocolErrorCode.MALFORMED),
    ("5bffffffffffffffff00", ProtocolErrorCode.MALFORMED),
]


@pytest.mark.parametrize(("data", "code"), REFUSED, ids=[data[:12] for data, _ in REFUSED])
def test_other_forms_are_refused(data: str, code: ProtocolErrorCode) -> None:
    with pytest.raises(ProtocolError) as caught:
        decode(bytes.fromhex(data))
    assert caught.value.code is code


def test_the_library_merges_true_and_one_and_this_codec_does_not() -> None:
    trap = bytes.fromhex("a20100f502")
    assert cbor2.loads(trap) == {1: 2}
    with pytest.raises(ProtocolError) as caught:
        decode(trap)
    assert caught.value.code is ProtocolErrorCode.FORBIDDEN_TYPE
    with pytest.raises(ProtocolError):
        encode({True: 2})


class Colour(IntEnum):
    RED = 1


class Name(str):
    __slots__ = ()


UNENCODABLE: list[Any] = [
    1.5,
    (1, 2),
    Colour.RED,
    Name("x"),
    1 << 64,
    -(1 << 64) - 1,
    {1.5: 0},
    {b"x": 0},
    {1 << 64: 0},
    {Colour.RED: 0},
    [{1}],
    "\ud800",
]


@pytest.mark.parametrize("value", UNENCODABLE, ids=repr)
def test_other_types_are_not_encoded(value: Any) -> None:
    with pytest.raises(ProtocolError) as caught:
        encode(value)
    assert caught.value.code is ProtocolErrorCode.FORBIDDEN_TYPE


def test_depth_is_bounded_both_ways() -> None:
    assert decode(encode(nested(MAXIMUM_DEPTH))) == nested(MAXIMUM_DEPTH)
    with pytest.raises(ProtocolError) as caught:
        encode(nested(MAXIMUM_DEPTH + 1))
    assert caught.value.code is ProtocolErrorCode.TOO_DEEP


def test_keys_are_sorted_by_length_first() -> None:
    assert encode({"a": 0, 100: 1, -1: 2, 0: 3}).hex() == "a40003200218640161" + "6100"


@given(st.lists(values, max_size=5))
def test_a_sequence_gives_each_item_with_its_bytes(items: list[Value]) -> None:
    data = b"".join(encode(item) for item in items)
    decoded = decode_sequence(data, len(items))
    assert [value for value, _ in decoded] == items
    assert [raw for _, raw in decoded] == [encode(item) for item in items]


def test_a_sequence_has_exactly_the_items_promised() -> None:
    for data, count in ((b"\x00\x00", 1), (b"\x00", 2), (b"\x00", 0)):
        with pytest.raises(ProtocolError):
            decode_sequence(data, count)


@given(st.integers(0, 5), st.integers(0, (1 << 64) - 1))
def test_heads_are_read_as_written(major: int, argument: int) -> None:
    data = head(major, argument)
    assert read_head(data, 0) == (major, argument, len(data))
    if major == 0:
        assert data == cbor2.dumps(argument)


@given(values)
def test_skipping_finds_the_end(value: Value) -> None:
    data = encode(value)
    assert skip(data + b"\x00", 0) == len(data)


def test_a_byte_string_is_a_byte_string() -> None:
    assert read_bytes(head(BYTES, 2) + b"ab!", 0) == (b"ab", 3)
    for data in (b"\x61a", b"\x42a"):
        with pytest.raises(ProtocolError) as caught:
            read_bytes(data, 0)
        assert caught.value.code is ProtocolErrorCode.MALFORMED


@given(values)
def test_a_failure_leaves_nothing_behind(value: Value) -> None:
    """Encoders are used again: what a refused value or message left in one would be seen here."""
    refused: list[Value] = [[1, [2, {3: "\ud800"}]], {1: [b"x", "\udfff"]}]
    for bad in refused:
        with pytest.raises(ProtocolError):
            encode(bad)
    for data in (b"\x82\x01\x61\xff", b"\xa2\x02\x00\x01\x00"):
        with pytest.raises(ProtocolError):
            decode(data)
    assert encode(value) == cbor2.dumps(value, canonical=True)


def test_threads_do_not_share_an_encoder() -> None:
    several: list[Value] = [[n, {1: bytes([n]) * n, 2: [n] * 9}] for n in range(64)]
    expected = [cbor2.dumps(value, canonical=True) for value in several]
    with ThreadPoolExecutor(8) as pool:
        for found in pool.map(lambda _: [encode(value) for value in several], range(32)):
            assert found == expected
        for again in pool.map(lambda _: [decode(data) for data in expected], range(32)):
            assert again == several

"""Inclusion receipts: one record is proved, another is not, and a plain COSE library agrees."""

from typing import Any, Final

import cbor2
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sync.protocol import merkle
from sync.protocol.errors import ProtocolError, ProtocolErrorCode
from sync.protocol.proof import Inclusion, sign_inclusion, verify_inclusion
from tests.protocol import samples
from tests.protocol.test_messages import refusal

LOG: Final = samples.a_log(7)
LEAVES: Final = [merkle.leaf_hash(record) for record in LOG]


def proved(index: int, size: int = 7) -> Inclusion:
    path = tuple(merkle.inclusion_proof(LEAVES[:size], index))
    return Inclusion(samples.CITY_ID, samples.LID, size, index, path)


def receipt(index: int = 4, size: int = 7) -> bytes:
    root = merkle.root_of(LEAVES[:size])
    return sign_inclusion(proved(index, size), root, samples.CITY_KEY)


@pytest.mark.parametrize(("index", "size"), [(0, 1), (0, 7), (4, 7), (6, 7), (2, 4)])
def test_each_record_is_proved(index: int, size: int) -> None:
    found = verify_inclusion(receipt(index, size), LOG[index], samples.find_key)
    assert found == proved(index, size)


def test_another_record_is_not() -> None:
    code = refusal(lambda: verify_inclusion(receipt(4), LOG[3], samples.find_key))
    assert code is ProtocolErrorCode.BAD_SIGNATURE
    code = refusal(lambda: verify_inclusion(receipt(4), LOG[4], lambda _: None))
    assert code is ProtocolErrorCode.UNKNOWN_KEY


def changed(change: dict[int, Any], proof: list[Any] | None = None) -> bytes:
    """The receipt with other protected members, signed well, and perhaps another proof."""
    fields = cbor2.loads(receipt()).value
    protected = cbor2.dumps({**cbor2.loads(fields[0]), **change}, canonical=True)
    signed = cbor2.dumps(["Signature1", protected, b"", merkle.root_of(LEAVES)])
    unprotected = fields[1] if proof is None else {396: {-1: [cbor2.dumps(p) for p in proof]}}
    content = [protected, unprotected, None, samples.CITY_KEY.sign(signed)]
    return cbor2.dumps(cbor2.CBORTag(18, content), canonical=True)


PATH: Final = list(proved(4).path)
CLAIMS: Final = {1: "wes1:city:" + samples.CITY_ID.hex(), 2: "wes1:log:" + samples.LID.hex()}


@pytest.mark.parametrize(
    ("message", "code"),
    [
        (changed({1: -8}), ProtocolErrorCode.UNSUPPORTED),
        (changed({395: 2}), ProtocolErrorCode.UNSUPPORTED),
        (changed({16: 0}), ProtocolErrorCode.UNSUPPORTED),
        (changed({15: {**CLAIMS, 2: "wes1:log:zz"}}), ProtocolErrorCode.MALFORMED),
        (changed({15: {**CLAIMS, 1: CLAIMS[2]}}), ProtocolErrorCode.MALFORMED),
        (changed({}, []), ProtocolErrorCode.MALFORMED),
        (changed({}, [[7, 7, PATH]]), ProtocolErrorCode.MALFORMED),
        (changed({}, [[7, 4, PATH[:-1]]]), ProtocolErrorCode.MALFORMED),
        (changed({}, [[7, 4, [*PATH, PATH[0]]]]), ProtocolErrorCode.MALFORMED),
        (changed({}, [[7, 5, PATH]]), ProtocolErrorCode.BAD_SIGNATURE),
        (receipt()[1:], ProtocolErrorCode.MALFORMED),
    ],
)
def test_each_fault_has_its_code(message: bytes, code: ProtocolErrorCode) -> None:
    assert verify_inclusion(changed({}), LOG[4], samples.find_key) == proved(4)
    assert refusal(lambda: verify_inclusion(message, LOG[4], samples.find_key)) is code


@given(st.data())
def test_no_byte_may_change(data: st.DataObject) -> None:
    message = bytearray(receipt())
    message[data.draw(st.integers(0, len(message) - 1))] ^= data.draw(st.integers(1, 255))
    with pytest.raises(ProtocolError):
        verify_inclusion(bytes(message), LOG[4], samples.find_key)


@given(st.binary(max_size=120))
def test_any_bytes_are_refused(data: bytes) -> None:
    with pytest.raises(ProtocolError):
        verify_inclusion(data, LOG[4], samples.find_key)

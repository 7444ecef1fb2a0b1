"""Signed objects: strict in form, bound to label and key; ``cwt`` is an independent reader."""

import cbor2
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cwt import COSE, COSEKey, VerifyError
from hypothesis import given
from hypothesis import strategies as st

from sync.protocol.canonical import encode
from sync.protocol.cose import (
    LABEL_BATCH,
    LABEL_HELLO,
    LABEL_RECEIPT,
    Verified,
    key_id,
    public_key,
    read_signed,
    sign,
    signer,
    split_first,
    unverified_payload,
    verify,
)
from sync.protocol.errors import ProtocolError, ProtocolErrorCode
from tests.protocol import samples

KID = key_id(samples.STATION_KEY.public_key())


def raw_signature(protected: bytes, payload: bytes, key: Ed25519PrivateKey) -> bytes:
    """The signature of RFC 9052 §4.4, made without the code under test."""
    structure = ["Signature1", protected, LABEL_BATCH.encode(), payload]
    return key.sign(cbor2.dumps(structure))


def assemble(
    protected: bytes, unprotected: bytes = b"\xa0", *, payload: bytes = b"payload"
) -> bytes:
    """A signed object whose signature is always good, whatever its form."""
    signature = raw_signature(protected, payload, samples.STATION_KEY)
    fields = [cbor2.dumps(protected), unprotected, cbor2.dumps(payload), cbor2.dumps(signature)]
    return b"\xd2\x84" + b"".join(fields)


@given(st.binary(max_size=300))
def test_what_is_signed_is_verified(payload: bytes) -> None:
    message = sign(samples.STATION_KEY, LABEL_BATCH, payload)
    assert verify(message, LABEL_BATCH, samples.find_key) == Verified(payload, KID)
    assert (signer(message), unverified_payload(message)) == (KID, payload)


def test_the_form_is_that_of_the_standard() -> None:
    message = sign(samples.STATION_KEY, LABEL_BATCH, b"payload")
    assert message == assemble(encode({1: -19, 4: KID}))


def test_another_implementation_reads_it() -> None:
    message = sign(samples.STATION_KEY, LABEL_BATCH, b"payload")
    raw = samples.STATION_KEY.public_key().public_bytes_raw()
    key = COSEKey.new({1: 1, 2: KID, 3: -19, -1: 6, -2: raw})
    assert COSE.new().decode(message, key, external_aad=LABEL_BATCH.encode()) == b"payload"
    with pytest.raises(VerifyError):
        COSE.new().decode(message, key, external_aad=LABEL_RECEIPT.encode())


GOOD = encode({1: -19, 4: KID})
UNSUPPORTED, MALFORMED = ProtocolErrorCode.UNSUPPORTED, ProtocolErrorCode.MALFORMED
BAD_FORMS = [
    (assemble(GOOD)[1:], MALFORMED),
    (b"\xd3" + assemble(GOOD)[1:], MALFORMED),
    (assemble(GOOD) + b"\x00", MALFORMED),
    (assemble(GOOD)[:-1], MALFORMED),
    (assemble(GOOD, cbor2.dumps({4: KID})), MALFORMED),
    (assemble(GOOD, b""), MALFORMED),
    (assemble(encode({1: -19})), MALFORMED),
    (assemble(encode({4: KID})), MALFORMED),
    (assemble(encode({1: -19, 4: KID[:4]})), MALFORMED),
    (assemble(encode({1: -19, 4: KID, "x": 1})), MALFORMED),
    (assemble(encode([1])), MALFORMED),
    (assemble(b""), MALFORMED),
    (assemble(encode({1: -9, 4: KID})), UNSUPPORTED),
    (assemble(encode({1: -19, 2: [99], 4: KID})), UNSUPPORTED),
    (assemble(b"\xa2\x04\x48" + KID + b"\x01\x32"), ProtocolErrorCode.NOT_CANONICAL),
    (assemble(encode({1: -19, 4: KID, 100: b"x" * 60})), ProtocolErrorCode.TOO_LARGE),
    (assemble(GOOD)[:-66] + b"\x41\x00", MALFORMED),
]


@pytest.mark.parametrize(("message", "code"), BAD_FORMS, ids=range(len(BAD_FORMS)))
def test_any_other_form_is_refused(message: bytes, code: ProtocolErrorCode) -> None:
    with pytest.raises(ProtocolError) as caught:
        verify(message, LABEL_BATCH, samples.find_key)
    assert caught.value.code is code


def test_a_header_from_key_100_on_is_ignored() -> None:
    message = assemble(encode({1: -19, 4: KID, 100: 1}))
    assert verify(message, LABEL_BATCH, samples.find_key).payload == b"payload"


@pytest.mark.parametrize("label", [LABEL_RECEIPT, LABEL_HELLO, ""])
def test_a_signature_counts_under_its_own_label_only(label: str) -> None:
    message = sign(samples.STATION_KEY, LABEL_BATCH, b"payload")
    with pytest.raises(ProtocolError) as caught:
        verify(message, label, samples.find_key)
    assert caught.value.code is ProtocolErrorCode.BAD_SIGNATURE


def test_an_unknown_key_is_named() -> None:
    message = sign(samples.STRANGER_KEY, LABEL_BATCH, b"payload")
    with pytest.raises(ProtocolError) as caught:
        verify(message, LABEL_BATCH, samples.find_key)
    assert caught.value.code is ProtocolErrorCode.UNKNOWN_KEY
    assert caught.value.detail == key_id(samples.STRANGER_KEY.public_key()).hex()


@given(st.data())
def test_every_bit_is_signed(data: st.DataObject) -> None:
    message = bytearray(sign(samples.STATION_KEY, LABEL_BATCH, b"some payload"))
    position = data.draw(st.integers(0, len(message) - 1))
    message[position] ^= 1 << data.draw(st.integers(0, 7))
    with pytest.raises(ProtocolError):
        verify(bytes(message), LABEL_BATCH, samples.find_key)


@given(st.binary(max_size=120))
def test_any_bytes_are_refused_politely(data: bytes) -> None:
    for message in (data, b"\xd2\x84" + data):
        with pytest.raises(ProtocolError):
            verify(message, LABEL_BATCH, samples.find_key)
        with pytest.raises(ProtocolError):
            signer(message)


def test_a_sequence_is_split_after_its_first_item() -> None:
    message = sign(samples.STATION_KEY, LABEL_BATCH, b"payload")
    assert split_first(message + b"\x41a") == (message, b"\x41a")
    assert split_first(b"\x82\x01\x02\x03") == (b"\x82\x01\x02", b"\x03")
    with pytest.raises(ProtocolError):
        split_first(b"")


@given(st.binary(max_size=80))
def test_a_signed_object_is_read_where_it_ends(rest: bytes) -> None:
    message = sign(samples.STATION_KEY, LABEL_BATCH, b"payload")
    parts, end = read_signed(message + rest)
    assert (parts.payload, end) == (b"payload", len(message))


@given(st.integers(0, 12), st.integers(0, 255))
def test_the_key_id_is_that_of_the_header_or_there_is_none(at: int, byte: int) -> None:
    """The usual header is read without a decoder; whatever else is there, a decoder agrees."""
    usual = encode({1: -19, 4: KID})
    protected = usual[:at] + bytes((byte,)) + usual[at + 1 :]
    try:
        found = signer(assemble(protected))
    except ProtocolError:
        return
    assert cbor2.loads(protected) == {1: -19, 4: found}


def test_a_public_key_has_32_bytes() -> None:
    raw = samples.STATION_KEY.public_key().public_bytes_raw()
    assert key_id(public_key(raw)) == KID
    with pytest.raises(ProtocolError) as caught:
        public_key(raw[1:])
    assert caught.value.code is ProtocolErrorCode.MALFORMED

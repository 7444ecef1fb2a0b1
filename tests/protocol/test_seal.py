"""Sealing: only the recipient opens, only in the right place."""

import pytest
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey
from hypothesis import given
from hypothesis import strategies as st

from sync.protocol.errors import ProtocolError, ProtocolErrorCode
from sync.protocol.seal import (
    OVERHEAD_BYTES,
    batch_info,
    encryption_key,
    encryption_key_id,
    open_sealed,
    seal,
)
from tests.protocol import hpke_reference, samples

INFO = batch_info(samples.LID, 0, 3, b"r" * 32)
RECIPIENT = samples.CITY_ENCRYPTION_KEY.public_key()


@given(st.binary(max_size=200))
def test_what_is_sealed_is_opened(plaintext: bytes) -> None:
    sealed = seal(plaintext, RECIPIENT, INFO)
    assert len(sealed) == len(plaintext) + OVERHEAD_BYTES
    assert open_sealed(sealed, samples.CITY_ENCRYPTION_KEY, INFO) == plaintext


def test_sealing_twice_gives_other_bytes() -> None:
    assert seal(b"same", RECIPIENT, INFO) != seal(b"same", RECIPIENT, INFO)


def cannot_open(sealed: bytes, info: bytes = INFO) -> bool:
    with pytest.raises(ProtocolError) as caught:
        open_sealed(sealed, samples.CITY_ENCRYPTION_KEY, info)
    return caught.value.code is ProtocolErrorCode.CANNOT_OPEN


@given(st.data())
def test_no_byte_may_change(data: st.DataObject) -> None:
    sealed = bytearray(seal(b"plaintext", RECIPIENT, INFO))
    # The top bit of an X25519 coordinate is ignored by its definition (RFC 7748 §5), but HPKE
    # feeds the encapsulated key as received into the key schedule: even that change is noticed.
    sealed[data.draw(st.integers(0, len(sealed) - 1))] ^= 1 << data.draw(st.integers(0, 7))
    assert cannot_open(bytes(sealed))


@given(st.binary(max_size=100))
def test_other_bytes_do_not_open(data: bytes) -> None:
    assert cannot_open(data)


@pytest.mark.parametrize(
    "info",
    [
        b"",
        batch_info(b"x" * 16, 0, 3, b"r" * 32),
        batch_info(samples.LID, 1, 3, b"r" * 32),
        batch_info(samples.LID, 0, 4, b"r" * 32),
        batch_info(samples.LID, 0, 3, b"s" * 32),
    ],
)
def test_a_body_opens_in_its_own_place_only(info: bytes) -> None:
    assert cannot_open(seal(b"plaintext", RECIPIENT, INFO), info)


def test_another_key_does_not_open() -> None:
    sealed = seal(b"plaintext", RECIPIENT, INFO)
    with pytest.raises(ProtocolError) as caught:
        open_sealed(sealed, samples.STATION_ENCRYPTION_KEY, INFO)
    assert caught.value.code is ProtocolErrorCode.CANNOT_OPEN


def test_public_keys_are_read_strictly() -> None:
    raw = RECIPIENT.public_bytes_raw()
    assert encryption_key_id(encryption_key(raw)) == encryption_key_id(RECIPIENT)
    with pytest.raises(ProtocolError):
        encryption_key(raw + b"\x00")


def test_a_key_of_small_order_is_refused() -> None:
    with pytest.raises(ProtocolError) as caught:
        seal(b"plaintext", X25519PublicKey.from_public_bytes(bytes(32)), INFO)
    assert caught.value.code is ProtocolErrorCode.MALFORMED


@given(st.binary(max_size=200), st.binary(min_size=32, max_size=32))
def test_the_library_opens_what_the_standard_seals(plaintext: bytes, seed: bytes) -> None:
    ephemeral = X25519PrivateKey.from_private_bytes(seed)
    sealed = hpke_reference.seal(plaintext, RECIPIENT, INFO, ephemeral)
    assert open_sealed(sealed, samples.CITY_ENCRYPTION_KEY, INFO) == plaintext

"""The keyset: enough roots, the right roots, never backwards."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sync.protocol.canonical import decode, encode
from sync.protocol.cose import LABEL_KEYSET, LABEL_RECEIPT, sign
from sync.protocol.errors import ProtocolError, ProtocolErrorCode
from sync.protocol.keyset import (
    encode_keyset,
    join_keyset,
    root_hash,
    sign_keyset,
    sign_keyset_part,
    verify_keyset,
)
from tests.protocol import samples
from tests.protocol.samples import KEYSET, ROOT_KEYS, raw
from tests.protocol.test_messages import refusal

NEW_ROOTS = [samples.STRANGER_KEY, samples.STATION_KEY]
ROTATED = KEYSET._replace(
    version=2, root_keys=tuple(raw(key) for key in NEW_ROOTS), threshold=1, feed_keys=(b"f" * 32,)
)
PIN = root_hash(KEYSET.root_keys)


def changed(**change: Any) -> bytes:
    """A keyset with two good signatures over other fields: key_3=0, for one."""
    fields = decode(encode_keyset(KEYSET))
    assert isinstance(fields, dict)
    fields.update({int(name.removeprefix("key_")): value for name, value in change.items()})
    payload = encode(fields)
    return join_keyset([sign_keyset_part(payload, key) for key in ROOT_KEYS[:2]])


def test_enough_roots_make_a_keyset() -> None:
    for roots in (ROOT_KEYS[:2], ROOT_KEYS[1:], ROOT_KEYS, ROOT_KEYS[::-1]):
        assert verify_keyset(sign_keyset(KEYSET, roots)) == KEYSET
        assert verify_keyset(sign_keyset(KEYSET, roots), None, PIN) == KEYSET
        assert verify_keyset(sign_keyset(KEYSET, roots), KEYSET) == KEYSET


def test_too_few_roots_do_not() -> None:
    one = sign_keyset(KEYSET, ROOT_KEYS[:1])
    twice = sign_keyset(KEYSET, [ROOT_KEYS[0], ROOT_KEYS[0]])
    strangers = sign_keyset(KEYSET, [ROOT_KEYS[0], samples.STRANGER_KEY])
    for message in (one, twice, strangers):
        code = refusal(lambda message=message: verify_keyset(message))  # type: ignore[misc]  # bound at once
        assert code is ProtocolErrorCode.TOO_FEW_SIGNATURES


def test_new_roots_need_the_old_ones_too() -> None:
    rotated = sign_keyset(ROTATED, [*ROOT_KEYS[:2], NEW_ROOTS[0]])
    assert verify_keyset(rotated, KEYSET) == ROTATED
    for roots in (NEW_ROOTS, [ROOT_KEYS[0], *NEW_ROOTS], ROOT_KEYS):
        message = sign_keyset(ROTATED, roots)
        with pytest.raises(ProtocolError) as caught:
            verify_keyset(message, KEYSET)
        assert caught.value.code is ProtocolErrorCode.TOO_FEW_SIGNATURES
    assert refusal(lambda: verify_keyset(rotated, None, PIN)) is ProtocolErrorCode.WRONG_ROOT


def test_a_keyset_never_goes_back() -> None:
    newer = KEYSET._replace(version=2)
    old = sign_keyset(KEYSET, ROOT_KEYS)
    assert refusal(lambda: verify_keyset(old, newer)) is ProtocolErrorCode.OLD_KEYSET
    other = KEYSET._replace(feed_keys=(b"f" * 32,))
    assert refusal(lambda: verify_keyset(old, other)) is ProtocolErrorCode.OLD_KEYSET
    elsewhere = KEYSET._replace(city_id=b"ELSEWHER")
    assert refusal(lambda: verify_keyset(old, elsewhere)) is ProtocolErrorCode.CITY_MISMATCH


def test_every_root_signs_the_same() -> None:
    one = sign_keyset_part(encode_keyset(KEYSET), ROOT_KEYS[0])
    other = sign_keyset_part(encode_keyset(KEYSET._replace(version=2)), ROOT_KEYS[1])
    assert refusal(lambda: verify_keyset(join_keyset([one, other]))) is ProtocolErrorCode.MALFORMED


def test_a_bad_signature_of_a_root_spoils_it() -> None:
    payload = encode_keyset(KEYSET)
    bad = sign(ROOT_KEYS[1], LABEL_RECEIPT, payload)
    good = [sign_keyset_part(payload, key) for key in ROOT_KEYS[::2]]
    message = join_keyset([*good, bad])
    assert refusal(lambda: verify_keyset(message)) is ProtocolErrorCode.BAD_SIGNATURE


ROLES = {1: [b"c" * 32], 2: [b"r" * 32], 3: [b"f" * 32], 4: [b"e" * 32]}


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"key_1": 2}, ProtocolErrorCode.UNSUPPORTED),
        ({"key_3": 0}, ProtocolErrorCode.MALFORMED),
        ({"key_4": []}, ProtocolErrorCode.MALFORMED),
        ({"key_4": [raw(ROOT_KEYS[0])] * 2}, ProtocolErrorCode.MALFORMED),
        ({"key_5": 0}, ProtocolErrorCode.MALFORMED),
        ({"key_5": 4}, ProtocolErrorCode.MALFORMED),
        ({"key_6": {**ROLES, 5: []}}, ProtocolErrorCode.UNSUPPORTED),
        ({"key_6": {**ROLES, 3: []}}, ProtocolErrorCode.MALFORMED),
        ({"key_7": [[1]]}, ProtocolErrorCode.MALFORMED),
        ({"key_8": 2}, ProtocolErrorCode.UNSUPPORTED),
        ({"key_9": 0}, ProtocolErrorCode.UNSUPPORTED),
    ],
)
def test_each_bad_field_has_its_code(change: dict[str, Any], code: ProtocolErrorCode) -> None:
    assert refusal(lambda: verify_keyset(changed(**change))) is code


def test_it_is_an_array_of_signed_objects() -> None:
    part = sign_keyset_part(encode_keyset(KEYSET), ROOT_KEYS[0])
    assert refusal(lambda: verify_keyset(part)) is ProtocolErrorCode.MALFORMED
    assert refusal(lambda: verify_keyset(b"\x80")) is ProtocolErrorCode.MALFORMED
    assert refusal(lambda: verify_keyset(b"\x81" + part + b"\0")) is ProtocolErrorCode.MALFORMED
    assert refusal(lambda: join_keyset([part] * 33)) is ProtocolErrorCode.TOO_LARGE
    many = b"\x98\x21" + part * 33
    assert refusal(lambda: verify_keyset(many)) is ProtocolErrorCode.TOO_LARGE


@given(st.data())
def test_no_byte_of_it_may_change(data: st.DataObject) -> None:
    message = bytearray(sign_keyset(KEYSET, ROOT_KEYS[:2]))
    message[data.draw(st.integers(0, len(message) - 1))] ^= data.draw(st.integers(1, 255))
    with pytest.raises(ProtocolError):
        verify_keyset(bytes(message))


def test_the_label_is_the_keysets_own() -> None:
    payload = encode_keyset(KEYSET)
    assert sign_keyset_part(payload, ROOT_KEYS[0]) == sign(ROOT_KEYS[0], LABEL_KEYSET, payload)

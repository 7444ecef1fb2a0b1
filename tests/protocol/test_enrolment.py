"""Enrolment with a code: both sides prove that they know it, and the roots are the pinned ones."""

from typing import Final

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sync.protocol.canonical import decode
from sync.protocol.cose import unverified_payload
from sync.protocol.enrolment import Expected, sign_enrolment, verify_enrolment
from sync.protocol.enrolment_code import (
    EnrolmentCode,
    check_expiry,
    check_mac,
    qr_text,
    read_qr,
    read_typed,
    typed_form,
)
from sync.protocol.errors import ProtocolError, ProtocolErrorCode
from sync.protocol.keyset import root_hash, sign_keyset
from sync.protocol.rekey import sign_rekey, verify_rekey
from sync.protocol.request import sign_request, verify_request
from tests.protocol import samples
from tests.protocol.test_messages import ENROLMENT, REQUEST, refusal

ALPHABET: Final = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
SECRET: Final = bytes(range(16))
OTHER: Final = bytes(range(1, 17))
PIN: Final = root_hash(samples.KEYSET.root_keys)
CODE: Final = EnrolmentCode(
    "https://sync.example.vn", PIN, samples.STATION, SECRET, 1_795_651_200_000
)

secrets = st.binary(min_size=16, max_size=16)


def test_the_scanned_code_is_read_back() -> None:
    text = qr_text(CODE)
    assert read_qr(text) == CODE
    assert read_qr(f" {text.lower()}\n") == CODE
    assert set(text) <= set("ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789:")


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("EN1:AAAA", ProtocolErrorCode.MALFORMED),
        ("WES1:A1", ProtocolErrorCode.MALFORMED),
        ("WES1:", ProtocolErrorCode.MALFORMED),
        ("WES1:" + "A" * 2048, ProtocolErrorCode.TOO_LARGE),
        (qr_text(CODE)[:-2], ProtocolErrorCode.MALFORMED),
        ("WES1:AB", ProtocolErrorCode.NOT_CANONICAL),
    ],
)
def test_other_texts_are_no_code(text: str, code: ProtocolErrorCode) -> None:
    assert refusal(lambda: read_qr(text)) is code


@given(secrets)
def test_the_typed_code_is_read_back(secret: bytes) -> None:
    text = typed_form(secret)
    assert [len(group) for group in text.split("-")] == [4] * 7
    assert read_typed(text) == secret
    slack = text.lower().replace("-", " ").replace("0", "o").replace("1", "l")
    assert read_typed(slack) == secret


@given(secrets, st.data())
def test_every_wrong_character_and_every_swap_shows(secret: bytes, data: st.DataObject) -> None:
    text = list(typed_form(secret).replace("-", ""))
    at = data.draw(st.integers(0, 27))
    swapped = text.copy()
    text[at] = data.draw(st.sampled_from(ALPHABET).filter(text[at].__ne__))
    assert refusal(lambda: read_typed("".join(text))) is ProtocolErrorCode.BAD_CHECK
    at = data.draw(st.integers(0, 26).filter(lambda at: swapped[at] != swapped[at + 1]), label="at")
    swapped[at], swapped[at + 1] = swapped[at + 1], swapped[at]
    assert refusal(lambda: read_typed("".join(swapped))) is ProtocolErrorCode.BAD_CHECK


def test_a_typed_code_has_its_length_and_alphabet() -> None:
    text = typed_form(SECRET)
    assert refusal(lambda: read_typed(text[:-1])) is ProtocolErrorCode.MALFORMED
    assert refusal(lambda: read_typed(text[:-1] + "U")) is ProtocolErrorCode.MALFORMED
    assert refusal(lambda: typed_form(b"short")) is ProtocolErrorCode.MALFORMED


def test_a_code_has_its_time() -> None:
    check_expiry(1000, 999)
    assert refusal(lambda: check_expiry(1000, 1000)) is ProtocolErrorCode.CODE_EXPIRED


def test_a_request_proves_that_it_knows_the_code() -> None:
    message = sign_request(REQUEST, samples.STATION_KEY, SECRET)
    assert verify_request(message) == verify_request(message, SECRET) == REQUEST
    assert refusal(lambda: verify_request(message, OTHER)) is ProtocolErrorCode.BAD_MAC
    bare = sign_request(REQUEST, samples.STATION_KEY)
    assert refusal(lambda: verify_request(bare, SECRET)) is ProtocolErrorCode.BAD_MAC


def test_an_enrolment_proves_that_it_knows_the_code() -> None:
    message = sign_enrolment(ENROLMENT, samples.CITY_KEY, SECRET)
    assert verify_enrolment(message) == ENROLMENT
    assert verify_enrolment(message, Expected(root_hash=PIN, code_secret=SECRET)) == ENROLMENT
    wrong = Expected(code_secret=OTHER)
    assert refusal(lambda: verify_enrolment(message, wrong)) is ProtocolErrorCode.BAD_MAC
    elsewhere = Expected(root_hash=bytes(32))
    assert refusal(lambda: verify_enrolment(message, elsewhere)) is ProtocolErrorCode.WRONG_ROOT


def test_the_keyset_in_an_enrolment_is_checked() -> None:
    few = ENROLMENT.keyset._replace(message=sign_keyset(samples.KEYSET, samples.ROOT_KEYS[:1]))
    message = sign_enrolment(ENROLMENT._replace(keyset=few), samples.CITY_KEY)
    assert refusal(lambda: verify_enrolment(message)) is ProtocolErrorCode.TOO_FEW_SIGNATURES
    newer = Expected(trusted=samples.KEYSET._replace(version=2))
    good = sign_enrolment(ENROLMENT, samples.CITY_KEY)
    assert refusal(lambda: verify_enrolment(good, newer)) is ProtocolErrorCode.OLD_KEYSET


def test_a_mac_stands_for_every_other_field() -> None:
    payload = decode(unverified_payload(sign_request(REQUEST, samples.STATION_KEY, SECRET)))
    assert isinstance(payload, dict)
    check_mac(SECRET, "wes1/request", payload, 9)
    for changed in ({**payload, 3: 1}, {**payload, 100: 0}):
        with pytest.raises(ProtocolError):
            check_mac(SECRET, "wes1/request", changed, 9)
    with pytest.raises(ProtocolError):
        check_mac(SECRET, "wes1/enrol", payload, 9)
    assert refusal(lambda: check_mac(SECRET, "wes1/request", [], 9)) is ProtocolErrorCode.MALFORMED


NEW: Final = REQUEST._replace(
    signing_key=samples.raw(samples.STRANGER_KEY), encryption_key=b"e" * 32
)


def test_new_keys_are_vouched_for_by_the_old_one() -> None:
    message = sign_rekey(sign_request(NEW, samples.STRANGER_KEY), samples.STATION_KEY)
    verified = verify_rekey(message, samples.find_key)
    assert verified.request == NEW
    assert samples.find_key(verified.old_kid) is not None
    by_stranger = sign_rekey(sign_request(NEW, samples.STRANGER_KEY), samples.STRANGER_KEY)
    code = refusal(lambda: verify_rekey(by_stranger, samples.find_key))
    assert code is ProtocolErrorCode.UNKNOWN_KEY

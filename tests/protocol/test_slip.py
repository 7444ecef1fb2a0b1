"""Citizen slips: read by others' code too, short enough for the paper, no name in them."""

import contextlib
from hashlib import sha256

import cbor2
import pytest
import qrcode
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from hypothesis import given
from hypothesis import strategies as st
from qrcode.constants import ERROR_CORRECT_M

from sync.protocol.errors import ProtocolError
from sync.protocol.slip import (
    CHECK_ALPHABET,
    Claims,
    base32,
    is_ended,
    read_slip_text,
    sign_slip,
    slip_check,
    slip_key_id,
    slip_url,
    unverified_claims,
    verify_slip,
)

KEY = Ed25519PrivateKey.from_private_bytes(b"\x0c" * 32)
RAW = KEY.public_key().public_bytes_raw()
LID = bytes(range(16))
CLAIMS = Claims(
    station="26560",
    issued_s=1_795_392_000,
    lid=LID[:8],
    sequence=41_318,
    dossier="T26560-7KXM-00001-3",
    procedure="1.004194",
    due_day=20_783,
    fee_vnd=15_000,
    leaf=bytes(8),
)
TOKEN = sign_slip(CLAIMS, KEY)


def ours(kid: bytes) -> Ed25519PublicKey | None:
    return KEY.public_key() if kid == slip_key_id(RAW) else None


def test_a_slip_says_what_was_signed() -> None:
    assert verify_slip(TOKEN, ours).claims == CLAIMS
    assert unverified_claims(TOKEN) == CLAIMS
    assert sign_slip(CLAIMS, KEY) == TOKEN


def test_a_reader_that_knows_only_cose_verifies_it() -> None:
    protected, unprotected, payload, signature = cbor2.loads(TOKEN)
    assert cbor2.loads(protected) == {1: -19, 4: sha256(RAW).digest()[:4]}
    assert unprotected == {}
    signed = cbor2.dumps(["Signature1", protected, b"", payload])
    KEY.public_key().verify(signature, signed)
    assert cbor2.loads(payload)[1] == "26560"


def test_the_code_fits_the_roll_with_five_dots() -> None:
    code = qrcode.QRCode(error_correction=ERROR_CORRECT_M, border=0)
    code.add_data(slip_url("tra-cuu.example.vn", TOKEN))
    code.make(fit=True)
    assert {part.mode for part in code.data_list} == {qrcode.util.MODE_ALPHA_NUM}
    assert (code.modules_count + 8) * 5 <= 576 * 65 // 100  # 41 mm and some air on 72 mm


@given(st.binary(min_size=1, max_size=200))
def test_any_token_survives_the_printed_text(token: bytes) -> None:
    assert read_slip_text(slip_url("h.vn", token)) == token
    assert read_slip_text(base32(token).lower()) == token


@given(st.text(max_size=80))
def test_any_text_meets_a_code_or_a_token(text: str) -> None:
    with contextlib.suppress(ProtocolError):
        assert len(read_slip_text(text)) <= len(text)


def test_a_host_of_other_characters_is_refused() -> None:
    for host in ("", "a b", "a/b", "đ.vn"):
        with pytest.raises(ProtocolError):
            slip_url(host, TOKEN)


def test_the_check_has_eight_characters_of_the_alphabet() -> None:
    check = slip_check(TOKEN)
    assert len(check) == 9
    assert check[4] == "-"
    assert set(check.replace("-", "")) <= set(CHECK_ALPHABET)
    assert slip_check(TOKEN + b"\x00") != check


def test_the_end_of_a_key_is_told_in_positions() -> None:
    assert not is_ended(((LID, 41_319),), CLAIMS)
    assert is_ended(((LID, 41_318),), CLAIMS)
    assert is_ended((), CLAIMS)
    assert is_ended(None, CLAIMS)


def test_what_cannot_be_said_is_not_signed() -> None:
    with pytest.raises(ProtocolError):
        sign_slip(CLAIMS._replace(dossier=None), KEY)
    with pytest.raises(ProtocolError):
        sign_slip(CLAIMS._replace(procedure="x" * 33), KEY)
    with pytest.raises(ProtocolError):
        sign_slip(CLAIMS._replace(sequence=-1), KEY)

"""Passkeys: an authenticator of our own, and everything that may be wrong with an answer."""

import hashlib
import json
from base64 import urlsafe_b64encode
from collections.abc import Callable
from typing import Any

import cbor2
import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from hypothesis import given
from hypothesis import strategies as st

from edge_node.domain.errors import DomainError, ErrorCode
from edge_node.domain.passkey import Asked, Assertion, check_assertion, read_key, register

ASKED = Asked("tram.example", "https://tram.example:8443", bytes(range(32)))
CREDENTIAL = b"credential of the test"
PRESENT, VERIFIED, ATTESTED, EXTENDED = 0x01, 0x04, 0x40, 0x80


class Authenticator:
    """Makes answers as a browser hands them on; every part can be bent."""

    def __init__(self, *, edwards: bool = False) -> None:
        self._edwards = Ed25519PrivateKey.generate() if edwards else None
        self._curve = ec.generate_private_key(ec.SECP256R1())

    @property
    def cose(self) -> bytes:
        if self._edwards is not None:
            x = self._edwards.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)
            return cbor2.dumps({1: 1, 3: -8, -1: 6, -2: x})
        point = self._curve.public_key().public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)
        return cbor2.dumps({1: 2, 3: -7, -1: 1, -2: point[1:33], -3: point[33:]})

    def sign(self, data: bytes) -> bytes:
        if self._edwards is not None:
            return self._edwards.sign(data)
        return self._curve.sign(data, ec.ECDSA(SHA256()))

    def register(self, *, flags: int = PRESENT | VERIFIED | ATTESTED, more: bytes = b"") -> bytes:
        length = len(CREDENTIAL).to_bytes(2, "big")
        data = head(flags, 0) + bytes(16) + length + CREDENTIAL + self.cose + more
        return cbor2.dumps({"fmt": "none", "attStmt": {}, "authData": data})

    def answer(self, count: int = 1, *, flags: int = PRESENT | VERIFIED, **bent: Any) -> Assertion:
        client = client_data("webauthn.get", **bent)
        data = head(flags, count)
        return Assertion(client, data, self.sign(data + hashlib.sha256(client).digest()))


def head(flags: int, count: int, rp_id: str = ASKED.rp_id) -> bytes:
    return hashlib.sha256(rp_id.encode()).digest() + bytes([flags]) + count.to_bytes(4, "big")


def client_data(ceremony: str, **bent: Any) -> bytes:
    challenge = urlsafe_b64encode(ASKED.challenge).rstrip(b"=").decode()
    said = {"type": ceremony, "challenge": challenge, "origin": ASKED.origin, **bent}
    return json.dumps(said).encode()


def assert_refused(act: Callable[[], object]) -> None:
    with pytest.raises(DomainError) as refused:
        act()
    assert refused.value.code is ErrorCode.PASSKEY_REFUSED


@pytest.mark.parametrize("edwards", [False, True])
def test_a_registered_authenticator_signs_in(*, edwards: bool) -> None:
    key = Authenticator(edwards=edwards)
    found = register(ASKED, client_data("webauthn.create"), key.register())
    assert found == (CREDENTIAL, key.cose, 0)
    assert check_assertion(ASKED, key.answer(1), found.public_key, 0) == 1
    assert check_assertion(ASKED, key.answer(0), found.public_key, 0) == 0


def test_extensions_after_the_key_are_passed_over() -> None:
    key = Authenticator()
    extended = key.register(
        flags=PRESENT | VERIFIED | ATTESTED | EXTENDED, more=cbor2.dumps({"credProtect": 2})
    )
    assert register(ASKED, client_data("webauthn.create"), extended).public_key == key.cose


@pytest.mark.parametrize(
    "bent",
    [
        {"origin": "https://tram.example"},
        {"origin": "https://evil.example:8443"},
        {"challenge": urlsafe_b64encode(bytes(32)).decode()},
        {"challenge": ""},
        {"type": "webauthn.create"},
        {"crossOrigin": True},
        {"origin": None},
    ],
)
def test_another_page_s_answer_is_refused(bent: dict[str, Any]) -> None:
    key = Authenticator()
    assert_refused(lambda: check_assertion(ASKED, key.answer(1, **bent), key.cose, 0))


@pytest.mark.parametrize("flags", [0, PRESENT, VERIFIED])
def test_nobody_there_or_nobody_verified_is_refused(flags: int) -> None:
    key = Authenticator()
    assert_refused(lambda: check_assertion(ASKED, key.answer(flags=flags), key.cose, 0))
    create = client_data("webauthn.create")
    attestation = key.register(flags=flags | ATTESTED)
    assert_refused(lambda: register(ASKED, create, attestation))


@pytest.mark.parametrize(("count", "before"), [(5, 5), (4, 5), (0, 5)])
def test_a_copied_authenticator_is_noticed(count: int, before: int) -> None:
    key = Authenticator()
    assert_refused(lambda: check_assertion(ASKED, key.answer(count), key.cose, before))


def test_another_station_s_and_another_key_s_answers_are_refused() -> None:
    key, other = Authenticator(), Authenticator()
    elsewhere = ASKED._replace(rp_id="other.example")
    assert_refused(lambda: check_assertion(elsewhere, key.answer(), key.cose, 0))
    assert_refused(lambda: check_assertion(ASKED, key.answer(), other.cose, 0))
    answer = key.answer()
    changed = answer._replace(authenticator_data=head(PRESENT | VERIFIED, 9))
    assert_refused(lambda: check_assertion(ASKED, changed, key.cose, 0))


@pytest.mark.parametrize(
    "cose",
    [
        {1: 3, 3: -257, -1: b"n", -2: b"e"},
        {1: 2, 3: -7, -1: 1, -2: bytes(32), -3: bytes(32)},
        {1: 2, 3: -7, -1: 2, -2: bytes(32), -3: bytes(32)},
        {1: 1, 3: -8, -1: 6, -2: b"short"},
        {},
    ],
)
def test_other_kinds_of_keys_are_refused(cose: dict[int, object]) -> None:
    assert_refused(lambda: read_key(cbor2.dumps(cose)))


@given(st.binary(max_size=300))
def test_rubbish_is_refused_and_never_an_error(rubbish: bytes) -> None:
    assert_refused(lambda: register(ASKED, client_data("webauthn.create"), rubbish))
    assert_refused(lambda: register(ASKED, rubbish, b""))
    wrapped = cbor2.dumps({"fmt": "none", "authData": head(0x45, 0) + rubbish})
    assert_refused(lambda: register(ASKED, client_data("webauthn.create"), wrapped))

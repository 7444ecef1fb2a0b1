"""Passkeys: what a browser answers when an authenticator was registered or has signed (WebAuthn 2).

Responsible for §7.1 and §7.2 of the specification as far as a station needs them: attestation
"none", keys ES256 and Ed25519, a person verified by the authenticator (a passkey stands for the
PIN). Rules: every refusal is the same one, so that nobody learns how far they came. Must not know
accounts, challenges' ages, the store.
"""

import hashlib
import hmac
import io
from base64 import urlsafe_b64encode
from typing import Final, Literal, NamedTuple, TypeAlias

import cbor2
import msgspec
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.hashes import SHA256

from edge_node.domain.errors import DomainError, ErrorCode

CHALLENGE_BYTES: Final = 32
MAXIMUM_ANSWER_BYTES: Final = 2048
"""Of each part of an answer; real ones have a few hundred."""

MAXIMUM_CREDENTIAL_BYTES: Final = 1023

ALGORITHMS: Final = (-7, -8)
"""COSE: ES256, EdDSA; in the order of preference."""

_PRESENT, _VERIFIED, _ATTESTED = 0x01, 0x04, 0x40
_HEAD_BYTES: Final = 37
_AAGUID_BYTES: Final = 16

Ceremony: TypeAlias = Literal["webauthn.create", "webauthn.get"]
PublicKey: TypeAlias = ec.EllipticCurvePublicKey | Ed25519PublicKey


class Asked(NamedTuple):
    """What the station asked: its name in the browser, the page's origin, a fresh challenge."""

    rp_id: str
    origin: str
    challenge: bytes


class Registered(NamedTuple):
    """A new authenticator: its id, its COSE key, its counter."""

    credential_id: bytes
    public_key: bytes
    sign_count: int


class Assertion(NamedTuple):
    """An authenticator's answer to a challenge."""

    client_data: bytes
    authenticator_data: bytes
    signature: bytes


class _ClientData(msgspec.Struct, frozen=True, rename="camel"):
    type: str
    challenge: str
    origin: str
    cross_origin: bool = False


class _Head(NamedTuple):
    flags: int
    sign_count: int
    rest: bytes


def register(asked: Asked, client_data: bytes, attestation: bytes) -> Registered:
    """The authenticator a registration speaks of. Error: passkey_refused."""
    _check_client(asked, client_data, "webauthn.create")
    found = _cbor(attestation)
    data = found.get("authData") if isinstance(found, dict) else None
    if not isinstance(data, bytes):
        raise refused()
    head = _check_head(asked, data)
    if not head.flags & _ATTESTED or len(head.rest) < _AAGUID_BYTES + 2:
        raise refused()
    length = int.from_bytes(head.rest[_AAGUID_BYTES : _AAGUID_BYTES + 2], "big")
    after = head.rest[_AAGUID_BYTES + 2 :]
    if not 0 < length <= MAXIMUM_CREDENTIAL_BYTES or len(after) <= length:
        raise refused()
    key = _first_item(after[length:])
    read_key(key)
    return Registered(after[:length], key, head.sign_count)


def check_assertion(asked: Asked, answer: Assertion, public_key: bytes, sign_count: int) -> int:
    """The authenticator's new counter when it has signed this challenge. Error: passkey_refused.

    A counter that does not rise means a copied authenticator; one that is always 0 counts nothing.
    """
    _check_client(asked, answer.client_data, "webauthn.get")
    head = _check_head(asked, answer.authenticator_data)
    signed = answer.authenticator_data + hashlib.sha256(answer.client_data).digest()
    key = read_key(public_key)
    try:
        if isinstance(key, Ed25519PublicKey):
            key.verify(answer.signature, signed)
        else:
            key.verify(answer.signature, signed, ec.ECDSA(SHA256()))
    except InvalidSignature:
        raise refused() from None
    if (head.sign_count or sign_count) and head.sign_count <= sign_count:
        raise refused()
    return head.sign_count


def read_key(cose: bytes) -> PublicKey:
    """A COSE key of one of the two kinds. Error: passkey_refused."""
    fields = _cbor(cose)
    if not isinstance(fields, dict):
        raise refused()
    kind = (fields.get(1), fields.get(3), fields.get(-1))
    x, y = fields.get(-2), fields.get(-3)
    try:
        if kind == (2, -7, 1) and isinstance(x, bytes) and isinstance(y, bytes):
            return ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), b"\4" + x + y)
        if kind == (1, -8, 6) and isinstance(x, bytes):
            return Ed25519PublicKey.from_public_bytes(x)
    except ValueError:
        raise refused() from None
    raise refused()


def refused() -> DomainError:
    """The one refusal."""
    return DomainError(ErrorCode.PASSKEY_REFUSED)


def _check_client(asked: Asked, client_data: bytes, ceremony: Ceremony) -> None:
    try:
        said = msgspec.json.decode(client_data, type=_ClientData)
    except (msgspec.DecodeError, UnicodeDecodeError):
        raise refused() from None
    challenge = urlsafe_b64encode(asked.challenge).rstrip(b"=")
    fits = said.type == ceremony and said.origin == asked.origin and not said.cross_origin
    if not fits or not hmac.compare_digest(said.challenge.encode(), challenge):
        raise refused()


def _check_head(asked: Asked, data: bytes) -> _Head:
    if not _HEAD_BYTES <= len(data) <= MAXIMUM_ANSWER_BYTES:
        raise refused()
    head = _Head(data[32], int.from_bytes(data[33:_HEAD_BYTES], "big"), data[_HEAD_BYTES:])
    wanted = _PRESENT | _VERIFIED
    if data[:32] != hashlib.sha256(asked.rp_id.encode()).digest() or head.flags & wanted != wanted:
        raise refused()
    return head


def _cbor(data: bytes) -> object:
    if len(data) > MAXIMUM_ANSWER_BYTES:
        raise refused()
    try:
        found: object = cbor2.loads(data)
    except (cbor2.CBORDecodeError, ValueError, RecursionError):
        raise refused() from None
    return found


def _first_item(data: bytes) -> bytes:
    """The key, without the extensions that may follow it."""
    stream = io.BytesIO(data)
    try:
        cbor2.CBORDecoder(stream).decode()
    except (cbor2.CBORDecodeError, ValueError, RecursionError):
        raise refused() from None
    return data[: stream.tell()]

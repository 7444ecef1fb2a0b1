"""The enrolment: all that a station must know of its city, in one answer to its request.

It carries the city's keyset and the station's certificate, signed by a receipt key of that keyset.
What makes it the right city's is one of three: the hash of the roots in a scanned code, the MAC
under a typed code, or two people who compare the fingerprint. The messages are the same over the
network and as files.
"""

from hashlib import sha256
from typing import Final, NamedTuple

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from sync.protocol.canonical import Value, decode
from sync.protocol.certificate import StationCertificate, sign_certificate, verify_certificate
from sync.protocol.control import check_size, sign_control
from sync.protocol.cose import LABEL_ENROLMENT, unverified_payload, verify
from sync.protocol.enrolment_code import check_mac, message_mac
from sync.protocol.errors import ProtocolError, ProtocolErrorCode
from sync.protocol.fields import ControlMap, any_bytes, bytes_of, unsigned
from sync.protocol.keyset import Keyset, keys_by_id, verify_keyset
from sync.protocol.limits import CITY_ID_BYTES, DIGEST_BYTES, MAXIMUM_KEYS, PROTOCOL_VERSION
from sync.protocol.request import StationRequest, sign_request, verify_request

_KEYS: Final = frozenset({1, 2, 3, 4, 5, 6, 8, 9, 11})
_MAC: Final = 11
_FINGERPRINT_GROUPS: Final = 6

__all__ = [
    "Enrolment",
    "Expected",
    "SignedKeyset",
    "StationCertificate",
    "StationRequest",
    "fingerprint",
    "keys_by_id",
    "sign_certificate",
    "sign_enrolment",
    "sign_request",
    "verify_certificate",
    "verify_enrolment",
    "verify_request",
]


class SignedKeyset(NamedTuple):
    """A keyset and the message that its roots signed."""

    message: bytes
    keyset: Keyset


class Enrolment(NamedTuple):
    """Everything a station needs to talk to its city.

    ``ca_pem`` is the only authority the station trusts for TLS; ``certificate`` is the signed
    StationCertificate; ``dictionaries`` are the numbers of those the city knows.
    """

    city_id: bytes
    city_name: str
    city_url: str
    ca_pem: str
    keyset: SignedKeyset
    certificate: bytes
    dictionaries: tuple[int, ...]

    @property
    def ca_keys(self) -> tuple[bytes, ...]:
        """The keys that sign certificates and revocations."""
        return self.keyset.keyset.ca_keys

    @property
    def receipt_keys(self) -> tuple[bytes, ...]:
        """The keys that sign WELCOME, receipts and enrolments."""
        return self.keyset.keyset.receipt_keys

    @property
    def encryption_keys(self) -> tuple[bytes, ...]:
        """The keys that bodies may be sealed for; the first is the one to use."""
        return self.keyset.keyset.encryption_keys


class Expected(NamedTuple):
    """What a station holds an enrolment against; all None when people compared fingerprints.

    ``trusted`` is the keyset in use (a re-enrolment), ``root_hash`` comes from a scanned code,
    ``code_secret`` from any code.
    """

    trusted: Keyset | None = None
    root_hash: bytes | None = None
    code_secret: bytes | None = None


def sign_enrolment(
    enrolment: Enrolment, receipt_key: Ed25519PrivateKey, code_secret: bytes | None = None
) -> bytes:
    """The enrolment, signed by a receipt key of its keyset. Errors: MALFORMED (another key)."""
    if receipt_key.public_key().public_bytes_raw() not in enrolment.receipt_keys:
        raise ProtocolError(ProtocolErrorCode.MALFORMED, "an enrolment names the key that signs it")
    fields: dict[int | str, Value] = {
        1: PROTOCOL_VERSION,
        2: enrolment.city_id,
        3: enrolment.city_name,
        4: enrolment.city_url,
        5: enrolment.ca_pem,
        6: enrolment.keyset.message,
        8: enrolment.certificate,
        9: list(enrolment.dictionaries),
    }
    mac = None if code_secret is None else message_mac(code_secret, LABEL_ENROLMENT, fields)
    return sign_control(receipt_key, LABEL_ENROLMENT, {**fields, _MAC: mac})


def verify_enrolment(message: bytes, expected: Expected | None = None) -> Enrolment:
    """The enrolment in a message, consistent in itself and with what the station expects.

    Keyset, signature and certificate verify, in that order. Without a code a MAC is passed over.
    Errors: those of ``verify_keyset``; BAD_MAC, UNKNOWN_KEY, BAD_SIGNATURE, CITY_MISMATCH,
    UNSUPPORTED, MALFORMED, those of ``canonical.decode``.
    """
    check_size(message)
    expected = expected or Expected()
    payload = decode(unverified_payload(message))
    enrolment = _read(payload, expected)
    verify(message, LABEL_ENROLMENT, keys_by_id(enrolment.receipt_keys))
    if expected.code_secret is not None:
        check_mac(expected.code_secret, LABEL_ENROLMENT, payload, _MAC)
    certificate = verify_certificate(enrolment.certificate, keys_by_id(enrolment.ca_keys))
    if {certificate.city_id, enrolment.keyset.keyset.city_id} != {enrolment.city_id}:
        raise ProtocolError(ProtocolErrorCode.CITY_MISMATCH, "enrolment")
    return enrolment


def fingerprint(message: bytes) -> str:
    """Six groups of five digits that two people can read to each other over the telephone."""
    digest = sha256(message).digest()
    groups = [
        int.from_bytes(digest[at * 4 : at * 4 + 4], "big") % 100_000
        for at in range(_FINGERPRINT_GROUPS)
    ]
    return " ".join(f"{group:05}" for group in groups)


def _read(payload: Value, expected: Expected) -> Enrolment:
    fields = ControlMap(payload, _KEYS)
    fields.version()
    fields.optional(_MAC, lambda value, place: bytes_of(value, DIGEST_BYTES, place))
    message = any_bytes(fields.value(6), "key 6")
    return Enrolment(
        city_id=fields.bytes_of(2, CITY_ID_BYTES),
        city_name=fields.text(3),
        city_url=fields.text(4),
        ca_pem=fields.text(5),
        keyset=SignedKeyset(message, verify_keyset(message, expected.trusted, expected.root_hash)),
        certificate=any_bytes(fields.value(8), "key 8"),
        dictionaries=tuple(unsigned(item, "key 9") for item in fields.array(9, MAXIMUM_KEYS)),
    )

"""How station and city come to know each other's keys: request, certificate, enrolment.

The station writes a request signed by its own new key. A person carries it to the city, whose
operator compares the fingerprint with the one on the station's screen and answers with an
enrolment: the city's keys and the station's certificate, in one object signed by the receipt key.
The person who carries it back is the root of trust; fingerprints let two people check each other.
"""

from collections.abc import Sequence
from hashlib import sha256
from typing import Final, NamedTuple

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from sync.protocol.canonical import Value, decode
from sync.protocol.control import check_size, sign_control
from sync.protocol.cose import (
    LABEL_CERTIFICATE,
    LABEL_ENROLMENT,
    LABEL_REQUEST,
    FindKey,
    public_key,
    raw_key_id,
    unverified_payload,
    verify,
)
from sync.protocol.errors import ProtocolError, ProtocolErrorCode
from sync.protocol.fields import ControlMap, any_bytes, bytes_of, unsigned
from sync.protocol.limits import (
    CITY_ID_BYTES,
    HARDWARE_ID_BYTES,
    MAXIMUM_KEYS,
    NODE_ID_BYTES,
    PROTOCOL_VERSION,
    PUBLIC_KEY_BYTES,
)

_REQUEST_KEYS: Final = frozenset(range(1, 8))
_CERTIFICATE_KEYS: Final = frozenset(range(1, 10))
_ENROLMENT_KEYS: Final = frozenset(range(1, 10))
_FINGERPRINT_GROUPS: Final = 6


class StationRequest(NamedTuple):
    """What a station asks to be enrolled as. Keys are raw public keys, 32 bytes each."""

    node_id: bytes
    station: int
    signing_key: bytes
    encryption_key: bytes
    hardware_id: bytes
    software: str


class StationCertificate(NamedTuple):
    """The city's word that these keys are that station's. ``not_after_ms`` is the city's affair."""

    city_id: bytes
    node_id: bytes
    station: int
    signing_key: bytes
    encryption_key: bytes
    hardware_id: bytes
    serial: int
    not_after_ms: int | None


class Enrolment(NamedTuple):
    """Everything a station needs to talk to its city.

    ``ca_pem`` is the only authority the station trusts for TLS; ``receipt_keys`` verify WELCOME,
    receipts and this object; bodies are sealed for the first of ``encryption_keys``;
    ``certificate`` is the signed StationCertificate; ``dictionaries`` are numbers the city knows.
    """

    city_id: bytes
    city_name: str
    city_url: str
    ca_pem: str
    receipt_keys: tuple[bytes, ...]
    encryption_keys: tuple[bytes, ...]
    certificate: bytes
    dictionaries: tuple[int, ...]


def sign_request(request: StationRequest, key: Ed25519PrivateKey) -> bytes:
    """The request, signed by the key that it names. Errors: MALFORMED (another key)."""
    if key.public_key().public_bytes_raw() != request.signing_key:
        raise ProtocolError(ProtocolErrorCode.MALFORMED, "a request names the key that signs it")
    fields: dict[int | str, Value] = {
        1: PROTOCOL_VERSION,
        2: request.node_id,
        3: request.station,
        4: request.signing_key,
        5: request.encryption_key,
        6: request.hardware_id,
        7: request.software,
    }
    return sign_control(key, LABEL_REQUEST, fields)


def verify_request(message: bytes) -> StationRequest:
    """The request in a message: proof that its sender holds the key, not who the sender is.

    Errors: UNKNOWN_KEY (signed by another key than it names), BAD_SIGNATURE, UNSUPPORTED,
    MALFORMED and those of ``canonical.decode``.
    """
    check_size(message)
    fields = ControlMap(decode(unverified_payload(message)), _REQUEST_KEYS)
    fields.version()
    request = StationRequest(
        node_id=fields.bytes_of(2, NODE_ID_BYTES),
        station=fields.unsigned(3),
        signing_key=fields.bytes_of(4, PUBLIC_KEY_BYTES),
        encryption_key=fields.bytes_of(5, PUBLIC_KEY_BYTES),
        hardware_id=fields.bytes_of(6, HARDWARE_ID_BYTES),
        software=fields.text(7),
    )
    verify(message, LABEL_REQUEST, keys_by_id([request.signing_key]))
    return request


def sign_certificate(certificate: StationCertificate, key: Ed25519PrivateKey) -> bytes:
    """The certificate, signed by a receipt key of the city."""
    fields: dict[int | str, Value] = {
        1: PROTOCOL_VERSION,
        2: certificate.city_id,
        3: certificate.node_id,
        4: certificate.station,
        5: certificate.signing_key,
        6: certificate.encryption_key,
        7: certificate.hardware_id,
        8: certificate.serial,
        9: certificate.not_after_ms,
    }
    return sign_control(key, LABEL_CERTIFICATE, fields)


def verify_certificate(message: bytes, find_key: FindKey) -> StationCertificate:
    """The certificate in a message. Its end date is not judged here."""
    check_size(message)
    payload = verify(message, LABEL_CERTIFICATE, find_key).payload
    fields = ControlMap(decode(payload), _CERTIFICATE_KEYS)
    fields.version()
    return StationCertificate(
        city_id=fields.bytes_of(2, CITY_ID_BYTES),
        node_id=fields.bytes_of(3, NODE_ID_BYTES),
        station=fields.unsigned(4),
        signing_key=fields.bytes_of(5, PUBLIC_KEY_BYTES),
        encryption_key=fields.bytes_of(6, PUBLIC_KEY_BYTES),
        hardware_id=fields.bytes_of(7, HARDWARE_ID_BYTES),
        serial=fields.unsigned(8),
        not_after_ms=fields.optional(9, unsigned),
    )


def sign_enrolment(enrolment: Enrolment, key: Ed25519PrivateKey) -> bytes:
    """The enrolment, signed by one of the receipt keys that it names. Errors: MALFORMED."""
    if key.public_key().public_bytes_raw() not in enrolment.receipt_keys:
        raise ProtocolError(ProtocolErrorCode.MALFORMED, "an enrolment names the key that signs it")
    fields: dict[int | str, Value] = {
        1: PROTOCOL_VERSION,
        2: enrolment.city_id,
        3: enrolment.city_name,
        4: enrolment.city_url,
        5: enrolment.ca_pem,
        6: list(enrolment.receipt_keys),
        7: list(enrolment.encryption_keys),
        8: enrolment.certificate,
        9: list(enrolment.dictionaries),
    }
    return sign_control(key, LABEL_ENROLMENT, fields)


def verify_enrolment(message: bytes) -> Enrolment:
    """The enrolment in a message, consistent in itself; the certificate in it verifies too.

    Whether it comes from the right city is for people to check (``fingerprint``).
    Errors: UNKNOWN_KEY, BAD_SIGNATURE, UNSUPPORTED, MALFORMED, those of ``canonical.decode``.
    """
    check_size(message)
    fields = ControlMap(decode(unverified_payload(message)), _ENROLMENT_KEYS)
    fields.version()
    enrolment = Enrolment(
        city_id=fields.bytes_of(2, CITY_ID_BYTES),
        city_name=fields.text(3),
        city_url=fields.text(4),
        ca_pem=fields.text(5),
        receipt_keys=raw_keys(fields.array(6, MAXIMUM_KEYS), "key 6"),
        encryption_keys=raw_keys(fields.array(7, MAXIMUM_KEYS), "key 7"),
        certificate=any_bytes(fields.value(8), "key 8"),
        dictionaries=tuple(unsigned(item, "key 9") for item in fields.array(9, MAXIMUM_KEYS)),
    )
    find_key = keys_by_id(enrolment.receipt_keys)
    verify(message, LABEL_ENROLMENT, find_key)
    if verify_certificate(enrolment.certificate, find_key).city_id != enrolment.city_id:
        raise ProtocolError(ProtocolErrorCode.MALFORMED, "certificate of another city")
    return enrolment


def keys_by_id(raw_keys: Sequence[bytes]) -> FindKey:
    """A key finder over raw public keys, for ``verify`` and its relatives."""
    keys: dict[bytes, Ed25519PublicKey] = {raw_key_id(raw): public_key(raw) for raw in raw_keys}
    return keys.get


def fingerprint(message: bytes) -> str:
    """Six groups of five digits that two people can read to each other over the telephone."""
    digest = sha256(message).digest()
    groups = [
        int.from_bytes(digest[at * 4 : at * 4 + 4], "big") % 100_000
        for at in range(_FINGERPRINT_GROUPS)
    ]
    return " ".join(f"{group:05}" for group in groups)


def raw_keys(values: list[Value], place: str) -> tuple[bytes, ...]:
    """At least one raw public key of 32 bytes."""
    if not values:
        raise ProtocolError(ProtocolErrorCode.MALFORMED, f"{place}: at least one key")
    return tuple(bytes_of(value, PUBLIC_KEY_BYTES, place) for value in values)

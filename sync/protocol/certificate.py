"""The city's signed word that a pair of keys belongs to one station."""

from typing import Final, NamedTuple

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from sync.protocol.canonical import Value, decode
from sync.protocol.control import check_size, sign_control
from sync.protocol.cose import LABEL_CERTIFICATE, FindKey, verify
from sync.protocol.fields import ControlMap, unsigned
from sync.protocol.limits import (
    CITY_ID_BYTES,
    HARDWARE_ID_BYTES,
    NODE_ID_BYTES,
    PROTOCOL_VERSION,
    PUBLIC_KEY_BYTES,
)

_KEYS: Final = frozenset(range(1, 10))


class StationCertificate(NamedTuple):
    """These raw public keys are that station's. ``not_after_ms`` is judged by the city only."""

    city_id: bytes
    node_id: bytes
    station: int
    signing_key: bytes
    encryption_key: bytes
    hardware_id: bytes
    serial: int
    not_after_ms: int | None


def sign_certificate(certificate: StationCertificate, ca_key: Ed25519PrivateKey) -> bytes:
    """The certificate, signed by a CA key of the city."""
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
    return sign_control(ca_key, LABEL_CERTIFICATE, fields)


def verify_certificate(message: bytes, find_ca_key: FindKey) -> StationCertificate:
    """The certificate in a message. Its end date is not judged here.

    Errors: UNSUPPORTED, MALFORMED, those of ``cose.verify`` and ``canonical.decode``.
    """
    check_size(message)
    payload = verify(message, LABEL_CERTIFICATE, find_ca_key).payload
    fields = ControlMap(decode(payload), _KEYS)
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

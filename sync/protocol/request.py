"""A station's request to be enrolled, signed by the new key that it names.

The signature proves who holds the key, not who that is. Over the network the MAC of an enrolment
code says that; on a file two people compare fingerprints.
"""

from typing import Final, NamedTuple

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from sync.protocol.canonical import Value, decode
from sync.protocol.control import check_size, sign_control
from sync.protocol.cose import LABEL_REQUEST, unverified_payload, verify
from sync.protocol.enrolment_code import check_mac, message_mac
from sync.protocol.errors import ProtocolError, ProtocolErrorCode
from sync.protocol.fields import ControlMap, bytes_of
from sync.protocol.keyset import keys_by_id
from sync.protocol.limits import (
    DIGEST_BYTES,
    HARDWARE_ID_BYTES,
    NODE_ID_BYTES,
    NONCE_BYTES,
    PROTOCOL_VERSION,
    PUBLIC_KEY_BYTES,
)

_KEYS: Final = frozenset(range(1, 10))
_MAC: Final = 9


class StationRequest(NamedTuple):
    """What a station asks to be enrolled as. Keys are raw public keys, 32 bytes each.

    ``nonce`` keeps two requests with one code apart; zeros do where no code is used.
    """

    node_id: bytes
    station: int
    signing_key: bytes
    encryption_key: bytes
    hardware_id: bytes
    software: str
    nonce: bytes = bytes(NONCE_BYTES)


def sign_request(
    request: StationRequest, key: Ed25519PrivateKey, code_secret: bytes | None = None
) -> bytes:
    """The request, signed by the key that it names, with a MAC when there is a code.

    Errors: MALFORMED (another key).
    """
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
        8: request.nonce,
    }
    mac = None if code_secret is None else message_mac(code_secret, LABEL_REQUEST, fields)
    return sign_control(key, LABEL_REQUEST, {**fields, _MAC: mac})


def verify_request(message: bytes, code_secret: bytes | None = None) -> StationRequest:
    """The request in a message; with a code, its MAC is checked too.

    A city reads the request without a code first, to learn the station, then again with the code
    that it gave to this station. Without a code a MAC is passed over.

    Errors: BAD_MAC, UNKNOWN_KEY (signed by another key than it names), BAD_SIGNATURE, UNSUPPORTED,
    MALFORMED and those of ``canonical.decode``.
    """
    check_size(message)
    payload = decode(unverified_payload(message))
    fields = ControlMap(payload, _KEYS)
    fields.version()
    fields.optional(_MAC, lambda value, place: bytes_of(value, DIGEST_BYTES, place))
    request = StationRequest(
        node_id=fields.bytes_of(2, NODE_ID_BYTES),
        station=fields.unsigned(3),
        signing_key=fields.bytes_of(4, PUBLIC_KEY_BYTES),
        encryption_key=fields.bytes_of(5, PUBLIC_KEY_BYTES),
        hardware_id=fields.bytes_of(6, HARDWARE_ID_BYTES),
        software=fields.text(7),
        nonce=fields.bytes_of(8, NONCE_BYTES),
    )
    verify(message, LABEL_REQUEST, keys_by_id([request.signing_key]))
    if code_secret is not None:
        check_mac(code_secret, LABEL_REQUEST, payload, _MAC)
    return request

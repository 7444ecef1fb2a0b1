"""A station asks for new keys, signed by the old one; inside is a request signed by the new one."""

from typing import Final, NamedTuple

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from sync.protocol.canonical import Value, decode
from sync.protocol.control import check_size, sign_control
from sync.protocol.cose import LABEL_REKEY, FindKey, verify
from sync.protocol.errors import ProtocolError, ProtocolErrorCode
from sync.protocol.fields import ControlMap, any_bytes
from sync.protocol.limits import NODE_ID_BYTES, PROTOCOL_VERSION, PUBLIC_KEY_BYTES
from sync.protocol.request import StationRequest, verify_request

_KEYS: Final = frozenset({1, 2, 4, 5, 6})


class VerifiedRekey(NamedTuple):
    """The request by the new key, and the id of the old key that vouches for it."""

    request: StationRequest
    old_kid: bytes


def sign_rekey(request_message: bytes, old_key: Ed25519PrivateKey) -> bytes:
    """The change of keys; ``request_message`` is signed by the new key. Errors: as the request."""
    request = verify_request(request_message)
    fields: dict[int | str, Value] = {
        1: PROTOCOL_VERSION,
        2: request.node_id,
        4: request.signing_key,
        5: request.encryption_key,
        6: request_message,
    }
    return sign_control(old_key, LABEL_REKEY, fields)


def verify_rekey(message: bytes, find_station_key: FindKey) -> VerifiedRekey:
    """Who asks, once both keys have signed for the same station and the same new keys.

    That the old key is this ``node_id``'s is for the caller to check: it knows the certificates.
    Errors: NODE_MISMATCH, MALFORMED (other keys inside than outside), those of ``cose.verify``,
    ``verify_request`` and ``canonical.decode``.
    """
    check_size(message)
    verified = verify(message, LABEL_REKEY, find_station_key)
    fields = ControlMap(decode(verified.payload), _KEYS)
    fields.version()
    request = verify_request(any_bytes(fields.value(6), "key 6"))
    if fields.bytes_of(2, NODE_ID_BYTES) != request.node_id:
        raise ProtocolError(ProtocolErrorCode.NODE_MISMATCH, "change of keys")
    named = (fields.bytes_of(4, PUBLIC_KEY_BYTES), fields.bytes_of(5, PUBLIC_KEY_BYTES))
    if named != (request.signing_key, request.encryption_key):
        raise ProtocolError(ProtocolErrorCode.MALFORMED, "other keys than in the request")
    return VerifiedRekey(request, verified.kid)

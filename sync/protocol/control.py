"""Control messages: signed objects that are not batches, all under one size limit."""

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from sync.protocol.canonical import Value, encode
from sync.protocol.cose import sign
from sync.protocol.errors import ProtocolError, ProtocolErrorCode
from sync.protocol.limits import MAXIMUM_CONTROL_BYTES


def sign_control(key: Ed25519PrivateKey, label: str, fields: dict[int | str, Value]) -> bytes:
    """The signed message. Errors: TOO_LARGE, so that no receiver has to refuse it."""
    message = sign(key, label, encode(fields))
    check_size(message)
    return message


def check_size(message: bytes) -> None:
    """Refuse a control message over the limit. Errors: TOO_LARGE."""
    if len(message) > MAXIMUM_CONTROL_BYTES:
        raise ProtocolError(ProtocolErrorCode.TOO_LARGE, "control message")

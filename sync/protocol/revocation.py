"""The end of a station's key, told in positions of its logs: no clock is needed to judge it."""

from typing import Final, NamedTuple

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from sync.protocol.canonical import Value, decode
from sync.protocol.control import check_size, sign_control
from sync.protocol.cose import LABEL_REVOCATION, FindKey, verify
from sync.protocol.errors import ProtocolError, ProtocolErrorCode
from sync.protocol.fields import ControlMap, array, bytes_of, tuple_of, unsigned
from sync.protocol.limits import (
    KEY_ID_BYTES,
    LOG_ID_BYTES,
    MAXIMUM_REVOKED_LOGS,
    NODE_ID_BYTES,
    PROTOCOL_VERSION,
)

_KEYS: Final = frozenset(range(1, 7))


class Revocation(NamedTuple):
    """The key ``kid`` of a station signs for nothing any more, beyond these positions.

    ``positions`` are (log id, size): the first ``size`` records of that log stay good. A log that
    is not named has none; None means no position at all, everything is revoked.
    """

    node_id: bytes
    kid: bytes
    positions: tuple[tuple[bytes, int], ...] | None
    reason: str
    at_ms: int


def sign_revocation(revocation: Revocation, ca_key: Ed25519PrivateKey) -> bytes:
    """The revocation, signed by a CA key of the city. Errors: TOO_LARGE."""
    positions = revocation.positions
    if positions is not None and len(positions) > MAXIMUM_REVOKED_LOGS:
        raise ProtocolError(ProtocolErrorCode.TOO_LARGE, "positions of a revocation")
    fields: dict[int | str, Value] = {
        1: PROTOCOL_VERSION,
        2: revocation.node_id,
        3: revocation.kid,
        4: None if positions is None else [list(position) for position in positions],
        5: revocation.reason,
        6: revocation.at_ms,
    }
    return sign_control(ca_key, LABEL_REVOCATION, fields)


def verify_revocation(message: bytes, find_ca_key: FindKey) -> Revocation:
    """The revocation in a message, once its signature is good.

    Errors: UNSUPPORTED, MALFORMED, those of ``cose.verify`` and ``canonical.decode``.
    """
    check_size(message)
    fields = ControlMap(decode(verify(message, LABEL_REVOCATION, find_ca_key).payload), _KEYS)
    fields.version()
    return Revocation(
        node_id=fields.bytes_of(2, NODE_ID_BYTES),
        kid=fields.bytes_of(3, KEY_ID_BYTES),
        positions=fields.optional(4, _positions),
        reason=fields.text(5),
        at_ms=fields.unsigned(6),
    )


def covers(revocation: Revocation, lid: bytes, first: int, count: int = 1) -> bool:
    """Whether the revocation takes in a batch of this log, signed by its key.

    ``first`` and ``count`` are the batch's: one record beyond the position is enough, because one
    signature stands for all of it.
    """
    if revocation.positions is None:
        return True
    return first + count > dict(revocation.positions).get(lid, 0)


def _positions(value: Value, place: str) -> tuple[tuple[bytes, int], ...]:
    pairs = [tuple_of(item, 2, place) for item in array(value, MAXIMUM_REVOKED_LOGS, place)]
    positions = tuple(
        (bytes_of(lid, LOG_ID_BYTES, place), unsigned(size, place)) for lid, size in pairs
    )
    if len({lid for lid, _ in positions}) != len(positions):
        raise ProtocolError(ProtocolErrorCode.MALFORMED, f"{place}: a log twice")
    return positions

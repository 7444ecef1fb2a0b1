"""The city's current public keys by role, and who may change them: its roots, by threshold.

A keyset is signed by several roots. A newer one is taken only with the threshold of its own roots
and with that of the keyset in use; the first one is pinned by the hash of its roots. So roots can
be changed, but never by anybody who does not hold enough of the old ones.
"""

from collections.abc import Iterable, Sequence
from hashlib import sha256
from typing import Final, NamedTuple

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from sync.protocol.canonical import Value, decode, encode
from sync.protocol.control import check_size
from sync.protocol.cose import (
    LABEL_KEYSET,
    FindKey,
    public_key,
    raw_key_id,
    sign,
    signer,
    split_first,
    unverified_payload,
    verify,
)
from sync.protocol.errors import ProtocolError, ProtocolErrorCode
from sync.protocol.fields import ControlMap, bytes_of, tuple_of, unsigned
from sync.protocol.heads import ARRAY, head, read_head
from sync.protocol.limits import (
    CITY_ID_BYTES,
    DIGEST_BYTES,
    MAXIMUM_KEYS,
    MAXIMUM_KEYSET_SIGNATURES,
    PROTOCOL_VERSION,
    PUBLIC_KEY_BYTES,
)

_KEYS: Final = frozenset(range(1, 9))
_ROLES: Final = frozenset(range(1, 5))
_CA: Final = 1
_RECEIPT: Final = 2
_FEED: Final = 3
_ENCRYPTION: Final = 4


class Keyset(NamedTuple):
    """Raw public keys of the city, 32 bytes each, and the rule for changing them.

    ``version`` counts from 1. ``threshold`` of the ``root_keys`` must sign. ``ca_keys`` sign
    certificates and revocations; ``receipt_keys`` receipts, WELCOME, enrolments, custody and own
    records back; ``feed_keys`` feeds; bodies are sealed for the first of ``encryption_keys``.
    ``dictionaries`` are (number, SHA-256 of the content).
    """

    city_id: bytes
    version: int
    root_keys: tuple[bytes, ...]
    threshold: int
    ca_keys: tuple[bytes, ...]
    receipt_keys: tuple[bytes, ...]
    feed_keys: tuple[bytes, ...]
    encryption_keys: tuple[bytes, ...]
    dictionaries: tuple[tuple[int, bytes], ...] = ()
    minimum_protocol: int = PROTOCOL_VERSION


def root_hash(root_keys: Iterable[bytes]) -> bytes:
    """What pins the first keyset: the SHA-256 of its raw root keys in order, concatenated."""
    return sha256(b"".join(root_keys)).digest()


def encode_keyset(keyset: Keyset) -> bytes:
    """The payload that every root signs. Errors: MALFORMED (keys or threshold out of range)."""
    _check(keyset)
    return encode(
        {
            1: PROTOCOL_VERSION,
            2: keyset.city_id,
            3: keyset.version,
            4: list(keyset.root_keys),
            5: keyset.threshold,
            6: {
                _CA: list(keyset.ca_keys),
                _RECEIPT: list(keyset.receipt_keys),
                _FEED: list(keyset.feed_keys),
                _ENCRYPTION: list(keyset.encryption_keys),
            },
            7: [[number, digest] for number, digest in keyset.dictionaries],
            8: keyset.minimum_protocol,
        }
    )


def sign_keyset_part(payload: bytes, root_key: Ed25519PrivateKey) -> bytes:
    """One root's signature over the payload; roots may sign on different days and machines."""
    return sign(root_key, LABEL_KEYSET, payload)


def join_keyset(parts: Sequence[bytes]) -> bytes:
    """The keyset message from the signatures of several roots. Errors: TOO_LARGE."""
    if len(parts) > MAXIMUM_KEYSET_SIGNATURES:
        raise ProtocolError(ProtocolErrorCode.TOO_LARGE, "signatures of a keyset")
    message = head(ARRAY, len(parts)) + b"".join(parts)
    check_size(message)
    return message


def sign_keyset(keyset: Keyset, root_keys: Sequence[Ed25519PrivateKey]) -> bytes:
    """The keyset, signed by these roots at once."""
    payload = encode_keyset(keyset)
    return join_keyset([sign_keyset_part(payload, key) for key in root_keys])


def verify_keyset(
    message: bytes, trusted: Keyset | None = None, pinned_root: bytes | None = None
) -> Keyset:
    """The keyset in a message, once enough roots have signed it.

    ``trusted`` is the keyset in use, ``pinned_root`` the hash from an enrolment code. With neither
    the keyset only agrees with itself: then something else must have authenticated the message.
    Signatures by keys that are no root of either are passed over.

    Errors: TOO_FEW_SIGNATURES, BAD_SIGNATURE, WRONG_ROOT, OLD_KEYSET (a lower version, or the same
    one with other content), CITY_MISMATCH, UNSUPPORTED, TOO_LARGE, MALFORMED, those of decoding.
    """
    parts = _split(message)
    payload = unverified_payload(parts[0])
    if any(unverified_payload(part) != payload for part in parts):
        raise _malformed("every root signs the same payload")
    keyset = parse_keyset(payload)
    _check_threshold(parts, keyset)
    if pinned_root is not None and root_hash(keyset.root_keys) != pinned_root:
        raise ProtocolError(ProtocolErrorCode.WRONG_ROOT, "keyset")
    if trusted is not None:
        _check_succession(parts, keyset, trusted)
    return keyset


def parse_keyset(payload: bytes) -> Keyset:
    """The keyset in a payload that is verified, or about to be. Errors: as ``verify_keyset``."""
    fields = ControlMap(decode(payload), _KEYS)
    fields.version()
    roles = ControlMap(fields.value(6), _ROLES)
    keyset = Keyset(
        city_id=fields.bytes_of(2, CITY_ID_BYTES),
        version=fields.unsigned(3),
        root_keys=raw_keys(fields.array(4, MAXIMUM_KEYS), "key 4"),
        threshold=fields.unsigned(5),
        ca_keys=raw_keys(roles.array(_CA, MAXIMUM_KEYS), "key 6, role 1"),
        receipt_keys=raw_keys(roles.array(_RECEIPT, MAXIMUM_KEYS), "key 6, role 2"),
        feed_keys=raw_keys(roles.array(_FEED, MAXIMUM_KEYS), "key 6, role 3"),
        encryption_keys=raw_keys(roles.array(_ENCRYPTION, MAXIMUM_KEYS), "key 6, role 4"),
        dictionaries=tuple(_dictionary(item) for item in fields.array(7, MAXIMUM_KEYS)),
        minimum_protocol=fields.unsigned(8),
    )
    _check(keyset)
    if keyset.minimum_protocol > PROTOCOL_VERSION:
        raise ProtocolError(ProtocolErrorCode.UNSUPPORTED, "the city asks for a newer protocol")
    return keyset


def keys_by_id(raw_keys: Iterable[bytes]) -> FindKey:
    """A key finder over raw public keys, for ``verify`` and its relatives."""
    return {raw_key_id(raw): public_key(raw) for raw in raw_keys}.get


def raw_keys(values: list[Value], place: str) -> tuple[bytes, ...]:
    """At least one raw public key of 32 bytes, none of them twice."""
    keys = tuple(bytes_of(value, PUBLIC_KEY_BYTES, place) for value in values)
    if not keys or len(set(keys)) != len(keys):
        raise _malformed(f"{place}: at least one key, each once")
    return keys


def _split(message: bytes) -> list[bytes]:
    """The signed objects in the array."""
    check_size(message)
    major, count, offset = read_head(message, 0)
    if major != ARRAY or count == 0:
        raise _malformed("a keyset is an array of signed objects")
    if count > MAXIMUM_KEYSET_SIGNATURES:
        raise ProtocolError(ProtocolErrorCode.TOO_LARGE, "signatures of a keyset")
    rest = message[offset:]
    parts = []
    for _ in range(count):
        part, rest = split_first(rest)
        parts.append(part)
    if rest:
        raise _malformed("trailing bytes")
    return parts


def _check_threshold(parts: list[bytes], rule: Keyset) -> None:
    """Enough distinct roots of this rule. A root that signs twice counts once."""
    find_key = keys_by_id(rule.root_keys)
    signed = {
        verify(part, LABEL_KEYSET, find_key).kid
        for part in parts
        if find_key(signer(part)) is not None
    }
    if len(signed) < rule.threshold:
        raise ProtocolError(ProtocolErrorCode.TOO_FEW_SIGNATURES, f"{len(signed)} roots")


def _check_succession(parts: list[bytes], keyset: Keyset, trusted: Keyset) -> None:
    if keyset.city_id != trusted.city_id:
        raise ProtocolError(ProtocolErrorCode.CITY_MISMATCH, "keyset")
    if keyset.version < trusted.version or (
        keyset.version == trusted.version and keyset != trusted
    ):
        raise ProtocolError(ProtocolErrorCode.OLD_KEYSET, f"version {keyset.version}")
    _check_threshold(parts, trusted)


def _check(keyset: Keyset) -> None:
    if keyset.version == 0:
        raise _malformed("key 3: versions count from 1")
    if not 1 <= keyset.threshold <= len(keyset.root_keys):
        raise _malformed("key 5: threshold")


def _dictionary(value: Value) -> tuple[int, bytes]:
    number, digest = tuple_of(value, 2, "key 7")
    return unsigned(number, "key 7"), bytes_of(digest, DIGEST_BYTES, "key 7")


def _malformed(detail: str) -> ProtocolError:
    return ProtocolError(ProtocolErrorCode.MALFORMED, detail)

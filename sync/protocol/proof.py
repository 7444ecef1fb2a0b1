"""Proof for outsiders that one record is in a log: a COSE Receipt (RFC 9942) with RFC 9162 trees.

The city signs the root of a log; the path from one record to that root travels beside the
signature. Whoever has the record, this receipt and the city's receipt key needs nothing else, and
sees no other record. Unlike the protocol's own messages it has no label: its protected header says
what it is, so that any reader of RFC 9942 can verify it.
"""

from collections.abc import Sequence
from typing import Final, NamedTuple

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from sync.protocol import merkle
from sync.protocol.canonical import Value, decode, encode
from sync.protocol.control import check_size
from sync.protocol.cose import FindKey, key_id
from sync.protocol.errors import ProtocolError, ProtocolErrorCode
from sync.protocol.fields import ControlMap, any_bytes, array, bytes_of, text, tuple_of, unsigned
from sync.protocol.limits import (
    CITY_ID_BYTES,
    DIGEST_BYTES,
    KEY_ID_BYTES,
    LOG_ID_BYTES,
    MAXIMUM_INTEGER,
    SIGNATURE_BYTES,
)

_TAG_18: Final = b"\xd2"
_ALGORITHM: Final = 1
_KEY_ID: Final = 4
_CLAIMS: Final = 15
_STRUCTURE: Final = 395
_PROOFS: Final = 396
_ED25519: Final = -19
_RFC9162_SHA256: Final = 1
_INCLUSION: Final = -1
_ISSUER: Final = 1
_SUBJECT: Final = 2
_ISSUER_PREFIX: Final = "wes1:city:"
_SUBJECT_PREFIX: Final = "wes1:log:"
_MAXIMUM_PATH: Final = MAXIMUM_INTEGER.bit_length()


class Inclusion(NamedTuple):
    """Record ``sequence`` of the first ``size`` records of a log, and its audit path."""

    city_id: bytes
    lid: bytes
    size: int
    sequence: int
    path: tuple[bytes, ...]


def sign_inclusion(inclusion: Inclusion, root: bytes, receipt_key: Ed25519PrivateKey) -> bytes:
    """The receipt; ``root`` is that of the first ``size`` records, ``path`` from ``merkle``."""
    protected = encode(
        {
            _ALGORITHM: _ED25519,
            _KEY_ID: key_id(receipt_key.public_key()),
            _CLAIMS: {
                _ISSUER: _ISSUER_PREFIX + inclusion.city_id.hex(),
                _SUBJECT: _SUBJECT_PREFIX + inclusion.lid.hex(),
            },
            _STRUCTURE: _RFC9162_SHA256,
        }
    )
    proof = encode([inclusion.size, inclusion.sequence, list(inclusion.path)])
    signature = receipt_key.sign(_to_be_signed(protected, root))
    fields: list[Value] = [protected, {_PROOFS: {_INCLUSION: [proof]}}, None, signature]
    return _TAG_18 + encode(fields)


def verify_inclusion(message: bytes, record: bytes, find_receipt_key: FindKey) -> Inclusion:
    """What the receipt proves of this encoded record.

    Errors: BAD_SIGNATURE (also for another record or path: then the signed root is another),
    UNKNOWN_KEY, UNSUPPORTED (algorithm, another kind of tree), MALFORMED, those of decoding.
    """
    check_size(message)
    if message[:1] != _TAG_18:
        raise _malformed("not a COSE_Sign1 with tag 18")
    protected_item, unprotected, payload, signature = tuple_of(decode(message[1:]), 4, "receipt")
    if payload is not None:
        raise _malformed("the payload is detached")
    protected = any_bytes(protected_item, "protected header")
    kid, city_id, lid = _parse_protected(protected)
    size, index, path = _parse_proof(unprotected)
    root = merkle.root_of_proof(merkle.leaf_hash(record), index, size, path)
    if root is None:
        raise _malformed("length of the path")
    key = find_receipt_key(kid)
    if key is None:
        raise ProtocolError(ProtocolErrorCode.UNKNOWN_KEY, kid.hex())
    _check_signature(key, bytes_of(signature, SIGNATURE_BYTES, "signature"), protected, root)
    return Inclusion(city_id, lid, size, index, tuple(path))


def _check_signature(
    key: Ed25519PublicKey, signature: bytes, protected: bytes, root: bytes
) -> None:
    try:
        key.verify(signature, _to_be_signed(protected, root))
    except InvalidSignature:
        raise ProtocolError(ProtocolErrorCode.BAD_SIGNATURE, "inclusion receipt") from None


def _parse_protected(protected: bytes) -> tuple[bytes, bytes, bytes]:
    """Key id, city id and log id."""
    fields = ControlMap(decode(protected), frozenset({_ALGORITHM, _KEY_ID, _CLAIMS}))
    if fields.value(_ALGORITHM) != _ED25519 or fields.value(_STRUCTURE) != _RFC9162_SHA256:
        raise ProtocolError(ProtocolErrorCode.UNSUPPORTED, "algorithm or structure of a proof")
    claims = ControlMap(fields.value(_CLAIMS), frozenset({_ISSUER, _SUBJECT}))
    return (
        fields.bytes_of(_KEY_ID, KEY_ID_BYTES),
        _named(claims.value(_ISSUER), _ISSUER_PREFIX, CITY_ID_BYTES),
        _named(claims.value(_SUBJECT), _SUBJECT_PREFIX, LOG_ID_BYTES),
    )


def _named(value: Value, prefix: str, size: int) -> bytes:
    """The id in a claim such as ``wes1:log:…``, lower-case hexadecimal only."""
    digits = text(value, "claim").removeprefix(prefix)
    try:
        identity = bytes.fromhex(digits)
    except ValueError:
        identity = b""
    if value != prefix + identity.hex() or len(identity) != size:
        raise _malformed("claim")
    return identity


def _parse_proof(unprotected: Value) -> tuple[int, int, Sequence[bytes]]:
    """Size, index and path of the one inclusion proof."""
    proofs = ControlMap(ControlMap(unprotected, frozenset()).value(_PROOFS), frozenset({-1}))
    (proof,) = tuple_of(proofs.value(_INCLUSION), 1, "inclusion proofs")
    size, index, path = tuple_of(decode(any_bytes(proof, "proof")), 3, "proof")
    nodes = [bytes_of(node, DIGEST_BYTES, "path") for node in array(path, _MAXIMUM_PATH, "path")]
    return unsigned(size, "tree size"), unsigned(index, "leaf index"), nodes


def _to_be_signed(protected: bytes, root: bytes) -> bytes:
    return encode(["Signature1", protected, b"", root])


def _malformed(detail: str) -> ProtocolError:
    return ProtocolError(ProtocolErrorCode.MALFORMED, detail)

"""A proof for an outsider that one event is in the city's archive: making, packing, checking.

Responsible for the file that carries it: `{"form": 1, "receipt": …, "record": …, "keyset": …}` in
canonical CBOR. The receipt is a COSE Receipt (SPEC.md section 5.1) over the record's bytes; the
keyset is only a help, since whoever checks pins its roots or knows the receipt key already. Pure.
"""

from collections.abc import Sequence
from typing import Any, Final, NamedTuple

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from sync.protocol import merkle
from sync.protocol.canonical import Value, decode, encode
from sync.protocol.cose import FindKey
from sync.protocol.errors import ProtocolError, ProtocolErrorCode
from sync.protocol.keyset import keys_by_id, verify_keyset
from sync.protocol.limits import MAXIMUM_CONTROL_BYTES, MAXIMUM_RECORD_BYTES
from sync.protocol.proof import Inclusion, sign_inclusion, verify_inclusion
from sync.protocol.record import Record, decode_record

FORM: Final = 1
MAXIMUM_PROOF_BYTES: Final = 2 * MAXIMUM_CONTROL_BYTES + MAXIMUM_RECORD_BYTES + 64
"""Bytes of a whole proof file."""

_NAMES: Final = frozenset({"form", "receipt", "record", "keyset"})


class Proof(NamedTuple):
    """The signed receipt, the record's bytes as they are in the log, the city's keyset message."""

    receipt: bytes
    record: bytes
    keyset: bytes


class Proven(NamedTuple):
    """What a good proof says."""

    inclusion: Inclusion
    record: Record


def make_receipt(
    log: tuple[bytes, bytes],
    leaves: Sequence[bytes],
    sequence: int,
    receipt_key: Ed25519PrivateKey,
) -> bytes:
    """The receipt for record `sequence` of the log whose leaves these are.

    `log` is city id and log id.
    """
    path = tuple(merkle.inclusion_proof(leaves, sequence))
    inclusion = Inclusion(*log, len(leaves), sequence, path)
    return sign_inclusion(inclusion, merkle.root_of(leaves), receipt_key)


def pack_proof(proof: Proof) -> bytes:
    """The bytes of the file."""
    fields: dict[int | str, Value] = {"form": FORM}
    fields.update(proof._asdict())
    return encode(fields)


def read_proof(data: bytes) -> Proof:
    """The proof in a file; nothing in it is checked yet. Raises ProtocolError."""
    if len(data) > MAXIMUM_PROOF_BYTES:
        raise ProtocolError(ProtocolErrorCode.TOO_LARGE, "proof")
    tree: Any = decode(data)
    if not isinstance(tree, dict) or tree.keys() != _NAMES:
        raise ProtocolError(ProtocolErrorCode.MALFORMED, "not a proof file")
    if tree["form"] != FORM:
        raise ProtocolError(ProtocolErrorCode.UNSUPPORTED, "form of the proof")
    parts = [tree[name] for name in Proof._fields]
    if not all(isinstance(part, bytes) for part in parts):
        raise ProtocolError(ProtocolErrorCode.MALFORMED, "not a proof file")
    return Proof(*parts)


def find_pinned_key(message: bytes, pinned_root: bytes) -> tuple[bytes, FindKey]:
    """City id and receipt keys of a keyset with these roots. Raises ProtocolError."""
    keyset = verify_keyset(message, None, pinned_root)
    return keyset.city_id, keys_by_id(keyset.receipt_keys)


def check_proof(proof: Proof, find_receipt_key: FindKey, city_id: bytes | None = None) -> Proven:
    """What the proof proves. Raises ProtocolError: those of `verify_inclusion`, CITY_MISMATCH."""
    inclusion = verify_inclusion(proof.receipt, proof.record, find_receipt_key)
    if city_id is not None and inclusion.city_id != city_id:
        raise ProtocolError(ProtocolErrorCode.CITY_MISMATCH, "proof")
    record = decode_record(decode(proof.record))
    if record.sequence != inclusion.sequence:
        raise ProtocolError(ProtocolErrorCode.MALFORMED, "sequence of the record")
    return Proven(inclusion, record)

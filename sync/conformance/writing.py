"""How this implementation writes what a vector says: ``write``.

What is to be said is brought into the product's own values by its reader, and written again by its
writer, so that both are held to the vector's bytes. What draws random bytes cannot be compared and
is not written: batches are, from a body that is given.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Final, NamedTuple, TypeAlias

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from sync.conformance.call import Keys
from sync.conformance.plain import Json, unplain
from sync.protocol.batch_header import encode_header, parse_header
from sync.protocol.blob import sign_blob, sign_blob_receipt, verify_blob, verify_blob_receipt
from sync.protocol.canonical import decode, encode
from sync.protocol.cose import (
    LABEL_BATCH,
    LABEL_BLOB,
    LABEL_BLOB_RECEIPT,
    LABEL_CERTIFICATE,
    LABEL_CUSTODY,
    LABEL_HELLO,
    LABEL_RECEIPT,
    LABEL_REVOCATION,
    LABEL_WELCOME,
    FindKey,
    sign,
    unverified_payload,
)
from sync.protocol.custody import sign_custody, verify_custody
from sync.protocol.enrolment import sign_certificate, verify_certificate
from sync.protocol.enrolment_code import EnrolmentCode, qr_text, typed_form
from sync.protocol.fields import FIRST_FREE_KEY, ControlMap
from sync.protocol.handshake import sign_hello, sign_welcome, verify_hello, verify_welcome
from sync.protocol.heads import BYTES, head
from sync.protocol.keyset import parse_keyset, sign_keyset
from sync.protocol.limits import NONCE_BYTES
from sync.protocol.receipt import sign_receipt, verify_receipt
from sync.protocol.record import decode_record, encode_record
from sync.protocol.revocation import sign_revocation, verify_revocation
from sync.protocol.slip import read_claims, sign_slip


class Order(NamedTuple):
    """What ``write`` is asked: the CBOR of what to say, who signs, and a batch's body."""

    said: bytes
    signers: Sequence[Ed25519PrivateKey]
    body: bytes
    find_key: FindKey


WriteVector: TypeAlias = Callable[[Order], bytes]
Again: TypeAlias = Callable[[bytes, FindKey, Ed25519PrivateKey], bytes]


def write(reads: str, vector: Mapping[str, Json], keys: Keys) -> bytes:
    """The bytes that say this. Raises KeyError for a kind that is not written."""
    return WRITERS[reads](
        Order(
            encode(unplain(vector["says"])),
            [keys.signing[name] for name in vector.get("signers", [])],
            bytes.fromhex(vector.get("body", "")),
            keys.find_key,
        )
    )


def _record(order: Order) -> bytes:
    return encode_record(decode_record(order.said))


def _batch(order: Order) -> bytes:
    signed = sign(order.signers[0], LABEL_BATCH, encode_header(parse_header(order.said)))
    return signed + head(BYTES, len(order.body)) + order.body


def _keyset(order: Order) -> bytes:
    return sign_keyset(parse_keyset(order.said), order.signers)


def _scanned(order: Order) -> bytes:
    url, root_hash, station, secret, expires_ms = _values(order)
    return qr_text(EnrolmentCode(url, root_hash, station, secret, expires_ms)).encode()


def _typed(order: Order) -> bytes:
    return typed_form(_values(order)).encode()


def _slip(order: Order) -> bytes:
    key = order.signers[0]
    return sign_slip(read_claims(order.said), key)


def _values(order: Order) -> Json:
    return decode(order.said)


def _signed(label: str, again: Again) -> WriteVector:
    """Sign what is to be said, read it as the product does, and let the product write it."""

    def written(order: Order) -> bytes:
        key = order.signers[0]
        return again(sign(key, label, order.said), order.find_key, key)

    return written


def _welcome(message: bytes, find_key: FindKey, key: Ed25519PrivateKey) -> bytes:
    fields = ControlMap(decode(unverified_payload(message)), frozenset(range(1, FIRST_FREE_KEY)))
    nonce = fields.bytes_of(4, NONCE_BYTES)
    return sign_welcome(verify_welcome(message, find_key, nonce), key)


WRITERS: Final[Mapping[str, WriteVector]] = {
    "item": lambda order: order.said,
    "record": _record,
    "entry": _record,
    "event": _record,
    "evidence": _record,
    "batch": _batch,
    "keyset": _keyset,
    "code-scanned": _scanned,
    "code-typed": _typed,
    "hello": _signed(
        LABEL_HELLO, lambda data, find, key: sign_hello(verify_hello(data, find).hello, key)
    ),
    "welcome": _signed(LABEL_WELCOME, _welcome),
    "receipt": _signed(
        LABEL_RECEIPT, lambda data, find, key: sign_receipt(verify_receipt(data, find), key)
    ),
    "custody": _signed(
        LABEL_CUSTODY, lambda data, find, key: sign_custody(verify_custody(data, find), key)
    ),
    "certificate": _signed(
        LABEL_CERTIFICATE,
        lambda data, find, key: sign_certificate(verify_certificate(data, find), key),
    ),
    "revocation": _signed(
        LABEL_REVOCATION,
        lambda data, find, key: sign_revocation(verify_revocation(data, find), key),
    ),
    "slip": _slip,
    "blob": _signed(
        LABEL_BLOB, lambda data, find, key: sign_blob(verify_blob(data, find).header, key)
    ),
    "blob-receipt": _signed(
        LABEL_BLOB_RECEIPT,
        lambda data, find, key: sign_blob_receipt(verify_blob_receipt(data, find), key),
    ),
}
"""What a vector's ``reads`` names → its writer."""

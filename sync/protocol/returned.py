"""A station's own records on their way back: after a rollback of its card the city has more.

The batch is the station's log as the city stored it, signed by the receipt key under a label of its
own and sealed for the station. Log id, roots and entries are the station's, so it can check every
root against what it has.
"""

from collections.abc import Callable
from typing import Final

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey

from sync.protocol.batch import BatchInput, Form, SignedBatch, build_batch, open_batch, parse_batch
from sync.protocol.compression import Dictionary
from sync.protocol.cose import LABEL_RETURN, FindKey
from sync.protocol.entries import Entry
from sync.protocol.errors import ProtocolError, ProtocolErrorCode
from sync.protocol.record import log_id

_FORM: Final = Form(LABEL_RETURN, log_id)


def build_return(
    batch_input: BatchInput,
    *,
    receipt_key: Ed25519PrivateKey,
    recipient: X25519PublicKey,
    dictionary: Dictionary | None,
) -> bytes:
    """The bytes of a batch with the station's own records. Errors: as ``build_batch``."""
    return build_batch(
        batch_input,
        signing_key=receipt_key,
        recipient=recipient,
        dictionary=dictionary,
        form=_FORM,
    )


def parse_return(data: bytes, find_receipt_key: FindKey, node_id: bytes) -> SignedBatch:
    """The batch, once the city has signed it as records of this station.

    Errors: NODE_MISMATCH (another station's), as ``parse_batch``.
    """
    signed = parse_batch(data, find_receipt_key, _FORM)
    if signed.header.node_id != node_id:
        raise ProtocolError(ProtocolErrorCode.NODE_MISMATCH, "records of another station")
    return signed


def open_return(
    signed: SignedBatch,
    *,
    find_encryption_key: Callable[[bytes], X25519PrivateKey | None],
    find_dictionary: Callable[[int], bytes | None],
) -> list[Entry]:
    """The entries, never unsealed. Errors: as ``open_batch``."""
    return open_batch(
        signed, find_encryption_key=find_encryption_key, find_dictionary=find_dictionary
    )

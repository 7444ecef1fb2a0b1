"""Batches: any run of one log's records, sealed, signed and carried by network or stick.

A batch is a CBOR sequence: a signed header, then a byte string with the body. Building starts from
encoded records; reading happens in two steps, ``parse_batch`` (everything a receiver without the
encryption key can check) and ``open_batch`` (the entries). Where a batch belongs, and whether its
roots continue what the city has, is decided by the city's intake, not here.
"""

from collections.abc import Callable
from dataclasses import replace
from hashlib import sha256
from typing import Final, NamedTuple

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey

from sync.protocol.batch_header import (
    BatchHeader,
    Compression,
    LogDescription,
    LogIdOf,
    SealedFor,
    SealingTime,
    encode_header,
    parse_header,
)
from sync.protocol.columns import read_columns, to_columns
from sync.protocol.compression import (
    COMPRESSION_NONE,
    COMPRESSION_ZSTD,
    Dictionary,
    compress,
    decompress,
)
from sync.protocol.cose import LABEL_BATCH, FindKey, read_signed, sign, verify_parts
from sync.protocol.entries import Entry, read_entries
from sync.protocol.errors import ProtocolError, ProtocolErrorCode
from sync.protocol.heads import BYTES, head, read_bytes
from sync.protocol.limits import (
    MAXIMUM_BATCH_BYTES,
    MAXIMUM_BATCH_RECORDS,
    MAXIMUM_COLUMNS_OVERHEAD_BYTES,
    MAXIMUM_PLAINTEXT_BYTES,
)
from sync.protocol.record import LogIdentity, Parent, log_id
from sync.protocol.seal import SUITE_1, batch_info, encryption_key_id, open_sealed, seal

MEDIA_TYPE: Final = "application/vnd.wes1+cbor-seq"

__all__ = [
    "MEDIA_TYPE",
    "BatchHeader",
    "BatchInput",
    "Compression",
    "Dictionary",
    "Entry",
    "Form",
    "LogDescription",
    "SealedFor",
    "SealingTime",
    "SignedBatch",
    "build_batch",
    "open_batch",
    "parse_batch",
]


class Form(NamedTuple):
    """Who may have signed a batch, and how the id of its log is made.

    The same bytes carry a station's logs, the city's feeds and a station's own records on their
    way back; the label of the signature keeps the three apart.
    """

    label: str
    id_of: LogIdOf


STATION_FORM: Final = Form(LABEL_BATCH, log_id)
"""A station's batch for the city."""


class BatchInput(NamedTuple):
    """What a batch is made of.

    ``entries`` are encoded records, or ``entries.withheld`` pairs, of sequences ``first`` on.
    ``identity`` and ``parent`` describe the log; the header carries them when ``first`` is 0.
    """

    identity: LogIdentity
    parent: Parent | None
    station: int
    first: int
    previous_root: bytes
    root: bytes
    entries: list[bytes]
    sealed_at: SealingTime


class SignedBatch(NamedTuple):
    """A batch whose form, signature and body digest are good; its entries are still closed."""

    header: BatchHeader
    kid: bytes
    body: bytes
    label: str = LABEL_BATCH


def build_batch(
    batch_input: BatchInput,
    *,
    signing_key: Ed25519PrivateKey,
    recipient: X25519PublicKey | None,
    dictionary: Dictionary | None,
    form: Form = STATION_FORM,
) -> bytes:
    """The bytes of a batch. Without a recipient it is not sealed: public feeds, and tests.

    Errors: TOO_LARGE (too many entries, too much plaintext, too big a batch: cut it smaller),
    MALFORMED (no entries).
    """
    header = _describe(batch_input, form)
    plaintext_bytes = sum(map(len, batch_input.entries))
    if plaintext_bytes > MAXIMUM_PLAINTEXT_BYTES:
        raise ProtocolError(ProtocolErrorCode.TOO_LARGE, "plaintext")
    if dictionary is None:
        body, compression = b"".join(batch_input.entries), Compression(COMPRESSION_NONE, None)
    else:
        columns = to_columns(batch_input.entries, batch_input.first)
        body = compress(columns, dictionary.content, dictionary.level)
        compression = Compression(COMPRESSION_ZSTD, dictionary.number)
    sealed_for = None
    if recipient is not None:
        body = seal(body, recipient, _info(header, form.label))
        sealed_for = SealedFor(SUITE_1, encryption_key_id(recipient))
    header = replace(
        header,
        sealed_for=sealed_for,
        compression=compression,
        body_digest=sha256(body).digest(),
        body_bytes=len(body),
        plaintext_bytes=plaintext_bytes,
    )
    signed = sign(signing_key, form.label, encode_header(header))
    batch = signed + head(BYTES, len(body)) + body
    if len(batch) > MAXIMUM_BATCH_BYTES:
        raise ProtocolError(ProtocolErrorCode.TOO_LARGE, "batch")
    return batch


def parse_batch(data: bytes, find_key: FindKey, form: Form = STATION_FORM) -> SignedBatch:
    """Steps 1–5 of accepting a batch (SPEC.md §11): size, form, signature, body digest, log id.

    Errors: TOO_LARGE, MALFORMED, NOT_CANONICAL, FORBIDDEN_TYPE, UNSUPPORTED, UNKNOWN_KEY,
    BAD_SIGNATURE, DIGEST_MISMATCH, LOG_ID_MISMATCH.
    """
    if len(data) > MAXIMUM_BATCH_BYTES:
        raise ProtocolError(ProtocolErrorCode.TOO_LARGE, "batch")
    parts, offset = read_signed(data)
    body, end = read_bytes(data, offset)
    if end != len(data):
        raise ProtocolError(ProtocolErrorCode.MALFORMED, "trailing bytes")
    verified = verify_parts(parts, form.label, find_key)
    header = parse_header(verified.payload, form.id_of)
    if (len(body), sha256(body).digest()) != (header.body_bytes, header.body_digest):
        raise ProtocolError(ProtocolErrorCode.DIGEST_MISMATCH, "batch body")
    return SignedBatch(header, verified.kid, body, form.label)


def open_batch(
    signed: SignedBatch,
    *,
    find_encryption_key: Callable[[bytes], X25519PrivateKey | None],
    find_dictionary: Callable[[int], bytes | None],
    accept_unsealed: bool = False,
) -> list[Entry]:
    """The entries of a batch, ``header.count`` of them, in sequence.

    Errors: NOT_SEALED, UNKNOWN_ENCRYPTION_KEY, CANNOT_OPEN, UNKNOWN_DICTIONARY,
    CANNOT_DECOMPRESS, TOO_LARGE, MALFORMED, NOT_CANONICAL, FORBIDDEN_TYPE, TOO_DEEP.
    """
    header = signed.header
    compressed = _unseal(signed, find_encryption_key, accept_unsealed=accept_unsealed)
    if header.compression.method == COMPRESSION_ZSTD:
        columns = _inflate(compressed, header, find_dictionary)
        return read_columns(columns, header.first, header.count, header.plaintext_bytes)
    if len(compressed) != header.plaintext_bytes:
        raise ProtocolError(ProtocolErrorCode.MALFORMED, "length of the plaintext")
    return read_entries(compressed, header.first, header.count)


def _describe(batch_input: BatchInput, form: Form) -> BatchHeader:
    """The header as far as it does not depend on the body."""
    identity = batch_input.identity
    count = len(batch_input.entries)
    if not count:
        raise ProtocolError(ProtocolErrorCode.MALFORMED, "a batch has at least one entry")
    if count > MAXIMUM_BATCH_RECORDS:
        raise ProtocolError(ProtocolErrorCode.TOO_LARGE, "entries of a batch")
    description = LogDescription(identity.number, identity.nonce, identity.lane, batch_input.parent)
    return BatchHeader(
        node_id=identity.node_id,
        lid=form.id_of(identity),
        first=batch_input.first,
        count=count,
        previous_root=batch_input.previous_root,
        root=batch_input.root,
        sealed_for=None,
        compression=Compression(COMPRESSION_NONE, None),
        body_digest=b"",
        body_bytes=0,
        plaintext_bytes=0,
        sealed_at=batch_input.sealed_at,
        station=batch_input.station,
        description=description if batch_input.first == 0 else None,
    )


def _info(header: BatchHeader, label: str) -> bytes:
    return batch_info(header.lid, header.first, header.count, header.root, label)


def _unseal(
    signed: SignedBatch,
    find_encryption_key: Callable[[bytes], X25519PrivateKey | None],
    *,
    accept_unsealed: bool,
) -> bytes:
    sealed_for = signed.header.sealed_for
    if sealed_for is None:
        if not accept_unsealed:
            raise ProtocolError(ProtocolErrorCode.NOT_SEALED, "batch body")
        return signed.body
    key = find_encryption_key(sealed_for.kid)
    if key is None:
        raise ProtocolError(ProtocolErrorCode.UNKNOWN_ENCRYPTION_KEY, sealed_for.kid.hex())
    return open_sealed(signed.body, key, _info(signed.header, signed.label))


def _inflate(
    data: bytes, header: BatchHeader, find_dictionary: Callable[[int], bytes | None]
) -> bytes:
    number = header.compression.dictionary
    dictionary = b"" if number is None else find_dictionary(number)
    if dictionary is None:
        raise ProtocolError(ProtocolErrorCode.UNKNOWN_DICTIONARY, str(number))
    overhead_bytes = MAXIMUM_COLUMNS_OVERHEAD_BYTES * (header.count + 1)
    return decompress(data, dictionary, header.plaintext_bytes + overhead_bytes)

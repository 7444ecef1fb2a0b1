"""What is fuzzed: every reader of foreign bytes, with good samples to start from.

Signed objects are read with a key that accepts every signature, so that the fuzzer reaches what
lies behind it; that signatures are checked is tested elsewhere. A target returns or raises
`ProtocolError`; anything else is a finding.
"""

import random
from collections.abc import Callable, Sequence
from functools import partial
from types import MappingProxyType
from typing import Any, Final, NamedTuple, cast

import cbor2
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from sync.dictionary import DICTIONARIES
from sync.protocol import enrolment_code
from sync.protocol.batch import open_batch, parse_batch
from sync.protocol.blob import verify_blob, verify_blob_receipt
from sync.protocol.canonical import Value, decode, encode
from sync.protocol.certificate import verify_certificate
from sync.protocol.columns import read_columns, to_columns
from sync.protocol.compression import compress, decompress
from sync.protocol.cose import (
    LABEL_ENROLMENT,
    LABEL_KEYSET,
    LABEL_REQUEST,
    sign,
    split_first,
    unverified_payload,
)
from sync.protocol.custody import verify_custody
from sync.protocol.enrolment import verify_enrolment
from sync.protocol.entries import read_entries
from sync.protocol.errors import ProtocolError
from sync.protocol.feed import Reader, parse_feed_batch
from sync.protocol.handshake import verify_hello, verify_welcome
from sync.protocol.heads import BYTES, head, read_bytes
from sync.protocol.keyset import join_keyset, parse_keyset, verify_keyset
from sync.protocol.limits import MAXIMUM_DEPTH
from sync.protocol.plain_record import read_plain_record
from sync.protocol.receipt import verify_receipt
from sync.protocol.record import decode_record
from sync.protocol.rekey import verify_rekey
from sync.protocol.request import verify_request
from sync.protocol.returned import parse_return
from sync.protocol.revocation import verify_revocation
from sync.protocol.seal import batch_info, open_sealed
from sync.protocol.slip import Claims, read_slip_text, sign_slip, slip_url, verify_slip
from tests.fuzz.messages import (
    B8,
    B16,
    B32,
    BLOB,
    BLOB_RECEIPT,
    CERTIFICATE,
    CITY_KEY,
    CITY_SECRET,
    CUSTODY,
    ENROLMENT,
    HELLO,
    KEYSET,
    REAL_KEYSET,
    RECEIPT,
    REKEY,
    REQUEST,
    REVOCATION,
    ROOTS,
    STATION_KEY,
    WELCOME,
    a_header,
)
from tests.protocol import samples


class _AnyKey:
    """A verifying key that every signature pleases."""

    def verify(self, signature: bytes, data: bytes) -> None:
        """Content."""


def any_key(kid: bytes) -> Ed25519PublicKey:
    """Every key id is known."""
    return cast("Ed25519PublicKey", _AnyKey())


class Target(NamedTuple):
    """A reader of bytes and messages that it must accept."""

    read: Callable[[bytes], object]
    samples: tuple[bytes, ...]
    payloads: tuple[Value, ...] = ()
    """Payloads of signed objects: changed in their structure, then wrapped again."""
    wrap: Callable[[bytes], bytes] = bytes
    """From a payload to a message."""


def wrap(payload: bytes) -> bytes:
    """A signed object around this payload, with a signature of zeros."""
    protected = b"\xa2\x01\x32\x04\x48" + B8
    return b"".join(
        [
            *(b"\xd2\x84", head(BYTES, len(protected)), protected, b"\xa0"),
            *(head(BYTES, len(payload)), payload, head(BYTES, 64), bytes(64)),
        ]
    )


def rewrap(target: Target, value: Value) -> bytes:
    """Bytes for the target with this structure in them."""
    return target.wrap(encode(value))


def read_item(data: bytes) -> object:
    """The canonical decoder, held against cbor2."""
    accepted: Value = None
    refused = False
    try:
        accepted = decode(data)
    except Exception:
        refused = True
        raise
    finally:
        good = _oracle(data)
        assert good != refused, f"oracle says {good}"
    assert _oracle_form(accepted) == data
    return accepted


def _oracle_form(value: Value) -> bytes:
    try:
        return encode(value)
    except ProtocolError as error:
        raise AssertionError("what was read cannot be written") from error


def _oracle(data: bytes) -> bool:
    """Whether cbor2 reads these bytes as one allowed value whose canonical form they are."""
    try:
        value = cbor2.loads(data)
        return _allowed(value) and cbor2.dumps(value, canonical=True) == data
    except Exception:  # noqa: BLE001 - the oracle may fail in any way
        return False


def _allowed(value: Any, depth: int = 0) -> bool:
    if isinstance(value, list | dict) and depth >= MAXIMUM_DEPTH:
        return False
    if isinstance(value, list):
        return all(_allowed(item, depth + 1) for item in value)
    if isinstance(value, dict):
        keys = all(type(key) is str or _is_integer(key) for key in value)
        return keys and all(_allowed(item, depth + 1) for item in value.values())
    return type(value) in {bytes, str, bool, type(None)} or _is_integer(value)


def _is_integer(value: Any) -> bool:
    return type(value) is int and -(1 << 64) <= value < 1 << 64


def read_record(data: bytes) -> object:
    """The strict reader; the fast one may only agree with it or say nothing."""
    plain = read_plain_record(data, 0)
    if plain is not None and plain[1] == len(data):
        assert decode_record(data) == plain[0]
    return decode_record(data)


def read_batch(data: bytes) -> object:
    """Both steps of reading a batch."""
    signed = parse_batch(data, any_key)
    return open_batch(
        signed,
        find_encryption_key=lambda _: CITY_SECRET,
        find_dictionary=DICTIONARIES.get,
        accept_unsealed=True,
    )


def read_header(data: bytes) -> object:
    """A batch header with a body that fits whatever it says."""
    body = b"body"
    return parse_batch(data + head(BYTES, len(body)) + body, any_key)


def read_sequence(data: bytes) -> object:
    """Two items, one after the other."""
    message, rest = split_first(data)
    return message, read_bytes(rest, 0)


def read_frame(data: bytes) -> object:
    """A zstd frame that may grow to a thousand bytes."""
    return decompress(data, DICTIONARIES[1], 1_000)


def read_batch_columns(data: bytes) -> object:
    """The columns of four entries; what they say is said again by columns of our own."""
    plaintext = b"".join(LOG)
    entries = read_columns(data, 0, len(LOG), len(plaintext))
    again = to_columns([entry.raw for entry in entries], 0)
    assert read_columns(again, 0, len(LOG), len(plaintext)) == entries
    assert read_entries(b"".join(entry.raw for entry in entries), 0, len(LOG)) == entries
    return entries


def read_sealed(data: bytes) -> object:
    """A sealed body."""
    return open_sealed(data, CITY_SECRET, batch_info(B16, 0, 1, B32))


def read_text(read: Callable[[str], object], data: bytes) -> object:
    """A text as somebody may scan or type it."""
    return read(data.decode("utf-8", "replace"))


READER: Final = Reader(samples.CITY_ID, samples.STATION, any_key)
CODE: Final = enrolment_code.EnrolmentCode(
    "https://thanhpho.vn", B32, 26560, B16, 1_795_000_000_000
)
SLIP: Final = sign_slip(
    Claims("26560", 1_795_392_000, B8, 7, dossier="T26560-7KXM-00001-3", fee_vnd=15_000),
    STATION_KEY,
)
LOG: Final = samples.a_log(4)
BATCH: Final = samples.a_batch(4)


_VALUES: Final[list[Any]] = [
    *(HELLO, WELCOME, KEYSET),
    [1, -1, None, True, "Phường"],
    {"a": 1, 1: [[]]},
    1 << 63,
]
ITEMS: Final = tuple(encode(value) for value in _VALUES)


def _signed(read: Callable[[bytes], object], payload: Value) -> Target:
    return Target(read, (wrap(encode(payload)),), (payload,), wrap)


def _signed_by(
    keys: Sequence[Ed25519PrivateKey], label: str, read: Callable[[bytes], object], payload: Value
) -> Target:
    """For objects that name their own keys: signed anew after every change."""

    def wrap_signed(data: bytes) -> bytes:
        parts = [sign(key, label, data) for key in keys]
        return join_keyset(parts) if label == LABEL_KEYSET else parts[0]

    return Target(read, (wrap_signed(encode(payload)),), (payload,), wrap_signed)


def _keyset_payload(data: bytes) -> object:
    return parse_keyset(unverified_payload(data))


TARGETS: Final = MappingProxyType(
    {
        "item": Target(read_item, ITEMS),
        "record": Target(read_record, tuple(LOG)),
        "batch": Target(read_batch, (BATCH,)),
        "header": _signed(read_header, a_header()),
        "sequence": Target(read_sequence, (BATCH,)),
        "columns": Target(read_batch_columns, (to_columns(LOG, 0),)),
        "zstd frame": Target(read_frame, (compress(b"".join(LOG[:2]), DICTIONARIES[1]),)),
        "sealed body": Target(read_sealed, (bytes(80),)),
        "hello": _signed(lambda data: verify_hello(data, any_key), HELLO),
        "welcome": _signed(lambda data: verify_welcome(data, any_key, samples.NONCE), WELCOME),
        "receipt": _signed(lambda data: verify_receipt(data, any_key), RECEIPT),
        "certificate": _signed(lambda data: verify_certificate(data, any_key), CERTIFICATE),
        "custody": _signed(lambda data: verify_custody(data, any_key), CUSTODY),
        "revocation": _signed(lambda data: verify_revocation(data, any_key), REVOCATION),
        "blob": _signed(lambda data: verify_blob(data, any_key), BLOB),
        "blob receipt": _signed(lambda data: verify_blob_receipt(data, any_key), BLOB_RECEIPT),
        "keyset": _signed(_keyset_payload, KEYSET),
        "keyset message": _signed_by(ROOTS, LABEL_KEYSET, verify_keyset, REAL_KEYSET),
        "request": _signed_by([STATION_KEY], LABEL_REQUEST, verify_request, REQUEST),
        "rekey": _signed(lambda data: verify_rekey(data, any_key), REKEY),
        "enrolment": _signed_by([CITY_KEY], LABEL_ENROLMENT, verify_enrolment, ENROLMENT),
        "feed": Target(lambda data: parse_feed_batch(data, READER), (BATCH,)),
        "return": Target(lambda data: parse_return(data, any_key, samples.NODE_ID), (BATCH,)),
        "scanned code": Target(
            partial(read_text, enrolment_code.read_qr), (enrolment_code.qr_text(CODE).encode(),)
        ),
        "typed code": Target(partial(read_text, enrolment_code.read_typed), (b"0123-4567-89AB",)),
        "slip": Target(lambda data: verify_slip(data, any_key), (SLIP,)),
        "slip text": Target(
            partial(read_text, read_slip_text), (slip_url("tra-cuu.vn", SLIP).encode(),)
        ),
    }
)
"""Name → target."""

ACCEPTED_AT_ONCE: Final = frozenset(set(TARGETS) - {"sealed body", "feed", "typed code"})
"""Targets whose samples must be accepted as they are: otherwise only the surface is fuzzed."""


def a_target(luck: random.Random, names: tuple[str, ...]) -> str:
    """Most inputs go to the readers that see unauthenticated bytes and are cheap."""
    chance = luck.random()
    if chance < 0.45:
        return "item"
    if chance < 0.6:
        return "record"
    return luck.choice(names)

"""How this implementation reads each kind of vector: ``READERS``.

A reader returns what an accepted vector says, member by member, or raises ProtocolError. It goes
through the product's own functions only.
"""

from collections.abc import Callable, Mapping
from typing import Final, TypeAlias

import msgspec

from sync.city.archive.feed_store.port import Draft
from sync.city.feeds.announcements import read_entry
from sync.city.intake import NOTHING, Claim, Held, Refuse, decide
from sync.city.vocabulary import read_attachment, read_fact
from sync.conformance.call import Call
from sync.conformance.plain import Json, plain
from sync.dictionary import DICTIONARIES
from sync.protocol import merkle
from sync.protocol.batch import BatchHeader, SignedBatch, open_batch, parse_batch
from sync.protocol.blob import check_cipher, open_blob, verify_blob, verify_blob_receipt
from sync.protocol.canonical import decode
from sync.protocol.control_records import parse_control_record
from sync.protocol.cose import split_first, unverified_payload
from sync.protocol.custody import verify_custody
from sync.protocol.enrolment import (
    Expected,
    verify_certificate,
    verify_enrolment,
    verify_request,
)
from sync.protocol.enrolment_code import check_expiry, read_qr, read_typed
from sync.protocol.entries import Entry
from sync.protocol.errors import ProtocolError, ProtocolErrorCode
from sync.protocol.feed import Reader, open_feed_batch, parse_feed_batch
from sync.protocol.handshake import verify_hello, verify_welcome
from sync.protocol.keyset import Keyset, encode_keyset, verify_keyset
from sync.protocol.proof import verify_inclusion
from sync.protocol.receipt import verify_receipt
from sync.protocol.record import content_digest, decode_record
from sync.protocol.rekey import verify_rekey
from sync.protocol.returned import open_return, parse_return
from sync.protocol.revocation import covers, verify_revocation
from sync.protocol.session_extras import open_token
from sync.protocol.slip import is_ended, read_slip_text, slip_check, slip_claims, verify_slip

Said: TypeAlias = dict[str, Json]
ReadVector: TypeAlias = Callable[[Call], Said]


def _item(call: Call) -> Said:
    return {"says": plain(decode(call.data))}


def _record(call: Call) -> Said:
    record = decode_record(call.data)
    return {
        "says": plain(decode(call.data)),
        "leaf": merkle.leaf_hash(call.data).hex(),
        "content_digest": content_digest(record).hex(),
    }


def _entry(call: Call) -> Said:
    record = decode_record(call.data)
    word = read_entry(Draft.of(record))
    if word is None:
        return _record(call)
    known = {"type", *word.__struct_fields__}
    said = msgspec.json.decode(record.body)
    return {**_record(call), "announces": {name: said[name] for name in said if name in known}}


def _event(call: Call) -> Said:
    record = decode_record(call.data)
    fact = read_fact(record)
    if fact is None:
        raise ProtocolError(ProtocolErrorCode.MALFORMED, f"event of kind {record.kind}")
    attachment = read_attachment(record)
    named = {} if attachment is None else {"sha256": attachment.hex()}
    return {**_record(call), "enters": {**msgspec.to_builtins(fact), **named}}


def _evidence(call: Call) -> Said:
    parse_control_record(decode_record(call.data))
    return _record(call)


def _batch(call: Call) -> Said:
    signed = parse_batch(call.data, call.keys.find_key)
    entries = open_batch(
        signed,
        find_encryption_key=call.find_city_key,
        find_dictionary=DICTIONARIES.get,
        accept_unsealed=call.given.get("accept_unsealed", False),
    )
    return _entries(call, signed, entries)


def _feed(call: Call) -> Said:
    city_id = bytes.fromhex(call.given["city_id"])
    signed = parse_feed_batch(call.data, Reader(city_id, call.given["station"], call.keys.find_key))
    entries = open_feed_batch(
        signed, find_encryption_key=call.find_station_key, find_dictionary=DICTIONARIES.get
    )
    return _entries(call, signed, entries)


def _return(call: Call) -> Said:
    node_id = bytes.fromhex(call.given["node_id"])
    signed = parse_return(call.data, call.keys.find_key, node_id)
    entries = open_return(
        signed, find_encryption_key=call.find_station_key, find_dictionary=DICTIONARIES.get
    )
    return _entries(call, signed, entries)


def _entries(call: Call, signed: SignedBatch, entries: list[Entry]) -> Said:
    leaves = [entry.leaf for entry in entries]
    _check_history(signed.header, leaves, call.given.get("held"))
    payload = unverified_payload(split_first(call.data)[0])
    return {"says": plain(decode(payload)), "leaves": [leaf.hex() for leaf in leaves]}


def _check_history(header: BatchHeader, leaves: list[bytes], held: Json) -> None:
    """Steps 8 to 12 of accepting a batch, where the receiver holds a log (``held``)."""
    if held is None:
        return
    claim = Claim(header.first, header.previous_root, header.root, leaves)
    frontier = merkle.unpack(bytes.fromhex(held["frontier"]))
    stored = Held(held["size"], frontier) if held["size"] else NOTHING
    overlap = [bytes.fromhex(leaf) for leaf in held.get("leaves", [])]
    decision = decide(claim, stored, overlap)
    if isinstance(decision, Refuse):
        raise ProtocolError(ProtocolErrorCode(decision.reason.value))


def _keyset(call: Call) -> Said:
    keyset = verify_keyset(call.data, _trusted(call), call.octets("root_hash"))
    return {"says": plain(decode(encode_keyset(keyset)))}


def _enrolment(call: Call) -> Said:
    expected = Expected(_trusted(call), call.octets("root_hash"), call.octets("code_secret"))
    verify_enrolment(call.data, expected)
    return _payload(call)


def _trusted(call: Call) -> Keyset | None:
    message = call.octets("trusted")
    return None if message is None else verify_keyset(message)


def _request(call: Call) -> Said:
    verify_request(call.data, call.octets("code_secret"))
    return _payload(call)


def _scanned(call: Call) -> Said:
    code = read_qr(call.data.decode("ascii", "replace"))
    now_ms = call.given.get("now_ms")
    if now_ms is not None:
        check_expiry(code.expires_ms, now_ms)
    return {"says": plain(list(code))}


def _typed(call: Call) -> Said:
    return {"says": plain(read_typed(call.data.decode("ascii", "replace")))}


def _revocation(call: Call) -> Said:
    revocation = verify_revocation(call.data, call.keys.find_key)
    asked = [(bytes.fromhex(lid), first, count) for lid, first, count in call.given["batches"]]
    return {**_payload(call), "covers": [covers(revocation, *batch) for batch in asked]}


def _blob(call: Call) -> Said:
    header = verify_blob(call.data, call.keys.find_key).header
    cipher = call.octets("cipher")
    if cipher is None:
        return _payload(call)
    check_cipher(header, cipher)
    return {**_payload(call), "plain": open_blob(header, cipher, call.find_city_key).hex()}


def _inclusion(call: Call) -> Said:
    record = bytes.fromhex(call.given["record"])
    inclusion = verify_inclusion(call.data, record, call.keys.find_key)
    return {"says": plain([*inclusion[:4], list(inclusion.path)])}


def _token(call: Call) -> Said:
    key, nonce = call.keys.encryption["station"], bytes.fromhex(call.given["nonce"])
    return {"says": plain(open_token(call.data, key, nonce))}


def _welcome(call: Call) -> Said:
    verify_welcome(call.data, call.keys.find_key, bytes.fromhex(call.given["nonce"]))
    return _payload(call)


def _slip(call: Call) -> Said:
    slip = verify_slip(call.data, call.find_slip_key)
    said: Said = {"says": plain(slip_claims(slip.claims)), "check": slip_check(call.data)}
    if "ended" in call.given:
        ended = call.given["ended"]
        positions = ended and tuple((bytes.fromhex(lid), size) for lid, size in ended)
        said["covers"] = [is_ended(positions, slip.claims)]
    return said


def _slip_text(call: Call) -> Said:
    return {"says": plain(read_slip_text(call.data.decode("ascii", "replace")))}


def _payload(call: Call) -> Said:
    return {"says": plain(decode(unverified_payload(call.data)))}


def _signed(verify: Callable[[Call], object]) -> ReadVector:
    """A reader of a signed object that needs nothing but the keys."""

    def read(call: Call) -> Said:
        verify(call)
        return _payload(call)

    return read


READERS: Final[Mapping[str, ReadVector]] = {
    "item": _item,
    "record": _record,
    "entry": _entry,
    "event": _event,
    "evidence": _evidence,
    "batch": _batch,
    "feed": _feed,
    "return": _return,
    "hello": _signed(lambda call: verify_hello(call.data, call.keys.find_key)),
    "welcome": _welcome,
    "token": _token,
    "receipt": _signed(lambda call: verify_receipt(call.data, call.keys.find_key)),
    "custody": _signed(lambda call: verify_custody(call.data, call.keys.find_key)),
    "request": _request,
    "certificate": _signed(lambda call: verify_certificate(call.data, call.keys.find_key)),
    "keyset": _keyset,
    "enrolment": _enrolment,
    "code-scanned": _scanned,
    "code-typed": _typed,
    "rekey": _signed(lambda call: verify_rekey(call.data, call.keys.find_key)),
    "revocation": _revocation,
    "inclusion": _inclusion,
    "blob": _blob,
    "slip": _slip,
    "slip-text": _slip_text,
    "blob-receipt": _signed(lambda call: verify_blob_receipt(call.data, call.keys.find_key)),
}
"""What a vector's ``reads`` names → its reader."""

"""The vectors against SPEC.md alone: this file imports nothing of the product.

Hashes by hashlib, CBOR by cbor2, signatures by cwt and cryptography, proofs and sealing by their
standards. It keeps vectors and product from being wrong together.
"""

import json
import re
from hashlib import sha256
from io import BytesIO
from pathlib import Path
from typing import Any, Final

import cbor2
import pytest
from backports import zstd
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey
from cryptography.hazmat.primitives.hpke import AEAD, KDF, KEM, Suite
from cwt import COSE, COSEKey

from tests.protocol.columns_reference import entries_from_columns

SYNC: Final = Path(__file__).resolve().parents[2] / "sync"
VECTORS: Final = {
    path.stem: json.loads(path.read_text()) for path in (SYNC / "vectors").glob("*.json")
}
KEYS: Final = VECTORS["keys"]
LABELS: Final = {
    "batch": "wes1/batch",
    "hello": "wes1/hello",
    "welcome": "wes1/welcome",
    "receipt": "wes1/receipt",
    "request": "wes1/request",
    "certificate": "wes1/cert",
    "enrolment": "wes1/enrol",
    "rekey": "wes1/rekey",
    "revocation": "wes1/revocation",
    "custody": "wes1/custody",
    "feed": "wes1/feed",
    "return": "wes1/return",
    "blob": "wes1/blob",
    "blob-receipt": "wes1/blob-receipt",
}
WRONG_SIGNER: Final = {
    "refused-request-key",
    "refused-enrolment-signer",
    "refused-enrolment-certificate",
    "refused-rekey-request",
}
KIND_TYPES: Final = {
    64: "catalogue.released",
    66: "decision.made",
    67: "result.arrived",
    68: "payment.confirmed",
    69: "record.status",
    70: "officer.changed",
    71: "dossier.reassigned",
    73: "slip_key.stated",
    74: "booking.made",
    75: "booking.cancelled",
}
SPOKEN: Final = {
    found[1]: found[2].replace("`", "").split(", ")
    for found in re.finditer(
        r"^\| `([a-z_]+\.[a-z]+)` \| (`.*`) \|$", (SYNC / "SPEC.md").read_text(), re.MULTILINE
    )
}
"""The members of each `type`, as section 17.2 lists them."""
EVENTS: Final = {
    int(found[1]): found[2]
    for found in re.finditer(
        r"^\| (\d+) \| `([a-z_]+\.[a-z_]+)` \|$", (SYNC / "SPEC.md").read_text(), re.MULTILINE
    )
}
"""The events of stations, as section 23 lists them."""
WRONG_VALUE: Final = {
    "refused-entry-booking-code",
    "refused-entry-booking-time",
    "refused-entry-content-type",
    "refused-entry-decision-due",
    "refused-entry-decision-subject",
    "refused-entry-decision-time",
    "refused-entry-officer-role",
    "refused-entry-payment-amount",
    "refused-entry-status-code",
    "refused-entry-version",
    "refused-entry-slip-key-short",
    "refused-entry-slip-key-station",
    "refused-entry-slip-key-positions",
}
"""Every member is there; one of them, or a field around them, is not of its form."""
NOT_SIGNED_WELL: Final = {"bad_signature", "unknown_key"}
SIGNED: Final = sorted(name for name, vector in VECTORS.items() if vector["reads"] in LABELS)
BATCHES: Final = [
    name
    for name, vector in VECTORS.items()
    if vector["reads"] in {"batch", "feed", "return"} and vector["expect"] == "accepted"
]
ACCEPTED_SIGNED: Final = [name for name in SIGNED if VECTORS[name]["expect"] == "accepted"]


def unplain(value: Any) -> Any:
    """JSON back to CBOR: ``h:`` texts are bytes, keys that look like integers are."""
    if isinstance(value, str):
        return bytes.fromhex(value[2:]) if value.startswith("h:") else value
    if isinstance(value, list):
        return [unplain(item) for item in value]
    if isinstance(value, dict):
        return {integer_or_text(key): unplain(item) for key, item in value.items()}
    return value


def integer_or_text(key: str) -> int | str:
    return int(key) if key.lstrip("-").isdigit() else key


def canonical(value: Any) -> bytes:
    return cbor2.dumps(value, canonical=True)


def data_of(name: str) -> bytes:
    return bytes.fromhex(VECTORS[name]["bytes"])


def envelope(name: str) -> tuple[list[Any], bytes]:
    """The four fields of the COSE_Sign1, and what follows it."""
    stream = BytesIO(data_of(name))
    tag = cbor2.CBORDecoder(stream).decode()
    assert tag.tag == 18
    return list(tag.value), stream.read()


def tree_root(leaves: list[bytes]) -> bytes:
    if len(leaves) < 2:
        return leaves[0] if leaves else sha256(b"").digest()
    split = 1 << (len(leaves) - 1).bit_length() - 1
    return sha256(b"\x01" + tree_root(leaves[:split]) + tree_root(leaves[split:])).digest()


def test_keys_and_their_ids() -> None:
    for key in KEYS["signing"].values():
        private = Ed25519PrivateKey.from_private_bytes(bytes.fromhex(key["seed"]))
        public = private.public_key().public_bytes_raw()
        assert (public.hex(), sha256(public).hexdigest()[:16]) == (key["public"], key["kid"])
    for key in KEYS["encryption"].values():
        sealing = X25519PrivateKey.from_private_bytes(bytes.fromhex(key["seed"]))
        public = sealing.public_key().public_bytes_raw()
        assert (public.hex(), sha256(public).hexdigest()[:16]) == (key["public"], key["kid"])


def test_identities() -> None:
    vector = VECTORS["identities"]
    lid = sha256(b"wes1/log\0" + canonical(unplain(vector["log"]))).digest()[:16]
    assert lid.hex() == vector["lid"]
    assert sha256(b"wes1/genesis\0" + lid).hexdigest()[:32] == vector["genesis_eid"]
    command = sha256(b"wes1/command\0" + vector["key"].encode()).hexdigest()[:32]
    assert command == vector["command_eid"]


@pytest.mark.parametrize(
    "name", [name for name in VECTORS if name.startswith(("item-", "record-"))]
)
def test_items_and_records(name: str) -> None:
    vector = VECTORS[name]
    value = unplain(vector["says"])
    assert canonical(value) == data_of(name)
    if vector["reads"] == "record":
        assert sha256(b"\x00" + data_of(name)).hexdigest() == vector["leaf"]
        content = [value[1], value[3], value[4], value[6], value[7]]
        assert sha256(canonical(content)).hexdigest() == vector["content_digest"]


@pytest.mark.parametrize(
    "name", [name for name in VECTORS if name.startswith(("entry-", "refused-entry-"))]
)
def test_entries_of_feeds(name: str) -> None:
    vector = VECTORS[name]
    value = cbor2.loads(data_of(name))
    assert canonical(value) == data_of(name)
    kind, eid, body = value[1], value[2], value[7]
    follows = sha256(b"wes1/announcement\0" + canonical([kind, body])).digest()[:16] == eid
    if vector["expect"] != "accepted":
        good = follows and announced(kind, json.loads(body)) is not None
        assert not good or name in WRONG_VALUE
        return
    assert sha256(b"\x00" + data_of(name)).hexdigest() == vector["leaf"]
    if "announces" not in vector:
        assert kind not in KIND_TYPES
        return
    assert follows
    assert value[3] == (bytes.fromhex(vector["announces"].get("dossier_id", "")) or None)
    assert announced(kind, json.loads(body)) == vector["announces"]


def announced(kind: int, said: dict[str, Any]) -> dict[str, Any] | None:
    """The members that SPEC.md lists for this kind; None when one of them is missing."""
    members = SPOKEN.get(said.get("type", ""))
    if members is None or said["type"] != KIND_TYPES[kind]:
        return None
    required = {member for member in members if not member.endswith("?")}
    names = {"type", *(member.rstrip("?") for member in members)}
    return {name: said[name] for name in said if name in names} if required <= set(said) else None


@pytest.mark.parametrize(
    "name", [name for name in VECTORS if name.startswith(("event-", "refused-event-"))]
)
def test_events_of_dossiers(name: str) -> None:
    vector = VECTORS[name]
    value = cbor2.loads(data_of(name))
    assert canonical(value) == data_of(name)
    entered = enters(value)
    if vector["expect"] != "accepted":
        assert entered is None
        return
    said = json.loads(value[7])
    assert EVENTS[value[1]] == said["type"]
    assert value[2] == sha256(b"wes1/command\0khoa-%04d" % value[0]).digest()[:16]
    assert value[4] == (0 if value[3] is None else value[0])
    assert entered == vector["enters"]


def enters(record: list[Any]) -> dict[str, str] | None:
    """What section 23 lets a city take from an event; None when the record is rejected."""
    try:
        said = json.loads(record[7])
    except ValueError:
        return None
    if record[6] != 0 or not isinstance(said, dict) or (record[3] is None and record[1] < 32):
        return None
    taken = {name: said.get(name, "") for name in ("dossier_no", "procedure_id", "state")}
    if not all(isinstance(text, str) and text.isprintable() for text in taken.values()):
        return None
    if sum(map(len, taken.values())) > 1024:
        return None
    if record[1] == 16:
        taken["state"] = taken["state"] or "submitted"
    return taken | ({"sha256": said["sha256"]} if record[1] == 20 else {})


def test_the_tree() -> None:
    vector = VECTORS["tree"]
    leaves = [sha256(b"\x00" + bytes([number])).digest() for number in range(7)]
    assert vector["roots"] == [tree_root(leaves[:size]).hex() for size in range(8)]
    subtrees = [leaves[:4], leaves[4:6], leaves[6:]]
    assert vector["frontier_7"] == b"".join(tree_root(part) for part in subtrees).hex()
    # RFC 9162 §2.1.5 shows the same tree of seven with its proofs.
    nodes = [leaves[5], leaves[6], tree_root(leaves[:4])]
    assert vector["inclusion_of_4_in_7"] == [node.hex() for node in nodes]
    nodes = [leaves[2], leaves[3], tree_root(leaves[:2]), tree_root(leaves[4:])]
    assert vector["consistency_of_3_with_7"] == [node.hex() for node in nodes]


@pytest.mark.parametrize("name", ACCEPTED_SIGNED)
def test_another_implementation_verifies_the_signature(name: str) -> None:
    vector = VECTORS[name]
    (protected, unprotected, payload, _), rest = envelope(name)
    header = cbor2.loads(protected)
    signer = next(key for key in KEYS["signing"].values() if key["kid"] == header[4].hex())
    assert (header[1], unprotected) == (-19, {})
    key = COSEKey.new({1: 1, 2: header[4], 3: -19, -1: 6, -2: bytes.fromhex(signer["public"])})
    message = data_of(name)[: len(data_of(name)) - len(rest)]
    label = LABELS[vector["reads"]].encode()
    assert COSE.new().decode(message, key, external_aad=label) == payload
    assert canonical(unplain(vector["says"])) == payload


@pytest.mark.parametrize("name", [name for name in SIGNED if name not in ACCEPTED_SIGNED])
def test_a_refused_vector_has_its_one_fault_only(name: str) -> None:
    vector = VECTORS[name]
    if name == "refused-batch-no-tag":
        assert data_of(name)[:1] == b"\x84"
        return
    (protected, unprotected, payload, signature), _ = envelope(name)
    header = cbor2.loads(protected) | unprotected
    # Whose key it names decides between an unknown key and a bad signature.
    known = {key["kid"]: key["public"] for key in KEYS["signing"].values()}
    public = known.get(header[4].hex())
    good = False
    if public is not None:
        label = LABELS[vector["reads"]].encode()
        signed = cbor2.dumps(["Signature1", protected, label, payload])
        try:
            key = Ed25519PublicKey.from_public_bytes(bytes.fromhex(public))
            key.verify(signature, signed)
            good = True
        except InvalidSignature:
            good = False
    if name in WRONG_SIGNER:
        # A good signature, but by a key that signs no such thing, or another than the one named.
        assert good
        return
    assert good == (vector["expect"] not in NOT_SIGNED_WELL)


def entries_of(name: str) -> bytes:
    """The plaintext of a batch, by the standards alone."""
    fields, rest = envelope(name)
    header, body = cbor2.loads(fields[2]), cbor2.loads(rest)
    assert (sha256(body).digest(), len(body)) == (header[10], header[11])
    if header[8] is not None:
        label = LABELS[VECTORS[name]["reads"]].encode()
        info = label + b"\0" + canonical([header[3], header[4], header[5], header[7]])
        owner = next(key for key in KEYS["encryption"].values() if key["kid"] == header[8][1].hex())
        seed = bytes.fromhex(owner["seed"])
        suite = Suite(KEM.X25519, KDF.HKDF_SHA256, AEAD.CHACHA20_POLY1305)
        body = suite.decrypt(body, X25519PrivateKey.from_private_bytes(seed), info)
    if header[9][0] == 2:
        shared = None
        if header[9][1] is not None:
            path = SYNC / "data" / f"dictionary-{header[9][1]}.zdict"
            shared = zstd.ZstdDict(path.read_bytes())
        body = entries_from_columns(zstd.decompress(body, zstd_dict=shared), header[4], header[5])
    assert len(body) == header[12]
    return bytes(body)


@pytest.mark.parametrize("name", BATCHES)
def test_batches_hold_their_leaves(name: str) -> None:
    stream = BytesIO(entries_of(name))
    header = unplain(VECTORS[name]["says"])
    leaves = []
    for sequence in range(header[4], header[4] + header[5]):
        start = stream.tell()
        entry = cbor2.CBORDecoder(stream).decode()
        raw = stream.getvalue()[start : stream.tell()]
        assert entry[0] == sequence
        leaves.append(entry[1] if len(entry) == 2 else sha256(b"\x00" + raw).digest())
    assert stream.read() == b""
    assert [leaf.hex() for leaf in leaves] == VECTORS[name]["leaves"]
    # Only the later batch of the sample log does not begin at 0.
    before = [bytes.fromhex(leaf) for leaf in VECTORS["batch-sealed"]["leaves"][: header[4]]]
    assert (tree_root(before), tree_root(before + leaves)) == (header[6], header[7])


def test_the_bomb_is_one() -> None:
    fields, rest = envelope("refused-batch-bomb")
    body = cbor2.loads(rest)
    decompressor = zstd.ZstdDecompressor()
    size = 0
    while not decompressor.eof:
        size += len(decompressor.decompress(body, 1 << 20))
        body = b""
    assert size == 64 << 20 > cbor2.loads(fields[2])[12]


def test_the_log_roots_are_those_of_the_records() -> None:
    leaves = [bytes.fromhex(leaf) for leaf in VECTORS["batch-unsealed"]["leaves"]]
    roots = [tree_root(leaves[:size]).hex() for size in range(4)]
    assert VECTORS["tree"]["log_roots"] == roots

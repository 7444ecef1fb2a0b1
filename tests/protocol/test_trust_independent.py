"""The vectors of keys, codes, feeds and attachments against SPEC.md alone.

As in ``test_vectors_independent``: nothing of the product is imported. Signatures of keysets are
counted here once more, MACs and check characters are computed from the text of the specification.
"""

import hmac
import re
from base64 import b32decode
from hashlib import sha256
from io import BytesIO
from typing import Any, Final

import cbor2
import pytest
from cryptography.exceptions import InvalidSignature, InvalidTag
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey
from cryptography.hazmat.primitives.hpke import AEAD, KDF, KEM, Suite
from cwt import COSE, COSEKey

from tests.protocol.test_vectors_independent import KEYS, VECTORS, canonical, data_of, unplain

SUITE: Final = Suite(KEM.X25519, KDF.HKDF_SHA256, AEAD.CHACHA20_POLY1305)
ALPHABET: Final = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
KEYSETS: Final = sorted(name for name, vector in VECTORS.items() if vector["reads"] == "keyset")
WITH_CODE: Final = sorted(
    name for name, vector in VECTORS.items() if "code_secret" in vector.get("given", {})
)
TYPED: Final = sorted(name for name, vector in VECTORS.items() if vector["reads"] == "code-typed")


def objects(data: bytes) -> list[list[Any]]:
    """The COSE_Sign1 objects of a keyset message, four fields each."""
    value = cbor2.loads(data)
    return [list(tag.value) for tag in value] if isinstance(value, list) else []


def signers(data: bytes, roots: list[bytes]) -> tuple[set[bytes], bool]:
    """Which of these roots have signed, and whether one of them has signed badly."""
    good: set[bytes] = set()
    bad = False
    for protected, _, payload, signature in objects(data):
        kid = cbor2.loads(protected)[4]
        root = next((root for root in roots if sha256(root).digest()[:8] == kid), None)
        if root is None:
            continue
        signed = cbor2.dumps(["Signature1", protected, b"wes1/keyset", payload])
        try:
            Ed25519PublicKey.from_public_bytes(root).verify(signature, signed)
            good.add(root)
        except InvalidSignature:
            bad = True
    return good, bad


def judge_keyset(data: bytes, given: dict[str, Any]) -> str:
    """Section 10.3 once more, in the order in which the document names the rules."""
    payloads = {fields[2] for fields in objects(data)}
    if len(payloads) != 1:
        return "malformed"
    keyset = cbor2.loads(payloads.pop())
    return judge_form(keyset) or judge_signatures(data, keyset) or judge_trust(data, keyset, given)


def judge_form(keyset: dict[int, Any]) -> str:
    if keyset[8] > 1:
        return "unsupported"
    each_once = len(set(keyset[4])) == len(keyset[4])
    return "" if each_once and 1 <= keyset[5] <= len(keyset[4]) else "malformed"


def judge_signatures(data: bytes, keyset: dict[int, Any]) -> str:
    good, bad = signers(data, keyset[4])
    if bad:
        return "bad_signature"
    return "" if len(good) >= keyset[5] else "too_few_signatures"


def judge_trust(data: bytes, keyset: dict[int, Any], given: dict[str, Any]) -> str:
    pinned = given.get("root_hash")
    if pinned is not None and sha256(b"".join(keyset[4])).hexdigest() != pinned:
        return "wrong_root"
    if "trusted" in given:
        return judge_succession(data, keyset, bytes.fromhex(given["trusted"]))
    return "accepted"


def judge_succession(data: bytes, keyset: dict[int, Any], trusted: bytes) -> str:
    old = cbor2.loads(objects(trusted)[0][2])
    if old[2] != keyset[2]:
        return "city_mismatch"
    if keyset[3] < old[3] or (keyset[3] == old[3] and keyset != old):
        return "old_keyset"
    good, _ = signers(data, old[4])
    return "accepted" if len(good) >= old[5] else "too_few_signatures"


@pytest.mark.parametrize("name", KEYSETS)
def test_keysets_are_judged_as_the_document_says(name: str) -> None:
    assert judge_keyset(data_of(name), VECTORS[name]["given"]) == VECTORS[name]["expect"]


@pytest.mark.parametrize("name", [name for name in KEYSETS if not name.startswith("refused-")])
def test_another_implementation_verifies_each_root(name: str) -> None:
    known = {key["kid"]: key["public"] for key in KEYS["signing"].values()}
    for fields in objects(data_of(name)):
        kid = cbor2.loads(fields[0])[4]
        if kid.hex() not in known:
            continue
        public = bytes.fromhex(known[kid.hex()])
        key = COSEKey.new({1: 1, 2: kid, 3: -19, -1: 6, -2: public})
        message = cbor2.dumps(cbor2.CBORTag(18, fields))
        payload = COSE.new().decode(message, key, external_aad=b"wes1/keyset")
        assert canonical(unplain(VECTORS[name]["says"])) == payload


@pytest.mark.parametrize("name", WITH_CODE)
def test_macs_are_what_the_document_says(name: str) -> None:
    vector = VECTORS[name]
    number, label = (9, b"wes1/request") if vector["reads"] == "request" else (11, b"wes1/enrol")
    fields = cbor2.loads(cbor2.loads(data_of(name)).value[2])
    mac = fields.pop(number)
    secret = bytes.fromhex(vector["given"]["code_secret"])
    good = mac == hmac.digest(secret, label + b"\0" + canonical(fields), "sha256")
    assert good == (vector["expect"] == "accepted")
    assert good or vector["expect"] == "bad_mac"


@pytest.mark.parametrize("name", TYPED)
def test_typed_codes_carry_their_check(name: str) -> None:
    text = re.sub("[- ]", "", data_of(name).decode().upper())
    text = text.translate(str.maketrans("OIL", "011"))
    if len(text) != 28 or not set(text) <= set(ALPHABET):
        assert VECTORS[name]["expect"] == "malformed"
        return
    digits = [ALPHABET.index(character) for character in text]
    number = sum(digit << 5 * at for at, digit in enumerate(reversed(digits[:26])))
    good = number % 1021 == digits[26] * 32 + digits[27]
    assert good == (VECTORS[name]["expect"] == "accepted")
    assert not good or f"h:{number:032x}" == VECTORS[name]["says"]


def test_the_scanned_code_is_one_map() -> None:
    text = data_of("code-scanned").decode().removeprefix("WES1:")
    packed = b32decode(text + "=" * (-len(text) % 8))
    fields = cbor2.loads(packed)
    assert canonical(fields) == packed
    assert [fields[key] for key in range(1, 6)] == unplain(VECTORS["code-scanned"]["says"])
    keyset = unplain(VECTORS["keyset"]["says"])
    assert fields[2] == sha256(b"".join(keyset[4])).digest()


@pytest.mark.parametrize("name", ["revocation", "revocation-all"])
def test_revocations_take_in_what_lies_beyond_the_position(name: str) -> None:
    positions = unplain(VECTORS[name]["says"])[4]
    sizes = dict(positions or [])
    covered = [
        positions is None or first + count > sizes.get(bytes.fromhex(lid), 0)
        for lid, first, count in VECTORS[name]["given"]["batches"]
    ]
    assert covered == VECTORS[name]["covers"]


@pytest.mark.parametrize("name", ["feed-public", "feed-station", "refused-feed-id"])
def test_feed_ids_follow_from_their_parts(name: str) -> None:
    header = cbor2.loads(cbor2.CBORDecoder(BytesIO(data_of(name))).decode().value[2])
    number, nonce, feed, *_ = header[15]
    city_id, zeros = header[2][:8], header[2][8:]
    fid = sha256(b"wes1/feed\0" + canonical([city_id, number, nonce, feed])).digest()[:16]
    assert zeros == bytes(8)
    assert (fid == header[3]) == (VECTORS[name]["expect"] == "accepted")


def open_with(owner: str, data: bytes, info: bytes) -> bytes:
    seed = bytes.fromhex(KEYS["encryption"][owner]["seed"])
    return bytes(SUITE.decrypt(data, X25519PrivateKey.from_private_bytes(seed), info))


def test_the_attachment_opens_under_its_own_digest() -> None:
    vector = VECTORS["blob"]
    header, cipher = unplain(vector["says"]), bytes.fromhex(vector["given"]["cipher"])
    plain = open_with("city", cipher, b"wes1/blob\0" + header[3])
    assert plain.hex() == vector["plain"]
    assert (sha256(plain).digest(), len(plain)) == (header[3], header[4])
    assert (sha256(cipher).digest(), len(cipher)) == (header[6], header[7])


def test_the_token_opens_in_its_own_session() -> None:
    vector = VECTORS["token"]
    info = b"wes1/token\0" + bytes.fromhex(vector["given"]["nonce"])
    assert open_with("station", data_of("token"), info) == unplain(vector["says"])
    with pytest.raises(InvalidTag):
        open_with("station", data_of("token"), b"wes1/token\0" + b"\xff" * 16)


@pytest.mark.parametrize(
    ("name", "label"),
    [
        ("evidence-anchor", b"wes1/anchor\0"),
        ("evidence-feed-ack", b"wes1/feed-ack\0"),
        ("evidence-rotation", b"wes1/rotation\0"),
        ("evidence-alert", b"wes1/alert\0"),
    ],
)
def test_event_ids_of_evidence_follow_from_the_body(name: str, label: bytes) -> None:
    record = cbor2.loads(data_of(name))
    assert record[2] == sha256(label + record[7]).digest()[:16]
    assert (record[3], record[4], record[6]) == (None, 0, 1)
    assert canonical(cbor2.loads(record[7])) == record[7]


def test_another_implementation_verifies_the_proof_for_outsiders() -> None:
    vector = VECTORS["inclusion"]
    protected, unprotected, payload, _ = cbor2.loads(data_of("inclusion")).value
    header = cbor2.loads(protected)
    city_id, lid, *place = unplain(vector["says"])
    assert header[15] == {1: f"wes1:city:{city_id.hex()}", 2: f"wes1:log:{lid.hex()}"}
    assert (header[395], payload) == (1, None)
    assert cbor2.loads(unprotected[396][-1][0]) == place
    # Record 1 of 3: its neighbour on the left, then the last leaf on the right.
    left, right = place[2]
    leaf = sha256(b"\0" + bytes.fromhex(vector["given"]["record"])).digest()
    pair = sha256(b"\x01" + left + leaf).digest()
    root = sha256(b"\x01" + pair + right).digest()
    assert root.hex() == VECTORS["tree"]["log_roots"][3]
    public = bytes.fromhex(KEYS["signing"]["city"]["public"])
    key = COSEKey.new({1: 1, 2: header[4], 3: -19, -1: 6, -2: public})
    assert COSE.new().decode(data_of("inclusion"), key, detached_payload=root) == root

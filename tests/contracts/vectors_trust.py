"""The vectors of keys and trust: codes, requests, keysets, enrolments, revocation."""

from hashlib import sha256
from typing import Any, Final

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from sync.dictionary import DICTIONARIES
from sync.protocol.canonical import decode, encode
from sync.protocol.cose import (
    LABEL_CERTIFICATE,
    LABEL_ENROLMENT,
    LABEL_KEYSET,
    LABEL_RECEIPT,
    LABEL_REKEY,
    LABEL_REQUEST,
    LABEL_REVOCATION,
    key_id,
    sign,
)
from sync.protocol.enrolment import (
    Enrolment,
    SignedKeyset,
    StationCertificate,
    StationRequest,
    sign_certificate,
    sign_enrolment,
    sign_request,
)
from sync.protocol.enrolment_code import EnrolmentCode, qr_text, typed_form
from sync.protocol.keyset import Keyset, encode_keyset, join_keyset, root_hash, sign_keyset
from sync.protocol.rekey import sign_rekey
from sync.protocol.revocation import Revocation, sign_revocation
from tests.contracts import vector_samples as sample
from tests.contracts.vector_samples import ABSENT, Vector, changed, message, plain, raw, refuse

SECRET: Final = bytes(range(0x40, 0x50))
OTHER_SECRET: Final = bytes(range(0x41, 0x51))
EXPIRES_MS: Final = sample.WALL_MS + 72 * 3600 * 1000
ROOTS: Final = sample.ROOT_KEYS

KEYSET: Final = Keyset(
    city_id=sample.CITY_ID,
    version=1,
    root_keys=tuple(raw(key) for key in ROOTS),
    threshold=2,
    ca_keys=(raw(sample.CA_KEY),),
    receipt_keys=(raw(sample.CITY_KEY),),
    feed_keys=(raw(sample.FEED_KEY),),
    encryption_keys=(raw(sample.CITY_ENCRYPTION_KEY),),
    dictionaries=((1, sha256(DICTIONARIES[1]).digest()),),
)
FIRST: Final = sign_keyset(KEYSET, ROOTS[:2])
PIN: Final = root_hash(KEYSET.root_keys)
# The third root stays, a stranger joins, one signature is enough from now on.
ROTATED: Final = KEYSET._replace(
    version=2, root_keys=(raw(ROOTS[2]), raw(sample.STRANGER_KEY)), threshold=1
)
SECOND: Final = sign_keyset(ROTATED, ROOTS[1:])

REQUEST: Final = StationRequest(
    sample.NODE_ID,
    sample.STATION,
    raw(sample.STATION_KEY),
    raw(sample.STATION_ENCRYPTION_KEY),
    sample.HARDWARE_ID,
    sample.SOFTWARE,
)
WITH_CODE: Final = sign_request(REQUEST._replace(nonce=sample.NONCE), sample.STATION_KEY, SECRET)
CERTIFICATE: Final = sign_certificate(
    StationCertificate(sample.CITY_ID, *REQUEST[:5], 1, sample.WALL_MS + 10**11), sample.CA_KEY
)
BUNDLE: Final = Enrolment(
    city_id=sample.CITY_ID,
    city_name="Thành phố Mẫu",
    city_url="https://sync.example.vn",
    ca_pem="-----BEGIN CERTIFICATE-----\n",
    keyset=SignedKeyset(FIRST, KEYSET),
    certificate=CERTIFICATE,
    dictionaries=(1,),
)
ENROLMENT: Final = sign_enrolment(BUNDLE, sample.CITY_KEY, SECRET)
CODE: Final = EnrolmentCode(BUNDLE.city_url, PIN, sample.STATION, SECRET, EXPIRES_MS)
REKEY: Final = sign_rekey(
    sign_request(
        REQUEST._replace(signing_key=raw(sample.STRANGER_KEY), encryption_key=b"e" * 32),
        sample.STRANGER_KEY,
    ),
    sample.STATION_KEY,
)
REVOCATION: Final = Revocation(
    sample.NODE_ID,
    key_id(sample.STATION_KEY.public_key()),
    ((sample.LID, 2),),
    "mất thiết bị",
    sample.WALL_MS,
)
BATCHES: Final = [
    [sample.LID.hex(), 0, 2],
    [sample.LID.hex(), 1, 2],
    [sample.LID.hex(), 2, 1],
    ["ff" * 16, 0, 1],
]


def trust_accepted() -> list[Vector]:
    """Codes, requests, certificates, keysets, enrolments, a change of keys, revocations."""
    revocation = sign_revocation(REVOCATION, sample.CA_KEY)
    everything = sign_revocation(REVOCATION._replace(positions=None), sample.CA_KEY)
    bare = sign_enrolment(BUNDLE, sample.CITY_KEY)
    return [
        code("code-scanned", "The text of a QR symbol.", qr_text(CODE), list(CODE)),
        code("code-typed", "The same secret as people type it.", typed_form(SECRET), SECRET),
        code("code-typed-slack", "In small letters, with O and L for 0 and 1.",
             typed_form(SECRET).lower().replace("0", "o").replace("1", "l"), SECRET)
        | {"reads": "code-typed", "written": False},
        message("request", "A station asks, in a file.",
                sign_request(REQUEST, sample.STATION_KEY)),
        named("request-code", message("request", "A station asks with a code.", WITH_CODE,
                                      code_secret=SECRET.hex())),
        message("certificate", "The city answers.", CERTIFICATE),
        keyset("keyset", "The city's current keys, signed by two roots of three.", FIRST, KEYSET),
        keyset("keyset-pinned", "Held against the hash from a code.", FIRST, KEYSET,
               root_hash=PIN.hex()),
        keyset("keyset-rotated", "New roots, signed by two old ones and one new one.", SECOND,
               ROTATED, trusted=FIRST.hex()),
        keyset("keyset-again", "The keyset in use once more.", FIRST, KEYSET,
               trusted=FIRST.hex()),
        keyset("keyset-stranger", "A signature by nobody's root is passed over.",
               sign_keyset(KEYSET, [*ROOTS[:2], sample.STRANGER_KEY]), KEYSET),
        message("enrolment", "What is carried back in a file.", bare),
        named("enrolment-code", message("enrolment", "The answer to a request with a code.",
                                        ENROLMENT, code_secret=SECRET.hex(),
                                        root_hash=PIN.hex())),
        message("rekey", "New keys, vouched for by the old one.", REKEY),
        message("revocation", "Good up to record 2 of one log.", revocation, batches=BATCHES)
        | {"covers": [False, True, True, True]},
        named("revocation-all", message("revocation", "Good for nothing.", everything,
                                        batches=BATCHES)) | {"covers": [True] * 4},
    ]  # fmt: skip


def trust_refused() -> list[Vector]:
    """The faults of the same."""
    return [*codes(), *keysets(), *enrolments(), *stations()]


def code(name: str, about: str, text: str, said: Any, **given: Any) -> Vector:
    return {
        "name": name,
        "about": about,
        "reads": name,
        "given": given,
        "bytes": text.encode().hex(),
        "expect": "accepted",
        "says": plain(said),
        "signers": [],
        "written": True,
    }


def named(name: str, vector: Vector) -> Vector:
    return vector | {"name": name}


def keyset(name: str, about: str, data: bytes, value: Keyset, **given: Any) -> Vector:
    return {
        "name": name,
        "about": about,
        "reads": "keyset",
        "given": given,
        "bytes": data.hex(),
        "expect": "accepted",
        "says": plain(decode(encode_keyset(value))),
        "signers": {
            "keyset-rotated": ["root-2", "root-3"],
            "keyset-stranger": ["root-1", "root-2", "stranger"],
        }.get(name, ["root-1", "root-2"]),
        "written": name != "keyset-stranger",
    }


def codes() -> list[Vector]:
    text, typed = qr_text(CODE), typed_form(SECRET)
    wrong = "Z" if typed[-1] != "Z" else "Y"
    return [
        refuse("code-check", "code-typed", "The last check character is another.",
               typed[:-1].encode() + wrong.encode(), "bad_check"),
        refuse("code-swap", "code-typed", "The fifth and the sixth character change places.",
               (typed[:5] + typed[6] + typed[5] + typed[7:]).encode(), "bad_check"),
        refuse("code-short", "code-typed", "One character is missing.", typed[:-1].encode(),
               "malformed"),
        refuse("code-alphabet", "code-typed", "A character that no code has.",
               (typed[:-1] + "U").encode(), "malformed"),
        refuse("code-prefix", "code-scanned", "A code of something else.",
               text.replace("WES1:", "WIFI:").encode(), "malformed"),
        refuse("code-cut", "code-scanned", "The end of the text is missing.",
               text[: len("WES1:") + 80].encode(), "malformed"),
        refuse("code-expired", "code-scanned", "Past its time, by the city's clock.",
               text.encode(), "code_expired", now_ms=EXPIRES_MS),
    ]  # fmt: skip


def keysets() -> list[Vector]:
    def broken(name: str, about: str, data: bytes, expect: str, **given: Any) -> Vector:
        return refuse(f"keyset-{name}", "keyset", about, data, expect, **given)

    def with_member(key: int, value: Any) -> bytes:
        fields = decode(encode_keyset(KEYSET))
        assert isinstance(fields, dict)
        payload = encode({**fields, key: value})
        return join_keyset([sign(root, LABEL_KEYSET, payload) for root in ROOTS[:2]])

    one, other = encode_keyset(KEYSET), encode_keyset(KEYSET._replace(version=2))
    mixed = [sign(ROOTS[0], LABEL_KEYSET, one), sign(ROOTS[1], LABEL_KEYSET, other)]
    mislabelled = [sign(ROOTS[0], LABEL_KEYSET, one), sign(ROOTS[1], LABEL_RECEIPT, one)]
    elsewhere = sign_keyset(KEYSET._replace(city_id=b"ELSEWHER", version=2), ROOTS)
    equivocal = sign_keyset(KEYSET._replace(feed_keys=(b"f" * 32,)), ROOTS)
    return [
        broken("one-signature", "One root of three has signed.", sign_keyset(KEYSET, ROOTS[:1]),
               "too_few_signatures"),
        broken("root-twice", "One root has signed twice and counts once.",
               sign_keyset(KEYSET, [ROOTS[0], ROOTS[0]]), "too_few_signatures"),
        broken("strangers", "One root and a stranger.",
               sign_keyset(KEYSET, [ROOTS[0], sample.STRANGER_KEY]), "too_few_signatures"),
        broken("old-roots-only", "New roots that have not signed themselves.",
               sign_keyset(ROTATED, ROOTS[:2]), "too_few_signatures", trusted=FIRST.hex()),
        broken("new-roots-only", "Enough new roots, too few of those in use.",
               sign_keyset(ROTATED, [ROOTS[2], sample.STRANGER_KEY]), "too_few_signatures",
               trusted=FIRST.hex()),
        broken("rollback", "Version 1 after version 2.",
               sign_keyset(KEYSET, ROOTS), "old_keyset",
               trusted=sign_keyset(KEYSET._replace(version=2), ROOTS).hex()),
        broken("equivocation", "Version 1 again, with another feed key.", equivocal, "old_keyset",
               trusted=FIRST.hex()),
        broken("city", "The keyset of another city.", elsewhere, "city_mismatch",
               trusted=FIRST.hex()),
        broken("root-hash", "Roots other than the pinned ones.", SECOND, "wrong_root",
               root_hash=PIN.hex()),
        broken("payloads", "Two roots have signed different keysets.", join_keyset(mixed),
               "malformed"),
        broken("label", "One signature under another label.", join_keyset(mislabelled),
               "bad_signature"),
        broken("empty", "No signature at all.", b"\x80", "malformed"),
        broken("not-an-array", "One signed object, not in an array.", FIRST[1:], "malformed"),
        broken("threshold", "Four of three.", with_member(5, 4), "malformed"),
        broken("no-threshold", "None of three.", with_member(5, 0), "malformed"),
        broken("same-root", "The same root twice among the roots.",
               with_member(4, [raw(ROOTS[0]), raw(ROOTS[0]), raw(ROOTS[1])]), "malformed"),
        broken("newer", "A city that asks for protocol 2.", with_member(8, 2), "unsupported"),
    ]  # fmt: skip


def enrolments() -> list[Vector]:
    def broken(name: str, about: str, data: bytes, expect: str, **given: Any) -> Vector:
        return refuse(f"enrolment-{name}", "enrolment", about, data, expect, **given)

    city = sample.CITY_KEY
    few = BUNDLE._replace(keyset=SignedKeyset(sign_keyset(KEYSET, ROOTS[:1]), KEYSET))
    foreign = changed(CERTIFICATE, LABEL_CERTIFICATE, sample.CA_KEY, {2: b"ELSEWHER"})
    by_receipt_key = changed(CERTIFICATE, LABEL_CERTIFICATE, city, {})
    bare = sign_enrolment(BUNDLE, city)
    return [
        broken("mac", "The MAC of another code.", ENROLMENT, "bad_mac",
               code_secret=OTHER_SECRET.hex()),
        broken("no-mac", "No MAC, though a code was used.", bare, "bad_mac",
               code_secret=SECRET.hex()),
        broken("other-url", "The MAC does not cover this address.",
               changed(ENROLMENT, LABEL_ENROLMENT, city, {4: "https://evil.example"}), "bad_mac",
               code_secret=SECRET.hex()),
        broken("root-hash", "Roots other than those in the code.", bare, "wrong_root",
               root_hash="00" * 32),
        broken("keyset", "Its keyset has one signature.", sign_enrolment(few, city),
               "too_few_signatures"),
        broken("signer", "Signed by the CA key, which signs no enrolment.",
               changed(bare, LABEL_ENROLMENT, sample.CA_KEY, {}), "unknown_key"),
        broken("certificate", "A certificate signed by the receipt key.",
               sign_enrolment(BUNDLE._replace(certificate=by_receipt_key), city), "unknown_key"),
        broken("city", "A certificate of another city.",
               sign_enrolment(BUNDLE._replace(certificate=foreign), city), "city_mismatch"),
        broken("old-form", "Keys in member 7, as no version has them.",
               changed(bare, LABEL_ENROLMENT, city, {7: [b"k" * 32]}), "unsupported"),
    ]  # fmt: skip


def stations() -> list[Vector]:
    def by_station(data: bytes, label: str, change: dict[int, Any]) -> bytes:
        return changed(data, label, sample.STATION_KEY, change)

    revocation = sign_revocation(REVOCATION, sample.CA_KEY)
    position = [[sample.LID, 2]]
    return [
        refuse("request-mac", "request", "The MAC of another code.", WITH_CODE, "bad_mac",
               code_secret=OTHER_SECRET.hex()),
        refuse("request-no-mac", "request", "No MAC, though the city gave a code.",
               sign_request(REQUEST, sample.STATION_KEY), "bad_mac", code_secret=SECRET.hex()),
        refuse("request-other-station", "request", "The MAC does not cover this station.",
               by_station(WITH_CODE, LABEL_REQUEST, {3: 1}), "bad_mac",
               code_secret=SECRET.hex()),
        refuse("request-nonce", "request", "No nonce.",
               by_station(WITH_CODE, LABEL_REQUEST, {8: ABSENT}), "malformed"),
        refuse("certificate-label", "certificate", "Signed under another label.",
               changed(CERTIFICATE, LABEL_RECEIPT, sample.CA_KEY, {}), "bad_signature"),
        refuse("certificate-stranger", "certificate", "Signed by nobody known.",
               changed(CERTIFICATE, LABEL_CERTIFICATE, sample.STRANGER_KEY, {}), "unknown_key"),
        refuse("rekey-stranger", "rekey", "Vouched for by nobody known.",
               changed(REKEY, LABEL_REKEY, sample.STRANGER_KEY, {}), "unknown_key"),
        refuse("rekey-node", "rekey", "Another station than in the request.",
               by_station(REKEY, LABEL_REKEY, {2: b"n" * 16}), "node_mismatch"),
        refuse("rekey-key", "rekey", "Another key than in the request.",
               by_station(REKEY, LABEL_REKEY, {4: b"k" * 32}), "malformed"),
        refuse("rekey-request", "rekey", "The request is not signed by the new key.",
               by_station(REKEY, LABEL_REKEY, {6: stolen(sample.CITY_KEY)}), "unknown_key"),
        refuse("revocation-label", "revocation", "Signed under another label.",
               changed(revocation, LABEL_CERTIFICATE, sample.CA_KEY, {}), "bad_signature",
               batches=[]),
        refuse("revocation-twice", "revocation", "Two positions for one log.",
               changed(revocation, LABEL_REVOCATION, sample.CA_KEY, {4: position * 2}),
               "malformed", batches=[]),
        refuse("revocation-negative", "revocation", "A position below the first.",
               changed(revocation, LABEL_REVOCATION, sample.CA_KEY, {4: [[sample.LID, -1]]}),
               "malformed", batches=[]),
    ]  # fmt: skip


def stolen(key: Ed25519PrivateKey) -> bytes:
    """The request for the stranger's key, signed by somebody else."""
    return changed(
        sign_request(
            REQUEST._replace(signing_key=raw(sample.STRANGER_KEY), encryption_key=b"e" * 32),
            sample.STRANGER_KEY,
        ),
        LABEL_REQUEST,
        key,
        {},
    )

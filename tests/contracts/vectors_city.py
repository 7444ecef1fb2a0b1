"""The vectors of what comes from the city, of attachments and of the station's own evidence."""

from collections.abc import Mapping
from hashlib import sha256
from typing import Any, Final

from sync.city.feeds.announcements import CatalogueReleased
from sync.protocol import merkle
from sync.protocol.batch_header import LogDescription, SealedFor, encode_header
from sync.protocol.blob import BlobHeader, BlobReceipt, sign_blob, sign_blob_receipt
from sync.protocol.canonical import encode
from sync.protocol.control_records import (
    Alert,
    ControlBody,
    FeedAcknowledgement,
    KeyRotation,
    TimeAnchor,
    control_record,
)
from sync.protocol.cose import (
    LABEL_BATCH,
    LABEL_BLOB,
    LABEL_BLOB_RECEIPT,
    LABEL_CUSTODY,
    LABEL_FEED,
    LABEL_RECEIPT,
    LABEL_RETURN,
    LABEL_WELCOME,
    key_id,
    sign,
)
from sync.protocol.custody import Custody, CustodyReason, sign_custody
from sync.protocol.feed import Feed, FeedIdentity, city_node_id, feed_id
from sync.protocol.handshake import Hello, LogHead, LogState, Welcome, sign_hello, sign_welcome
from sync.protocol.proof import Inclusion, sign_inclusion
from sync.protocol.record import encode_record
from sync.protocol.seal import batch_info, encryption_key_id
from sync.protocol.session_extras import FeedHead, FeedState, Notice, Policy
from tests.city.announcement_samples import GOOD
from tests.contracts import vector_samples as sample
from tests.contracts.vector_samples import Vector, changed, message, plain, record_vector, refuse
from tests.contracts.vectors_feed import MARKER, draft_of, record_of

PUBLIC: Final = FeedIdentity(sample.CITY_ID, 0, bytes(range(0x70, 0x78)), int(Feed.CATALOGUE), 0)
OWN: Final = FeedIdentity(
    sample.CITY_ID, 3, bytes(range(0x78, 0x80)), int(Feed.STATION), sample.STATION
)
ENTRIES: Final = [
    encode_record(record_of(draft, at))
    for at, draft in enumerate([draft_of(CatalogueReleased, GOOD[CatalogueReleased]), MARKER])
]
FEED_LEAVES: Final = [merkle.leaf_hash(raw) for raw in ENTRIES]
FOR_THE_STATION: Final = SealedFor(1, encryption_key_id(sample.STATION_ENCRYPTION_KEY.public_key()))
READER: Final[dict[str, Any]] = {"city_id": sample.CITY_ID.hex(), "station": sample.STATION}

SCAN: Final = b"\x89PNG\r\n\x1a\n" + bytes(64)
SCAN_DIGEST: Final = sha256(SCAN).digest()
CIPHER: Final = sample.seal_for(sample.CITY_ENCRYPTION_KEY, SCAN, b"wes1/blob\0" + SCAN_DIGEST)
BLOB: Final = BlobHeader(
    sample.NODE_ID,
    SCAN_DIGEST,
    len(SCAN),
    sample.FOR_THE_CITY,
    sha256(CIPHER).digest(),
    len(CIPHER),
    "image/png",
    sample.SUBJECT,
)
CUSTODY: Final = Custody(
    city_id=sample.CITY_ID,
    generation=sample.GENERATION,
    batch_digest=sha256(b"a batch").digest(),
    reason=int(CustodyReason.REVOKED),
    lid=sample.LID,
    first=2,
    count=1,
    city_time_ms=sample.WALL_MS,
    nonce=None,
)
TOKEN: Final = bytes(range(32))
SEALED_TOKEN: Final = sample.seal_for(
    sample.STATION_ENCRYPTION_KEY, TOKEN, b"wes1/token\0" + sample.NONCE
)
FULL_WELCOME: Final = Welcome(
    sample.CITY_ID,
    sample.GENERATION,
    sample.NONCE,
    sample.WALL_MS + 131_000,
    (LogState(sample.LID, 3, 1, sample.ROOT, 2, ((1, 4),)),),
    13,
    feeds=(
        FeedState(feed_id(PUBLIC), 1, 2, merkle.root_of(FEED_LEAVES), 1, tuple(FEED_LEAVES[:1])),
    ),
    policy=Policy(60, 900, 1 << 20, 5_000_000, (1200, 360)),
    sealed_token=SEALED_TOKEN,
    keyset_version=2,
    wanted=(BLOB.digest,),
    notices=(Notice("missing_tail", sample.LID),),
)
EVIDENCE: Final[dict[str, ControlBody]] = {
    "anchor": TimeAnchor(sample.WALL_MS, sample.NONCE, sample.BOOT_ID, 130_000, 130_060),
    "feed-ack": FeedAcknowledgement(feed_id(OWN), 2, merkle.root_of(FEED_LEAVES)),
    "rotation": KeyRotation(key_id(sample.STATION_KEY.public_key()), 2),
    "alert": Alert("lost_archived", sample.LID, 3, 1),
}


INCLUSION: Final = Inclusion(
    sample.CITY_ID, sample.LID, 3, 1, tuple(merkle.inclusion_proof(sample.LEAVES, 1))
)
PROOF: Final = sign_inclusion(INCLUSION, sample.ROOT, sample.CITY_KEY)


def city_accepted() -> list[Vector]:
    """Feeds, own records back, custody, attachments, a full greeting, evidence."""
    head = FeedHead(feed_id(PUBLIC), 2, merkle.root_of(FEED_LEAVES))
    hello = Hello(sample.NODE_ID, sample.STATION, sample.NONCE, (), sample.SEALED_AT)
    full = hello._replace(
        logs=(LogHead(sample.LID, 3, sample.ROOT),), feeds=(head,), stats={"free_mb": 900}
    )
    blob = sign_blob(BLOB, sample.STATION_KEY)
    receipt = BlobReceipt(sample.CITY_ID, BLOB.digest, sample.WALL_MS)
    return [
        batch("feed-public", "feed", "A public feed of two entries.", feed(PUBLIC)),
        batch("feed-station", "feed", "The feed of one station, sealed for it.", feed(OWN)),
        batch("return", "return", "Three records of the station, on their way back.", returned(),
              node_id=sample.NODE_ID.hex()) | {"leaves": [leaf.hex() for leaf in sample.LEAVES]},
        message("custody", "A batch of a revoked key is kept aside.",
                sign_custody(CUSTODY, sample.CITY_KEY)),
        message("blob", "An attachment, with its sealed bytes.", blob, cipher=CIPHER.hex())
        | {"plain": SCAN.hex()},
        message("blob-receipt", "The city holds it.",
                sign_blob_receipt(receipt, sample.CITY_KEY)),
        message("hello", "With a feed and numbers.", sign_hello(full, sample.STATION_KEY))
        | {"name": "hello-full"},
        message("welcome", "With every optional member.",
                sign_welcome(FULL_WELCOME, sample.CITY_KEY), nonce=sample.NONCE.hex())
        | {"name": "welcome-full"},
        {
            "name": "token", "about": "The token of a session.", "reads": "token",
            "given": {"nonce": sample.NONCE.hex()}, "bytes": SEALED_TOKEN.hex(),
            "expect": "accepted", "says": plain(TOKEN),
        },
        *(evidence(name) for name in EVIDENCE),
        {
            "name": "inclusion", "about": "Record 1 of the sample log, proved to an outsider.",
            "reads": "inclusion", "given": {"record": sample.RECORDS[1].hex()},
            "bytes": PROOF.hex(), "expect": "accepted",
            "says": plain([*INCLUSION[:4], list(INCLUSION.path)]),
        },
    ]  # fmt: skip


def city_refused(accepted: Mapping[str, Vector]) -> list[Vector]:
    """The faults of the same."""
    return [
        *feeds(),
        *returns(),
        *custodies(),
        *blobs(),
        *greetings(accepted),
        *evidences(),
        *inclusions(),
    ]


def batch(name: str, reads: str, about: str, data: bytes, **given: Any) -> Vector:
    vector = message(reads, about, data, **(given or READER))
    return vector | {"name": name, "leaves": [leaf.hex() for leaf in FEED_LEAVES]}


def feed(identity: FeedIdentity, *, label: str = LABEL_FEED, **change: Any) -> bytes:
    """A feed batch of the two entries, with some other header fields."""
    fid, root = feed_id(identity), merkle.root_of(FEED_LEAVES)
    plaintext = b"".join(ENTRIES)
    body, sealed_for = plaintext, None
    if identity.station:
        info = batch_info(fid, 0, len(ENTRIES), root, LABEL_FEED)
        body = sample.seal_for(sample.STATION_ENCRYPTION_KEY, plaintext, info)
        sealed_for = FOR_THE_STATION
    fields: dict[str, Any] = {
        "node_id": city_node_id(identity.city_id),
        "lid": fid,
        "count": len(ENTRIES),
        "root": root,
        "plaintext_bytes": len(plaintext),
        "station": identity.station,
        "description": LogDescription(identity.number, identity.nonce, identity.feed, None),
        "sealed_for": sealed_for,
    }
    header = sample.header(body, **(fields | change))
    return sign(sample.FEED_KEY, label, encode_header(header)) + encode(body)


def returned(*, label: str = LABEL_RETURN, info_label: str = LABEL_RETURN) -> bytes:
    """The sample log, signed and sealed by the city for its station."""
    plaintext = b"".join(sample.RECORDS)
    info = batch_info(sample.LID, 0, 3, sample.ROOT, info_label)
    body = sample.seal_for(sample.STATION_ENCRYPTION_KEY, plaintext, info)
    header = sample.header(body, sealed_for=FOR_THE_STATION, plaintext_bytes=len(plaintext))
    return sign(sample.CITY_KEY, label, encode_header(header)) + encode(body)


def evidence(name: str, **change: Any) -> Vector:
    record = control_record(EVIDENCE[name], 7, sample.SEALED_AT.time)._replace(**change)
    return record_vector(f"evidence-{name}", "A record of the protocol itself.", record, "evidence")


def feeds() -> list[Vector]:
    def broken(name: str, about: str, data: bytes, expect: str, **given: Any) -> Vector:
        return refuse(f"feed-{name}", "feed", about, data, expect, **(READER | given))

    padded = city_node_id(sample.CITY_ID)[:-1] + b"\1"
    return [
        broken("city", "The feed of another city.", feed(PUBLIC), "city_mismatch",
               city_id=b"ELSEWHER".hex()),
        broken("station", "The feed of another station.", feed(OWN), "node_mismatch", station=1),
        broken("not-sealed", "A station's feed in the clear.",
               feed(PUBLIC, station=sample.STATION), "not_sealed"),
        broken("label", "Signed as a station's batch.", feed(PUBLIC, label=LABEL_BATCH),
               "bad_signature"),
        broken("id", "The id of another feed.",
               feed(PUBLIC, lid=feed_id(PUBLIC._replace(number=1))), "log_id_mismatch"),
        broken("padding", "A node id that is no city id and zeros.",
               feed(PUBLIC, node_id=padded), "city_mismatch"),
        broken("moved", "A body sealed for another root.",
               feed(OWN, root=sample.LEAVES[0]), "cannot_open"),
        broken("count", "One entry more than there is.", feed(PUBLIC, count=3), "malformed"),
    ]  # fmt: skip


def returns() -> list[Vector]:
    mine = {"node_id": sample.NODE_ID.hex()}
    plaintext = b"".join(sample.RECORDS)
    bare = sign(sample.CITY_KEY, LABEL_RETURN, encode_header(sample.header(plaintext)))
    return [
        refuse("return-station", "return", "The records of another station.", returned(),
               "node_mismatch", node_id="ff" * 16),
        refuse("return-label", "return", "Signed as a feed.", returned(label=LABEL_FEED),
               "bad_signature", **mine),
        refuse("return-batch", "return", "The station's own batch, played back to it.",
               sample.batch(plaintext), "bad_signature", **mine),
        refuse("return-info", "return", "A body sealed as a station's batch is.",
               returned(info_label=LABEL_BATCH), "cannot_open", **mine),
        refuse("return-not-sealed", "return", "Records in the clear.", bare + encode(plaintext),
               "not_sealed", **mine),
    ]  # fmt: skip


def custodies() -> list[Vector]:
    good, city = sign_custody(CUSTODY, sample.CITY_KEY), sample.CITY_KEY
    return [
        refuse("custody-label", "custody", "Signed as a receipt.",
               changed(good, LABEL_RECEIPT, city, {}), "bad_signature"),
        refuse("custody-receipt", "receipt", "Custody where a receipt is wanted.", good,
               "bad_signature"),
        refuse("custody-stranger", "custody", "Signed by nobody known.",
               changed(good, LABEL_CUSTODY, sample.STRANGER_KEY, {}), "unknown_key"),
        refuse("custody-digest", "custody", "A digest of 31 bytes.",
               changed(good, LABEL_CUSTODY, city, {4: bytes(31)}), "malformed"),
        refuse("custody-member", "custody", "A size, as a receipt has it.",
               changed(good, LABEL_CUSTODY, city, {15: 3}), "unsupported"),
    ]  # fmt: skip


def blobs() -> list[Vector]:
    good, station = sign_blob(BLOB, sample.STATION_KEY), sample.STATION_KEY
    receipt = sign_blob_receipt(BlobReceipt(sample.CITY_ID, BLOB.digest, 1), sample.CITY_KEY)

    def broken(name: str, about: str, change: dict[int, Any], expect: str, **given: Any) -> Vector:
        data = changed(good, LABEL_BLOB, station, change)
        return refuse(f"blob-{name}", "blob", about, data, expect, **given)

    flipped = CIPHER[:-1] + bytes([CIPHER[-1] ^ 1])
    return [
        broken("cipher", "One bit of the sealed bytes.", {}, "digest_mismatch",
               cipher=flipped.hex()),
        broken("plain-digest", "The digest of another attachment.", {3: bytes(32)},
               "cannot_open", cipher=CIPHER.hex()),
        broken("key", "Sealed for a key that the city does not have.", {5: [1, b"k" * 8]},
               "unknown_encryption_key", cipher=CIPHER.hex()),
        broken("suite", "Sealing suite 2.", {5: [2, b"k" * 8]}, "unsupported"),
        broken("length", "Sealed bytes of the plain length.", {7: len(SCAN)}, "malformed"),
        broken("too-large", "One byte more than 20 MiB.",
               {4: (20 << 20) + 1, 7: (20 << 20) + 49}, "too_large"),
        broken("media-type", "No media type.", {8: ""}, "malformed"),
        refuse("blob-label", "blob", "Signed as a receipt for an attachment.",
               changed(good, LABEL_BLOB_RECEIPT, station, {}), "bad_signature"),
        refuse("blob-receipt-label", "blob-receipt", "Signed as the receipt of a batch.",
               changed(receipt, LABEL_RECEIPT, sample.CITY_KEY, {}), "bad_signature"),
        refuse("blob-receipt-digest", "blob-receipt", "A digest of 16 bytes.",
               changed(receipt, LABEL_BLOB_RECEIPT, sample.CITY_KEY, {4: bytes(16)}),
               "malformed"),
    ]  # fmt: skip


def greetings(accepted: Mapping[str, Vector]) -> list[Vector]:
    hello = bytes.fromhex(accepted["hello-full"]["bytes"])
    welcome = bytes.fromhex(accepted["welcome-full"]["bytes"])

    def broken(name: str, about: str, change: dict[int, Any], expect: str) -> Vector:
        data = changed(welcome, LABEL_WELCOME, sample.CITY_KEY, change)
        return refuse(f"welcome-{name}", "welcome", about, data, expect,
                      nonce=sample.NONCE.hex())  # fmt: skip

    state = [feed_id(PUBLIC), 1, 2, sample.ROOT]
    return [
        broken("frontier", "Two subtrees before a start of one.",
               {7: [[*state, 1, bytes(64)]]}, "malformed"),
        broken("start", "A feed that starts after its end.", {7: [[*state, 4, bytes(32)]]},
               "malformed"),
        broken("policy", "A policy of no bytes.", {8: {1: 0, 2: 900, 3: 0, 4: None, 5: None}},
               "malformed"),
        broken("policy-member", "A policy of a newer protocol.",
               {8: {1: 0, 2: 900, 3: 9, 4: None, 5: None, 6: 0}}, "unsupported"),
        broken("wanted", "201 attachments wanted.", {11: [bytes(32)] * 201}, "malformed"),
        broken("notice", "A notice about half a log id.", {12: [["rollback", bytes(8)]]},
               "malformed"),
        refuse("hello-feeds", "hello", "A feed without its root.",
               changed(hello, "wes1/hello", sample.STATION_KEY, {8: [[feed_id(PUBLIC), 2]]}),
               "malformed"),
        refuse("hello-versions", "hello", "No version in common.",
               changed(hello, "wes1/hello", sample.STATION_KEY, {5: [2, 3]}), "unsupported"),
        refuse("token-session", "token", "The token of another session.", SEALED_TOKEN,
               "cannot_open", nonce="ff" * 16),
    ]  # fmt: skip


def evidences() -> list[Vector]:
    def broken(name: str, about: str, expect: str, **change: Any) -> Vector:
        data = evidence(name.partition("-")[0], **change)["bytes"]
        return refuse(f"evidence-{name}", "evidence", about, data, expect)

    backwards = encode({1: 1, 2: sample.NONCE, 3: sample.BOOT_ID, 4: 9, 5: 8})
    return [
        broken("anchor-id", "An event id that does not follow from the body.", "malformed",
               eid=b"e" * 16),
        broken("anchor-time", "Received before it was sent.", "malformed", body=backwards,
               eid=sha256(b"wes1/anchor\0" + backwards).digest()[:16]),
        broken("rotation-kind", "The body of another kind.", "malformed", kind=5),
        broken("alert-json", "Content type 0.", "malformed", content_type=0),
    ]  # fmt: skip


def inclusions() -> list[Vector]:
    def broken(name: str, about: str, data: bytes, expect: str, record: int = 1) -> Vector:
        given = {"record": sample.RECORDS[record].hex()}
        return refuse(f"inclusion-{name}", "inclusion", about, data, expect, **given)

    moved = sign_inclusion(INCLUSION._replace(sequence=0), sample.ROOT, sample.CITY_KEY)
    short = sign_inclusion(
        INCLUSION._replace(path=INCLUSION.path[:-1]), sample.ROOT, sample.CITY_KEY
    )
    stranger = sign_inclusion(INCLUSION, sample.ROOT, sample.STRANGER_KEY)
    return [
        broken("record", "The proof of another record.", PROOF, "bad_signature", record=2),
        broken("sequence", "The path of another place.", moved, "bad_signature"),
        broken("path", "A path that is too short.", short, "malformed"),
        broken("signer", "Signed by nobody known.", stranger, "unknown_key"),
        broken("structure", "Another kind of tree.",
               PROOF.replace(b"\x19\x01\x8b\x01", b"\x19\x01\x8b\x02"), "unsupported"),
    ]  # fmt: skip

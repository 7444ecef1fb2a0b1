"""The vectors of what stands in the city's feeds: one entry each, and what a reader refuses."""

from collections.abc import Mapping
from hashlib import sha256
from typing import Any, Final

from msgspec import convert, json

from sync.city.archive.feed_store.port import Draft
from sync.city.feeds.announcements import (
    Announcement,
    BookingMade,
    CatalogueReleased,
    DecisionMade,
    DossierReassigned,
    OfficerChanged,
    PaymentConfirmed,
    RecordStatusChanged,
    ResultArrived,
    SlipKeyStated,
    address,
    key_change,
)
from sync.protocol.canonical import encode
from sync.protocol.cose import key_id
from sync.protocol.feed import FeedKind
from sync.protocol.record import Record, RecordTime, encode_record
from sync.protocol.revocation import Revocation, sign_revocation
from tests.city.announcement_samples import AT, BOOKING, DECISION, GOOD
from tests.contracts import vector_samples as sample
from tests.contracts.vector_samples import Vector, raw, record_vector, refuse

TIME: Final = RecordTime(0, sample.WALL_MS, 2)
SLIP_KEY: Final[dict[str, Any]] = {
    "type": "slip_key.stated",
    "station": str(sample.STATION),
    "public_key": raw(sample.SLIP_KEY).hex(),
}
REVOCATION: Final = sign_revocation(
    Revocation(sample.NODE_ID, key_id(sample.STATION_KEY.public_key()), None, "lost", 0),
    sample.CA_KEY,
)
MARKER: Final = Draft(
    FeedKind.SNAPSHOT_MARKER, bytes(range(0xA0, 0xB0)), b'{"type":"snapshot","entries":0}'
)
ENDED: Final = SLIP_KEY | {"ended": True, "positions": [[sample.LID.hex(), 2]]}


FULL: Final[dict[type[Announcement], dict[str, Any]]] = {
    DecisionMade: {
        "official_code": "H29.61-261124-0007",
        "reason": "Đủ điều kiện",
        "due_at": "2026-12-01T17:00:00+07:00",
    },
    ResultArrived: {"result_no": "123/GXN", "note": "Mang theo bản chính"},
    PaymentConfirmed: {"beneficiary": "970436-0071000123456", "on_statement": True},
    RecordStatusChanged: {"text": "Hồ sơ đã có quyết định khác"},
    DossierReassigned: {"reason": "Chuyển địa bàn"},
}
"""The members that may be left out, beside those of the samples."""
BARE: Final[dict[str, Any]] = {
    "type": "payment.confirmed",
    "reference": "26560K7XM001",
    "amount_vnd": 10_000,
    "transaction": "FT26326000001",
    "paid_at": AT,
}


def entries_accepted() -> list[Vector]:
    """What the city may say, as its own program says it."""
    good, decision = draft_of(SlipKeyStated, SLIP_KEY), draft_of(DecisionMade, DECISION)
    change = key_change(REVOCATION, "key").draft
    return [
        *(entry(name_of(form), f"{form.__doc__ or ''}".strip(), form, said | FULL.get(form, {}))
          for form, said in GOOD.items() if form is not SlipKeyStated),
        vector("payment-confirmed-bare", "Without what may be left out, as another city says it.",
               spoken(draft_of(PaymentConfirmed, BARE), BARE), BARE),
        vector("decision-made-bare", "Of a city that tells no due date.",
               spoken(decision, DECISION), DECISION),
        vector("key-change", "A revocation as it was signed.", change, None),
        vector("snapshot-marker", "Nothing follows that restates what is valid.", MARKER, None),
        vector("unknown-kind", "A kind of a newer city is kept and passed over.",
               good._replace(kind=127), None),
        entry("slip-key", "A slip key of a station.", SlipKeyStated, SLIP_KEY),
        entry("slip-key-ended", "It ended; the first two records of one log keep their slips.",
              SlipKeyStated, ENDED),
        entry("slip-key-stolen", "It ended, and no slip of it is good.", SlipKeyStated,
              SLIP_KEY | {"ended": True}),
        vector("newer-member", "A member of a newer city is passed over.",
               spoken(good, SLIP_KEY | {"since": "2031"}), SLIP_KEY),
    ]  # fmt: skip


def entries_refused() -> list[Vector]:
    """One fault each."""
    good, decision = draft_of(SlipKeyStated, SLIP_KEY), draft_of(DecisionMade, DECISION)
    officer, status, release, booking = (
        draft_of(form, GOOD[form])
        for form in (OfficerChanged, RecordStatusChanged, CatalogueReleased, BookingMade)
    )
    return [
        broken("slip-key-id", "An eid that does not follow from the body.",
               good._replace(eid=b"e" * 16)),
        broken("slip-key-short", "A public key of 31 bytes.",
               spoken(good, SLIP_KEY | {"public_key": "0f" * 31})),
        broken("slip-key-station", "No station.", spoken(good, SLIP_KEY | {"station": ""})),
        broken("slip-key-positions", "A position in half a log.",
               spoken(good, ENDED | {"positions": [["00" * 8, 2]]})),
        broken("decision-subject", "A decision about another dossier than its subject.",
               decision._replace(subject=b"s" * 16)),
        broken("decision-time", "A time without an offset.",
               spoken(decision, DECISION | {"decided_at": "2026-11-22T10:00:00"})),
        broken("decision-due", "A due date without an offset.",
               spoken(decision, DECISION | {"due_at": "2026-12-01T17:00:00"})),
        broken("booking-code", "A code with a zero.",
               spoken(booking, BOOKING | {"code": "7KX2M0"})),
        broken("booking-time", "A time without an offset.",
               spoken(booking, BOOKING | {"booked_for": "2026-11-25T09:00:00"})),
        broken("payment-amount", "An amount of nothing.",
               spoken(draft_of(PaymentConfirmed, BARE), BARE | {"amount_vnd": 0})),
        broken("officer-role", "A role that nobody knows.",
               spoken(officer, GOOD[OfficerChanged] | {"role": "king"})),
        broken("status-code", "A status that is none.",
               spoken(status, GOOD[RecordStatusChanged] | {"code": "lost"})),
        broken("release-digest", "A release without its object.",
               spoken(release, without(GOOD[CatalogueReleased], "sha256"))),
        broken("content-type", "JSON that says it is CBOR.", good._replace(content_type=1)),
        broken("version", "A version of no dossier.", good._replace(version=1)),
        broken("no-type", "A body that does not say what it is.",
               spoken(good, without(SLIP_KEY, "type"))),
        broken("other-type", "A body of another kind.",
               spoken(good, SLIP_KEY | {"type": "officer.changed"})),
    ]  # fmt: skip


def name_of(form: type[Announcement]) -> str:
    """`decision-made` of `decision.made`."""
    return str(form.__struct_config__.tag).replace(".", "-").replace("_", "-")


def without(said: Mapping[str, Any], member: str) -> dict[str, Any]:
    return {name: value for name, value in said.items() if name != member}


def draft_of(form: type[Announcement], said: Mapping[str, Any]) -> Draft:
    """The entry that the city's program makes of it."""
    return address(convert(said, form), sample.STATION)[0].draft


def spoken(draft: Draft, said: Mapping[str, Any]) -> Draft:
    """An entry of the same kind with any body and the eid that follows from it."""
    body = json.encode(said)
    return draft._replace(body=body, eid=eid_of(draft.kind, body))


def eid_of(kind: int, body: bytes) -> bytes:
    return sha256(b"wes1/announcement\0" + encode([int(kind), body])).digest()[:16]


def entry(name: str, about: str, form: type[Announcement], said: Mapping[str, Any]) -> Vector:
    draft = draft_of(form, said)
    return vector(name, about, draft, json.decode(draft.body))


def vector(name: str, about: str, draft: Draft, announces: Mapping[str, Any] | None) -> Vector:
    more = {} if announces is None else {"announces": announces}
    return record_vector(f"entry-{name}", about, record_of(draft), "entry", **more)


def broken(name: str, about: str, draft: Draft) -> Vector:
    data = encode_record(record_of(draft))
    return refuse(f"entry-{name}", "entry", about, data, "malformed")


def record_of(draft: Draft, at: int = 5) -> Record:
    return Record(
        at, int(draft.kind), draft.eid, draft.subject, draft.version, TIME, draft.content_type,
        draft.body,
    )  # fmt: skip

"""The vectors of what stands in the city's feeds: one entry each, and what a reader refuses."""

from collections.abc import Mapping
from hashlib import sha256
from typing import Any, Final

from msgspec import convert, json

from sync.city.archive.feed_store.port import Draft
from sync.city.feeds.announcements import Announcement, SlipKeyStated, address
from sync.protocol import merkle
from sync.protocol.canonical import decode, encode
from sync.protocol.record import Record, RecordTime, content_digest, encode_record
from tests.contracts import vector_samples as sample
from tests.contracts.vector_samples import Vector, plain, raw, refuse

TIME: Final = RecordTime(0, sample.WALL_MS, 2)
SLIP_KEY: Final[dict[str, Any]] = {
    "type": "slip_key.stated",
    "station": str(sample.STATION),
    "public_key": raw(sample.SLIP_KEY).hex(),
}
ENDED: Final = SLIP_KEY | {"ended": True, "positions": [[sample.LID.hex(), 2]]}


def entries_accepted() -> list[Vector]:
    """What the city may say, as its own program says it."""
    good = draft_of(SlipKeyStated, SLIP_KEY)
    return [
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
    good = draft_of(SlipKeyStated, SLIP_KEY)
    return [
        broken("slip-key-id", "An eid that does not follow from the body.",
               good._replace(eid=b"e" * 16)),
        broken("slip-key-short", "A public key of 31 bytes.",
               spoken(good, SLIP_KEY | {"public_key": "0f" * 31})),
        broken("slip-key-station", "No station.", spoken(good, SLIP_KEY | {"station": ""})),
        broken("slip-key-positions", "A position in half a log.",
               spoken(good, ENDED | {"positions": [["00" * 8, 2]]})),
        broken("no-type", "A body that does not say what it is.",
               spoken(good, {k: v for k, v in SLIP_KEY.items() if k != "type"})),
        broken("other-type", "A body of another kind.",
               spoken(good, SLIP_KEY | {"type": "officer.changed"})),
    ]  # fmt: skip


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
    record = record_of(draft)
    data = encode_record(record)
    return {
        "name": f"entry-{name}",
        "about": about,
        "reads": "entry",
        "given": {},
        "bytes": data.hex(),
        "expect": "accepted",
        "says": plain(decode(data)),
        "leaf": merkle.leaf_hash(data).hex(),
        "content_digest": content_digest(record).hex(),
        **({} if announces is None else {"announces": announces}),
        "written": True,
    }


def broken(name: str, about: str, draft: Draft) -> Vector:
    data = encode_record(record_of(draft))
    return refuse(f"entry-{name}", "entry", about, data, "malformed")


def record_of(draft: Draft) -> Record:
    return Record(
        5, int(draft.kind), draft.eid, draft.subject, draft.version, TIME, draft.content_type,
        draft.body,
    )  # fmt: skip

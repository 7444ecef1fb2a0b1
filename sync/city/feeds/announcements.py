"""What a city may tell its stations, and the entry each kind of it becomes.

Responsible for: the published field names, checking them on the way in and out, and the entry's
kind, identity and subject. Pure. A field may be added, never renamed or reused. Times are ISO 8601
with offset, money is in đồng. It must not know where entries are kept or who reads them.
"""

from collections.abc import Callable, Mapping
from datetime import date, datetime
from hashlib import sha256
from typing import Annotated, Any, Final, Literal, NamedTuple, TypeAlias, TypeVar

import msgspec

from sync.city.archive.feed_store.port import Draft, FeedName, RecordStatus
from sync.protocol.canonical import encode
from sync.protocol.errors import ProtocolError, ProtocolErrorCode
from sync.protocol.feed import EVERY_STATION, Feed, FeedKind
from sync.protocol.limits import (
    EVENT_ID_BYTES,
    MAXIMUM_RECORD_BYTES,
    MAXIMUM_REVOKED_LOGS,
    MAXIMUM_SLIP_TEXT_BYTES,
)
from sync.protocol.record import CONTENT_CBOR, CONTENT_JSON

ENTRY_LABEL: Final = b"wes1/announcement\x00"
MAXIMUM_ANNOUNCEMENT_BYTES: Final = MAXIMUM_RECORD_BYTES - 1024
"""Bytes of one body; the rest of a record needs less than the difference."""

KEYS_FEED: Final = FeedName(Feed.KEYS, EVERY_STATION)

_HEX_16: Final = "^[0-9a-f]{32}$"
_HEX_32: Final = "^[0-9a-f]{64}$"

Identifier: TypeAlias = Annotated[str, msgspec.Meta(pattern=_HEX_16)]
Digest: TypeAlias = Annotated[str, msgspec.Meta(pattern=_HEX_32)]
Word: TypeAlias = Annotated[str, msgspec.Meta(min_length=1, max_length=200)]
Note: TypeAlias = Annotated[str, msgspec.Meta(max_length=4000)]
Moment: TypeAlias = Annotated[datetime, msgspec.Meta(tz=True)]
BookingCode: TypeAlias = Annotated[str, msgspec.Meta(pattern="^[2-9A-HJKMNP-TV-Z]{6}$")]
StationNumber: TypeAlias = Annotated[int, msgspec.Meta(ge=1, lt=1 << 32)]
Count: TypeAlias = Annotated[int, msgspec.Meta(ge=0, lt=1 << 62)]


class AnnouncementError(Exception):
    """Not published; the message is one line and names the field."""


class CatalogueReleased(
    msgspec.Struct,
    frozen=True,
    kw_only=True,
    forbid_unknown_fields=True,
    tag_field="type",
    tag="catalogue.released",
):
    """A catalogue of procedures and fees; the packed files are the object `sha256`."""

    version: Word
    valid_from: date
    sha256: Digest
    bytes: Annotated[int, msgspec.Meta(gt=0)]


class DecisionMade(
    msgspec.Struct,
    frozen=True,
    kw_only=True,
    forbid_unknown_fields=True,
    tag_field="type",
    tag="decision.made",
):
    """The city decided about a dossier; `state` is the dossier state that follows.

    `due_at` is when the result is due by the city's reckoning; without it the body is what it was
    before there was this member, so that what was said once is still the same entry.
    """

    dossier_id: Identifier
    dossier_no: Word
    state: Word
    decided_at: Moment
    official_code: Annotated[str, msgspec.Meta(max_length=200)] = ""
    reason: Note = ""
    due_at: Moment | msgspec.UnsetType = msgspec.UNSET


class ResultArrived(
    msgspec.Struct,
    frozen=True,
    kw_only=True,
    forbid_unknown_fields=True,
    tag_field="type",
    tag="result.arrived",
):
    """The result of a dossier can be handed over at the station."""

    dossier_id: Identifier
    dossier_no: Word
    arrived_at: Moment
    result_no: Annotated[str, msgspec.Meta(max_length=200)] = ""
    note: Note = ""


class PaymentConfirmed(
    msgspec.Struct,
    frozen=True,
    kw_only=True,
    forbid_unknown_fields=True,
    tag_field="type",
    tag="payment.confirmed",
):
    """The bank says that money with this reference came in; `transaction` is the bank's number.

    `on_statement`: its statement has it, which alone reconciles.
    """

    reference: Annotated[str, msgspec.Meta(pattern="^[0-9A-Z]{1,13}$")]
    amount_vnd: Annotated[int, msgspec.Meta(gt=0, lt=1 << 53)]
    transaction: Word
    paid_at: Moment
    beneficiary: Annotated[str, msgspec.Meta(max_length=200)] = ""
    on_statement: bool = False


class RecordStatusChanged(
    msgspec.Struct,
    frozen=True,
    kw_only=True,
    forbid_unknown_fields=True,
    tag_field="type",
    tag="record.status",
):
    """A record of this station was not simply entered, or was entered late after all."""

    lid: Identifier
    sequence: Count
    code: Literal[
        "entered", "duplicate", "conflict", "parked", "rejected", "unknown_kind", "withheld",
        "unreadable",
    ]  # fmt: skip
    text: Note = ""


class OfficerChanged(
    msgspec.Struct,
    frozen=True,
    kw_only=True,
    forbid_unknown_fields=True,
    tag_field="type",
    tag="officer.changed",
):
    """Who may work at the station, and as what; never a PIN."""

    officer_id: Word
    name: Word
    role: Literal["officer", "cashier", "chief", "technician"]
    active: bool
    changed_at: Moment


class DossierReassigned(
    msgspec.Struct,
    frozen=True,
    kw_only=True,
    forbid_unknown_fields=True,
    tag_field="type",
    tag="dossier.reassigned",
):
    """Another station goes on with a dossier; both are told."""

    dossier_id: Identifier
    dossier_no: Word
    from_station: StationNumber
    to_station: StationNumber
    reassigned_at: Moment
    reason: Note = ""


class SlipKeyStated(
    msgspec.Struct,
    frozen=True,
    kw_only=True,
    forbid_unknown_fields=True,
    tag_field="type",
    tag="slip_key.stated",
):
    """All that is known of a slip key of a station, for every station; never why it ended."""

    station: Annotated[str, msgspec.Meta(min_length=1, max_length=MAXIMUM_SLIP_TEXT_BYTES)]
    public_key: Digest
    ended: bool = False
    positions: (
        Annotated[list[tuple[Identifier, Count]], msgspec.Meta(max_length=MAXIMUM_REVOKED_LOGS)]
        | None
    ) = None


class BookingMade(
    msgspec.Struct,
    frozen=True,
    kw_only=True,
    forbid_unknown_fields=True,
    tag_field="type",
    tag="booking.made",
):
    """A visit was booked with the city; nothing is said about who comes."""

    code: BookingCode
    service: Word
    booked_for: Moment


class BookingCancelled(
    msgspec.Struct,
    frozen=True,
    kw_only=True,
    forbid_unknown_fields=True,
    tag_field="type",
    tag="booking.cancelled",
):
    """A booked visit was given up; the same members as when it was booked."""

    code: BookingCode
    service: Word
    booked_for: Moment


Announcement: TypeAlias = (
    CatalogueReleased
    | DecisionMade
    | ResultArrived
    | PaymentConfirmed
    | RecordStatusChanged
    | OfficerChanged
    | DossierReassigned
    | SlipKeyStated
    | BookingMade
    | BookingCancelled
)

T = TypeVar("T", bound=Announcement)


class Addressed(NamedTuple):
    """An entry and the feed it belongs to."""

    name: FeedName
    draft: Draft


KINDS: Final[Mapping[type[Announcement], FeedKind]] = {
    CatalogueReleased: FeedKind.CATALOGUE_RELEASE,
    DecisionMade: FeedKind.DECISION,
    ResultArrived: FeedKind.RESULT_ARRIVED,
    PaymentConfirmed: FeedKind.PAYMENT_CONFIRMED,
    RecordStatusChanged: FeedKind.RECORD_STATUS,
    OfficerChanged: FeedKind.OFFICER,
    DossierReassigned: FeedKind.REASSIGNMENT,
    SlipKeyStated: FeedKind.SLIP_KEY,
    BookingMade: FeedKind.BOOKING,
    BookingCancelled: FeedKind.BOOKING_CANCELLED,
}
"""The record kind of each announcement; the numbers are for ever."""
_FORMS: Final[Mapping[int, type[Announcement]]] = {int(kind): form for form, kind in KINDS.items()}

_NEWEST_OF: Final[Mapping[type[Announcement], Callable[[Announcement], str]]] = {
    CatalogueReleased: lambda said: f"catalogue:{getattr(said, 'version', '')}",
    OfficerChanged: lambda said: f"officer:{getattr(said, 'officer_id', '')}",
    SlipKeyStated: lambda said: (
        f"slip-key:{getattr(said, 'station', '')}:{getattr(said, 'public_key', '')}"
    ),
}


def read_announcements(data: bytes, kind: type[T]) -> list[T]:
    """The announcement in JSON text, or a list of them. Raises AnnouncementError with the field."""
    try:
        said = msgspec.json.decode(data)
        return msgspec.convert(said if isinstance(said, list) else [said], list[kind])  # type: ignore[valid-type]
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
        raise AnnouncementError(" ".join(str(error).split())) from None


def address(said: Announcement, station: int) -> list[Addressed]:
    """The entries that tell it: to everybody, to `station`, or to both ends of a reassignment."""
    if isinstance(said, CatalogueReleased):
        return [Addressed(FeedName(Feed.CATALOGUE, EVERY_STATION), _draft(said))]
    if isinstance(said, SlipKeyStated):
        return [Addressed(KEYS_FEED, _draft(said))]
    stations = [station]
    if isinstance(said, DossierReassigned):
        stations = [said.from_station, said.to_station]
        if said.from_station == said.to_station:
            raise AnnouncementError("from_station and to_station are the same - at `$.to_station`")
    return [Addressed(FeedName(Feed.STATION, number), _draft(said)) for number in stations]


def read_entry(draft: Draft) -> Announcement | None:
    """What an entry announces; members of a newer city are passed over, None for other kinds.

    Raises ProtocolError(MALFORMED).
    """
    form = _FORMS.get(draft.kind)
    if form is None:
        return None
    try:
        said = msgspec.json.decode(draft.body, type=dict[str, Any])
        known = {"type", *form.__struct_fields__}
        word = msgspec.convert({name: said[name] for name in said if name in known}, form)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        raise ProtocolError(ProtocolErrorCode.MALFORMED, f"entry of kind {draft.kind}") from None
    expected = (_eid(draft.kind, draft.body), _subject(word), 0, CONTENT_JSON)
    found = (draft.eid, draft.subject, draft.version, draft.content_type)
    if found != expected or "type" not in said:
        raise ProtocolError(ProtocolErrorCode.MALFORMED, f"entry of kind {draft.kind}")
    return word


def key_change(message: bytes, about: str) -> Addressed:
    """The entry for a signed revocation or certificate; `about` names the key it speaks of."""
    draft = Draft(
        kind=FeedKind.KEY_CHANGE,
        eid=_eid(FeedKind.KEY_CHANGE, message),
        body=message,
        content_type=CONTENT_CBOR,
        state_key=f"key:{about}",
    )
    return Addressed(KEYS_FEED, draft)


def status_draft(status: RecordStatus) -> Draft:
    """The entry that tells a station what became of a record of its own."""
    said = {"type": "record.status", **status._asdict(), "lid": status.lid.hex()}
    return _draft(msgspec.convert(said, RecordStatusChanged))


def _draft(said: Announcement) -> Draft:
    kind = KINDS[type(said)]
    body = msgspec.json.encode(said)
    if len(body) > MAXIMUM_ANNOUNCEMENT_BYTES:
        raise AnnouncementError(f"more than {MAXIMUM_ANNOUNCEMENT_BYTES} bytes")
    newest_of = _NEWEST_OF.get(type(said))
    return Draft(
        kind=kind,
        eid=_eid(kind, body),
        body=body,
        subject=_subject(said),
        state_key="" if newest_of is None else newest_of(said),
    )


def _subject(said: Announcement) -> bytes | None:
    return bytes.fromhex(getattr(said, "dossier_id", "")) or None


def _eid(kind: int, body: bytes) -> bytes:
    """The same said twice is one entry."""
    return sha256(ENTRY_LABEL + encode([int(kind), body])).digest()[:EVENT_ID_BYTES]

"""What the city tells a station, entry by entry of its feeds.

Responsible for the published forms and their kinds. Rules: a field that this release does not know
is passed over, so that a newer city is understood as far as possible; one that is missing or of
another form makes the entry unreadable. Texts are the city's and are shown as they are.
This module must not know how entries travel or what follows from them.
"""

from collections.abc import Mapping
from datetime import date
from types import MappingProxyType
from typing import Annotated, Final, TypeAlias

import msgspec

from edge_node.domain.appointment import CODE_ALPHABET, CODE_CHARACTERS
from sync.protocol.limits import MAXIMUM_SLIP_TEXT_BYTES

Identifier: TypeAlias = Annotated[str, msgspec.Meta(pattern="^[0-9a-f]{32}$")]
Digest: TypeAlias = Annotated[str, msgspec.Meta(pattern="^[0-9a-f]{64}$")]
BookingCode: TypeAlias = Annotated[
    str, msgspec.Meta(pattern=f"^[{CODE_ALPHABET}]{{{CODE_CHARACTERS}}}$")
]
Count: TypeAlias = Annotated[int, msgspec.Meta(ge=0, lt=1 << 62)]
Text: TypeAlias = Annotated[str, msgspec.Meta(max_length=4000)]


class CatalogueReleased(
    msgspec.Struct, frozen=True, kw_only=True, tag_field="type", tag="catalogue.released"
):
    """A release of procedures and fees; its packed files are the object `sha256`."""

    version: Text
    valid_from: date
    sha256: Digest
    bytes: int


class DecisionMade(
    msgspec.Struct, frozen=True, kw_only=True, tag_field="type", tag="decision.made"
):
    """The city decided about a dossier; `state` is the dossier state that follows.

    `due_at` is when the result is due by the city's reckoning, if it told so.
    """

    dossier_id: Identifier
    state: Text
    decided_at: Text
    official_code: Text = ""
    reason: Text = ""
    due_at: Text | None = None


class ResultArrived(
    msgspec.Struct, frozen=True, kw_only=True, tag_field="type", tag="result.arrived"
):
    """The result of a dossier can be handed over at the station."""

    dossier_id: Identifier
    arrived_at: Text
    result_no: Text = ""
    note: Text = ""


class PaymentConfirmed(
    msgspec.Struct, frozen=True, kw_only=True, tag_field="type", tag="payment.confirmed"
):
    """The bank says that money with this reference came in (đồng).

    `on_statement`: the bank's statement has it too, as the city has seen.
    """

    reference: Annotated[str, msgspec.Meta(pattern="^[0-9A-Z]{1,13}$")]
    amount_vnd: Annotated[int, msgspec.Meta(gt=0, lt=1 << 53)]
    transaction: Text
    paid_at: Text
    beneficiary: Text = ""
    on_statement: bool = False


class RecordStatusChanged(
    msgspec.Struct, frozen=True, kw_only=True, tag_field="type", tag="record.status"
):
    """A record of this station was not simply entered, or was entered late after all."""

    lid: Identifier
    sequence: Count
    code: Text
    text: Text = ""


class OfficerChanged(
    msgspec.Struct, frozen=True, kw_only=True, tag_field="type", tag="officer.changed"
):
    """Who may work at the station; never a PIN."""

    officer_id: Text
    name: Text
    active: bool
    role: Text = ""


class DossierReassigned(
    msgspec.Struct, frozen=True, kw_only=True, tag_field="type", tag="dossier.reassigned"
):
    """Another station goes on with a dossier; both are told."""

    dossier_id: Identifier
    from_station: int
    to_station: int
    reassigned_at: Text
    reason: Text = ""


class SlipKeyStated(
    msgspec.Struct, frozen=True, kw_only=True, tag_field="type", tag="slip_key.stated"
):
    """All the city knows of a slip key of a station; positions are (log id, size)."""

    station: Annotated[str, msgspec.Meta(min_length=1, max_length=MAXIMUM_SLIP_TEXT_BYTES)]
    public_key: Digest
    ended: bool = False
    positions: tuple[tuple[Identifier, Count], ...] | None = None


class BookingMade(msgspec.Struct, frozen=True, kw_only=True, tag_field="type", tag="booking.made"):
    """A visit was booked with the city, under the code that will be shown here."""

    code: BookingCode
    service: Text
    booked_for: Text


class BookingCancelled(
    msgspec.Struct, frozen=True, kw_only=True, tag_field="type", tag="booking.cancelled"
):
    """It was given up; the same members, whichever of the two comes first."""

    code: BookingCode
    service: Text
    booked_for: Text


CityWord: TypeAlias = (
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

KINDS: Final[Mapping[int, type[CityWord]]] = MappingProxyType(
    {
        64: CatalogueReleased,
        66: DecisionMade,
        67: ResultArrived,
        68: PaymentConfirmed,
        69: RecordStatusChanged,
        70: OfficerChanged,
        71: DossierReassigned,
        73: SlipKeyStated,
        74: BookingMade,
        75: BookingCancelled,
    }
)
FOR_OTHERS: Final = frozenset({65, 72})
"""Keys and snapshots: the sync process has acted on them; nothing follows here."""


class UnreadableWordError(Exception):
    """An entry of a known kind whose body is not of its form."""


def read_word(kind: int, body: bytes) -> CityWord:
    """What an entry of a known kind says. Raises UnreadableWordError."""
    try:
        return msgspec.json.decode(body, type=KINDS[kind])
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        raise UnreadableWordError(f"kind {kind}") from None

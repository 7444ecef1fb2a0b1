"""Domain events as the city reads them: record kind and UTF-8 JSON body.

The only translator between the station's words and the wire's. A kind number is given once and
never reused (SPEC: record kinds, 16 and above are domain kinds). A new event without a kind
fails the type check and the test.
"""

from types import MappingProxyType
from typing import Final

import msgspec

from edge_node.domain import events
from sync.journal.journal import LANE_DOSSIERS, LANE_URGENT

KINDS: Final = MappingProxyType(
    {
        events.DossierSubmitted: 16,
        events.DossierReceived: 17,
        events.SupplementRequested: 18,
        events.DossierRefused: 19,
        events.AttachmentAdded: 20,
        events.DossierExtended: 21,
        events.DossierStopped: 22,
        events.WithdrawalChanged: 23,
        events.ClockChanged: 24,
        events.PapersHandedOn: 25,
        events.DossierFinished: 26,
        events.ResultHandedOver: 27,
        events.DecisionUndone: 28,
        events.DossierMoved: 29,
        events.ConflictResolved: 30,
        events.NoteWritten: 31,
        events.PaymentDue: 48,
        events.PaymentQrShown: 49,
        events.PaymentClaimed: 50,
        events.PaymentRetracted: 51,
        events.PaymentCash: 52,
        events.PaymentWaived: 53,
        events.PaymentElsewhere: 54,
        events.PaymentEnded: 55,
        events.PaymentRefunded: 56,
        events.BankLineDecided: 57,
        events.ShiftOpened: 58,
        events.ShiftClosed: 59,
        events.PaymentReopened: 60,
        events.StatementTaken: 61,
        events.LineSetAside: 62,
        events.OfficerSignedIn: 128,
        events.OfficerMadeToWait: 129,
        events.OfficerPinSet: 130,
        events.OfficerTookOver: 131,
        events.SecondOfficerConfirmed: 132,
        events.OfficerKeyChanged: 133,
        events.SessionsEnded: 134,
        events.OfficerDutyChanged: 135,
        events.TicketIssued: 32,
        events.TicketCalled: 33,
        events.TicketClosed: 34,
        events.TicketPrioritised: 35,
        events.TicketTransferred: 36,
        events.TicketReturned: 37,
        events.VisitExtended: 38,
        events.AppointmentBooked: 39,
        events.AppointmentCheckedIn: 40,
        events.AppointmentCancelled: 41,
        events.SlipKeyAnnounced: 136,
        events.SlipKeyEnded: 137,
        events.PaperKitMade: 138,
        events.PaperSlipEntered: 139,
        events.PaperSlipVoided: 140,
        events.VisitRated: 144,
        events.StaffCalled: 145,
        events.StaffCallEnded: 146,
        events.RatingExplained: 147,
        events.SeatPaired: 148,
        events.SeatReleased: 149,
    }
)

URGENT_KINDS: Final = range(48, 64)
"""Money: the city hears of it before anything else that waits (SPEC: lanes)."""

_encoder: Final = msgspec.json.Encoder()
_decoder: Final[msgspec.json.Decoder[events.Event]] = msgspec.json.Decoder(events.Event)


def publish(event: events.Event) -> tuple[int, bytes]:
    """The record kind and the body of `event`."""
    return KINDS[type(event)], _encoder.encode(event)


def lane_of(kind: int) -> int:
    """The lane a kind of record travels in."""
    return LANE_URGENT if kind in URGENT_KINDS else LANE_DOSSIERS


def read(body: bytes) -> events.Event:
    """The event a body says; `msgspec.ValidationError` when it is none of ours."""
    return _decoder.decode(body)


def headline(body: bytes) -> tuple[str, str]:
    """Type and time of any published event, also of one a newer release wrote."""
    fields = msgspec.json.decode(body, type=dict[str, object])
    at = next((str(value) for name, value in fields.items() if name.endswith("_at")), "")
    return str(fields.get("type", "")), at

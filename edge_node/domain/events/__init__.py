"""What happened at the station, in the past tense.

Each event is a fact the city must know. Its field names are the published ones: `store/payloads`
gives every event its record kind and encodes it; a field may be added, never renamed or reused.
Times are ISO 8601 with offset. Nothing here decides anything.
"""

from typing import TypeAlias

from edge_node.domain.events.dossier import (
    AttachmentAdded,
    DossierEvent,
    DossierReceived,
    DossierRefused,
    DossierSubmitted,
    SupplementRequested,
)
from edge_node.domain.events.dossier_life import (
    ClockChanged,
    ConflictResolved,
    DecisionUndone,
    DossierExtended,
    DossierFinished,
    DossierMoved,
    DossierStopped,
    NoteWritten,
    PapersHandedOn,
    ResultHandedOver,
    WithdrawalChanged,
)
from edge_node.domain.events.kiosk import (
    KioskEvent,
    RatingExplained,
    StaffCalled,
    StaffCallEnded,
    VisitRated,
)
from edge_node.domain.events.officer import (
    OfficerDutyChanged,
    OfficerEvent,
    OfficerKeyChanged,
    OfficerMadeToWait,
    OfficerPinSet,
    OfficerSignedIn,
    OfficerTookOver,
    SecondOfficerConfirmed,
    SessionsEnded,
)
from edge_node.domain.events.paper import (
    PaperEvent,
    PaperKitMade,
    PaperSlipEntered,
    PaperSlipVoided,
    SlipKeyAnnounced,
    SlipKeyEnded,
)
from edge_node.domain.events.payment import (
    BankLineDecided,
    LineSetAside,
    PaymentCash,
    PaymentClaimed,
    PaymentDue,
    PaymentElsewhere,
    PaymentEnded,
    PaymentEvent,
    PaymentQrShown,
    PaymentRefunded,
    PaymentReopened,
    PaymentRetracted,
    PaymentWaived,
    ShiftClosed,
    ShiftOpened,
    StatementTaken,
)
from edge_node.domain.events.seat import SeatEvent, SeatPaired, SeatReleased
from edge_node.domain.events.ticket import (
    AppointmentBooked,
    AppointmentCancelled,
    AppointmentCheckedIn,
    TicketCalled,
    TicketClosed,
    TicketEvent,
    TicketIssued,
    TicketPrioritised,
    TicketReturned,
    TicketTransferred,
    VisitExtended,
)
from edge_node.domain.events.values import Answer, Applicant, DocumentAnswer

__all__ = [
    "Answer",
    "Applicant",
    "AppointmentBooked",
    "AppointmentCancelled",
    "AppointmentCheckedIn",
    "AttachmentAdded",
    "BankLineDecided",
    "ClockChanged",
    "ConflictResolved",
    "DecisionUndone",
    "DocumentAnswer",
    "DossierExtended",
    "DossierFinished",
    "DossierMoved",
    "DossierReceived",
    "DossierRefused",
    "DossierStopped",
    "DossierSubmitted",
    "Event",
    "LineSetAside",
    "NoteWritten",
    "OfficerDutyChanged",
    "OfficerKeyChanged",
    "OfficerMadeToWait",
    "OfficerPinSet",
    "OfficerSignedIn",
    "OfficerTookOver",
    "PaperKitMade",
    "PaperSlipEntered",
    "PaperSlipVoided",
    "PapersHandedOn",
    "PaymentCash",
    "PaymentClaimed",
    "PaymentDue",
    "PaymentElsewhere",
    "PaymentEnded",
    "PaymentQrShown",
    "PaymentRefunded",
    "PaymentReopened",
    "PaymentRetracted",
    "PaymentWaived",
    "RatingExplained",
    "ResultHandedOver",
    "SeatPaired",
    "SeatReleased",
    "SecondOfficerConfirmed",
    "SessionsEnded",
    "ShiftClosed",
    "ShiftOpened",
    "SlipKeyAnnounced",
    "SlipKeyEnded",
    "StaffCallEnded",
    "StaffCalled",
    "StatementTaken",
    "SupplementRequested",
    "TicketCalled",
    "TicketClosed",
    "TicketIssued",
    "TicketPrioritised",
    "TicketReturned",
    "TicketTransferred",
    "VisitExtended",
    "VisitRated",
    "WithdrawalChanged",
]

Event: TypeAlias = (
    DossierEvent | TicketEvent | OfficerEvent | PaymentEvent | PaperEvent | KioskEvent | SeatEvent
)
"""Everything that is published; each file of this folder adds its own."""

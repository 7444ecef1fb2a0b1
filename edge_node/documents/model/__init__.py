"""What a printed document needs to know; plain values, already decided by the rules."""

from edge_node.documents.model.common import Citizen, Letter, Page, Paper
from edge_node.documents.model.continuity import ContinuityKit, ContinuitySlip
from edge_node.documents.model.internal import (
    ControlSheet,
    Count,
    HandOver,
    MoneyLine,
    OpenTransfer,
    RatingCount,
    RatingSummary,
    Register,
    RegisterRow,
    ShiftReport,
    UnstatedTransfers,
)
from edge_node.documents.model.letters import (
    Apology,
    AppointmentSlip,
    MissingPaper,
    Refusal,
    StopNotice,
    SupplementRequest,
)
from edge_node.documents.model.roll import (
    BookingSlip,
    FeeLine,
    FeeNote,
    PairingNote,
    PapersList,
    ResumeNote,
    TicketSlip,
    WantedPaper,
)

__all__ = [
    "Apology",
    "AppointmentSlip",
    "BookingSlip",
    "Citizen",
    "ContinuityKit",
    "ContinuitySlip",
    "ControlSheet",
    "Count",
    "FeeLine",
    "FeeNote",
    "HandOver",
    "Letter",
    "MissingPaper",
    "MoneyLine",
    "OpenTransfer",
    "Page",
    "PairingNote",
    "Paper",
    "PapersList",
    "RatingCount",
    "RatingSummary",
    "Refusal",
    "Register",
    "RegisterRow",
    "ResumeNote",
    "ShiftReport",
    "StopNotice",
    "SupplementRequest",
    "TicketSlip",
    "UnstatedTransfers",
    "WantedPaper",
]

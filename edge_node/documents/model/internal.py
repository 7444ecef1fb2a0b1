"""Papers of the house: hand-over control (form 06), register (07), shift report, ratings.

Amounts are in đồng. See `common` for the rest.
"""

from datetime import date, datetime
from typing import Literal

import msgspec

from edge_node.documents.model.common import Letter, Sheet


class HandOver(msgspec.Struct, frozen=True, kw_only=True):
    """One row of form 06: the paper dossier went from one hand to another."""

    agency: str  # who has it from now on
    given_at: datetime | None = None  # None leaves the line blank
    taken_at: datetime | None = None
    given_by: str = ""
    taken_by: str = ""
    result: Literal["early", "on_time", "late", ""] = ""
    note: str = ""


class ControlSheet(Letter, frozen=True, kw_only=True):
    """Form 06: goes with the paper dossier through every desk."""

    full_name: str
    phone: str = ""
    request: str
    received_at: datetime
    hand_overs: tuple[HandOver, ...] = ()
    blank_rows: int = 3  # for hand-overs still to come, by pen
    signed_at: datetime


class RegisterRow(msgspec.Struct, frozen=True, kw_only=True):
    """One dossier of form 07."""

    dossier_number: str
    request: str
    sets: int = 1
    full_name: str
    address: str = ""
    phone: str = ""
    handled_by: str = ""
    received_at: datetime
    due_at: datetime | None = None
    handed_over_at: datetime | None = None
    method: str = ""  # how the result was given: "trực tiếp", "bưu chính", "điện tử"


class Register(msgspec.Struct, frozen=True, kw_only=True):
    """Form 07: the dossiers of some days, A4 across."""

    superior_agency: str = ""
    agency: str
    place: str
    first_day: date
    last_day: date
    rows: tuple[RegisterRow, ...]
    officer_name: str = ""
    printed_at: datetime
    reprint: bool = False


class Count(msgspec.Struct, frozen=True, kw_only=True):
    """One figure of a report with its words."""

    label: str
    count: int


class MoneyLine(msgspec.Struct, frozen=True, kw_only=True):
    """One way of paying in one ledger: what the books expect and what was counted."""

    ledger: Literal["fee", "fine"]
    method: Literal["cash", "transfer"]
    expected_vnd: int
    counted_vnd: int

    @property
    def difference_vnd(self) -> int:
        """Counted less expected: negative when money is missing."""
        return self.counted_vnd - self.expected_vnd


class OpenTransfer(msgspec.Struct, frozen=True, kw_only=True):
    """A transfer that the bank has not confirmed when the shift ends."""

    ticket_number: str = ""
    dossier_number: str = ""
    reference: str
    amount_vnd: int
    state: Literal["qr_shown", "claimed", "mismatch"]


class UnstatedTransfers(msgspec.Struct, frozen=True, kw_only=True):
    """Transfers of one ledger that the bank has confirmed and no statement has yet.

    Those of the shift, and those of the whole station (`…_here`), whenever they came.
    """

    ledger: Literal["fee", "fine"]
    count: int
    amount_vnd: int
    count_here: int
    amount_here_vnd: int


class AsideLine(msgspec.Struct, frozen=True, kw_only=True):
    """A line of the bank that was found to be none of our money, and why."""

    transaction: str
    amount_vnd: int
    why: str
    set_at: datetime


class ShiftReport(msgspec.Struct, frozen=True, kw_only=True):
    """What one officer's shift did and counted; signed by officer and chief."""

    paper: Sheet = "A4"
    superior_agency: str = ""
    agency: str
    place: str
    counter: str
    officer_name: str
    chief_name: str = ""
    opened_at: datetime
    closed_at: datetime
    work: tuple[Count, ...] = ()  # tickets served, received, returned, no-shows, …
    money: tuple[MoneyLine, ...] = ()
    open_transfers: tuple[OpenTransfer, ...] = ()
    unstated: tuple[UnstatedTransfers, ...] = ()
    lines_set_aside: tuple[AsideLine, ...] = ()
    money_tasks: int = 0  # money that waits for a person, at the whole station
    results_given: tuple[str, ...] = ()  # numbers of the dossiers; nobody is named
    results_waiting: int = 0  # results that nobody has fetched yet, at the whole station
    waiting_numbers: tuple[str, ...] = ()  # the oldest of them
    unsynced: int = 0
    unprinted: int = 0
    explanation: str = ""  # the officer's word on a difference
    device_check: str = ""  # "xác thực thiết bị": the first digits of the digest in the journal
    reprint: bool = False


class RatingCount(msgspec.Struct, frozen=True, kw_only=True):
    """How often one answer was given; best answer first."""

    label: str  # the wording of the scale in force
    count: int


class RatingSummary(msgspec.Struct, frozen=True, kw_only=True):
    """How citizens rated the desk in some days; nobody is named."""

    paper: Sheet = "A4"
    superior_agency: str = ""
    agency: str
    place: str
    first_day: date
    last_day: date
    ratings: tuple[RatingCount, ...]
    reasons: tuple[Count, ...] = ()  # what people ticked beside a bad rating
    visits: int = 0  # how many could have rated
    printed_at: datetime
    reprint: bool = False

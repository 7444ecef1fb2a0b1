"""What visitors say and ask for at a kiosk besides a dossier or a number.

Rules: nothing here names or points at a person, a dossier or a ticket.
"""

from typing import TypeAlias

import msgspec


class VisitRated(msgspec.Struct, frozen=True, kw_only=True, tag_field="type", tag="kiosk.rated"):
    """Somebody said how the day's service was; `rated_at` is the day."""

    score: str
    rated_at: str


class RatingExplained(
    msgspec.Struct, frozen=True, kw_only=True, tag_field="type", tag="kiosk.rating_explained"
):
    """Somebody who had rated the service so gave a reason; `explained_at` is the day."""

    score: str
    reason: str
    explained_at: str


class StaffCalled(
    msgspec.Struct, frozen=True, kw_only=True, tag_field="type", tag="kiosk.staff_called"
):
    """Somebody at a kiosk asks for a person to come."""

    call: int
    called_at: str


class StaffCallEnded(
    msgspec.Struct, frozen=True, kw_only=True, tag_field="type", tag="kiosk.staff_call_ended"
):
    """The call is over: `outcome` is answered or cancelled."""

    call: int
    outcome: str
    ended_at: str


KioskEvent: TypeAlias = VisitRated | RatingExplained | StaffCalled | StaffCallEnded

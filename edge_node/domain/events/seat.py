"""Which browsers became kiosks and stopped being one; never a code, never a browser's token.

Rules: who is named is the officer who answers for it; what is named is the seat, not the device.
"""

from typing import TypeAlias

import msgspec


class SeatPaired(msgspec.Struct, frozen=True, kw_only=True, tag_field="type", tag="seat.paired"):
    """A browser got a seat, which ends another one's there; `left` is the seat it had before."""

    seat: str
    left: str
    officer: str
    paired_at: str


class SeatReleased(
    msgspec.Struct, frozen=True, kw_only=True, tag_field="type", tag="seat.released"
):
    """An officer ended the pairing of a seat's browser."""

    seat: str
    officer: str
    released_at: str


SeatEvent: TypeAlias = SeatPaired | SeatReleased

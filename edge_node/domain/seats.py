"""Seats: the kiosks and counters of a station, and at which of them a browser sits.

Responsible for a seat's name and for what an unpaired browser is. Rules: a seat is one device's;
what belongs to a seat (a scanned card) belongs to no other; a browser nobody paired is the kiosk
only where there is just one, everybody may be it, and no other browser is it already. Must not know
cookies, scanners, the store.
"""

from collections.abc import Collection
from typing import Final, Literal, NamedTuple, TypeAlias

SEAT_FORM: Final = "(kiosk|counter)-[0-9A-Za-z]{1,8}"
KIOSK_FORM: Final = "[0-9A-Za-z]{1,8}"
NO_SEAT: Final = ""
MAXIMUM_KIOSKS: Final = 16
"""Kiosks of one station."""

Pairing: TypeAlias = Literal["required", "open"]


class SeatRules(NamedTuple):
    """The kiosks of a station, and whether a browser must be paired before it is one."""

    kiosks: tuple[str, ...] = ("1",)
    pairing: Pairing = "open"

    @property
    def kiosk_seats(self) -> tuple[str, ...]:
        """The seats that a browser can be paired with."""
        return tuple(kiosk_seat(name) for name in self.kiosks)

    @property
    def only_kiosk(self) -> str:
        """The seat of the one kiosk; NO_SEAT where there are several."""
        return self.kiosk_seats[0] if len(self.kiosks) == 1 else NO_SEAT

    def seat_of(self, paired: str, taken: Collection[str]) -> str:
        """Where a browser sits that is `paired` with a seat (or NO_SEAT), others being `taken`."""
        if paired in self.kiosk_seats:
            return paired
        if self.pairing == "required" or self.only_kiosk in taken:
            return NO_SEAT
        return self.only_kiosk

    def may_enter(self, seat: str) -> bool:
        """Whether a browser at this seat may show the kiosk's pages."""
        return self.pairing == "open" or seat != NO_SEAT


ONE_KIOSK: Final = SeatRules()
"""What a station is that says nothing about its kiosks."""


def kiosk_seat(name: str) -> str:
    """The seat of a kiosk."""
    return f"kiosk-{name}"


def counter_seat(name: str) -> str:
    """The seat of a counter."""
    return f"counter-{name}"

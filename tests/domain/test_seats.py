"""Who sits where: a browser that nobody paired is the kiosk only where there can be no doubt."""

import pytest

from edge_node.domain.seats import NO_SEAT, Pairing, SeatRules

ONE = ("1",)
TWO = ("1", "2")


@pytest.mark.parametrize(
    ("kiosks", "pairing", "paired", "taken", "seat"),
    [
        (ONE, "open", NO_SEAT, (), "kiosk-1"),
        (ONE, "open", NO_SEAT, ("kiosk-1",), NO_SEAT),
        (ONE, "open", "kiosk-1", ("kiosk-1",), "kiosk-1"),
        (TWO, "open", NO_SEAT, (), NO_SEAT),
        (TWO, "open", "kiosk-2", ("kiosk-2",), "kiosk-2"),
        (ONE, "required", NO_SEAT, (), NO_SEAT),
        (ONE, "required", "kiosk-1", ("kiosk-1",), "kiosk-1"),
        # The kiosk of this pairing is not in the settings any more.
        (ONE, "required", "kiosk-2", ("kiosk-2",), NO_SEAT),
        (ONE, "open", "kiosk-2", ("kiosk-2",), "kiosk-1"),
    ],
)
def test_where_a_browser_sits(
    kiosks: tuple[str, ...], pairing: Pairing, paired: str, taken: tuple[str, ...], seat: str
) -> None:
    assert SeatRules(kiosks, pairing).seat_of(paired, taken) == seat


@pytest.mark.parametrize(
    ("pairing", "seat", "may"),
    [
        ("open", NO_SEAT, True),
        ("open", "kiosk-1", True),
        ("required", NO_SEAT, False),
        ("required", "kiosk-1", True),
    ],
)
def test_who_may_be_a_kiosk(pairing: Pairing, seat: str, may: bool) -> None:  # noqa: FBT001
    assert SeatRules(TWO, pairing).may_enter(seat) is may

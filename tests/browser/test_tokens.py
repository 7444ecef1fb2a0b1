"""Colours of the design tokens keep their contrast, computed and not looked at."""

import re
from importlib.resources import files
from typing import Final

import pytest

CSS: Final = (files("edge_node.web") / "static" / "css" / "tokens.css").read_text("utf-8")
COLOURS: Final = dict(re.findall(r"--([a-z0-9-]+):(#[0-9A-Fa-f]{6})", CSS))
TEXT, KIOSK, CHIP, BORDER = 4.5, 7.0, 5.5, 3.0
PAIRS: Final = {
    ("ink", "paper"): KIOSK,
    ("ink", "surface"): KIOSK,
    ("ink-2", "paper"): KIOSK,
    ("ink-2", "surface"): KIOSK,
    ("surface", "brand"): KIOSK,
    ("surface", "brand-9"): KIOSK,
    ("brand", "brand-0"): KIOSK,
    ("brand", "brand-1"): TEXT,
    ("ok", "ok-0"): CHIP,
    ("warn", "warn-0"): CHIP,
    ("bad", "bad-0"): CHIP,
    ("off", "off-0"): CHIP,
    ("ink", "focus"): KIOSK,
    ("edge", "surface"): BORDER,
    ("edge", "paper"): BORDER,
    ("gold", "surface"): BORDER,
}


def luminance(colour: str) -> float:
    """Relative luminance as WCAG 2 defines it (0 black, 1 white)."""
    channels = [int(colour[start : start + 2], 16) / 255 for start in (1, 3, 5)]
    red, green, blue = (
        one / 12.92 if one <= 0.04045 else ((one + 0.055) / 1.055) ** 2.4 for one in channels
    )
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(one: str, other: str) -> float:
    """The ratio of two colours, from 1 to 21."""
    light, dark = sorted((luminance(one), luminance(other)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


@pytest.mark.parametrize("pair", PAIRS, ids=" on ".join)
def test_a_colour_can_be_read_on_its_ground(pair: tuple[str, str]) -> None:
    front, back = pair
    assert contrast(COLOURS[front], COLOURS[back]) >= PAIRS[pair]


def test_known_ratios() -> None:
    assert contrast("#000000", "#FFFFFF") == pytest.approx(21)
    assert contrast("#777777", "#FFFFFF") == pytest.approx(4.48, abs=0.01)

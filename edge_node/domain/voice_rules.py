"""What the station's chief decides about the voice: how loud, at which hours, how numbers are said.

Rules: hours are minutes of the day; outside of all of them nothing is said. This module must not
know a clock or a settings file.
"""

from collections.abc import Sequence
from typing import Final, NamedTuple

FULL_VOLUME: Final = 100


class Hours(NamedTuple):
    """From a minute of the day up to another (not included), this loud (percent)."""

    first: int
    until: int
    volume: int


class VoiceRules(NamedTuple):
    """`by_digits` says 105 as “một không năm”; `english` says the call again in English."""

    hours: tuple[Hours, ...] = (Hours(0, 24 * 60, FULL_VOLUME),)
    by_digits: bool = True
    english: bool = False


def volume_at(minute: int, hours: Sequence[Hours]) -> int:
    """Percent at a minute of the day; 0 is silence. The first hours that fit count."""
    return next((one.volume for one in hours if one.first <= minute < one.until), 0)

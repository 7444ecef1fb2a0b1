"""Whether a process of the demonstration that ended is started again.

The units of a station start a program again after three seconds, unless it ended well or its
configuration cannot be used, and never tire of it. A demonstration has somebody who looks: after
five quick deaths in a row it says so and leaves the process alone. Pure: it must not know processes
or clocks.
"""

from dataclasses import dataclass
from enum import StrEnum
from typing import Final

RESTART_PAUSE_S: Final = 3.0
QUICK_LIFE_S: Final = 10.0
"""Who lives shorter has died quickly."""
MAXIMUM_QUICK_DEATHS: Final = 5

_ENDED_WELL: Final = 0
_SETTINGS: Final = 2
_BUSY: Final = 3


class Verdict(StrEnum):
    """What becomes of a process that ended."""

    AGAIN = "again"
    ENDED = "ended"
    """By itself, or because its configuration cannot be used: another start would end alike."""
    ELSEWHERE = "elsewhere"
    """Somebody else has started it: its port or its files are taken."""
    GIVEN_UP = "given_up"


@dataclass(slots=True)
class Deaths:
    """The quick deaths of one process in a row."""

    quick: int = 0

    def judge(self, status: int | None, lived_s: float) -> Verdict:
        """After an end with this exit status (None: it never became ready)."""
        if status == _BUSY:
            return Verdict.ELSEWHERE
        if status in {_ENDED_WELL, _SETTINGS}:
            return Verdict.ENDED
        self.quick = self.quick + 1 if lived_s < QUICK_LIFE_S else 0
        return Verdict.GIVEN_UP if self.quick >= MAXIMUM_QUICK_DEATHS else Verdict.AGAIN

"""How long somebody will wait, said as a range or not at all.

Method: a turn takes on average m = (k·m0 + Σd) / (k + n), where d are today's n measured turns and
m0 a prior worth k of them, so that the first turns of a morning do not swing it. A share q of
numbers does not come (prior in the same way) and costs only the time of calling them:
e = (1 − q)·m + q·c. With p people ahead and s counters at work the wait is W = (p + ½)·e / s, the
half because the turns under way are on average half over. Turns vary, so the sum of p + 1 of them
has a standard deviation of v·e·√(p + 1) / s, v being the coefficient of variation, estimated like
m. The range is W − 1 to W + 1.3 of these, rounded outwards to five minutes.
Rules: numbers that did not come are never counted as quick turns; without a counter at work or
before the first turns of the day have ended nothing is said, nor beyond three hours.
This module must not know tickets or clocks.
"""

import math
from collections.abc import Iterable
from typing import Final, NamedTuple

PRIOR_TURN_S: Final = 6 * 60
PRIOR_TURNS: Final = 4
PRIOR_VARIATION: Final = 0.7
"""What is believed of a turn before one was measured: minutes, with what weight, how uneven."""

PRIOR_ABSENT: Final = 0.08
PRIOR_NUMBERS: Final = 12
ABSENT_COSTS_S: Final = 90
"""What is believed of numbers that do not come, and the time three calls of one take."""

SHORTEST_TURN_S: Final = 20
LONGEST_TURN_S: Final = 60 * 60
"""Beyond these a measured turn says more about a forgotten button than about people."""

MINIMUM_TURNS: Final = 2
MAXIMUM_WAIT_S: Final = 3 * 60 * 60
STEP_MINUTES: Final = 5
_BELOW: Final = 1.0
_ABOVE: Final = 1.3


class Today(NamedTuple):
    """What was measured: seconds of each turn, numbers that did not come, counters at work."""

    turns_s: tuple[int, ...]
    absent: int
    counters: int


class WaitRange(NamedTuple):
    """Minutes, both multiples of five, `least` < `most`."""

    least: int
    most: int


class Turn(NamedTuple):
    """What one number costs on average (seconds), and how much turns differ."""

    mean_s: float
    variation: float


def typical_turn(today: Today) -> Turn:
    """The average time one number takes a counter, absent ones included."""
    turns = [min(max(one, SHORTEST_TURN_S), LONGEST_TURN_S) for one in today.turns_s]
    mean = (PRIOR_TURNS * PRIOR_TURN_S + sum(turns)) / (PRIOR_TURNS + len(turns))
    spread = PRIOR_TURNS * (PRIOR_VARIATION * mean) ** 2 + _squares(turns, mean)
    variation = math.sqrt(spread / (PRIOR_TURNS + len(turns))) / mean
    called = len(turns) + today.absent
    absent = (PRIOR_NUMBERS * PRIOR_ABSENT + today.absent) / (PRIOR_NUMBERS + called)
    return Turn((1 - absent) * mean + absent * ABSENT_COSTS_S, variation)


def estimate(people_ahead: int, today: Today) -> WaitRange | None:
    """The wait of somebody with so many ahead; None when nothing honest can be said."""
    if today.counters < 1 or len(today.turns_s) < MINIMUM_TURNS or people_ahead < 0:
        return None
    turn = typical_turn(today)
    wait_s = (people_ahead + 0.5) * turn.mean_s / today.counters
    deviation_s = turn.variation * turn.mean_s * math.sqrt(people_ahead + 1) / today.counters
    if wait_s > MAXIMUM_WAIT_S:
        return None
    least = math.floor(max(wait_s - _BELOW * deviation_s, 0) / 60 / STEP_MINUTES) * STEP_MINUTES
    most = math.ceil((wait_s + _ABOVE * deviation_s) / 60 / STEP_MINUTES) * STEP_MINUTES
    return WaitRange(least, max(most, least + STEP_MINUTES))


def _squares(values: Iterable[float], mean: float) -> float:
    return sum((value - mean) ** 2 for value in values)

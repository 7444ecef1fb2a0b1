"""Which day of the queue it is: numbers begin anew at the station's midnight, and only then.

Rules: a day ends when the clock passes midnight by running, never because it was set. When the
clock jumps to another day while numbers of the open one are in people's hands, the open day goes
on until the next midnight: no number is given out twice and nobody falls out of the queue. A clock
that is known to be wrong ends no day.
This module must not read a clock; times are milliseconds.
"""

from typing import Final, NamedTuple

JUMP_MS: Final = 10 * 60 * 1000
"""How far the wall clock may run away from the monotonic one before it was set by somebody."""


class OpenDay(NamedTuple):
    """The day numbers belong to: `label` is what its rows carry (`2026-11-22`).

    `held_until` is empty, or the calendar day to whose end an older label is kept.
    """

    label: str
    held_until: str = ""


class Look(NamedTuple):
    """One look at the clocks: the calendar day, whether it can be right, whether it was set."""

    today: str
    usable: bool
    jumped: bool


def jumped(wall_passed_ms: int, mono_passed_ms: int) -> bool:
    """Whether the wall clock was set between two looks."""
    return abs(wall_passed_ms - mono_passed_ms) > JUMP_MS


def advance_day(open_day: OpenDay, look: Look, *, issued: bool) -> OpenDay:
    """The day after one look; `issued`: numbers were given out since the program started."""
    if not look.usable:
        return open_day
    if open_day.held_until:
        if look.jumped:
            return open_day._replace(held_until=look.today)
        return open_day if look.today == open_day.held_until else OpenDay(look.today)
    if look.today == open_day.label:
        return open_day
    if look.jumped and issued:
        return OpenDay(open_day.label, look.today)
    return OpenDay(look.today)


def first_day(look: Look, newest: tuple[str, str] | None) -> OpenDay:
    """The day at a start; `newest` is the label and the calendar day of the last number.

    A number given out today keeps its label alive, so that a restart in the middle of a held day
    changes nothing; with a wrong clock the last label goes on.
    """
    if newest is None:
        return OpenDay(look.today)
    label, issued_on = newest
    if not look.usable:
        return OpenDay(label)
    if issued_on == look.today and label != look.today:
        return OpenDay(label, look.today)
    return OpenDay(look.today)

"""Lengths of time and moments in words, the same on every work screen.

Pure: a number and a translator in, text out. Knows nothing of pages.
"""

from datetime import date, datetime, timedelta, timezone
from typing import Final

from edge_node.web.localisation import Translator

VIETNAM: Final = timezone(timedelta(hours=7))
MINUTE_S: Final = 60
HOUR_S: Final = 60 * MINUTE_S
DAY_S: Final = 24 * HOUR_S


def length(words: Translator, seconds: int) -> str:
    """`dưới 1 phút`, `42 phút`, `3 giờ`, `2 ngày`: the largest whole unit."""
    if seconds < MINUTE_S:
        return words("duration.moment")
    for unit, unit_s in (("days", DAY_S), ("hours", HOUR_S), ("minutes", MINUTE_S)):
        # Below two whole days or hours the smaller unit says more.
        if seconds >= 2 * unit_s or unit == "minutes":
            return words(f"duration.{unit}", count=seconds // unit_s)
    raise AssertionError(seconds)


def moment(words: Translator, wall_ms: int, now_ms: int) -> str:
    """`08:42` today, `08:42 21/11/2026` on another day (Vietnamese time)."""
    then, now = _local(wall_ms), _local(now_ms)
    if then.date() == now.date():
        return words.clock(then)
    return f"{words.clock(then)} {words.day(then.date())}"


def written(words: Translator, iso: str, today: date) -> str:
    """A stored ISO 8601 time, `08:42` today or `08:42 21/11/2026`; empty stays empty."""
    if not iso:
        return ""
    then = datetime.fromisoformat(iso)
    clock = words.clock(then)
    return clock if then.date() == today else f"{clock} {words.day(then.date())}"


def weekday(words: Translator, day: date) -> str:
    """A day inside a sentence: `thứ Sáu, 27/11/2026`, `Friday, 27/11/2026`."""
    text = words.weekday(day)
    return text[0].lower() + text[1:] if words.language == "vi" else text


def _local(wall_ms: int) -> datetime:
    return datetime.fromtimestamp(wall_ms / 1000, VIETNAM)

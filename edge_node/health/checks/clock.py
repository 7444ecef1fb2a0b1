"""Can dates be promised? The city's clock is the measure, as of the last contact."""

from typing import Final

from edge_node.health.facts import CityFacts, Facts
from edge_node.health.issue import Check, Issue, IssueCode, issue
from hardware.clock import QUALITY_SYNCHRONISED, QUALITY_WRONG

OFF_MS: Final = 2_000
"""Further from the city's clock than this: set the clock."""

WRONG_MS: Final = 60_000
"""Further from the city's clock than this: printed times and dates are wrong."""


def detect(facts: Facts) -> Issue | None:
    """How far the station's clock is from the city's; hidden when nothing says anything."""
    if facts.clock_quality == QUALITY_WRONG:
        return issue(Check.CLOCK, IssueCode.CLOCK_WRONG)
    offset_ms = _offset_ms(facts.city)
    if offset_ms is None:
        return _unmeasured(facts.clock_quality)
    code = IssueCode.CLOCK_GOOD
    if offset_ms > WRONG_MS:
        code = IssueCode.CLOCK_WRONG
    elif offset_ms > OFF_MS:
        code = IssueCode.CLOCK_OFF
    return issue(Check.CLOCK, code, offset_s=offset_ms // 1000)


def _unmeasured(quality: int | None) -> Issue | None:
    if quality is None:
        return None
    synchronised = quality >= QUALITY_SYNCHRONISED
    code = IssueCode.CLOCK_SYNCHRONISED if synchronised else IssueCode.CLOCK_FREE
    return issue(Check.CLOCK, code)


def _offset_ms(city: CityFacts | None) -> int | None:
    if city is None or city.city_time_ms is None or city.last_success_ms is None:
        return None
    return abs(city.last_success_ms - city.city_time_ms)

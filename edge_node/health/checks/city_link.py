"""Does the city answer? Being away is normal life: calm for four hours and never red."""

from typing import Final

from edge_node.health.facts import CityFacts, Facts
from edge_node.health.issue import Check, Issue, IssueCode, issue

FRESH_MS: Final = 2 * 60 * 1000
"""A contact younger than this counts as "connected", whatever the state."""

TALKING: Final = frozenset({"sending", "idle"})
"""States of the sync service that mean: the last exchange went well."""

LONG_MS: Final = 4 * 60 * 60 * 1000
"""Away for this long: somebody should look at the modem."""

DAY_MS: Final = 24 * 60 * 60 * 1000
"""Away for this long: carry the data to the city on a stick."""

SILENT_MS: Final = 10 * 60 * 1000
"""The sync service did not try for this long after it meant to: it is not running."""


def detect(facts: Facts) -> Issue:
    """The state of the line to the city; always known, if only as "not joined"."""
    city = facts.city
    if city is None or city.state == "not_enrolled":
        return issue(Check.CITY_LINK, IssueCode.CITY_LINK_NOT_JOINED)
    if _silent(city, facts.now_ms):
        return issue(Check.CITY_LINK, IssueCode.CITY_LINK_SILENT, since_ms=city.last_attempt_ms)
    if city.state == "refused":
        return issue(Check.CITY_LINK, IssueCode.CITY_LINK_REFUSED, failure=city.failure_code or "-")
    if is_connected(city, facts.now_ms):
        return issue(
            Check.CITY_LINK, IssueCode.CITY_LINK_GOOD, last_contact_ms=city.last_success_ms
        )
    return _away(city, facts.now_ms)


def is_connected(city: CityFacts, now_ms: int) -> bool:
    """Whether the line works: the service says so, or the last contact was just now."""
    if city.state in TALKING:
        return not _silent(city, now_ms)
    return city.last_success_ms is not None and now_ms - city.last_success_ms < FRESH_MS


def _silent(city: CityFacts, now_ms: int) -> bool:
    expected = city.next_attempt_ms or city.last_attempt_ms
    return expected is not None and now_ms - expected > SILENT_MS


def _away(city: CityFacts, now_ms: int) -> Issue:
    if city.last_success_ms is None:
        return issue(Check.CITY_LINK, IssueCode.CITY_LINK_AWAY)
    away_ms = now_ms - city.last_success_ms
    code = IssueCode.CITY_LINK_AWAY
    if away_ms >= DAY_MS:
        code = IssueCode.CITY_LINK_AWAY_DAY
    elif away_ms >= LONG_MS:
        code = IssueCode.CITY_LINK_AWAY_LONG
    return issue(
        Check.CITY_LINK, code, since_ms=city.last_success_ms, away_s=max(away_ms, 0) // 1000
    )

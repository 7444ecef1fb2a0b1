"""How old are procedures and fees? A station long out of reach may ask for yesterday's fee."""

from typing import Final

from edge_node.health.facts import Facts
from edge_node.health.issue import Check, Issue, IssueCode, issue

OLD_MS: Final = 30 * 24 * 60 * 60 * 1000
"""Not heard from the city for this long: a newer release may be in force."""


def detect(facts: Facts) -> Issue | None:
    """Version and age of the release in force."""
    catalogue = facts.catalogue
    if catalogue is None:
        return None
    heard_ms = catalogue.heard_ms
    code = IssueCode.CATALOGUE_GOOD
    if heard_ms is not None and facts.now_ms - heard_ms >= OLD_MS:
        code = IssueCode.CATALOGUE_OLD
    return issue(
        Check.CATALOGUE, code, version=catalogue.version, age_days=max(catalogue.age_days, 0)
    )

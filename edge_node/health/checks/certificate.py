"""How long the station's certificate still lasts."""

from typing import Final

from edge_node.health.facts import Facts
from edge_node.health.issue import Check, Issue, IssueCode, issue

DAY_MS: Final = 24 * 60 * 60 * 1000
RENEW_DAYS: Final = 30
"""Fewer whole days left than this: ask the city for a new one."""

URGENT_DAYS: Final = 7
"""Fewer whole days left than this: kiosks and counters will soon refuse to open."""


def detect(facts: Facts) -> Issue | None:
    """Days left; hidden when the station has no certificate of its own to look at."""
    expires_ms = facts.certificate_expires_ms
    if expires_ms is None:
        return None
    days = (expires_ms - facts.now_ms) // DAY_MS
    return issue(Check.CERTIFICATE, _code(days), days=max(days, 0), expires_ms=expires_ms)


def _code(days: int) -> IssueCode:
    if days < 0:
        return IssueCode.CERTIFICATE_EXPIRED
    if days < URGENT_DAYS:
        return IssueCode.CERTIFICATE_URGENT
    return IssueCode.CERTIFICATE_RENEW if days < RENEW_DAYS else IssueCode.CERTIFICATE_GOOD

"""Can the station still write things down? If not, it must not pretend to serve."""

from collections.abc import Mapping
from typing import Final

from edge_node.health.facts import Facts
from edge_node.health.issue import Check, Issue, IssueCode, issue

CODES: Final[Mapping[str, IssueCode]] = {
    "ok": IssueCode.DATABASE_GOOD,
    "busy": IssueCode.DATABASE_BUSY,
    "full": IssueCode.DATABASE_FULL,
    "damaged": IssueCode.DATABASE_DAMAGED,
}


def detect(facts: Facts) -> Issue | None:
    """The store's last word; a failure nobody foresaw is still a failure."""
    if facts.database is None:
        return None
    code = CODES.get(facts.database, IssueCode.DATABASE_FAILED)
    failure = facts.database if code is IssueCode.DATABASE_FAILED else None
    return issue(Check.DATABASE, code, failure=failure)

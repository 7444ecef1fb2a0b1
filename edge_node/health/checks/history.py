"""Do station and city agree on what happened? The alarms that only a person can settle."""

from collections.abc import Mapping
from typing import Final

from edge_node.health.facts import Facts
from edge_node.health.issue import Check, Issue, IssueCode, issue

WORST_FIRST: Final[Mapping[str, IssueCode]] = {
    "lost_archived": IssueCode.HISTORY_LOST_ARCHIVED,
    "branch_other_hardware": IssueCode.HISTORY_BRANCH,
    "missing_tail": IssueCode.HISTORY_MISSING_TAIL,
    "rollback": IssueCode.HISTORY_ROLLBACK,
    "fork": IssueCode.HISTORY_FORK,
}

NO_ALARMS: Final = frozenset({"parked_long", "withheld"})
"""Notices that other checks count: what the city cannot read stands in the queue."""


def detect(facts: Facts) -> Issue | None:
    """The worst open alarm; hidden while there is none."""
    words = facts.city_words
    alarms = set(words.alarms) - NO_ALARMS if words is not None else set()
    if not alarms:
        return None
    code = next(
        (code for kind, code in WORST_FIRST.items() if kind in alarms), IssueCode.HISTORY_OTHER
    )
    return issue(Check.HISTORY, code, alarms=len(alarms))

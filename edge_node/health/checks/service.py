"""Whether the program itself runs without falling over."""

from typing import Final

from edge_node.health.facts import Facts
from edge_node.health.issue import Check, Issue, IssueCode, issue

RESTARTS: Final = 3
"""As many restarts in 24 hours as this deserve a look."""


def detect(facts: Facts) -> Issue | None:
    """Version, and whether it keeps restarting."""
    service = facts.service
    if service is None:
        return None
    restarts = service.restarts_per_day
    code = IssueCode.SERVICE_GOOD
    if restarts is not None and restarts >= RESTARTS:
        code = IssueCode.SERVICE_RESTARTING
    return issue(
        Check.SERVICE,
        code,
        version=service.version,
        started_ms=service.started_ms,
        restarts=restarts,
    )

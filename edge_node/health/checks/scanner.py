"""Is the card scanner there? Hidden where none was set up."""

from edge_node.health.facts import Facts
from edge_node.health.issue import Check, Issue, IssueCode, issue


def detect(facts: Facts) -> Issue | None:
    """Seen or missing; without it people type twelve digits."""
    if facts.scanner_connected is None:
        return None
    seen = facts.scanner_connected
    return issue(Check.SCANNER, IssueCode.SCANNER_READY if seen else IssueCode.SCANNER_MISSING)

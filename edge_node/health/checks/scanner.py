"""Are the code scanners there, and whom does a missing one serve? Hidden where none was set up."""

from edge_node.health.facts import Facts
from edge_node.health.issue import Check, Issue, IssueCode, issue


def detect(facts: Facts) -> Issue | None:
    """Seen or missing; without it people type twelve digits."""
    if not facts.scanners:
        return None
    missing = tuple(one for one in facts.scanners if not one.connected)
    code = IssueCode.SCANNER_MISSING if missing else IssueCode.SCANNER_READY
    seats = " ".join(sorted({one.seat for one in missing or facts.scanners}))
    return issue(Check.SCANNER, code, seats=seats)

"""Could the city's word take effect here? What could not is kept and shown."""

from edge_node.health.facts import Facts
from edge_node.health.issue import Check, Issue, IssueCode, issue


def detect(facts: Facts) -> Issue | None:
    """Entries without effect; hidden while there are none."""
    words = facts.city_words
    if words is None:
        return None
    if words.refused:
        return issue(Check.CITY_WORD, IssueCode.CITY_WORD_REFUSED, entries=words.refused)
    if words.unknown:
        return issue(Check.CITY_WORD, IssueCode.CITY_WORD_UNKNOWN, entries=words.unknown)
    return None

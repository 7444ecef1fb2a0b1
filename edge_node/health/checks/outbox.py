"""Is everything kept safe, and is it on its way? "Sent" is said only when nothing is unsent."""

from typing import Final

from edge_node.health.checks.city_link import is_connected
from edge_node.health.facts import BacklogFacts, Facts
from edge_node.health.issue import Check, Issue, IssueCode, issue

STUCK_MS: Final = 10 * 60 * 1000
"""Something older than this while the city answers: it does not drain."""


def detect(facts: Facts) -> Issue | None:
    """The state of the queue of unsent records; hidden when it cannot be counted."""
    backlog = facts.backlog
    if backlog is None:
        return None
    if backlog.refused:
        return issue(Check.OUTBOX, IssueCode.OUTBOX_REFUSED, refused=backlog.refused)
    aside = facts.city_words.aside if facts.city_words else 0
    if aside:
        return issue(Check.OUTBOX, IssueCode.OUTBOX_ASIDE, aside=aside)
    if backlog.withheld:
        return _withheld(backlog)
    if backlog.events == 0:
        return _nothing_waits(facts.city.last_receipt_ms if facts.city else None)
    online = facts.city is not None and is_connected(facts.city, facts.now_ms)
    age_ms = facts.now_ms - backlog.oldest_ms if backlog.oldest_ms is not None else None
    return issue(
        Check.OUTBOX,
        _unsent(online=online, age_ms=age_ms),
        events=backlog.events,
        dossiers=backlog.dossiers,
        oldest_s=max(age_ms, 0) // 1000 if age_ms is not None else None,
    )


def _withheld(backlog: BacklogFacts) -> Issue:
    """The city has marks without content: it has to be given them again, where that is possible."""
    code = IssueCode.OUTBOX_UNSENDABLE if backlog.stuck else IssueCode.OUTBOX_WITHHELD
    return issue(
        Check.OUTBOX,
        code,
        withheld=backlog.withheld,
        stuck=backlog.stuck,
        events=backlog.events,
        dossiers=backlog.dossiers,
    )


def _nothing_waits(receipt_ms: int | None) -> Issue:
    """Sent, if the city ever gave a receipt; before the first one there was nothing to send."""
    if receipt_ms is None:
        return issue(Check.OUTBOX, IssueCode.OUTBOX_NOTHING)
    return issue(Check.OUTBOX, IssueCode.OUTBOX_EMPTY, last_receipt_ms=receipt_ms)


def _unsent(*, online: bool, age_ms: int | None) -> IssueCode:
    if not online:
        return IssueCode.OUTBOX_KEPT
    if age_ms is not None and age_ms > STUCK_MS:
        return IssueCode.OUTBOX_STUCK
    return IssueCode.OUTBOX_DRAINING

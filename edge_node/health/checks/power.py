"""Is the board too hot or the supply too weak? Hidden where the machine cannot say."""

from typing import Final

from edge_node.health.facts import Facts, PowerFacts
from edge_node.health.issue import Check, Issue, IssueCode, issue

HOT_C: Final = 70
"""From this temperature on (°C) the board needs air."""

TOO_HOT_C: Final = 80
"""From this temperature on (°C) the board slows down or stops."""


def detect(facts: Facts) -> Issue | None:
    """Temperature and supply of the board."""
    power = facts.power
    if power is None or (power.temperature_c is None and power.undervoltage is None):
        return None
    return issue(Check.POWER, _code(power), temperature_c=power.temperature_c)


def _code(power: PowerFacts) -> IssueCode:
    temperature_c = power.temperature_c or 0
    if temperature_c > TOO_HOT_C:
        return IssueCode.POWER_TOO_HOT
    if power.undervoltage:
        return IssueCode.POWER_WEAK
    return IssueCode.POWER_HOT if temperature_c >= HOT_C else IssueCode.POWER_GOOD

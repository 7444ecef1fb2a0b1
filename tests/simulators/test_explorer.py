"""Every state of small worlds keeps the protocol's promises; without any one rule some do not."""

from collections.abc import Callable

import pytest

from tests.simulators.explore import CONTROLS, SMALL, TOGETHER, explore
from tests.simulators.model import RULES


@pytest.mark.parametrize("name", SMALL)
def test_every_state_of_a_small_world_is_good(
    name: str, record_property: Callable[[str, object], None]
) -> None:
    found = explore(SMALL[name])
    assert found.violation == "", found.trace
    assert found.whole
    record_property("measured", f"explored {name}: {found.states} states, all")


@pytest.mark.parametrize("rule", sorted(RULES))
def test_without_a_rule_the_world_breaks(rule: str) -> None:
    """Negative controls: the shortest way to the fault is found."""
    gone = {rule, "compare histories"} if rule in TOGETHER else {rule}
    found = explore(CONTROLS[rule], RULES - gone)
    assert found.violation
    assert found.trace


def test_every_rule_has_its_control() -> None:
    assert set(CONTROLS) == RULES


def test_a_rule_that_the_comparison_covers_is_safe_to_miss() -> None:
    found = explore(CONTROLS["epoch per start"], RULES - {"epoch per start"})
    assert found.whole
    assert found.violation == ""

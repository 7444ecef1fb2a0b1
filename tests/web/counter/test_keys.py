"""The counter's keyboard: no key means two things, and none is the scanner's."""

from edge_node.usecases.station import Policy
from edge_node.web.counter.keys import KEYS, cap


def twice(keys: list[str]) -> list[str]:
    return sorted({key for key in keys if keys.count(key) > 1})


def test_a_key_has_one_action_and_an_action_one_key() -> None:
    assert twice([one.key for one in KEYS]) == []
    assert twice([one.action for one in KEYS]) == []
    assert twice(["F2", "F3", "F2"]) == ["F2"]


def test_what_a_scanner_sends_first_presses_nothing() -> None:
    assert Policy().scanner_prefix not in {one.key for one in KEYS}


def test_caps_say_what_stands_on_the_keyboard() -> None:
    assert (cap("PageDown"), cap("F2")) == ("PgDn", "F2")

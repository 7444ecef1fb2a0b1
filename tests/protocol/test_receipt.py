"""The city receipt's own words: what a station keeps of a record's status."""

from sync.protocol.receipt import status_code


def test_statuses_of_a_newer_city_stay_visible() -> None:
    assert status_code(4) == "rejected"
    assert status_code(77) == "code_77"

"""How often one address may look."""

from sync.rate_limit import BURST_LOOKS, LOOKS_PER_MINUTE, MAXIMUM_ADDRESSES, RateLimit


def test_a_burst_is_allowed_and_then_as_many_as_time_gives_back() -> None:
    limit = RateLimit()
    assert all(limit.allows("a", 0) for _ in range(BURST_LOOKS))
    assert not limit.allows("a", 0)
    assert limit.allows("b", 0)
    assert limit.allows("a", 60 / LOOKS_PER_MINUTE)
    assert not limit.allows("a", 60 / LOOKS_PER_MINUTE)


def test_a_clock_that_goes_back_gives_nothing() -> None:
    limit = RateLimit(burst=1)
    assert limit.allows("a", 100)
    assert not limit.allows("a", 50)


def test_addresses_are_bounded() -> None:
    limit = RateLimit(burst=1)
    for number in range(MAXIMUM_ADDRESSES + 1):
        assert limit.allows(str(number), 0)
    assert limit.allows("0", 0)
    assert not limit.allows(str(MAXIMUM_ADDRESSES), 0)

"""Who is let in and who is asked to wait: pure, and bounded whatever comes."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sync.city.receiving.admission import (
    EVIDENCE_REQUESTS,
    FEW_STATIONS,
    MAXIMUM_BODY_BYTES,
    MAXIMUM_REQUESTS,
    MAXIMUM_RETRY_S,
    MAXIMUM_WAIT_S,
    Admission,
    Load,
    policy,
    refusal_s,
    wait_s,
)


@pytest.mark.parametrize(
    ("load", "body_bytes", "wait"),
    [
        (Load(0, 0, 100.0), 1 << 20, None),
        (Load(10, 0, 0.2), 1, None),
        (Load(11, 0, 0.2), 1, 3),
        (Load(MAXIMUM_REQUESTS - 1, 0, 0.0), 1, None),
        (Load(MAXIMUM_REQUESTS, 0, 0.0), 1, 1),
        (Load(1, MAXIMUM_BODY_BYTES - 5, 0.0), 5, None),
        (Load(1, MAXIMUM_BODY_BYTES - 5, 0.0), 6, 1),
        (Load(500, 0, 10.0), 1, MAXIMUM_RETRY_S),
    ],
)
def test_who_waits_and_how_long(load: Load, body_bytes: int, wait: int | None) -> None:
    assert refusal_s(load, body_bytes) == wait


@given(
    load=st.builds(Load, st.integers(0, 600), st.integers(0, 60 << 20), st.floats(0, 100)),
    body_bytes=st.integers(0, 1 << 20),
)
def test_nobody_is_let_in_beyond_the_bounds(load: Load, body_bytes: int) -> None:
    refused = refusal_s(load, body_bytes)
    if refused is None and load.requests:
        assert load.requests < MAXIMUM_REQUESTS
        assert load.body_bytes + body_bytes <= MAXIMUM_BODY_BYTES
        assert wait_s(load) <= MAXIMUM_WAIT_S
    if refused is not None:
        assert 1 <= refused <= MAXIMUM_RETRY_S


def test_only_a_crowd_tells_what_one_request_costs() -> None:
    admission = Admission()
    for _ in range(EVIDENCE_REQUESTS - 1):
        admission.begin(10)
    admission.worked(0.0, 5.0)
    assert admission.load == Load(EVIDENCE_REQUESTS - 1, 10 * (EVIDENCE_REQUESTS - 1), 0.0)
    admission.begin(10)
    for end in range(6, 100):
        admission.worked(0.0, float(end))
    assert admission.load.each_s == pytest.approx(1.0, rel=0.01)


def test_ends_that_come_together_share_what_they_took() -> None:
    admission = Admission()
    for _ in range(20):
        admission.begin(1)
    for commit in range(1, 50):
        for _ in range(10):
            admission.worked(0.0, commit * 0.01)
    # Ten in ten milliseconds: the first of each ten is charged, the others cost nothing.
    assert 0.0003 < admission.load.each_s < 0.002
    for _ in range(20):
        admission.end(1)
    assert admission.load[:2] == (0, 0)


def test_a_clock_that_stands_still_is_no_negative_time() -> None:
    admission = Admission()
    for _ in range(EVIDENCE_REQUESTS):
        admission.begin(1)
    admission.worked(7.0, 5.0)
    assert admission.load.each_s == 0.0


def test_more_stations_come_back_over_a_longer_time() -> None:
    few, many = policy(FEW_STATIONS), policy(FEW_STATIONS + 1)
    assert (few.spread_s, many.spread_s) == (60, 300)
    assert few._replace(spread_s=0) == many._replace(spread_s=0)
    assert few.hello_interval_s == 900

"""When a record was made: never outside what is known, whatever the station's clock said."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sync.city.archive.port import Anchor, LogTimes
from sync.city.receiving.time_interval import (
    Bounds,
    Interval,
    locate,
    locate_in,
    read_timeline,
)
from sync.protocol.record import RecordTime

NOBODY_KNOWS = Bounds(None, None)
ANCHOR = Anchor(3, b"boot-one", 1_000_000, 5_000, 5_200)


def lid(number: int) -> bytes:
    return bytes([number]) * 16


def test_an_anchor_of_the_same_boot_places_a_record() -> None:
    # 4,100 ms before the middle of an exchange of 200 ms; 100 ppm of that is less than 1 ms.
    interval = locate(RecordTime(1_000, None, 0), [ANCHOR], NOBODY_KNOWS)
    assert interval == Interval(995_799, 996_001, 995_900)


def test_the_nearest_anchor_counts() -> None:
    far = Anchor(9, b"boot-one", 9_000_000, 900_000_000, 900_000_010)
    time = RecordTime(6_000, None, 0)
    assert locate(time, [far, ANCHOR], NOBODY_KNOWS) == locate(time, [ANCHOR], NOBODY_KNOWS)


def test_drift_widens_the_interval() -> None:
    day = 24 * 3600 * 1000
    interval = locate(RecordTime(5_100 + day, None, 0), [ANCHOR], NOBODY_KNOWS)
    assert interval == Interval(1_000_000 + day - 8_740, 1_000_000 + day + 8_740, 1_000_000 + day)


@pytest.mark.parametrize(
    ("wall_ms", "quality", "estimate"),
    [(150, 1, 150), (150, 0, None), (None, 2, None), (99, 3, None), (201, 3, None), (200, 2, 200)],
)
def test_without_an_anchor_the_wall_clock_counts_inside_the_bounds(
    wall_ms: int | None, quality: int, estimate: int | None
) -> None:
    interval = locate(RecordTime(1, wall_ms, quality), [], Bounds(100, 200))
    assert interval == Interval(100, 200, estimate)


def test_nothing_is_made_after_it_arrived() -> None:
    interval = locate(RecordTime(5_100, None, 0), [ANCHOR], Bounds(None, 1_000_050))
    assert interval == Interval(999_900, 1_000_050, 1_000_000)


def test_the_chain_of_logs_gives_bounds() -> None:
    second = Anchor(1, b"boot-two", 2_000_000, 10, 20)
    logs = [
        LogTimes(lid(0), 0, b"boot-one", None, [ANCHOR]),
        LogTimes(lid(1), 1, b"boot-x", lid(0), []),
        LogTimes(lid(2), 2, b"boot-y", lid(1), []),
        LogTimes(lid(3), 3, b"boot-two", lid(2), [second]),
    ]
    timeline = read_timeline(logs)
    time = RecordTime(1, 1_500_000, 1)
    for number in (1, 2):
        interval = locate_in(timeline, lid(number), time, 9_000_000)
        assert interval == Interval(1_000_000, 2_000_000, 1_500_000)
    # 1970 and 2040 say nothing.
    for wall_ms in (0, 2_208_988_800_000):
        interval = locate_in(timeline, lid(2), RecordTime(1, wall_ms, 1), 9_000_000)
        assert interval == Interval(1_000_000, 2_000_000, None)


def test_where_the_logs_branch_nothing_is_known_of_after() -> None:
    later = Anchor(1, b"boot-two", 2_000_000, 10, 20)
    logs = [
        LogTimes(lid(0), 0, None, None, []),
        LogTimes(lid(1), 1, b"boot-two", lid(0), [later]),
        LogTimes(lid(2), 1, b"boot-two", lid(0), [later]),
    ]
    interval = locate_in(read_timeline(logs), lid(0), RecordTime(1, None, 0), 9_000_000)
    assert interval == Interval(None, 9_000_000, None)


def test_logs_that_name_each_other_end() -> None:
    logs = [LogTimes(lid(0), 0, None, lid(1), []), LogTimes(lid(1), 1, None, lid(0), [])]
    assert read_timeline(logs).bounds == {lid(0): NOBODY_KNOWS, lid(1): NOBODY_KNOWS}


@given(
    mono_ms=st.integers(0, 10**9),
    wall_ms=st.one_of(st.none(), st.integers(0, 2**62)),
    quality=st.integers(0, 3),
    anchors=st.lists(
        st.builds(
            lambda city, sent, trip: Anchor(1, b"boot-one", city, sent, sent + trip),
            st.integers(10**9, 2 * 10**9),
            st.integers(0, 10**9),
            st.integers(0, 60_000),
        ),
        max_size=3,
    ),
    bounds=st.builds(
        lambda low, width: Bounds(low, low + width), st.integers(0, 10**9), st.integers(0, 10**9)
    ),
)
def test_an_estimate_is_always_inside_its_interval(
    mono_ms: int, wall_ms: int | None, quality: int, anchors: list[Anchor], bounds: Bounds
) -> None:
    low, high, estimate = locate(RecordTime(mono_ms, wall_ms, quality), anchors, bounds)
    assert low is not None
    assert high is not None
    assert low <= high
    assert estimate is None or low <= estimate <= high
    assert estimate is not None or not anchors

"""When attachments may travel, and in parts of what size."""

import pytest

from sync.daemon import upload_plan
from sync.daemon.upload_plan import DAY_MS, LOCAL_OFFSET_MS, MINUTE_MS, CityTime
from sync.protocol.limits import (
    MINIMUM_BLOB_PART_BYTES,
)
from sync.protocol.session_extras import Policy
from tests.city.down_server import NOW_MS

SCAN = bytes(range(256)) * 4096
"""1 MiB."""
OPEN = Policy(0, 900, 1 << 20, None, None)


def at(hour: int, minute: int = 0) -> int:
    return 20_000 * DAY_MS + (hour * 60 + minute) * MINUTE_MS


@pytest.mark.parametrize(
    ("window", "hour", "inside"),
    [
        ((0, 6 * 60), 0, True),
        ((0, 6 * 60), 5, True),
        ((0, 6 * 60), 6, False),
        ((22 * 60, 5 * 60), 23, True),
        ((22 * 60, 5 * 60), 4, True),
        ((22 * 60, 5 * 60), 5, False),
        ((22 * 60, 5 * 60), 12, False),
        ((8 * 60, 8 * 60), 8, False),
        ((0, 24 * 60), 23, True),
    ],
)
def test_a_window_may_go_over_midnight(
    window: tuple[int, int],
    hour: int,
    inside: bool,  # noqa: FBT001
) -> None:
    policy = OPEN._replace(blob_minutes=window)
    assert upload_plan.in_window(policy, at(hour)) is inside
    assert upload_plan.in_window(None, at(hour))
    assert upload_plan.in_window(OPEN, at(hour))


def test_the_time_of_day_is_the_citys_carried_on() -> None:
    time = CityTime(NOW_MS, 1_000)
    assert time.local_ms(61_000) == NOW_MS + 60_000 + LOCAL_OFFSET_MS
    assert time.local_ms(0) == NOW_MS + LOCAL_OFFSET_MS


def test_parts_grow_on_a_fast_line_and_shrink_on_a_slow_one() -> None:
    sizes = [MINIMUM_BLOB_PART_BYTES]
    for elapsed_s in (0.1, 0.1, 0.1, 2.0, 9.0, 9.0, 9.0):
        sizes.append(upload_plan.next_part_bytes(sizes[-1], elapsed_s))
    kib = [size >> 10 for size in sizes]
    assert kib == [64, 128, 256, 256, 256, 128, 64, 64]

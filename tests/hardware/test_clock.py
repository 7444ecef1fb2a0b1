"""The machine's clock."""

from datetime import timedelta

import pytest

from hardware.clock import RELEASE_WALL_MS, SystemClock, kernel_says_synchronised, quality_of


def test_readings_never_go_backwards() -> None:
    clock = SystemClock()
    readings = [clock.read().mono_ms for _ in range(100)]
    assert readings == sorted(readings)


def test_boot_identifier_is_eight_bytes_and_stays() -> None:
    assert len(SystemClock().boot_id) == 8
    assert SystemClock().boot_id == SystemClock().boot_id


def test_local_time_is_seven_hours_ahead_and_agrees_with_the_reading() -> None:
    clock = SystemClock()
    before, now, after = clock.read(), clock.now(), clock.read()
    assert now.utcoffset() == timedelta(hours=7)
    assert before.wall_ms <= now.timestamp() * 1000 <= after.wall_ms + 1


@pytest.mark.parametrize(
    ("wall_ms", "synchronised", "quality"),
    [
        (RELEASE_WALL_MS - 1, True, 0),
        (0, False, 0),
        (RELEASE_WALL_MS, False, 1),
        (RELEASE_WALL_MS, True, 2),
    ],
)
def test_quality(wall_ms: int, quality: int, *, synchronised: bool) -> None:
    assert quality_of(wall_ms, synchronised=synchronised) == quality


def test_reading_claims_no_more_than_the_kernel() -> None:
    synchronised = kernel_says_synchronised()
    reading = SystemClock().read()
    assert reading.quality == quality_of(reading.wall_ms, synchronised=synchronised)

"""How long the city was away is told by clocks that nobody sets."""

import pytest

from sync.daemon.events import Policy
from sync.daemon.statements import SightedCity
from sync.daemon.tally import Tally, begin, count
from sync.daemon.wiring import outage_s
from tests.daemon.machine import LOG_A, LOG_B, held, idle
from tests.daemon.station import FixedClock

NONE = Policy()


@pytest.mark.parametrize("wall_ms", [0, 1_795_000_000_000, 2_208_988_800_000])
def test_an_outage_is_measured_without_the_wall_clock(wall_ms: int) -> None:
    clock = FixedClock(wall_ms)
    clock.mono_ms = 700_000
    assert outage_s(SightedCity(clock.boot_id, 100_000, NONE), clock) == 600.0
    assert outage_s(SightedCity(clock.boot_id, 800_000, NONE), clock) == 0.0


def test_of_another_boot_nothing_is_known_and_a_new_station_is_waited_for() -> None:
    clock = FixedClock()
    assert outage_s(SightedCity(b"lastboot", 4_000, NONE), clock) is None
    assert outage_s(SightedCity(None, None, NONE), clock) == 0.0


def test_progress_counts_what_is_done_and_estimates_what_is_to_come() -> None:
    log = held(LOG_A, 1000)
    behind = idle(log.__class__(lid=LOG_B, own_size=2000), log, record_bytes=500.0)
    tally = begin(behind, 7)
    assert tally == Tally(2000, 0, 1_000_000, 0, 7)
    half = count(tally, behind, (500, 250_000), 2.0)
    assert half == Tally(2000, 500, 1_000_000, 250_000, 7, 6)

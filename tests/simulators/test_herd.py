"""3,321 stations come back after a day's outage, by a fake clock."""

from collections.abc import Callable

from sync.city.receiving.admission import MAXIMUM_REQUESTS, policy
from tests.simulators.herd import BATCH_S, RECORD_S, come_back

STATIONS = 3_321
RECORDS = 1_800


def test_the_whole_country_comes_back_and_nothing_is_done_in_vain(
    record_property: Callable[[str, object], None],
) -> None:
    herd = come_back(STATIONS, RECORDS, 1)
    assert all(station.done_s is not None for station in herd.stations)
    assert sum(herd.received.values()) == STATIONS * RECORDS
    assert herd.in_vain == 0
    assert herd.largest_queue <= MAXIMUM_REQUESTS
    done_s = sorted(station.done_s or 0.0 for station in herd.stations)
    work_s = STATIONS * RECORDS * RECORD_S + herd.batches * BATCH_S
    spread_s = policy(STATIONS).spread_s
    # Busy nearly all the time: the last one is home little after all the work could be done.
    assert done_s[-1] <= 2.0 * max(work_s, spread_s)
    assert done_s[-1] <= 2.0 * done_s[len(done_s) // 2]
    # Who is sent away comes back when there is room, not at once.
    assert herd.greetings + herd.refusals <= 5 * (herd.batches + STATIONS)
    record_property(
        "measured",
        f"herd of {STATIONS}: home after {done_s[-1]:.0f} s (median {done_s[len(done_s) // 2]:.0f},"
        f" work {work_s:.0f}), {herd.refusals} refusals, longest queue {herd.largest_queue}",
    )

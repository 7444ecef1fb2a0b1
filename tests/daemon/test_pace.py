import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sync.daemon import pace
from sync.daemon.events import Policy
from sync.daemon.pace import LADDER, Limits, Rung, Throughput, Trial
from sync.daemon.progress import ENVELOPE_BYTES, Session, target_bytes

CHANCE = st.floats(0, 1, exclude_max=True)


@given(failures=st.integers(0, 10_000), chance=CHANCE)
def test_backoff_stays_between_nothing_and_its_maximum(failures: int, chance: float) -> None:
    delay_s = pace.backoff_s(failures, chance, Limits())
    assert 0 <= delay_s <= pace.BACKOFF_MAXIMUM_S
    assert delay_s <= pace.BACKOFF_FIRST_S * 2 ** max(0, min(failures, 60) - 1)


def test_backoff_doubles_until_fifteen_minutes() -> None:
    limits = Limits()
    ceilings = [pace.backoff_s(failures, 1.0, limits) for failures in range(1, 13)]
    assert ceilings == [2, 4, 8, 16, 32, 64, 128, 256, 512, 900, 900, 900]


@given(asked_s=st.floats(-1e6, 1e9), chance=CHANCE)
def test_the_city_is_never_asked_sooner_than_it_wants(asked_s: float, chance: float) -> None:
    delay_s = pace.retry_after_s(asked_s, chance)
    assert min(max(asked_s, 0), pace.RETRY_AFTER_MAXIMUM_S) <= delay_s
    assert delay_s <= pace.RETRY_AFTER_MAXIMUM_S * 1.5


def test_asking_whether_all_is_entered_slows_down_to_a_minute() -> None:
    assert [pace.applied_wait_s(n) for n in (0, 1, 2, 5, 6, 100_000)] == [1, 2, 4, 32, 60, 60]


@given(
    st.lists(
        st.one_of(
            st.none(), st.tuples(st.integers(1, 8 << 20), st.floats(0, 600, allow_nan=False))
        ),
        max_size=20,
    )
)
def test_a_batch_target_never_leaves_its_bounds(
    history: list[tuple[int, float] | None],
) -> None:
    throughput = Throughput()
    for entry in history:
        throughput = throughput.timed_out() if entry is None else throughput.measured(*entry)
        target = throughput.target_bytes()
        assert pace.BATCH_MINIMUM_BYTES <= target <= pace.BATCH_MAXIMUM_BYTES


def test_a_fast_line_gets_large_batches_and_a_slow_one_small() -> None:
    assert Throughput().measured(64 << 10, 0.02).target_bytes() == pace.BATCH_MAXIMUM_BYTES
    assert Throughput().measured(64 << 10, 60.0).target_bytes() == pace.BATCH_MINIMUM_BYTES
    assert Throughput().timed_out().target_bytes() == pace.BATCH_FIRST_BYTES // 2


def test_a_batch_may_hold_what_shrinks_to_the_wish_of_the_city() -> None:
    wish = 256 << 10
    wide = Session(
        policy=Policy(maximum_batch_bytes=wish),
        throughput=Throughput().measured(pace.BATCH_FIRST_BYTES, 0.02),
    )
    assert target_bytes(wide) == wish - ENVELOPE_BYTES
    shrinking = msgspec.structs.replace(wide, shrink=0.5)
    assert target_bytes(shrinking) == 2 * (wish - ENVELOPE_BYTES)
    assert (
        target_bytes(msgspec.structs.replace(shrinking, compressed=False)) == wish - ENVELOPE_BYTES
    )
    assert target_bytes(msgspec.structs.replace(wide, shrink=0.01)) == pace.BATCH_MAXIMUM_BYTES


def test_bodies_that_shrink_less_are_believed_at_once() -> None:
    assert pace.shrink(1.0, 0, 100) == 1.0
    assert pace.shrink(1.0, 20, 100) == 0.6
    assert pace.shrink(0.2, 90, 100) == 0.9
    assert pace.shrink(0.2, 300, 100) == 1.0, "an envelope is never counted larger than plain"


def test_single_records_do_not_make_the_line_look_slow() -> None:
    fast = Throughput().measured(64 << 10, 0.02)
    assert fast.measured(2_500, 0.5).target_bytes() == fast.target_bytes()
    assert Throughput().measured(2_500, 0.5).target_bytes() == pace.BATCH_FIRST_BYTES
    # One record that takes longer than a whole batch should is a slow line.
    assert fast.measured(2_500, 30.0).target_bytes() < fast.target_bytes()


@pytest.mark.parametrize("refused", [500, 499, 7, 2])
def test_a_batch_too_large_goes_in_halves_and_grows_again(refused: int) -> None:
    rung = Rung().smaller(refused)
    assert rung.maximum_records == refused // 2
    while rung.maximum_records > 1:
        rung = rung.smaller(rung.maximum_records)
    for _ in range(9):
        rung = rung.up(10_000)
    assert rung == Rung()


@given(first=st.integers(0, 10_000), count=st.integers(2, 500))
def test_a_refused_record_is_cornered_by_halves(first: int, count: int) -> None:
    rung = Rung()
    for _ in range(3):
        rung = rung.down(first, count)
    assert rung == Rung(count // 2, Trial.HALVED, first + count)
    size = first + rung.maximum_records
    rest = rung.up(size)
    assert rest.maximum_records == (first + count - size + 1) // 2
    assert rest.up(first + count) == Rung()


def test_every_trial_leads_somewhere() -> None:
    assert set(LADDER) == set(Trial)


@given(asked_s=st.integers(0, 10**6), chance=CHANCE)
def test_what_a_city_asks_for_is_followed_within_reason(asked_s: int, chance: float) -> None:
    assert 0 <= pace.spread_s(asked_s, chance) <= pace.SPREAD_MAXIMUM_S
    idle_s = pace.idle_s(Limits(), asked_s, chance)
    assert 0.9 * pace.HELLO_INTERVAL_MINIMUM_S <= idle_s <= pace.HELLO_INTERVAL_MAXIMUM_S
    assert pace.idle_s(Limits(), None, 0.0) == Limits().idle_s


def test_lanes_of_a_later_protocol_wait_like_bulk() -> None:
    assert pace.gather_s(7, metered=False) == pace.gather_s(2, metered=False)


def test_a_slow_line_is_worth_more_work_for_fewer_bytes() -> None:
    fast = Throughput().measured(pace.BATCH_MAXIMUM_BYTES, 0.03)
    slow = fast.measured(pace.BATCH_MAXIMUM_BYTES, pace.DENSE_FROM_S)
    assert (fast.dense, slow.dense) == (False, True)
    assert slow.measured(2_000, 0.06).dense, "a small batch measures the way, not the width"
    assert not slow.measured(pace.BATCH_MAXIMUM_BYTES, pace.DENSE_FROM_S - 0.01).dense
    assert fast.timed_out().dense

"""Every state with every event: greetings, lanes, pauses, what comes after the records."""

from typing import get_args

import msgspec
import pytest

from sync.daemon import pace, session
from sync.daemon.events import (
    Called,
    Event,
    Failed,
    Failure,
    Finish,
    Grown,
    KeysKnown,
    LogReport,
    LogSize,
    Notice,
    NoticeKind,
    PartSent,
    Policy,
    Problem,
    Pulled,
    Receipted,
    Recovered,
    Refusal,
    SendBatch,
    SendHello,
    SetAside,
    Started,
    State,
    Stop,
    Timer,
    Wait,
    Welcomed,
)
from sync.daemon.progress import (
    ENVELOPE_BYTES,
    HELLOS_BETWEEN_FULL,
    LogProgress,
    Session,
    all_acknowledged,
)
from sync.daemon.session import BATCH_REFUSALS, CUSTODY, HELLO_REFUSALS, TRANSITIONS, step
from sync.protocol.custody import CustodyReason
from tests.daemon.machine import (
    LOG_A,
    LOG_B,
    LOG_C,
    draining,
    held,
    idle,
    lead,
    lead_batch,
    session_in,
)

EVENTS: tuple[Event, ...] = (
    Started(),
    Timer(),
    Grown((LogSize(LOG_A, 9),)),
    Welcomed((LogReport(LOG_A, 5, 2, 2, agrees=True),)),
    Receipted(LOG_A, 5, 5, 1000, 0.1),
    SetAside(LOG_A, 2, 3, 2),
    Problem(Refusal.GAP),
    Failed(Failure.UNREACHABLE),
    KeysKnown(changed=True),
    Recovered(LOG_A, 7),
    Pulled(3, more=False),
    PartSent(65536, more=True),
    Called(),
    Stop(),
)


@pytest.mark.parametrize("state", State)
@pytest.mark.parametrize("event", EVENTS, ids=lambda event: type(event).__name__)
def test_every_state_with_every_event(state: State, event: Event) -> None:
    before = session_in(state)
    if (state, type(event)) not in TRANSITIONS:
        with pytest.raises(session.UnexpectedEventError):
            step(before, event, 0.5)
        return
    after, actions = step(before, event, 0.5)
    if actions:
        lead(actions)
    else:
        assert isinstance(event, Grown)
        assert after.state is state


def test_the_table_names_every_event_and_every_refusal() -> None:
    assert {event for _, event in TRANSITIONS} == {type(event) for event in EVENTS}
    assert len(EVENTS) == len(get_args(Event))
    assert set(BATCH_REFUSALS) == set(HELLO_REFUSALS) == set(Refusal)
    assert set(CUSTODY) == set(CustodyReason)


def test_only_a_stop_leaves_the_end() -> None:
    assert [event for state, event in TRANSITIONS if state is State.STOPPED] == [Stop]


def test_the_first_greeting_names_every_log() -> None:
    after, actions = step(Session(), Started(), 0.0)
    assert after.state is State.HELLO
    assert actions == (SendHello(None),)


def test_a_full_greeting_that_failed_is_full_again() -> None:
    greeting = step(Session(), Started(), 0.0).session
    waiting = step(greeting, Failed(Failure.UNREACHABLE), 0.0).session
    assert step(waiting, Timer(), 0.0).actions == (SendHello(None),)


def test_sending_resumes_where_the_city_ends_whatever_was_acked_before() -> None:
    greeting = step(Session(), Started(), 0.0).session
    after, actions = step(greeting, Welcomed((LogReport(LOG_A, 90, 30, 30, agrees=True),)), 0.0)
    batch = lead(actions)
    assert isinstance(batch, SendBatch)
    assert (batch.lid, batch.first) == (LOG_A, 30)
    assert after.state is State.DRAIN


def test_a_fork_is_told_and_not_sent_while_other_logs_go_on() -> None:
    greeting = step(Session(), Started(), 0.0).session
    reports = (LogReport(LOG_A, 9, 5, 5, agrees=False), LogReport(LOG_B, 4, 0, 0, agrees=True))
    after, actions = step(greeting, Welcomed(reports), 0.0)
    assert actions[0] == Notice(NoticeKind.FORK, LOG_A, 9, 5)
    batch = lead(actions)
    assert isinstance(batch, SendBatch)
    assert batch.lid == LOG_B
    done = step(after, Receipted(LOG_B, 4, 4, 10, 0.1), 0.0).session
    assert done.state is State.IDLE
    assert done.failure is Failure.FORK
    assert not all_acknowledged(done)


LANES = [(LOG_A, 2), (LOG_B, 1), (LOG_C, 0)]


def test_lanes_go_first_things_first_and_the_oldest_log_within_a_lane() -> None:
    logs = tuple(LogProgress(lid=lid, own_size=600, lane=lane) for lid, lane in LANES)
    now = Session(state=State.HELLO, logs=logs)
    order = []
    step_now = step(now, Welcomed(()), 0.0)
    while isinstance(batch := lead(step_now.actions), SendBatch):
        order.append(batch.lid)
        end = min(600, batch.first + 500)
        step_now = step(step_now.session, Receipted(batch.lid, end, end, 1000, 0.1), 0.0)
    assert order == [LOG_C, LOG_C, LOG_B, LOG_B, LOG_A, LOG_A]


def test_while_an_urgent_record_waits_the_next_batch_is_urgent() -> None:
    now = draining(own=5000)
    now = step(now, Grown((LogSize(LOG_A, 5000), LogSize(LOG_C, 1, 0))), 0.0).session
    after, actions = step(now, Receipted(LOG_A, 500, 0, 100_000, 0.1), 0.0)
    assert lead_batch(actions).lid == LOG_C
    assert lead_batch(step(after, Receipted(LOG_C, 1, 1, 300, 0.1), 0.0).actions).lid == LOG_A


@pytest.mark.parametrize(
    ("lane", "metered", "wait_s"),
    [(0, True, 0), (1, False, 0), (1, True, 300), (2, False, 30), (2, True, 300)],
)
def test_new_records_wait_for_company_where_that_saves_something(
    lane: int, *, metered: bool, wait_s: float
) -> None:
    now = idle(held(LOG_A, 5, lane), limits=pace.Limits(metered=metered))
    after, actions = step(now, Grown((LogSize(LOG_A, 6, lane),)), 0.0)
    if not wait_s:
        assert lead_batch(actions).first == 5
        return
    assert actions == (Wait(wait_s),)
    assert step(after, Grown((LogSize(LOG_A, 7, lane),)), 0.0).actions == ()
    assert lead_batch(step(after, Timer(), 0.0).actions).first == 5
    enough = Grown((LogSize(LOG_A, 500, lane),))
    assert lead_batch(step(after, enough, 0.0).actions).first == 5
    urgent = Grown((LogSize(LOG_A, 7, lane), LogSize(LOG_C, 1, 0)))
    assert lead_batch(step(after, urgent, 0.0).actions).lid == LOG_C


def test_the_citys_policy_is_followed() -> None:
    log = LogProgress(lid=LOG_A, own_size=9000)
    now = Session(state=State.HELLO, logs=(log,))
    welcome = Welcomed((), policy=Policy(60, 120, 40_000))
    after, actions = step(now, welcome, 0.0)
    assert lead_batch(actions).target_bytes == 40_000 - ENVELOPE_BYTES
    done = step(after, Receipted(LOG_A, 9000, 9000, 40_000, 0.1), 0.0)
    assert done.actions == (Wait(120.0, since_welcome=True),)


@pytest.mark.parametrize(
    ("outage_s", "wait"), [(None, 30.0), (600.0, 30.0), (599.0, None), (0.0, None)]
)
def test_after_an_outage_stations_greet_each_at_a_moment_of_its_own(
    outage_s: float | None, wait: float | None
) -> None:
    now = Session(policy=Policy(spread_s=60))
    after, actions = step(now, Started(outage_s), 0.5)
    if wait is None:
        assert isinstance(lead(actions), SendHello)
        return
    assert actions == (Wait(wait),)
    assert isinstance(lead(step(after, Timer(), 0.5).actions), SendHello)


def test_after_a_long_outage_no_attempt_comes_sooner_than_its_moment() -> None:
    limits = pace.Limits(backoff_maximum_s=4)
    now = Session(
        state=State.HELLO, limits=limits, policy=Policy(spread_s=100), away_s=600, failures=9
    )
    assert step(now, Failed(Failure.UNREACHABLE), 0.5).actions == (Wait(50.0),)
    assert step(now, Welcomed(()), 0.5).session.away_s == 0


def test_a_restored_city_is_asked_about_every_log() -> None:
    idle = msgspec.structs.replace(session_in(State.IDLE), hellos_since_full=3)
    greeting = step(idle, Timer(), 0.0).session
    assert not greeting.greeting_all
    after, actions = step(greeting, Welcomed((), city_changed=True), 0.0)
    assert actions == (SendHello(None),)
    settled = step(after, Welcomed((), city_changed=True), 0.0)
    assert settled.session.state is State.DRAIN


def test_more_logs_than_a_greeting_holds_are_all_heard_of_before_anything_is_sent() -> None:
    lids = [number.to_bytes(16) for number in range(2300)]
    sizes = Grown(tuple(LogSize(lid, 5) for lid in lids))
    now = step(step(Session(), sizes, 0.0).session, Started(), 0.0).session
    asked = lids[-1000:]  # what the shell makes of "every log"
    for remaining in (1300, 300):
        welcome = Welcomed(tuple(LogReport(lid, 5, 5, 5, agrees=True) for lid in asked))
        now, actions = step(now, welcome, 0.0)
        greeting = lead(actions)
        assert isinstance(greeting, SendHello)
        assert greeting.lids is not None
        asked = list(greeting.lids)
        assert asked == lids[max(0, remaining - 1000) : remaining]
    welcome = Welcomed(tuple(LogReport(lid, 5, 0, 0, agrees=True) for lid in asked))
    batch = lead(step(now, welcome, 0.0).actions)
    assert isinstance(batch, SendBatch)
    assert batch.lid == lids[0]


def test_once_a_day_every_log_is_compared() -> None:
    idle = msgspec.structs.replace(session_in(State.IDLE), hellos_since_full=HELLOS_BETWEEN_FULL)
    assert step(idle, Timer(), 0.0).actions == (SendHello(None),)
    usual = msgspec.structs.replace(idle, hellos_since_full=HELLOS_BETWEEN_FULL - 1)
    assert step(usual, Timer(), 0.0).actions == (SendHello((LOG_A,)),)


def test_all_acked_but_not_entered_is_asked_again_soon_and_then_rarely() -> None:
    now = step(draining(own=5), Receipted(LOG_A, 5, 0, 10, 0.1), 0.0)
    waits = []
    for _ in range(9):
        waits.append(lead(now.actions))
        assert now.session.state is State.WAIT_APPLIED
        greeting = step(now.session, Timer(), 0.0).session
        now = step(greeting, Welcomed((LogReport(LOG_A, 5, 5, 3, agrees=True),)), 0.0)
    assert waits == [Wait(s) for s in (1, 2, 4, 8, 16, 32, 60, 60, 60)]
    greeting = step(now.session, Timer(), 0.0).session
    now = step(greeting, Welcomed((LogReport(LOG_A, 5, 5, 5, agrees=True),)), 0.0)
    assert now.session.state is State.IDLE
    assert now.session.applied_asks == 0


@pytest.mark.parametrize("state", [State.IDLE, State.WAIT_APPLIED])
def test_new_records_end_a_pause_at_once(state: State) -> None:
    log = LogProgress(lid=LOG_A, own_size=5, city_size=5, applied=5)
    paused = Session(state=state, logs=(log,))
    assert step(paused, Grown((LogSize(LOG_A, 5),)), 0.0).actions == ()
    after, actions = step(paused, Grown((LogSize(LOG_A, 5), LogSize(LOG_B, 1))), 0.0)
    batch = lead(actions)
    assert isinstance(batch, SendBatch)
    assert (batch.lid, batch.first) == (LOG_B, 0)
    assert after.state is State.DRAIN


def test_new_records_do_not_shorten_a_backoff() -> None:
    after, actions = step(session_in(State.BACKOFF), Grown((LogSize(LOG_A, 99),)), 0.0)
    assert actions == ()
    assert after.logs[0].own_size == 99


def test_a_busy_city_is_left_alone_as_long_as_it_asks() -> None:
    for chance, delay_s in ((0.0, 20.0), (0.5, 25.0)):
        after, actions = step(draining(), Problem(Refusal.BUSY, retry_after_s=20), chance)
        assert actions == (Wait(delay_s),)
        assert after.state is State.BACKOFF
        assert after.failure is Failure.BUSY
    assert step(draining(), Problem(Refusal.BUSY), 0.5).actions == (Wait(1.0),)


@pytest.mark.parametrize("refusal", [Refusal.UNKNOWN_KEY, Refusal.REVOKED, Refusal.UNSUPPORTED])
def test_a_refused_greeting_is_repeated_rarely(refusal: Refusal) -> None:
    after, actions = step(session_in(State.HELLO), Problem(refusal), 0.0)
    assert after.state is State.REFUSED
    assert actions == (Wait(450.0),)
    assert isinstance(lead(step(after, Timer(), 0.0).actions), SendHello)


def test_a_receipt_for_something_else_is_never_progress() -> None:
    for receipt in (Receipted(LOG_B, 5, 5, 1, 0.1), Receipted(LOG_A, 0, 0, 1, 0.1)):
        after = step(draining(), receipt, 0.0).session
        assert after.state is State.BACKOFF
        assert after.failure is Failure.FORGED
        assert after.logs[0].city_size == 0


def test_a_timeout_halves_the_batch() -> None:
    after = step(draining(), Failed(Failure.TIMEOUT), 0.0).session
    assert after.throughput.target_bytes() == pace.BATCH_FIRST_BYTES // 2


@pytest.mark.parametrize("state", State)
def test_a_stop_ends_from_anywhere(state: State) -> None:
    assert step(session_in(state), Stop(), 0.0).actions == (Finish(),)

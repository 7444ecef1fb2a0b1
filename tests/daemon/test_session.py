"""Every state with every event, and long random conversations with a model city."""

import random

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sync.daemon import pace, session
from sync.daemon.events import (
    Action,
    ChangeEncryptionKey,
    Event,
    Failed,
    Failure,
    Finish,
    Grown,
    LogReport,
    LogSize,
    Notice,
    NoticeKind,
    Problem,
    Receipted,
    Refusal,
    SendBatch,
    SendHello,
    Started,
    State,
    Stop,
    Timer,
    Wait,
    Welcomed,
)
from sync.daemon.progress import HELLOS_BETWEEN_FULL, LogProgress, Session, all_acknowledged
from sync.daemon.session import BATCH_REFUSALS, HELLO_REFUSALS, TRANSITIONS, step

LOG_A, LOG_B = b"a" * 16, b"b" * 16
EVENTS: tuple[Event, ...] = (
    Started(),
    Timer(),
    Grown((LogSize(LOG_A, 9),)),
    Welcomed((LogReport(LOG_A, 5, 2, 2, agrees=True),)),
    Receipted(LOG_A, 5, 5, 1000, 0.1),
    Problem(Refusal.GAP),
    Failed(Failure.UNREACHABLE),
    Stop(),
)
LEADING = (SendHello, SendBatch, Wait, Finish)


def session_in(state: State) -> Session:
    sending = SendBatch(LOG_A, 2, 500, 65536, compressed=True) if state is State.DRAIN else None
    log = LogProgress(lid=LOG_A, own_size=5, city_size=2, applied=2)
    return Session(state=state, logs=(log,), sending=sending)


def draining(*, own: int = 500, city: int = 0, other: int = 0) -> Session:
    logs = [LogProgress(lid=LOG_A, own_size=own, city_size=city)]
    if other:
        logs.append(LogProgress(lid=LOG_B, own_size=other))
    sending = SendBatch(LOG_A, city, 500, 65536, compressed=True)
    return Session(state=State.DRAIN, logs=tuple(logs), sending=sending)


def lead(actions: tuple[Action, ...]) -> Action:
    assert isinstance(actions[-1], LEADING)
    assert not any(isinstance(action, LEADING) for action in actions[:-1])
    return actions[-1]


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
    assert set(BATCH_REFUSALS) == set(HELLO_REFUSALS) == set(Refusal)


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


def test_a_city_that_is_ahead_is_a_rollback_and_nothing_is_sent() -> None:
    greeting = step(Session(), Started(), 0.0).session
    after, actions = step(greeting, Welcomed((LogReport(LOG_A, 5, 8, 8, agrees=True),)), 0.0)
    assert actions[0] == Notice(NoticeKind.ROLLBACK, LOG_A, 5, 8)
    assert after.state is State.IDLE


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


@pytest.mark.parametrize(
    "refusal", [Refusal.GAP, Refusal.FORK, Refusal.ROOT_MISMATCH, Refusal.UNKNOWN_KEY]
)
def test_a_city_that_sees_the_log_otherwise_is_greeted_three_times_then_left(
    refusal: Refusal,
) -> None:
    now = draining()
    for _ in range(session.MAXIMUM_HELLOS_IN_A_ROW):
        greeting, actions = step(now, Problem(refusal, records=500), 0.0)
        assert isinstance(lead(actions), SendHello)
        now = step(greeting, Welcomed((LogReport(LOG_A, 500, 0, 0, agrees=True),)), 0.0).session
    after, actions = step(now, Problem(refusal, records=500), 0.5)
    assert after.state is State.BACKOFF
    assert after.failure is Failure.DISAGREEMENT
    assert lead(actions) == Wait(1.0)


def test_an_unknown_encryption_key_is_changed_before_greeting() -> None:
    actions = step(draining(), Problem(Refusal.UNKNOWN_ENCRYPTION_KEY), 0.0).actions
    assert [type(action) for action in actions] == [ChangeEncryptionKey, SendHello]


def test_an_unknown_dictionary_is_left_out_once() -> None:
    after, actions = step(draining(), Problem(Refusal.UNSUPPORTED), 0.0)
    batch = lead(actions)
    assert isinstance(batch, SendBatch)
    assert not batch.compressed
    assert step(after, Problem(Refusal.UNSUPPORTED), 0.0).session.state is State.REFUSED


@pytest.mark.parametrize("refusal", [Refusal.TOO_LARGE, Refusal.MALFORMED])
def test_a_refused_batch_is_halved_down_to_one_record(refusal: Refusal) -> None:
    now, records, sizes = draining(), 500, []
    while records > 1:
        now, actions = step(now, Problem(refusal, records=records), 0.0)
        batch = lead(actions)
        assert isinstance(batch, SendBatch)
        assert batch.first == 0
        records = batch.maximum_records
        sizes.append(records)
    assert sizes == [250, 125, 62, 31, 15, 7, 3, 1]
    after = step(now, Problem(refusal, records=1), 0.0).session
    assert after.state is State.BACKOFF
    assert after.failure is Failure.RECORD_REFUSED


def test_a_record_nobody_takes_lets_the_other_logs_go_first() -> None:
    now = draining(own=1, other=3)
    after, actions = step(now, Problem(Refusal.MALFORMED, records=1), 0.0)
    batch = lead(actions)
    assert isinstance(batch, SendBatch)
    assert batch.lid == LOG_B
    again, actions = step(after, Receipted(LOG_B, 3, 3, 100, 0.1), 0.0)
    batch = lead(actions)
    assert isinstance(batch, SendBatch)
    assert batch.lid == LOG_A
    assert step(again, Problem(Refusal.MALFORMED, records=1), 0.0).session.state is State.BACKOFF


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


class ModelCity:
    """A city that holds sizes only; while it is not reliable anything may go wrong."""

    def __init__(self, luck: random.Random) -> None:
        self.luck = luck
        self.reliable = False
        self.sizes: dict[bytes, int] = {}
        self.restored = False

    def answer(self, now: Session, action: Action) -> Event:
        if isinstance(action, SendHello):
            return self._trouble(0) if self._goes_wrong() else self._welcome(now, action)
        if isinstance(action, SendBatch):
            return self._take(now, action)
        assert isinstance(action, Wait)
        return Timer()

    def _goes_wrong(self) -> bool:
        return not self.reliable and self.luck.random() < 0.4

    def _trouble(self, records: int) -> Event:
        if self.luck.random() < 0.5:
            return Failed(self.luck.choice(list(Failure)))
        asked_s = self.luck.choice([None, 0.0, 7.0, 1e9])
        return Problem(self.luck.choice(list(Refusal)), asked_s, records)

    def _welcome(self, now: Session, action: SendHello) -> Event:
        if self._goes_wrong():
            self.restored = True
            self.sizes = {lid: self.luck.randint(0, size) for lid, size in self.sizes.items()}
        asked = [log for log in now.logs if action.lids is None or log.lid in action.lids]
        reports = tuple(
            LogReport(log.lid, log.own_size, size, size, agrees=not self._goes_wrong())
            for log in asked
            for size in [self.sizes.get(log.lid, 0)]
        )
        changed, self.restored = self.restored, False
        return Welcomed(reports, city_changed=changed)

    def _take(self, now: Session, action: SendBatch) -> Event:
        own = next(log.own_size for log in now.logs if log.lid == action.lid)
        count = min(own - action.first, action.maximum_records)
        held = self.sizes.get(action.lid, 0)
        if held < action.first:
            return Problem(Refusal.GAP, records=count)
        if not self._goes_wrong():
            self.sizes[action.lid] = max(held, action.first + count)
        size = self.sizes.get(action.lid, 0)
        if size <= action.first or self._goes_wrong():
            return self._trouble(count)  # perhaps after the commit
        return Receipted(action.lid, size, size, 100 * count, 0.05)


def check_rules(now: Session, action: Action) -> None:
    if isinstance(action, Wait):
        assert 0 <= action.delay_s <= max(now.limits.idle_s, 1.5 * pace.RETRY_AFTER_MAXIMUM_S)
    assert (now.state is State.DRAIN) == (now.sending is not None)


@settings(max_examples=100, deadline=None)
@given(seed=st.integers(0, 2**32), troubled_steps=st.integers(0, 60))
def test_any_conversation_ends_with_everything_at_an_honest_city(
    seed: int, troubled_steps: int
) -> None:
    luck = random.Random(seed)  # noqa: S311 - a reproducible test, not a secret
    city = ModelCity(luck)
    sizes = {LOG_A: luck.randint(1, 3000), LOG_B: luck.randint(1, 700)}
    now = step(Session(), Grown(tuple(LogSize(*item) for item in sizes.items())), 0.0).session
    now, actions = step(now, Started(), luck.random())
    for turn in range(troubled_steps + 60):
        city.reliable = turn >= troubled_steps
        action = lead(actions)
        check_rules(now, action)
        if not city.reliable and luck.random() < 0.2:
            sizes[LOG_B] += luck.randint(0, 50)
            grown = Grown(tuple(LogSize(*item) for item in sizes.items()))
            now, woken = step(now, grown, luck.random())
            action = lead(woken) if woken else action
        now, actions = step(now, city.answer(now, action), luck.random())
    assert all_acknowledged(now)
    assert now.state in {State.IDLE, State.HELLO}  # the idle greeting may just be under way
    assert {log.lid: log.city_size for log in now.logs} == sizes


@pytest.mark.parametrize("state", State)
def test_a_stop_ends_from_anywhere(state: State) -> None:
    assert step(session_in(state), Stop(), 0.0).actions == (Finish(),)

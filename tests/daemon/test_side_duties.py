"""What follows the records: keys, own records back, feeds, attachments."""

import msgspec
import pytest

from sync.daemon.events import (
    Called,
    Failed,
    Failure,
    FetchBack,
    FetchKeys,
    Grown,
    KeysKnown,
    LogReport,
    LogSize,
    Notice,
    NoticeKind,
    PartSent,
    Problem,
    Pulled,
    PullFeed,
    Receipted,
    Recovered,
    Refusal,
    SendHello,
    SendPart,
    Started,
    State,
    Timer,
    Wait,
    Welcomed,
)
from sync.daemon.progress import LogProgress, Session
from sync.daemon.session import step
from tests.daemon.machine import LOG_A, LOG_B, LOG_C, held, idle, lead, lead_batch


def test_a_city_that_is_ahead_is_a_rollback_and_the_records_are_fetched_back() -> None:
    greeting = step(Session(), Started(), 0.0).session
    after, actions = step(greeting, Welcomed((LogReport(LOG_A, 5, 8, 8, agrees=True),)), 0.0)
    assert actions == (Notice(NoticeKind.ROLLBACK, LOG_A, 5, 8), FetchBack(LOG_A, 5, 5, 8))
    after, actions = step(after, Recovered(LOG_A, 7), 0.0)
    assert actions == (FetchBack(LOG_A, 7, 5, 8),)
    assert step(after, Recovered(LOG_A, 8), 0.0).session.state is State.IDLE


def test_what_came_back_already_is_not_fetched_again() -> None:
    greeting = step(Session(), Started(), 0.0).session
    report = LogReport(LOG_A, 5, 8, 8, agrees=True, recovered=8)
    assert step(greeting, Welcomed((report,)), 0.0).session.state is State.IDLE


@pytest.mark.parametrize("size", [5, 7])
def test_a_city_that_gives_less_back_than_it_says_is_asked_again_after_a_pause(size: int) -> None:
    log = LogProgress(lid=LOG_A, own_size=5, city_size=9, applied=5, heard=True, recovered=7)
    fetching = Session(state=State.RECOVER, logs=(log,), recover_due=True)
    after, actions = step(fetching, Recovered(LOG_A, size), 0.5)
    assert (after.state, actions) == (State.IDLE, (Wait(1.0, since_welcome=True),))


@pytest.mark.parametrize(
    "trouble", [Failed(Failure.FORGED), Failed(Failure.STATION), Problem(Refusal.NOT_FOUND)]
)
def test_own_records_that_do_not_come_are_asked_for_by_the_pace_of_the_session(
    trouble: Failed | Problem,
) -> None:
    """Not at the next regular greeting, a quarter of an hour later; and never more often."""
    greeting = step(Session(feeds_due=True), Started(), 0.0).session
    welcome = Welcomed((LogReport(LOG_A, 5, 8, 8, agrees=True),), feeds=True)
    waits = []
    for _ in range(12):
        after = step(greeting, welcome, 0.999).session
        assert after.state is State.RECOVER
        pulling = step(after, trouble, 0.999)
        assert pulling.actions == (PullFeed(),), "what else there is goes on"
        paused, (wait,) = step(pulling.session, Pulled(0, more=False), 0.999)
        assert (paused.state, paused.failures) == (State.IDLE, 0)
        assert isinstance(wait, Wait)
        waits.append(round(wait.delay_s))
        greeting, (hello,) = step(paused, Timer(), 0.999)
        assert isinstance(hello, SendHello)
    assert waits[:4] == [2, 4, 8, 16]
    assert waits[-1] == max(waits) <= 900
    back = step(step(greeting, welcome, 0.0).session, Recovered(LOG_A, 8), 0.0)
    pulled = step(back.session, Pulled(0, more=False), 0.0)
    assert pulled.actions == (Wait(900.0, since_welcome=True),)


def test_a_log_that_only_the_city_knows_is_fetched_whole_and_never_sent() -> None:
    known = Grown((LogSize(LOG_A, 4),))
    greeting = step(step(Session(), known, 0.0).session, Started(), 0.0).session
    reports = (LogReport(LOG_A, 4, 4, 4, agrees=True), LogReport(LOG_B, 0, 6, 6, agrees=True))
    after, actions = step(greeting, Welcomed(reports), 0.0)
    assert actions == (Notice(NoticeKind.ROLLBACK, LOG_B, 0, 6), FetchBack(LOG_B, 0, 0, 6))
    grown = step(after, known, 0.0).session
    assert [log.lid for log in grown.logs] == [LOG_B, LOG_A]


def test_a_city_that_lost_what_it_called_backed_up_is_an_alarm() -> None:
    greeting = step(Session(), Started(), 0.0).session
    report = LogReport(LOG_A, 9, 3, 3, agrees=True, archived=5)
    actions = step(greeting, Welcomed((report,)), 0.0).actions
    assert actions[0] == Notice(NoticeKind.LOST_ARCHIVED, LOG_A, 9, 3)
    assert lead_batch(actions).first == 3


def test_an_abandoned_log_is_forgotten_and_its_fork_with_it() -> None:
    forked = LogProgress(lid=LOG_A, own_size=5, forked=True)
    now = idle(forked, held(LOG_B, 2), failure=Failure.FORK)
    sizes = Grown((LogSize(LOG_B, 2), LogSize(LOG_C, 5)))
    after, actions = step(now, sizes, 0.0)
    assert lead_batch(actions).lid == LOG_C
    assert [log.lid for log in after.logs] == [LOG_B, LOG_C]


def test_a_journal_that_cannot_be_read_is_not_an_empty_one() -> None:
    assert step(idle(held(LOG_A, 5)), Grown(()), 0.0).session.logs == (held(LOG_A, 5),)


def test_newer_keys_are_read_after_the_records_are_sent() -> None:
    now = Session(state=State.HELLO, logs=(LogProgress(lid=LOG_A, own_size=3),))
    after, actions = step(now, Welcomed((), newer_keys=True), 0.0)
    assert lead_batch(actions).first == 0
    after, actions = step(after, Receipted(LOG_A, 3, 3, 100, 0.1), 0.0)
    assert actions == (FetchKeys(),)
    assert step(after, KeysKnown(changed=True), 0.0).session.state is State.IDLE
    assert step(after, Problem(Refusal.NOT_FOUND), 0.0).session.state is State.IDLE


def test_feeds_then_attachments_and_records_before_every_part() -> None:
    now = Session(state=State.HELLO, logs=(held(LOG_A, 5),), reads_feeds=True)
    after, actions = step(now, Welcomed((), feeds=True, blobs=True), 0.0)
    assert actions == (PullFeed(),)
    after, actions = step(after, Pulled(500, more=True), 0.0)
    assert actions == (PullFeed(),)
    after, actions = step(after, Pulled(3, more=False), 0.0)
    assert actions == (SendPart(),)
    grown = step(after, Grown((LogSize(LOG_A, 6),)), 0.0).session
    after, actions = step(grown, PartSent(65536, more=True), 0.0)
    assert lead_batch(actions).first == 5
    after, actions = step(after, Receipted(LOG_A, 6, 6, 100, 0.1), 0.0)
    assert actions == (SendPart(),)
    after, actions = step(after, PartSent(10, more=False), 0.0)
    assert actions == (Wait(900.0, since_welcome=True, listen=True),)
    assert step(after, Called(), 0.0).actions == (PullFeed(),)
    assert step(after, Grown((LogSize(LOG_A, 6),), blobs=True), 0.0).actions == (SendPart(),)


@pytest.mark.parametrize("state", [State.RECOVER, State.PULL, State.BLOBS])
def test_what_can_wait_fails_without_holding_up_anything_else(state: State) -> None:
    duties = {"recover_due": True, "feeds_due": True, "blobs_due": True}
    behind = LogProgress(lid=LOG_A, own_size=5, city_size=9, applied=9, heard=True)
    now = idle(behind, **{**duties, "state": state})
    away = step(now, Failed(Failure.UNREACHABLE), 0.0).session
    assert away.state is State.BACKOFF
    wrong = step(now, Failed(Failure.FORGED), 0.0).session
    assert wrong.state not in {State.BACKOFF, state}
    missing = step(now, Problem(Refusal.NOT_FOUND), 0.0).session
    assert missing.state not in {State.BACKOFF, state}
    assert step(now, Problem(Refusal.BUSY), 0.0).session.state is State.BACKOFF
    assert isinstance(lead(step(now, Problem(Refusal.NO_SESSION), 0.0).actions), SendHello)
    tired = msgspec.structs.replace(now, hellos_in_a_row=3)
    assert step(tired, Problem(Refusal.NO_SESSION), 0.0).session.state not in {State.HELLO, state}

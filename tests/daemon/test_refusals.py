"""What the city does not take: the ladder, custody, and the doors that only a person opens."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sync.daemon import session
from sync.daemon.events import (
    Action,
    ChangeEncryptionKey,
    Event,
    Failed,
    Failure,
    FetchKeys,
    Grown,
    KeysKnown,
    LogReport,
    LogSize,
    Notice,
    NoticeKind,
    Problem,
    Receipted,
    Refusal,
    SendBatch,
    SendHello,
    SetAside,
    State,
    Timer,
    Wait,
    Welcomed,
)
from sync.daemon.progress import LogProgress, Session
from sync.daemon.refusals import MAXIMUM_WITHHELD_IN_A_ROW
from sync.daemon.session import step
from sync.protocol.custody import CustodyReason
from tests.daemon.machine import LOG_A, LOG_B, draining, lead, lead_batch


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


def test_for_an_unknown_encryption_key_the_keyset_is_read_or_the_next_key_taken() -> None:
    asking, actions = step(draining(), Problem(Refusal.UNKNOWN_ENCRYPTION_KEY), 0.0)
    assert actions == (FetchKeys(),)
    newer = step(asking, KeysKnown(changed=True), 0.0).actions
    assert [type(action) for action in newer] == [SendHello]
    for event in (KeysKnown(changed=False), Failed(Failure.FORGED), Problem(Refusal.NOT_FOUND)):
        same = step(asking, event, 0.0)
        assert [type(action) for action in same.actions] == [ChangeEncryptionKey, SendHello]
        assert not same.session.greet_with_keys
    assert step(asking, Failed(Failure.TIMEOUT), 0.0).session.state is State.BACKOFF


def test_an_unknown_dictionary_is_left_out_once() -> None:
    after, actions = step(draining(), Problem(Refusal.UNSUPPORTED), 0.0)
    batch = lead(actions)
    assert isinstance(batch, SendBatch)
    assert not batch.compressed
    assert step(after, Problem(Refusal.UNSUPPORTED), 0.0).session.state is State.REFUSED


def test_a_batch_too_large_is_halved_at_once() -> None:
    now, records, sizes = draining(), 500, []
    while records > 1:
        now, actions = step(now, Problem(Refusal.TOO_LARGE, records=records), 0.0)
        batch = lead_batch(actions)
        assert batch.compressed
        records = batch.maximum_records
        sizes.append(records)
    assert sizes == [250, 125, 62, 31, 15, 7, 3, 1]


def unreadable(first: int, records: int) -> SetAside:
    """The city's signed word that it cannot read the batch in flight."""
    return SetAside(LOG_A, first, records, CustodyReason.UNREADABLE)


def test_what_nobody_signed_never_withholds_a_record() -> None:
    now, waits = draining(own=8), 0
    actions: tuple[Action, ...] = (SendBatch(LOG_A, 0, 8, 65536, compressed=True),)
    smallest = 8
    for _ in range(200):
        if now.state is State.BACKOFF:
            waits += 1
            now, actions = step(now, Timer(), 0.0)
            now, actions = step(now, Welcomed((LogReport(LOG_A, 8, 0, 0, agrees=True),)), 0.0)
        batch = lead_batch(actions)
        assert not batch.withheld
        smallest = min(smallest, batch.maximum_records)
        harm = Problem(Refusal.MALFORMED, records=min(8, batch.maximum_records))
        now, actions = step(now, harm, 0.0)
        assert not any(isinstance(action, Notice) for action in actions)
    assert smallest == 1
    assert waits
    assert now.failure is Failure.RECORD_REFUSED


def test_the_whole_ladder_each_rung_once() -> None:
    now, tried = draining(own=8), []
    actions: tuple[Action, ...] = ()
    batch = SendBatch(LOG_A, 0, 8, 65536, compressed=True)
    while not batch.withheld:
        records = min(8, batch.maximum_records)
        now, actions = step(now, unreadable(0, records), 0.0)
        batch = lead_batch(actions)
        tried.append((min(8, batch.maximum_records), batch.compressed, batch.withheld))
    assert tried == [
        (8, True, False),
        (8, False, False),
        (4, True, False),
        (2, True, False),
        (1, True, False),
        (1, False, False),
        (1, True, True),
    ]
    assert actions[0] == Notice(NoticeKind.WITHHELD, LOG_A, 1, 0)
    now, actions = step(now, Receipted(LOG_A, 1, 1, 40, 0.1), 0.0)
    assert not lead_batch(actions).withheld
    assert lead_batch(actions).maximum_records == 500


def play(now: Session, own: int, poison: frozenset[int]) -> tuple[list[int], set[int], int]:
    """A city that never takes some records: what arrived whole, what as a leaf, refusals."""
    whole: list[int] = []
    leaves: set[int] = set()
    refusals = 0
    actions: tuple[Action, ...] = (SendBatch(LOG_A, 0, 500, 1 << 20, compressed=True),)
    while isinstance(batch := lead(actions), SendBatch):
        end = min(own, batch.first + batch.maximum_records)
        sent = range(batch.first, end)
        if poison & set(sent) and not batch.withheld:
            refusals += 1
            event: Event = unreadable(batch.first, len(sent))
        else:
            (leaves.update if batch.withheld else whole.extend)(sent)
            event = Receipted(LOG_A, end, end, 100 * len(sent), 0.1)
        now, actions = step(now, event, 0.0)
    assert now.state is State.IDLE
    return whole, leaves, refusals


@given(own=st.integers(1, 1200), seeds=st.lists(st.integers(0, 1199), max_size=12))
def test_everything_but_the_poison_arrives_whole_whatever_the_city_refuses(
    own: int, seeds: list[int]
) -> None:
    poison = frozenset(seed for seed in seeds if seed < own)
    whole, leaves, refusals = play(draining(own=own), own, poison)
    assert leaves == set(poison)
    assert whole == [number for number in range(own) if number not in poison]
    assert refusals <= 24 * len(poison)


def test_a_city_that_takes_no_whole_record_does_not_get_all_of_them_withheld() -> None:
    now, withheld = draining(own=5000), 0
    actions: tuple[Action, ...] = (SendBatch(LOG_A, 0, 500, 1 << 20, compressed=True),)
    while isinstance(batch := lead(actions), SendBatch):
        if batch.withheld:
            withheld += 1
            event: Event = Receipted(LOG_A, batch.first + 1, 0, 40, 0.1)
        else:
            event = unreadable(batch.first, batch.maximum_records)
        now, actions = step(now, event, 0.0)
    assert withheld == MAXIMUM_WITHHELD_IN_A_ROW
    assert now.state is State.BACKOFF
    assert now.failure is Failure.RECORD_REFUSED


def test_a_log_whose_leaf_is_not_even_taken_lets_the_others_go_first() -> None:
    now, actions = step(draining(own=1, other=3), Problem(Refusal.MALFORMED, records=1), 0.0)
    while lead_batch(actions).lid == LOG_A:
        now, actions = step(now, Problem(Refusal.MALFORMED, records=1), 0.0)
    assert lead_batch(actions).lid == LOG_B
    now, actions = step(now, Receipted(LOG_B, 3, 3, 100, 0.1), 0.0)
    while isinstance(lead(actions), SendBatch):
        assert lead_batch(actions).lid == LOG_A
        now, actions = step(now, Problem(Refusal.MALFORMED, records=1), 0.0)
    assert now.state is State.BACKOFF
    assert now.failure is Failure.RECORD_REFUSED


ASIDE = [(CustodyReason.EXPIRED, Failure.EXPIRED), (CustodyReason.REVOKED, Failure.REVOKED)]


@pytest.mark.parametrize(("reason", "failure"), [*ASIDE, (99, Failure.SET_ASIDE)])
def test_what_is_set_aside_is_no_receipt_and_the_session_goes_on_behind_it(
    reason: int, failure: Failure
) -> None:
    now, actions = step(draining(own=800), SetAside(LOG_A, 0, 500, reason), 0.0)
    assert actions[0] == Notice(NoticeKind.ASIDE, LOG_A, 500, 0)
    assert lead_batch(actions).first == 500
    now, actions = step(now, SetAside(LOG_A, 500, 300, reason), 0.0)
    assert now.state is State.REFUSED
    assert now.failure is failure
    assert now.logs[0].city_size == 0
    assert actions[-1] == Wait(450.0)


def refused_after_custody() -> Session:
    now = draining(own=800)
    for first, records in ((0, 500), (500, 300)):
        now = step(now, SetAside(LOG_A, first, records, 2), 0.0).session
    return now


def test_a_refused_station_offers_one_batch_now_and_then() -> None:
    greeting = step(refused_after_custody(), Timer(), 0.0)
    assert isinstance(lead(greeting.actions), SendHello)
    report = LogReport(LOG_A, 800, 0, 0, agrees=True, aside=800)
    asked, actions = step(greeting.session, Welcomed((report,)), 0.0)
    assert lead_batch(actions).first == 0
    again = step(asked, SetAside(LOG_A, 0, 500, 2), 0.0).session
    assert again.state is State.REFUSED
    taken, actions = step(asked, Receipted(LOG_A, 500, 500, 1000, 0.1), 0.0)
    assert lead_batch(actions).first == 500
    assert taken.logs[0].aside == 0


def test_new_records_of_a_refused_station_are_remembered_and_offered() -> None:
    grown = step(refused_after_custody(), Grown((LogSize(LOG_A, 900),)), 0.0)
    assert grown.actions == ()
    greeting = step(grown.session, Timer(), 0.0).session
    report = LogReport(LOG_A, 900, 0, 0, agrees=True, aside=800)
    asked = step(greeting, Welcomed((report,)), 0.0).session
    actions = step(asked, SetAside(LOG_A, 0, 500, 2), 0.0).actions
    assert lead_batch(actions).first == 800


def test_a_log_the_city_has_taken_from_its_quarantine_is_not_aside_any_more() -> None:
    greeting = step(refused_after_custody(), Timer(), 0.0).session
    report = LogReport(LOG_A, 800, 800, 800, agrees=True, aside=800)
    assert step(greeting, Welcomed((report,)), 0.0).session.state is State.IDLE


def test_a_gap_behind_bytes_set_aside_begins_again_where_the_city_ends() -> None:
    log = LogProgress(lid=LOG_A, own_size=900, aside=800, heard=True)
    sending = SendBatch(LOG_A, 800, 500, 65536, compressed=True)
    now = Session(state=State.DRAIN, logs=(log,), sending=sending, probing=False)
    greeting = step(now, Problem(Refusal.GAP, records=100), 0.0).session
    report = LogReport(LOG_A, 900, 0, 0, agrees=True, aside=800)
    assert lead_batch(step(greeting, Welcomed((report,)), 0.0).actions).first == 0


def test_a_forked_log_and_unreadable_bytes_are_dealt_with_by_name() -> None:
    fork = step(draining(), SetAside(LOG_A, 0, 500, CustodyReason.FORK), 0.0)
    assert isinstance(lead(fork.actions), SendHello)
    unreadable = step(draining(), SetAside(LOG_A, 0, 500, CustodyReason.UNREADABLE), 0.0)
    assert lead_batch(unreadable.actions).first == 0


@pytest.mark.parametrize(
    "answer", [SetAside(LOG_B, 0, 500, 2), SetAside(LOG_A, 5, 5, 2), SetAside(LOG_A, 0, 0, 2)]
)
def test_custody_of_something_else_is_forged(answer: SetAside) -> None:
    after = step(draining(), answer, 0.0).session
    assert after.state is State.BACKOFF
    assert after.failure is Failure.FORGED

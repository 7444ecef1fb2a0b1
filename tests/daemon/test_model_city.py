"""Long random conversations with a model city: whatever went wrong, everything arrives."""

import random

from hypothesis import given, settings
from hypothesis import strategies as st

from sync.daemon import pace
from sync.daemon.events import (
    Action,
    Event,
    Failed,
    Failure,
    FetchBack,
    FetchKeys,
    Grown,
    KeysKnown,
    LogReport,
    LogSize,
    Problem,
    Receipted,
    Recovered,
    Refusal,
    SendBatch,
    SendHello,
    SetAside,
    Started,
    State,
    Timer,
    Wait,
    Welcomed,
)
from sync.daemon.progress import Session, all_acknowledged
from sync.daemon.refusals import MAXIMUM_WITHHELD_IN_A_ROW
from sync.daemon.session import step
from tests.daemon.machine import LOG_A, LOG_B, lead


class ModelCity:
    """A city that holds sizes only; while it is not reliable anything may go wrong."""

    def __init__(self, luck: random.Random) -> None:
        self.luck = luck
        self.reliable = False
        self.sizes: dict[bytes, int] = {}
        self.restored = False
        self.revoked = luck.random() < 0.3
        self.withheld: set[tuple[bytes, int]] = set()

    def answer(self, now: Session, action: Action) -> Event:
        if isinstance(action, SendHello):
            return self._trouble(0) if self._goes_wrong() else self._welcome(now, action)
        if isinstance(action, SendBatch):
            return self._take(now, action)
        if isinstance(action, FetchKeys):
            return self._trouble(0) if self._goes_wrong() else KeysKnown(changed=False)
        if isinstance(action, FetchBack):
            return self._trouble(0) if self._goes_wrong() else Recovered(action.lid, action.first)
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
        self.withheld |= {(action.lid, action.first)} if action.withheld else set()
        if held < action.first:
            return Problem(Refusal.GAP, records=count)
        if not self._goes_wrong():
            self.sizes[action.lid] = max(held, action.first + count)
        size = self.sizes.get(action.lid, 0)
        if size <= action.first or self._goes_wrong():
            return self._trouble(count)  # perhaps after the commit
        if self.revoked and not self.reliable:
            self.sizes[action.lid] = held
            return SetAside(action.lid, action.first, count, self.luck.randint(1, 5))
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
    for turn in range(troubled_steps + 120):
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
    assert len(city.withheld) <= MAXIMUM_WITHHELD_IN_A_ROW

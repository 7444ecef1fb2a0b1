"""Stations and a city through seeded misfortune: nothing promised is lost, doubled or forged.

A share of the schedules; `make simulate` runs ten thousand, and
`python -m tests.simulators --seed N` replays one with its trace.
"""

from collections.abc import Callable

import pytest

from sync.daemon.events import (
    Action,
    Failed,
    Failure,
    Grown,
    LogReport,
    LogSize,
    SendHello,
    Started,
    Timer,
    Welcomed,
)
from sync.daemon.progress import Session
from sync.daemon.session import step
from tests.simulators.__main__ import live
from tests.simulators.deeds import simulate
from tests.simulators.oracle import complaints

SCHEDULES = 160
FIRST = 1_000_000


@pytest.mark.timeout(300)
def test_every_schedule_ends_well(record_property: Callable[[str, object], None]) -> None:
    lived = live(FIRST, SCHEDULES)
    assert lived.complaints == {}
    assert lived.promised > SCHEDULES * 5
    rare = (
        "clone",
        "snapshot",
        "restore",
        "revocation",
        "stick",
        "forgery",
        "purge",
        "replay",
        "copy",
    )
    assert all(lived.counts[deed] for deed in rare), lived.counts
    record_property("measured", f"schedules: {SCHEDULES}, {lived.promised} promises, violations 0")


def test_a_seed_is_the_same_life_again() -> None:
    lines: list[list[str]] = [[], []]
    for trace in lines:
        assert complaints(simulate(FIRST + 7, trace.append)) == []
    assert lines[0] == lines[1]


def test_a_log_set_back_that_grows_again_is_asked_about() -> None:
    """Found by a schedule: with equal sizes nobody compared the two histories for a day."""
    set_back = LogReport(b"l" * 16, own_size=5, city_size=7, applied=7, agrees=True)
    newest = LogReport(b"n" * 16, own_size=3, city_size=3, applied=3, agrees=True)
    session = step(Session(), Started(), 0.0).session
    session = step(session, Grown((LogSize(set_back.lid, 5), LogSize(newest.lid, 3))), 0.0).session
    session = step(session, Welcomed((set_back, newest)), 0.0).session
    grown = Grown((LogSize(set_back.lid, 7), LogSize(newest.lid, 3)))
    actions: tuple[Action, ...] = ()
    for event in (Failed(Failure.TIMEOUT), grown, Timer()):
        session, actions = step(session, event, 0.0)
    (hello,) = actions
    assert isinstance(hello, SendHello)
    assert hello.lids == (set_back.lid, newest.lid)

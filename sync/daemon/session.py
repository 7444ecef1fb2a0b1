"""What to do next: the conversation with the city as a pure state machine.

Responsible for every decision of a sync session: where to resume each log, what to answer to a
refusal, how long to wait. `step(session, event, chance)` returns the next session and the actions
the shell must carry out; the last action is always the one that leads to the next event. The moves
are in `moves.py`, the answers to refusals in `refusals.py`, the memory in `progress.py`.

Rules: no await, no clock, no I/O, no randomness (`chance`, 0 ≤ chance < 1, is an argument). Only
verified messages become `Welcomed`, `Receipted` and `SetAside`; an unsigned refusal never moves a
position, it only changes when and how much is sent. Nothing is given up by count or age. It must
not know bytes, keys, files or HTTP.

```
OFFLINE ─Started, Timer─▶ HELLO ─Welcomed─▶ DRAIN ▶ KEYS ▶ RECOVER ▶ PULL ▶ BLOBS ▶ IDLE
                            ▲  └─Failed─▶ BACKOFF ─Timer─┘   ▲ after each unit of work: first
                            └── three Problems in a row ─────┘ DRAIN again, if anything waits
```
"""

from collections.abc import Mapping
from typing import Final

from sync.daemon import pace
from sync.daemon.events import (
    Called,
    Event,
    Failed,
    Failure,
    Grown,
    KeysKnown,
    PartSent,
    Problem,
    Pulled,
    Receipted,
    Recovered,
    SendHello,
    SetAside,
    Started,
    State,
    Stop,
    Timer,
    Wait,
    Welcomed,
)
from sync.daemon.moves import (
    Handler,
    Step,
    advance,
    back_off,
    change,
    failed,
    fetch_failed,
    finish,
    hello,
    notices,
)
from sync.daemon.pace import Trial
from sync.daemon.progress import (
    HELLOS_BETWEEN_FULL,
    Session,
    gather_s,
    merge_reports,
    merge_sizes,
    next_batch,
    replace_log,
    unheard,
)
from sync.daemon.refusals import (
    BATCH_REFUSALS,
    CUSTODY,
    HELLO_REFUSALS,
    MAXIMUM_HELLOS_IN_A_ROW,
    batch_refused,
    greet_again,
    hello_refused,
    keys_failed,
    keys_unchanged,
    set_aside,
    side_failed,
)

__all__ = [
    "BATCH_REFUSALS",
    "CUSTODY",
    "HELLO_REFUSALS",
    "MAXIMUM_HELLOS_IN_A_ROW",
    "TRANSITIONS",
    "Step",
    "UnexpectedEventError",
    "step",
]


class UnexpectedEventError(Exception):
    """The shell reported something the session did not ask for: a programming error."""


def step(session: Session, event: Event, chance: float) -> Step:
    """The one entry: look the pair up in `TRANSITIONS` and do what it says."""
    handler = TRANSITIONS.get((session.state, type(event)))
    if handler is None:
        raise UnexpectedEventError(f"{type(event).__name__} in {session.state}")
    return handler(session, event, chance)


def _start(session: Session, event: Event, chance: float) -> Step:
    """Greet at once, or after an outage at a moment of one's own."""
    assert isinstance(event, Started)
    long_away = event.outage_s is None or event.outage_s >= pace.OUTAGE_S
    delay_s = pace.spread_s(session.policy.spread_s, chance) if long_away else 0.0
    return Step(session, (Wait(delay_s),)) if delay_s else hello(session)


def _greet(session: Session, event: Event, chance: float) -> Step:
    return hello(session)


def _ask_again(session: Session, event: Event, chance: float) -> Step:
    """A person may have let us in meanwhile: greet, and offer one batch of what is set aside."""
    return hello(change(session, probing=True))


def _remember(session: Session, event: Event, chance: float) -> Step:
    assert isinstance(event, Grown)
    logs = merge_sizes(session.logs, event.logs)
    return Step(change(session, logs=logs, blobs_due=session.blobs_due or event.blobs), ())


def _wake(session: Session, event: Event, chance: float) -> Step:
    """New records end a pause, at once or when they have company; nothing new does not."""
    grown = _remember(session, event, chance).session
    if next_batch(grown) is None and not grown.blobs_due:
        return Step(grown, ())
    delay_s = gather_s(grown)
    if not delay_s:
        return advance(grown, chance)
    if grown.gathering:
        return Step(grown, ())
    return Step(change(grown, gathering=True), (Wait(delay_s, listen=grown.listens),))


def _time_is_over(session: Session, event: Event, chance: float) -> Step:
    return advance(session, chance) if session.gathering else hello(session)


def _reconcile(session: Session, event: Event, chance: float) -> Step:
    assert isinstance(event, Welcomed)
    since_full = 0 if session.greeting_all else session.hellos_since_full + 1
    after = change(
        session,
        logs=merge_reports(session.logs, event.reports),
        policy=event.policy,
        hellos_since_full=since_full,
        away_s=0.0,
        keys_due=event.newer_keys,
        recover_due=True,
        feeds_due=event.feeds,
        blobs_due=event.blobs,
        listens=session.reads_feeds,
    )
    moved = _after_welcome(after, event, chance)
    return Step(moved.session, (*notices(event.reports), *moved.actions))


def _after_welcome(session: Session, event: Welcomed, chance: float) -> Step:
    if event.city_changed and not session.greeting_all:
        return hello(change(session, hellos_since_full=HELLOS_BETWEEN_FULL))
    rest = unheard(session)
    if event.reports and rest:
        # More logs than one greeting holds: hear of all before anything is sent.
        return Step(session, (SendHello(rest),))
    return advance(session, chance)


def _confirm(session: Session, event: Event, chance: float) -> Step:
    """A receipt: the log moves, and whatever was slow or refused is forgotten."""
    assert isinstance(event, Receipted)
    sent = session.sending
    if sent is None or event.lid != sent.lid or event.size <= sent.first:
        return back_off(session, Failure.FORGED, chance)
    logs = session.logs
    if session.probing:
        # The city takes our batches again, so it will take what it had set aside.
        for log in logs:
            logs = replace_log(logs, log.lid, aside=0)
    log = next(each for each in logs if each.lid == event.lid)
    whole = log.rung.trial is not Trial.WITHHELD
    logs = replace_log(
        logs,
        event.lid,
        city_size=event.size,
        applied=event.applied,
        heard=True,
        rung=log.rung.up(event.size),
        strikes=0,
    )
    after = change(
        session,
        logs=logs,
        throughput=session.throughput.measured(event.plain_bytes, event.elapsed_s),
        shrink=pace.shrink(session.shrink, event.sent_bytes, event.plain_bytes),
        record_bytes=event.plain_bytes / (event.size - sent.first) or session.record_bytes,
        failures=0,
        hellos_in_a_row=0,
        applied_asks=0,
        withheld_in_a_row=0 if whole else session.withheld_in_a_row,
        probing=False,
        failure=None,
    )
    return advance(after, chance)


def _know_keys(session: Session, event: Event, chance: float) -> Step:
    assert isinstance(event, KeysKnown)
    if not session.greet_with_keys:
        return advance(session, chance)
    again = greet_again if event.changed else keys_unchanged
    return again(change(session, greet_with_keys=False), event, chance)


def _recovered(session: Session, event: Event, chance: float) -> Step:
    assert isinstance(event, Recovered)
    log = next((each for each in session.logs if each.lid == event.lid), None)
    if log is None or event.size <= max(log.own_size, log.recovered):
        # Nothing came, and nothing went wrong: the city has less than it says.
        return advance(fetch_failed(session), chance)
    logs = replace_log(session.logs, event.lid, recovered=event.size)
    return advance(change(session, logs=logs, fetches_failed=0), chance)


def _pulled(session: Session, event: Event, chance: float) -> Step:
    assert isinstance(event, Pulled)
    return advance(change(session, feeds_due=event.more), chance)


def _called(session: Session, event: Event, chance: float) -> Step:
    return advance(change(session, feeds_due=True), chance)


def _part_sent(session: Session, event: Event, chance: float) -> Step:
    assert isinstance(event, PartSent)
    return advance(change(session, blobs_due=event.more), chance)


_SIDE: Final = (State.RECOVER, State.PULL, State.BLOBS)
_PAUSES: Final = (State.WAIT_APPLIED, State.IDLE)

TRANSITIONS: Final[Mapping[tuple[State, type[Event]], Handler]] = {
    (State.OFFLINE, Started): _start,
    (State.OFFLINE, Timer): _greet,
    (State.HELLO, Welcomed): _reconcile,
    (State.HELLO, Problem): hello_refused,
    (State.HELLO, Failed): failed,
    (State.DRAIN, Receipted): _confirm,
    (State.DRAIN, SetAside): set_aside,
    (State.DRAIN, Problem): batch_refused,
    (State.DRAIN, Failed): failed,
    (State.KEYS, KeysKnown): _know_keys,
    (State.KEYS, Problem): keys_failed,
    (State.KEYS, Failed): keys_failed,
    (State.RECOVER, Recovered): _recovered,
    (State.PULL, Pulled): _pulled,
    (State.BLOBS, PartSent): _part_sent,
    **{(state, kind): side_failed for state in _SIDE for kind in (Problem, Failed)},
    **{(state, Timer): _time_is_over for state in _PAUSES},
    **{(state, Called): _called for state in _PAUSES},
    (State.BACKOFF, Timer): _greet,
    (State.REFUSED, Timer): _ask_again,
    **{(state, Grown): _remember for state in State if state is not State.STOPPED},
    **{(state, Grown): _wake for state in _PAUSES},
    **{(state, Stop): finish for state in State},
}
"""Every pair of state and event that can meet; any other is a programming error."""

"""What to do next: the conversation with the city as a pure state machine.

Responsible for every decision of a sync session: where to resume each log, what to answer to a
refusal, how long to wait. `step(session, event, chance)` returns the next session and the actions
the shell must carry out; the last action is always the one that leads to the next event.

Rules: no await, no clock, no I/O, no randomness (`chance`, 0 ≤ chance < 1, is an argument). Only
verified messages become `Welcomed` and `Receipted`; an unsigned refusal never moves a position, it
only changes when and how much is sent. Nothing is given up by count or age. It must not know
bytes, keys, files or HTTP.

```
OFFLINE ─Started─▶ HELLO ─Welcomed─▶ DRAIN ─Receipted─▶ … ─▶ WAIT_APPLIED ─▶ IDLE
                     ▲  └─Failed─▶ BACKOFF ─Timer─┘  └─Problem─▶ HELLO (three in a row at most)
```
"""

from collections.abc import Callable, Mapping
from typing import Final, NamedTuple, TypeAlias

import msgspec

from sync.daemon import pace
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
    SendHello,
    Started,
    State,
    Stop,
    Timer,
    Wait,
    Welcomed,
)
from sync.daemon.pace import Rung
from sync.daemon.progress import (
    HELLOS_BETWEEN_FULL,
    Session,
    merge_report,
    merge_sizes,
    next_batch,
    replace_log,
    unheard,
)

MAXIMUM_HELLOS_IN_A_ROW: Final = 3
"""Greetings in answer to refused batches before the session backs off."""


class Step(NamedTuple):
    """The next session and what the shell does now."""

    session: Session
    actions: tuple[Action, ...]


class UnexpectedEventError(Exception):
    """The shell reported something the session did not ask for: a programming error."""


Handler: TypeAlias = Callable[[Session, Event, float], Step]


def step(session: Session, event: Event, chance: float) -> Step:
    """The one entry: look the pair up in `TRANSITIONS` and do what it says."""
    handler = TRANSITIONS.get((session.state, type(event)))
    if handler is None:
        raise UnexpectedEventError(f"{type(event).__name__} in {session.state}")
    return handler(session, event, chance)


def _notices(reports: tuple[LogReport, ...]) -> tuple[Action, ...]:
    notices: list[Action] = []
    for report in reports:
        if not report.agrees:
            kind = NoticeKind.FORK
        elif report.city_size > report.own_size:
            kind = NoticeKind.ROLLBACK
        else:
            continue
        notices.append(Notice(kind, report.lid, report.own_size, report.city_size))
    return tuple(notices)


def _remember(session: Session, event: Event, chance: float) -> Step:
    assert isinstance(event, Grown)
    logs = merge_sizes(session.logs, event.logs)
    return Step(msgspec.structs.replace(session, logs=logs), ())


def _wake(session: Session, event: Event, chance: float) -> Step:
    """New records end a pause at once; a change without records does not."""
    grown = _remember(session, event, chance).session
    return Step(grown, ()) if next_batch(grown) is None else _advance(grown, chance)


def _hello(session: Session, event: Event, chance: float) -> Step:
    full = session.hellos_since_full >= HELLOS_BETWEEN_FULL
    unfinished = [log.lid for log in session.logs if log.forked or log.applied < log.own_size]
    newest = [log.lid for log in session.logs[-1:] if log.lid not in unfinished]
    after = msgspec.structs.replace(
        session,
        state=State.HELLO,
        sending=None,
        greeting_all=full,
    )
    return Step(after, (SendHello(None if full else tuple(unfinished + newest)),))


def _reconcile(session: Session, event: Event, chance: float) -> Step:
    assert isinstance(event, Welcomed)
    sizes = tuple(LogSize(report.lid, report.own_size) for report in event.reports)
    by_lid = {report.lid: report for report in event.reports}
    known = {log.lid for log in session.logs}
    merged = merge_sizes(session.logs, tuple(size for size in sizes if size.lid not in known))
    logs = tuple(merge_report(log, by_lid[log.lid]) if log.lid in by_lid else log for log in merged)
    since_full = 0 if session.greeting_all else session.hellos_since_full + 1
    after = msgspec.structs.replace(session, logs=logs, hellos_since_full=since_full)
    if event.city_changed and not session.greeting_all:
        full = msgspec.structs.replace(after, hellos_since_full=HELLOS_BETWEEN_FULL)
        again = _hello(full, event, chance)
        return Step(again.session, (*_notices(event.reports), *again.actions))
    rest = unheard(after)
    if event.reports and rest:
        # More logs than one greeting holds: hear of all before anything is sent.
        return Step(after, (*_notices(event.reports), SendHello(rest)))
    advanced = _advance(after, chance)
    return Step(advanced.session, (*_notices(event.reports), *advanced.actions))


def _advance(session: Session, chance: float) -> Step:
    """Send the next batch, or wait because there is none."""
    batch = next_batch(session)
    if batch is not None:
        return Step(msgspec.structs.replace(session, state=State.DRAIN, sending=batch), (batch,))
    failure = Failure.FORK if any(log.forked for log in session.logs) else None
    calm = msgspec.structs.replace(
        session, sending=None, failures=0, hellos_in_a_row=0, failure=failure
    )
    if any(log.applied < log.own_size for log in calm.logs if not log.forked):
        wait = Wait(pace.applied_wait_s(session.applied_asks))
        asks = session.applied_asks + 1
        return Step(
            msgspec.structs.replace(calm, state=State.WAIT_APPLIED, applied_asks=asks), (wait,)
        )
    idle = msgspec.structs.replace(calm, state=State.IDLE, applied_asks=0)
    return Step(idle, (Wait(session.limits.idle_s * (1.0 - chance / 10.0)),))


def _confirmed(session: Session, event: Event, chance: float) -> Step:
    assert isinstance(event, Receipted)
    sent = session.sending
    if sent is None or event.lid != sent.lid or event.size <= sent.first:
        return _back_off(session, Failed(Failure.FORGED), chance)
    log = next(each for each in session.logs if each.lid == event.lid)
    after = msgspec.structs.replace(
        session,
        logs=replace_log(
            session.logs,
            event.lid,
            city_size=event.size,
            applied=event.applied,
            heard=True,
            rung=log.rung.up(),
            strikes=0,
        ),
        throughput=session.throughput.measured(event.plain_bytes, event.elapsed_s),
        failures=0,
        hellos_in_a_row=0,
        applied_asks=0,
        failure=None,
    )
    return _advance(after, chance)


def _back_off(session: Session, event: Event, chance: float) -> Step:
    assert isinstance(event, Failed)
    failures = session.failures + 1
    slow = event.failure is Failure.TIMEOUT and session.state is State.DRAIN
    after = msgspec.structs.replace(
        session,
        state=State.BACKOFF,
        sending=None,
        failures=failures,
        failure=event.failure,
        hellos_in_a_row=0,
        throughput=session.throughput.timed_out() if slow else session.throughput,
    )
    return Step(after, (Wait(pace.backoff_s(failures, chance, session.limits)),))


def _strike(session: Session, rung: Rung | None = None) -> Session:
    sent = session.sending
    if sent is None:
        return session
    log = next(each for each in session.logs if each.lid == sent.lid)
    logs = replace_log(session.logs, sent.lid, strikes=log.strikes + 1, rung=rung or log.rung)
    return msgspec.structs.replace(session, logs=logs)


def _greet_again(session: Session, event: Event, chance: float) -> Step:
    """The city sees the log otherwise: ask what it has, a few times, then let time pass."""
    if session.hellos_in_a_row >= MAXIMUM_HELLOS_IN_A_ROW:
        return _back_off(_strike(session), Failed(Failure.DISAGREEMENT), chance)
    counted = msgspec.structs.replace(session, hellos_in_a_row=session.hellos_in_a_row + 1)
    return _hello(counted, event, chance)


def _change_key(session: Session, event: Event, chance: float) -> Step:
    again = _greet_again(session, event, chance)
    return Step(again.session, (ChangeEncryptionKey(), *again.actions))


def _step_down(session: Session, event: Event, chance: float) -> Step:
    """Send less at once; a single record nobody takes lets the other logs go first."""
    assert isinstance(event, Problem)
    sent = session.sending
    assert sent is not None
    if event.records > 1:
        rung = next(each for each in session.logs if each.lid == sent.lid).rung
        logs = replace_log(session.logs, sent.lid, rung=rung.down(event.records))
        return _advance(msgspec.structs.replace(session, logs=logs), chance)
    struck = _strike(session, Rung(1))
    log = next(each for each in struck.logs if each.lid == sent.lid)
    other = next_batch(struck)
    waiting = {each.lid: each.strikes for each in struck.logs}
    if other is not None and waiting[other.lid] < log.strikes:
        return _advance(struck, chance)
    return _back_off(struck, Failed(Failure.RECORD_REFUSED), chance)


def _send_plain(session: Session, event: Event, chance: float) -> Step:
    """Perhaps the city lacks the dictionary: the same records without it, once."""
    if not session.compressed:
        return _refuse(session, Failure.UNSUPPORTED, chance)
    return _advance(msgspec.structs.replace(session, compressed=False), chance)


def _busy(session: Session, event: Event, chance: float) -> Step:
    assert isinstance(event, Problem)
    backed = _back_off(session, Failed(Failure.BUSY), chance)
    if event.retry_after_s is None:
        return backed
    return Step(backed.session, (Wait(pace.retry_after_s(event.retry_after_s, chance)),))


def _refuse(session: Session, failure: Failure, chance: float) -> Step:
    """The city knows us and says no: only a person can change that, so ask rarely."""
    after = msgspec.structs.replace(
        session,
        state=State.REFUSED,
        sending=None,
        failures=session.failures + 1,
        failure=failure,
        hellos_in_a_row=0,
    )
    return Step(after, (Wait(session.limits.backoff_maximum_s * (0.5 + chance / 2.0)),))


def _refused_for(failure: Failure) -> Handler:
    def refuse(session: Session, event: Event, chance: float) -> Step:
        return _refuse(session, failure, chance)

    return refuse


def _fails_as(failure: Failure) -> Handler:
    def fail(session: Session, event: Event, chance: float) -> Step:
        return _back_off(session, Failed(failure), chance)

    return fail


BATCH_REFUSALS: Final[Mapping[Refusal, Handler]] = {
    Refusal.GAP: _greet_again,
    Refusal.FORK: _greet_again,
    Refusal.ROOT_MISMATCH: _greet_again,
    Refusal.UNKNOWN_KEY: _greet_again,
    Refusal.UNKNOWN_ENCRYPTION_KEY: _change_key,
    Refusal.REVOKED: _refused_for(Failure.REVOKED),
    Refusal.TOO_LARGE: _step_down,
    Refusal.MALFORMED: _step_down,
    Refusal.UNSUPPORTED: _send_plain,
    Refusal.BUSY: _busy,
    Refusal.STORAGE_FULL: _fails_as(Failure.CITY_FULL),
    Refusal.OTHER: _fails_as(Failure.CITY_ERROR),
}
"""What each refusal of a batch leads to."""

HELLO_REFUSALS: Final[Mapping[Refusal, Handler]] = {
    **dict.fromkeys(Refusal, _fails_as(Failure.CITY_ERROR)),
    Refusal.UNKNOWN_KEY: _refused_for(Failure.UNKNOWN_KEY),
    Refusal.REVOKED: _refused_for(Failure.REVOKED),
    Refusal.UNSUPPORTED: _refused_for(Failure.UNSUPPORTED),
    Refusal.BUSY: _busy,
    Refusal.STORAGE_FULL: _fails_as(Failure.CITY_FULL),
}
"""What each refusal of a greeting leads to."""


def _batch_refused(session: Session, event: Event, chance: float) -> Step:
    assert isinstance(event, Problem)
    return BATCH_REFUSALS[event.refusal](session, event, chance)


def _hello_refused(session: Session, event: Event, chance: float) -> Step:
    assert isinstance(event, Problem)
    return HELLO_REFUSALS[event.refusal](session, event, chance)


def _stop(session: Session, event: Event, chance: float) -> Step:
    return Step(msgspec.structs.replace(session, state=State.STOPPED, sending=None), (Finish(),))


TRANSITIONS: Final[Mapping[tuple[State, type[Event]], Handler]] = {
    (State.OFFLINE, Started): _hello,
    (State.OFFLINE, Grown): _remember,
    (State.HELLO, Welcomed): _reconcile,
    (State.HELLO, Problem): _hello_refused,
    (State.HELLO, Failed): _back_off,
    (State.HELLO, Grown): _remember,
    (State.DRAIN, Receipted): _confirmed,
    (State.DRAIN, Problem): _batch_refused,
    (State.DRAIN, Failed): _back_off,
    (State.DRAIN, Grown): _remember,
    (State.WAIT_APPLIED, Timer): _hello,
    (State.WAIT_APPLIED, Grown): _wake,
    (State.IDLE, Timer): _hello,
    (State.IDLE, Grown): _wake,
    (State.BACKOFF, Timer): _hello,
    (State.BACKOFF, Grown): _remember,
    (State.REFUSED, Timer): _hello,
    (State.REFUSED, Grown): _remember,
    **{(state, Stop): _stop for state in State},
}
"""Every pair of state and event that can meet; any other is a programming error."""

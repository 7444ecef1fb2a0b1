"""What a session does next: the moves that several events lead to.

Responsible for greeting, going on to the next duty, backing off and waiting to be let in again;
`session.py` and `refusals.py` say when. Rules: as for `session.py`, pure.
"""

from collections.abc import Callable, Mapping
from typing import Final, NamedTuple, TypeAlias

import msgspec

from sync.daemon import pace
from sync.daemon.events import (
    Action,
    Event,
    Failed,
    Failure,
    FetchKeys,
    Finish,
    LogReport,
    Notice,
    NoticeKind,
    PullFeed,
    SendHello,
    SendPart,
    State,
    Wait,
)
from sync.daemon.pace import Rung
from sync.daemon.progress import (
    HELLOS_BETWEEN_FULL,
    LogProgress,
    Session,
    missing_here,
    next_batch,
    next_fetch,
    replace_log,
)
from sync.protocol.custody import CustodyReason


class Step(NamedTuple):
    """The next session and what the shell does now."""

    session: Session
    actions: tuple[Action, ...]


Handler: TypeAlias = Callable[[Session, Event, float], Step]
Duty: TypeAlias = Callable[[Session, float], Step | None]

ASIDE_FAILURES: Final[Mapping[int, Failure]] = {
    CustodyReason.EXPIRED: Failure.EXPIRED,
    CustodyReason.REVOKED: Failure.REVOKED,
}
"""What a person is told when all that is left is set aside."""


def change(session: Session, **changes: object) -> Session:
    """The session with some fields changed."""
    return msgspec.structs.replace(session, **changes)


def sending_log(session: Session) -> LogProgress | None:
    """The log whose batch is in flight."""
    sent = session.sending
    return next((log for log in session.logs if sent and log.lid == sent.lid), None)


def notices(reports: tuple[LogReport, ...]) -> tuple[Action, ...]:
    """What a person must be told after a welcome."""
    found: list[Action] = []
    for report in reports:
        kinds = [kind for kind, holds in _ALARMS.items() if holds(report)]
        found += [Notice(kind, report.lid, report.own_size, report.city_size) for kind in kinds]
    return tuple(found)


_ALARMS: Final[Mapping[NoticeKind, Callable[[LogReport], bool]]] = {
    NoticeKind.FORK: lambda report: not report.agrees,
    NoticeKind.ROLLBACK: lambda report: report.agrees and report.city_size > report.own_size,
    NoticeKind.LOST_ARCHIVED: lambda report: report.city_size < report.archived,
}


def hello(session: Session) -> Step:
    """Greet: about every log now and then, else about those that are not finished."""
    full = session.hellos_since_full >= HELLOS_BETWEEN_FULL
    unfinished = [log.lid for log in session.logs if log.forked or log.applied < log.own_size]
    newest = [log.lid for log in session.logs[-1:] if log.lid not in unfinished]
    after = change(session, state=State.HELLO, sending=None, gathering=False, greeting_all=full)
    return Step(after, (SendHello(None if full else tuple(unfinished + newest)),))


def advance(session: Session, chance: float) -> Step:
    """The first duty that there is; the last ones are to wait."""
    free = change(session, sending=None, gathering=False)
    for duty in DUTIES:
        step = duty(free, chance)
        if step is not None:
            return step
    raise AssertionError("the last duty is always there")


def _drain(session: Session, chance: float) -> Step | None:
    batch = next_batch(session)
    if batch is None:
        return None
    return Step(change(session, state=State.DRAIN, sending=batch), (batch,))


def _learn_keys(session: Session, chance: float) -> Step | None:
    if not session.keys_due:
        return None
    return Step(change(session, state=State.KEYS, keys_due=False), (FetchKeys(),))


def _fetch_back(session: Session, chance: float) -> Step | None:
    fetch = next_fetch(session)
    return None if fetch is None else Step(change(session, state=State.RECOVER), (fetch,))


def _pull(session: Session, chance: float) -> Step | None:
    if not session.feeds_due:
        return None
    return Step(change(session, state=State.PULL), (PullFeed(),))


def _send_blobs(session: Session, chance: float) -> Step | None:
    if not session.blobs_due:
        return None
    return Step(change(session, state=State.BLOBS), (SendPart(),))


def _wait_for_admission(session: Session, chance: float) -> Step | None:
    """Everything left is set aside: only a person can change that."""
    if not any(log.aside > log.city_size and not log.forked for log in session.logs):
        return None
    return refuse(session, ASIDE_FAILURES.get(session.aside_reason, Failure.SET_ASIDE), chance)


def _wait_for_register(session: Session, chance: float) -> Step | None:
    if all(log.applied >= log.own_size for log in session.logs if not log.forked):
        return None
    wait = Wait(pace.applied_wait_s(session.applied_asks), listen=session.listens)
    after = calm(session)
    return Step(
        change(after, state=State.WAIT_APPLIED, applied_asks=session.applied_asks + 1), (wait,)
    )


def _ask_back_later(session: Session, chance: float) -> Step | None:
    """Own records lie at the city and did not come: a pause that counts from the last welcome."""
    if not session.fetches_failed or missing_here(session) is None:
        return None
    longest_s = pace.idle_s(session.limits, session.policy.hello_interval_s, chance)
    wait_s = min(longest_s, pace.backoff_s(session.fetches_failed, chance, session.limits))
    after = change(calm(session), state=State.IDLE, applied_asks=0)
    return Step(after, (Wait(wait_s, since_welcome=True, listen=session.listens),))


def _be_idle(session: Session, chance: float) -> Step:
    wait_s = pace.idle_s(session.limits, session.policy.hello_interval_s, chance)
    after = change(calm(session), state=State.IDLE, applied_asks=0)
    return Step(after, (Wait(wait_s, since_welcome=True, listen=session.listens),))


DUTIES: Final[tuple[Duty, ...]] = (
    _drain,
    _learn_keys,
    _fetch_back,
    _pull,
    _send_blobs,
    _wait_for_admission,
    _wait_for_register,
    _ask_back_later,
    _be_idle,
)
"""What a session owes, first things first; each unit of work ends with a new look from the top."""


def calm(session: Session) -> Session:
    """Nothing is wrong but a fork, which stays wrong until a person has seen to it."""
    failure = Failure.FORK if any(log.forked for log in session.logs) else None
    return change(session, failures=0, hellos_in_a_row=0, failure=failure)


def back_off(session: Session, failure: Failure, chance: float) -> Step:
    """Wait longer after every failure; after an outage never all stations at once."""
    failures = session.failures + 1
    slow = failure is Failure.TIMEOUT and session.state is State.DRAIN
    delay_s = pace.backoff_s(failures, chance, session.limits)
    if session.away_s >= pace.OUTAGE_S:
        delay_s = max(delay_s, pace.spread_s(session.policy.spread_s, chance))
    after = change(
        session,
        state=State.BACKOFF,
        sending=None,
        gathering=False,
        failures=failures,
        away_s=session.away_s + delay_s,
        failure=failure,
        hellos_in_a_row=0,
        throughput=session.throughput.timed_out() if slow else session.throughput,
    )
    return Step(after, (Wait(delay_s),))


def refuse(session: Session, failure: Failure, chance: float) -> Step:
    """The city knows us and says no: only a person can change that, so ask rarely."""
    after = change(
        session,
        state=State.REFUSED,
        sending=None,
        gathering=False,
        failures=session.failures + 1,
        failure=failure,
        hellos_in_a_row=0,
    )
    return Step(after, (Wait(session.limits.backoff_maximum_s * (0.5 + chance / 2.0)),))


def fetch_failed(session: Session) -> Session:
    """Own records did not come: everything else goes first, then they are asked for again."""
    return change(session, recover_due=False, fetches_failed=session.fetches_failed + 1)


def strike(session: Session, rung: Rung | None = None) -> Session:
    """Count a refusal against the log in flight, so that others go first."""
    log = sending_log(session)
    if log is None:
        return session
    logs = replace_log(session.logs, log.lid, strikes=log.strikes + 1, rung=rung or log.rung)
    return change(session, logs=logs)


def finish(session: Session, event: Event, chance: float) -> Step:
    """End from anywhere."""
    return Step(change(session, state=State.STOPPED, sending=None), (Finish(),))


def fails_as(failure: Failure) -> Handler:
    """A handler that backs off for this reason."""

    def fail(session: Session, event: Event, chance: float) -> Step:
        return back_off(session, failure, chance)

    return fail


def refused_for(failure: Failure) -> Handler:
    """A handler that waits to be let in."""

    def wait(session: Session, event: Event, chance: float) -> Step:
        return refuse(session, failure, chance)

    return wait


def failed(session: Session, event: Event, chance: float) -> Step:
    """No usable answer: back off."""
    assert isinstance(event, Failed)
    return back_off(session, event.failure, chance)

"""What follows when the city does not take what it was sent.

Responsible for the tables of refusals (unsigned, they only change when and how much is sent) and
of signed words of custody. Rules: nothing is ever dropped: a record that the city cannot read, by
its signed word and on every rung of the ladder, goes as its leaf alone, stays whole at the station,
and a person is told; a refusal that nobody signed can only make it wait. Pure.
"""

from collections.abc import Mapping
from typing import Final

from sync.daemon import pace
from sync.daemon.events import (
    OFFLINE_FAILURES,
    ChangeEncryptionKey,
    Event,
    Failed,
    Failure,
    FetchKeys,
    Notice,
    NoticeKind,
    Problem,
    Refusal,
    SetAside,
    State,
    Wait,
)
from sync.daemon.moves import (
    Handler,
    Step,
    advance,
    back_off,
    change,
    fails_as,
    fetch_failed,
    hello,
    refuse,
    refused_for,
    sending_log,
    strike,
)
from sync.daemon.pace import Rung, Trial
from sync.daemon.progress import Session, next_batch, replace_log
from sync.protocol.custody import CustodyReason

MAXIMUM_HELLOS_IN_A_ROW: Final = 3
"""Greetings in answer to refused batches before the session backs off."""

MAXIMUM_WITHHELD_IN_A_ROW: Final = 16
"""Records withheld while the city takes no whole one: then the city is at fault, not the records,
and the session waits instead of withholding everything."""


def greet_again(session: Session, event: Event, chance: float) -> Step:
    """The city sees the log otherwise: ask what it has, a few times, then let time pass."""
    if session.hellos_in_a_row >= MAXIMUM_HELLOS_IN_A_ROW:
        return back_off(strike(session), Failure.DISAGREEMENT, chance)
    return hello(change(session, hellos_in_a_row=session.hellos_in_a_row + 1))


def _fill_gap(session: Session, event: Event, chance: float) -> Step:
    """Perhaps the city wants what it had set aside: begin again where it ends."""
    return greet_again(change(session, probing=True), event, chance)


def _learn_keys(session: Session, event: Event, chance: float) -> Step:
    """The body is sealed for a key the city does not have: read its keyset, then greet."""
    after = change(session, state=State.KEYS, sending=None, greet_with_keys=True)
    return Step(after, (FetchKeys(),))


def keys_unchanged(session: Session, event: Event, chance: float) -> Step:
    """The keyset is the one we have: seal for another of its keys."""
    again = greet_again(change(session, greet_with_keys=False), event, chance)
    return Step(again.session, (ChangeEncryptionKey(), *again.actions))


def _step_down(session: Session, event: Event, chance: float) -> Step:
    """One rung down the ladder; to withhold a record takes a signed word that it is unreadable."""
    log, sent = sending_log(session), session.sending
    assert log is not None
    assert sent is not None
    if log.rung.trial is Trial.WITHHELD or session.withheld_in_a_row >= MAXIMUM_WITHHELD_IN_A_ROW:
        return _give_way(session, chance)
    rung = log.rung.down(sent.first, _refused_records(event))
    after = change(session, logs=replace_log(session.logs, log.lid, rung=rung))
    if rung.trial is not Trial.WITHHELD:
        return advance(after, chance)
    if not isinstance(event, SetAside):
        return _give_way(session, chance)
    withheld = change(after, withheld_in_a_row=session.withheld_in_a_row + 1)
    moved = advance(withheld, chance)
    told = Notice(NoticeKind.WITHHELD, log.lid, sent.first + 1, sent.first)
    return Step(moved.session, (told, *moved.actions))


def _refused_records(event: Event) -> int:
    assert isinstance(event, Problem | SetAside)
    return event.records


def _give_way(session: Session, chance: float) -> Step:
    """A record is not taken in any form: other logs go first, then time passes."""
    log = sending_log(session)
    assert log is not None
    struck = strike(session, Rung(1))
    other = next_batch(struck)
    strikes = {each.lid: each.strikes for each in struck.logs}
    if other is not None and strikes[other.lid] <= log.strikes:
        return advance(struck, chance)
    return back_off(struck, Failure.RECORD_REFUSED, chance)


def _cut_smaller(session: Session, event: Event, chance: float) -> Step:
    log = sending_log(session)
    records = _refused_records(event)
    if log is None or records <= 1:
        return _step_down(session, event, chance)
    logs = replace_log(session.logs, log.lid, rung=log.rung.smaller(records))
    return advance(change(session, logs=logs), chance)


def _send_plain(session: Session, event: Event, chance: float) -> Step:
    """Perhaps the city lacks the dictionary: the same records without it, once."""
    if not session.compressed:
        return refuse(session, Failure.UNSUPPORTED, chance)
    return advance(change(session, compressed=False), chance)


def _busy(session: Session, event: Event, chance: float) -> Step:
    assert isinstance(event, Problem)
    backed = back_off(session, Failure.BUSY, chance)
    if event.retry_after_s is None:
        return backed
    return Step(backed.session, (Wait(pace.retry_after_s(event.retry_after_s, chance)),))


BATCH_REFUSALS: Final[Mapping[Refusal, Handler]] = {
    **dict.fromkeys(Refusal, fails_as(Failure.CITY_ERROR)),
    Refusal.GAP: _fill_gap,
    Refusal.FORK: greet_again,
    Refusal.ROOT_MISMATCH: greet_again,
    Refusal.UNKNOWN_KEY: greet_again,
    Refusal.UNKNOWN_ENCRYPTION_KEY: _learn_keys,
    Refusal.REVOKED: refused_for(Failure.REVOKED),
    Refusal.TOO_LARGE: _cut_smaller,
    Refusal.MALFORMED: _step_down,
    Refusal.UNSUPPORTED: _send_plain,
    Refusal.BUSY: _busy,
    Refusal.STORAGE_FULL: fails_as(Failure.CITY_FULL),
    Refusal.NO_SESSION: greet_again,
}
"""What each refusal of a batch leads to."""

HELLO_REFUSALS: Final[Mapping[Refusal, Handler]] = {
    **dict.fromkeys(Refusal, fails_as(Failure.CITY_ERROR)),
    Refusal.UNKNOWN_KEY: refused_for(Failure.UNKNOWN_KEY),
    Refusal.REVOKED: refused_for(Failure.REVOKED),
    Refusal.UNSUPPORTED: refused_for(Failure.UNSUPPORTED),
    Refusal.BUSY: _busy,
    Refusal.STORAGE_FULL: fails_as(Failure.CITY_FULL),
}
"""What each refusal of a greeting leads to."""


def batch_refused(session: Session, event: Event, chance: float) -> Step:
    """An unsigned refusal of the batch in flight."""
    assert isinstance(event, Problem)
    return BATCH_REFUSALS[event.refusal](session, event, chance)


def hello_refused(session: Session, event: Event, chance: float) -> Step:
    """An unsigned refusal of the greeting."""
    assert isinstance(event, Problem)
    return HELLO_REFUSALS[event.refusal](session, event, chance)


def _stay_aside(session: Session, event: Event, chance: float) -> Step:
    """The bytes are in the city's quarantine: go on behind them, and tell a person."""
    assert isinstance(event, SetAside)
    log = sending_log(session)
    assert log is not None
    end = event.first + event.records
    logs = replace_log(session.logs, log.lid, aside=max(log.aside, end))
    after = change(session, logs=logs, probing=False, aside_reason=event.reason)
    moved = advance(after, chance)
    told = Notice(NoticeKind.ASIDE, log.lid, max(log.aside, end), log.city_size)
    return Step(moved.session, (told, *moved.actions))


CUSTODY: Final[Mapping[int, Handler]] = {
    CustodyReason.EXPIRED: _stay_aside,
    CustodyReason.REVOKED: _stay_aside,
    CustodyReason.FORK: greet_again,
    CustodyReason.UNREADABLE: _step_down,
}
"""What each reason to set bytes aside leads to; one of a newer city is treated like the first."""


def set_aside(session: Session, event: Event, chance: float) -> Step:
    """A signed word that the batch in flight is kept aside."""
    assert isinstance(event, SetAside)
    sent = session.sending
    if sent is None or (event.lid, event.first) != (sent.lid, sent.first) or event.records < 1:
        return back_off(session, Failure.FORGED, chance)
    return CUSTODY.get(event.reason, _stay_aside)(session, event, chance)


def side_failed(session: Session, event: Event, chance: float) -> Step:
    """Feeds, attachments and own records can wait: only a city that is away ends the session."""
    assert isinstance(event, Failed | Problem)
    if isinstance(event, Failed) and event.failure in OFFLINE_FAILURES:
        return back_off(session, event.failure, chance)
    refusal = event.refusal if isinstance(event, Problem) else None
    if refusal is Refusal.BUSY:
        return _busy(session, event, chance)
    if refusal is Refusal.NO_SESSION and session.hellos_in_a_row < MAXIMUM_HELLOS_IN_A_ROW:
        return greet_again(session, event, chance)
    if session.state is State.RECOVER:
        return advance(fetch_failed(session), chance)
    return advance(change(session, **{SIDE_DUTIES[session.state]: False}), chance)


def keys_failed(session: Session, event: Event, chance: float) -> Step:
    """Without the keyset we go on with the keys we have."""
    assert isinstance(event, Failed | Problem)
    away = isinstance(event, Failed) and event.failure in OFFLINE_FAILURES
    if session.greet_with_keys and not away:
        return keys_unchanged(session, event, chance)
    return side_failed(change(session, greet_with_keys=False), event, chance)


SIDE_DUTIES: Final[Mapping[State, str]] = {
    State.KEYS: "keys_due",
    State.PULL: "feeds_due",
    State.BLOBS: "blobs_due",
}
"""Each is left alone until the next welcome asks for it again; own records are not (moves)."""

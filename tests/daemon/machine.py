"""Sessions to begin a test with, and what a step must look like."""

from sync.daemon.events import (
    LANE_DOSSIERS,
    Action,
    FetchBack,
    FetchKeys,
    Finish,
    PullFeed,
    SendBatch,
    SendHello,
    SendPart,
    State,
    Wait,
)
from sync.daemon.progress import LogProgress, Session

LOG_A, LOG_B, LOG_C = b"a" * 16, b"b" * 16, b"c" * 16
LEADING = (SendHello, SendBatch, FetchKeys, FetchBack, PullFeed, SendPart, Wait, Finish)


def session_in(state: State) -> Session:
    sending = SendBatch(LOG_A, 2, 500, 65536, compressed=True) if state is State.DRAIN else None
    log = LogProgress(lid=LOG_A, own_size=5, city_size=2, applied=2)
    return Session(state=state, logs=(log,), sending=sending, probing=False)


def draining(*, own: int = 500, city: int = 0, other: int = 0) -> Session:
    logs = [LogProgress(lid=LOG_A, own_size=own, city_size=city)]
    if other:
        logs.append(LogProgress(lid=LOG_B, own_size=other))
    sending = SendBatch(LOG_A, city, 500, 65536, compressed=True)
    return Session(state=State.DRAIN, logs=tuple(logs), sending=sending, probing=False)


def idle(*logs: LogProgress, **changes: object) -> Session:
    fields: dict[str, object] = {"state": State.IDLE, "logs": logs, "probing": False, **changes}
    return Session(**fields)  # type: ignore[arg-type]


def held(lid: bytes, size: int, lane: int = LANE_DOSSIERS) -> LogProgress:
    """A log of which everything is at the city and entered."""
    return LogProgress(lid=lid, own_size=size, lane=lane, city_size=size, applied=size, heard=True)


def lead(actions: tuple[Action, ...]) -> Action:
    assert isinstance(actions[-1], LEADING)
    assert not any(isinstance(action, LEADING) for action in actions[:-1])
    return actions[-1]


def lead_batch(actions: tuple[Action, ...]) -> SendBatch:
    batch = lead(actions)
    assert isinstance(batch, SendBatch)
    return batch

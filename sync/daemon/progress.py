"""What a session remembers, and what follows from it.

Responsible for the memory of `session.py`: one entry per log, counters, and the question which
batch is next. Immutable values and pure functions; it must not know which event leads where.
"""

from typing import Final

import msgspec

from sync.daemon.events import Failure, LogReport, LogSize, SendBatch, State
from sync.daemon.pace import Limits, Rung, Throughput
from sync.protocol.limits import MAXIMUM_HELLO_LOGS

HELLOS_BETWEEN_FULL: Final = 96
"""Every so many greetings (a day of idle ones) all logs are compared, not only the open ones."""


class LogProgress(msgspec.Struct, frozen=True, kw_only=True):
    """What the session knows of one log."""

    lid: bytes
    own_size: int
    city_size: int = 0
    applied: int = 0
    forked: bool = False
    heard: bool = False
    """Whether the city has said anything of this log in this session."""
    rung: Rung = Rung()
    strikes: int = 0
    """Times the city would not take this log's next record; logs with fewer go first."""


class Session(msgspec.Struct, frozen=True, kw_only=True):
    """The whole memory of the machine."""

    limits: Limits = Limits()
    state: State = State.OFFLINE
    logs: tuple[LogProgress, ...] = ()
    sending: SendBatch | None = None
    greeting_all: bool = False
    """Whether the greeting under way names every log."""
    failure: Failure | None = None
    failures: int = 0
    hellos_in_a_row: int = 0
    hellos_since_full: int = HELLOS_BETWEEN_FULL
    applied_asks: int = 0
    throughput: Throughput = Throughput()
    compressed: bool = True


def next_batch(session: Session) -> SendBatch | None:
    """The batch to send now: the oldest log with anything the city lacks."""
    open_logs = [log for log in session.logs if not log.forked and log.city_size < log.own_size]
    if not open_logs:
        return None
    log = min(open_logs, key=lambda each: each.strikes)
    return SendBatch(
        lid=log.lid,
        first=log.city_size,
        maximum_records=log.rung.maximum_records,
        target_bytes=session.throughput.target_bytes(),
        compressed=session.compressed,
    )


def batch_after(session: Session, lid: bytes, reached: int) -> SendBatch | None:
    """The batch that will follow if the one in flight brings `lid` to `reached`."""
    logs = replace_log(session.logs, lid, city_size=reached)
    return next_batch(msgspec.structs.replace(session, logs=logs))


def unheard(session: Session) -> tuple[bytes, ...]:
    """Logs the city has not spoken of yet, as many of the newest as one greeting holds."""
    return tuple(log.lid for log in session.logs if not log.heard)[-MAXIMUM_HELLO_LOGS:]


def all_acknowledged(session: Session) -> bool:
    """Whether the city holds every record the station knows of."""
    return all(not log.forked and log.city_size >= log.own_size for log in session.logs)


def replace_log(
    logs: tuple[LogProgress, ...], lid: bytes, **changes: int | bool | Rung
) -> tuple[LogProgress, ...]:
    """`logs` with one of them changed."""
    return tuple(msgspec.structs.replace(log, **changes) if log.lid == lid else log for log in logs)


def merge_sizes(
    logs: tuple[LogProgress, ...], sizes: tuple[LogSize, ...]
) -> tuple[LogProgress, ...]:
    """What is known of the journal's logs, with the sizes it has now; new logs come last."""
    known = {log.lid: log for log in logs}
    for lid, size in sizes:
        if lid not in known:
            known[lid] = LogProgress(lid=lid, own_size=size)
        elif known[lid].own_size != size:
            known[lid] = msgspec.structs.replace(known[lid], own_size=size)
    return tuple(known.values())


def merge_report(log: LogProgress, report: LogReport) -> LogProgress:
    """What a verified welcome says replaces what was believed."""
    return msgspec.structs.replace(
        log,
        own_size=max(log.own_size, report.own_size),
        city_size=report.city_size,
        applied=report.applied,
        forked=not report.agrees,
        heard=True,
    )

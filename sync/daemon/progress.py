"""What a session remembers, and what follows from it.

Responsible for the memory of `session.py`: one entry per log, counters, and the question which
batch is next. Immutable values and pure functions; it must not know which event leads where.
"""

from typing import Final

import msgspec

from sync.daemon import pace
from sync.daemon.events import (
    LANE_DOSSIERS,
    LANE_URGENT,
    Failure,
    FetchBack,
    LogReport,
    LogSize,
    Policy,
    SendBatch,
    State,
)
from sync.daemon.pace import Limits, Rung, Throughput, Trial
from sync.protocol.limits import MAXIMUM_HELLO_LOGS

HELLOS_BETWEEN_FULL: Final = 96
"""Every so many greetings (a day of idle ones) all logs are compared, not only the open ones."""

ENVELOPE_BYTES: Final = 8 << 10
"""What a batch may be larger than its records, generously."""


class LogProgress(msgspec.Struct, frozen=True, kw_only=True):
    """What the session knows of one log."""

    lid: bytes
    own_size: int
    lane: int = LANE_DOSSIERS
    city_size: int = 0
    applied: int = 0
    forked: bool = False
    heard: bool = False
    """Whether the city has said anything of this log in this session."""
    aside: int = 0
    """Records below this were sent, and the city keeps them aside without a receipt."""
    recovered: int = 0
    """Own records below this that only the city had are in sync.db."""
    rung: Rung = Rung()
    strikes: int = 0
    """Times the city would not take this log's next record; logs with fewer go first."""


class Session(msgspec.Struct, frozen=True, kw_only=True):
    """The whole memory of the machine."""

    limits: Limits = Limits()
    policy: Policy = Policy()
    state: State = State.OFFLINE
    logs: tuple[LogProgress, ...] = ()
    sending: SendBatch | None = None
    greeting_all: bool = False
    """Whether the greeting under way names every log."""
    failure: Failure | None = None
    failures: int = 0
    away_s: float = 0.0
    """Time waited since the city was last heard."""
    hellos_in_a_row: int = 0
    hellos_since_full: int = HELLOS_BETWEEN_FULL
    applied_asks: int = 0
    withheld_in_a_row: int = 0
    """Records withheld since the city last took a whole one."""
    probing: bool = True
    """Whether the next batch asks if the city still sets everything aside."""
    aside_reason: int = 0
    throughput: Throughput = Throughput()
    shrink: float = 1.0
    """Bytes of an envelope for each plain byte, as last seen."""

    record_bytes: float = pace.RECORD_BYTES
    compressed: bool = True
    gathering: bool = False
    """Whether new records wait for company."""
    keys_due: bool = False
    greet_with_keys: bool = False
    recover_due: bool = False
    fetches_failed: int = 0
    """Questions for own records in a row that brought none."""
    feeds_due: bool = False
    blobs_due: bool = False
    reads_feeds: bool = False
    """Whether this station reads feeds at all."""
    listens: bool = False
    """Whether the city has feeds to listen to."""


def next_batch(session: Session) -> SendBatch | None:
    """The batch to send now: the most urgent lane, in it the oldest log the city lacks."""
    logs = [log for log in session.logs if _first(session, log) < log.own_size and not log.forked]
    if not logs:
        return None
    log = min(logs, key=lambda each: (each.strikes, each.lane))
    rung = log.rung
    withheld = rung.trial is Trial.WITHHELD
    return SendBatch(
        lid=log.lid,
        first=_first(session, log),
        maximum_records=1 if withheld else rung.maximum_records,
        target_bytes=target_bytes(session),
        compressed=session.compressed and rung.trial not in pace.UNCOMPRESSED,
        withheld=withheld,
        dense=session.throughput.dense or session.limits.metered,
    )


def _first(session: Session, log: LogProgress) -> int:
    """Where sending goes on: where the city ends, or behind what it has set aside."""
    return log.city_size if session.probing else max(log.city_size, log.aside)


def target_bytes(session: Session) -> int:
    """Plain bytes of a batch on this line; its envelope stays within what the city wishes."""
    wished = session.policy.maximum_batch_bytes
    most = session.throughput.target_bytes()
    if wished is None:
        return most
    within = int((wished - ENVELOPE_BYTES) / (session.shrink if session.compressed else 1.0))
    return min(most, max(pace.BATCH_MINIMUM_BYTES, within))


def batch_after(session: Session, lid: bytes, reached: int) -> SendBatch | None:
    """The batch that will follow if the one in flight brings `lid` to `reached`."""
    logs = replace_log(session.logs, lid, city_size=reached)
    return next_batch(msgspec.structs.replace(session, logs=logs))


def next_fetch(session: Session) -> FetchBack | None:
    """The next own records to ask for now."""
    return missing_here(session) if session.recover_due else None


def missing_here(session: Session) -> FetchBack | None:
    """Own records that only the city has."""
    for log in session.logs:
        have = max(log.own_size, log.recovered)
        if log.heard and not log.forked and have < log.city_size:
            return FetchBack(log.lid, have, log.own_size, log.city_size)
    return None


def gather_s(session: Session) -> float:
    """How long what is unsent may wait for company; 0 when it is enough or urgent."""
    unsent = [log for log in session.logs if _first(session, log) < log.own_size]
    records = sum(log.own_size - _first(session, log) for log in unsent)
    if records * session.record_bytes >= target_bytes(session):
        return 0.0
    metered = session.limits.metered
    return min((pace.gather_s(log.lane, metered=metered) for log in unsent), default=0.0)


def urgent(session: Session) -> bool:
    """Whether a record of lane 0 waits."""
    return any(
        log.lane == LANE_URGENT and log.city_size < log.own_size and not log.forked
        for log in session.logs
    )


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
    """What is known of the journal's logs, with the sizes it has now; new logs come last.

    A log that the journal names no more was abandoned after a fork: it is not sent again. No sizes
    at all mean that the journal could not be read.
    """
    if not sizes:
        return logs
    known = {log.lid: log for log in logs}
    merged = []
    for lid, size, lane in sizes:
        log = known.pop(lid, None) or LogProgress(lid=lid, own_size=size, lane=lane)
        if (log.own_size, log.lane) != (size, lane):
            log = msgspec.structs.replace(log, own_size=size, lane=lane)
        merged.append(log)
    return (*(log for log in known.values() if not log.own_size), *merged)


def merge_reports(
    logs: tuple[LogProgress, ...], reports: tuple[LogReport, ...]
) -> tuple[LogProgress, ...]:
    """What a verified welcome says, log by log; first those that only the city knows."""
    by_lid = {report.lid: report for report in reports}
    known = {log.lid for log in logs}
    found = tuple(
        LogProgress(lid=report.lid, own_size=report.own_size)
        for report in reports
        if report.lid not in known
    )
    return tuple(
        _merge_report(log, by_lid[log.lid]) if log.lid in by_lid else log for log in (*found, *logs)
    )


def _merge_report(log: LogProgress, report: LogReport) -> LogProgress:
    """What a verified welcome says replaces what was believed."""
    return msgspec.structs.replace(
        log,
        own_size=max(log.own_size, report.own_size),
        city_size=report.city_size,
        # Beyond what is here it says nothing of us: a log set back that grows again is asked about.
        applied=min(report.applied, report.own_size),
        forked=not report.agrees,
        heard=True,
        aside=report.aside if report.aside > report.city_size else 0,
        recovered=report.recovered,
    )

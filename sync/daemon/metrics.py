"""Figures for Prometheus, as a file: the daemon listens on nothing.

Responsible for the names and meanings of the figures and for replacing the file whole
(`metrics.prom` beside sync.db, in the form of the node exporter's textfile collector). No figure
names a person, a dossier or a log. It must not decide anything.
"""

import asyncio
import contextlib
import sqlite3
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Final, NamedTuple

from prometheus_client import CollectorRegistry, Gauge, write_to_textfile

from sync.daemon.clock import QUALITY_FREE_RUNNING, QUALITY_WRONG, Clock
from sync.daemon.events import State
from sync.daemon.figures import SyncFigures
from sync.daemon.mailbox import DAY_MS, Mailbox
from sync.daemon.progress import Session
from sync.database import DatabaseError, open_reader
from sync.journal import backlog
from sync.journal.backlog import Outbox
from sync.journal.withheld import withheld_here

METRICS_NAME: Final = "metrics.prom"
INTERVAL_S: Final = 15.0

QUALITY_CITY: Final = 3
LANE_NAMES: Final = ("urgent", "dossiers", "bulk")


class Figures(NamedTuple):
    """Everything the file says; `outbox` by lane, times in ms."""

    sync: SyncFigures
    outbox: Mapping[int, Outbox]
    withheld: int
    blobs: int
    state: str
    failures: int
    wall_ms: int
    boot_id: bytes
    plausible: bool

    @property
    def clock_quality(self) -> int:
        """0 wrong, 1 free running, 3 the city's signed time was heard in this boot."""
        if self.sync.heard_boot == self.boot_id:
            return QUALITY_CITY
        return QUALITY_FREE_RUNNING if self.plausible else QUALITY_WRONG


_Value = float | Mapping[str, float] | None


def values(figures: Figures) -> dict[str, tuple[str, str, _Value]]:
    """Name → what it means, its label ("" for none), its value or values; None is left out."""
    sync = figures.sync
    lanes = {name: figures.outbox.get(lane) for lane, name in enumerate(LANE_NAMES)}
    oldest = [box.oldest_wall_ms for box in figures.outbox.values() if box.oldest_wall_ms]
    sent = {name: float(box.records) if box else 0.0 for name, box in lanes.items()}
    waiting = {name: float(box.plain_bytes) if box else 0.0 for name, box in lanes.items()}
    return {
        "outbox_records": ("records the city does not hold yet", "lane", sent),
        "outbox_bytes": ("their size, from a sample", "lane", waiting),
        "oldest_unsent_age_seconds": (
            "age of the oldest of them, by the station's clock",
            "",
            _age_s(figures, min(oldest)) if oldest else 0.0,
        ),
        "last_receipt_age_seconds": (
            "since the last receipt, by the station's clock",
            "",
            _age_s(figures, sync.last_receipt_wall_ms),
        ),
        "unarchived_records": ("acknowledged, not yet in a verified backup", "", sync.unarchived),
        "aside_records": ("kept aside by the city without a receipt", "", sync.aside),
        "withheld_records": (
            "records it has the leaf of and cannot read: at the station alone, beside the outbox",
            "",
            figures.withheld,
        ),
        "record_statuses": ("records not simply entered", "code", sync.statuses),
        "log_notices": ("logs with something to tell a person", "kind", sync.notices),
        "blob_backlog": ("attachments without a receipt", "", figures.blobs - sync.blobs_held),
        "blobs_wanted": ("attachments the city asks for", "", sync.blobs_wanted),
        "clock_quality": (
            "0 wrong, 1 free running, 3 city time in this boot",
            "",
            figures.clock_quality,
        ),
        "clock_offset_seconds": ("city time minus ours when last heard", "", _offset_s(sync)),
        "failures_in_a_row": ("exchanges failed since the city was heard", "", figures.failures),
        "sent_bytes_today": ("bytes of requests, UTC day", "", sync.sent_today),
        "received_bytes_today": ("bytes of answers, UTC day", "", sync.received_today),
        "sent_records_total": ("records sent and receipted", "", sync.sent_records),
        "state": (
            "1 for the state the session is in",
            "state",
            {str(state): float(state == figures.state) for state in State},
        ),
    }


def write(path: Path, figures: Figures) -> None:
    """Replace the file. Raises OSError."""
    registry = CollectorRegistry()
    for name, (meaning, label, value) in values(figures).items():
        if value is None:
            continue
        gauge = Gauge(f"edge_sync_{name}", meaning, [label] if label else [], registry=registry)
        if isinstance(value, Mapping):
            for case, number in value.items():
                gauge.labels(case).set(number)
        else:
            gauge.set(value)
    write_to_textfile(str(path), registry)


async def keep_writing(
    paths: tuple[Path, Path], mailbox: Mailbox, session: Callable[[], Session], clock: Clock
) -> None:
    """Write now and every `INTERVAL_S`; `paths` are the file to write and node.db.

    What cannot be read or written now is left for the next time.
    """
    target, node_database = paths
    while True:
        with contextlib.suppress(DatabaseError, OSError, sqlite3.Error):
            write(target, await _gather(node_database, mailbox, session(), clock))
        await asyncio.sleep(INTERVAL_S)


async def _gather(node_database: Path, mailbox: Mailbox, session: Session, clock: Clock) -> Figures:
    reading = clock.read()
    sync = await mailbox.figures(max(0, reading.wall_ms) // DAY_MS)
    async with open_reader(node_database) as reader:
        outbox = await reader.query(lambda connection: backlog.outbox(connection, sync.acked))
        withheld = await reader.query(
            lambda connection: len(withheld_here(connection, sync.withheld))
        )
        blobs = await reader.query(backlog.attachments)
    return Figures(
        sync=sync,
        outbox=outbox,
        withheld=withheld,
        blobs=blobs,
        state=str(session.state),
        failures=session.failures,
        wall_ms=reading.wall_ms,
        boot_id=clock.boot_id,
        plausible=reading.plausible,
    )


def _age_s(figures: Figures, wall_ms: int | None) -> float | None:
    return None if wall_ms is None else max(0, figures.wall_ms - wall_ms) / 1000.0


def _offset_s(sync: SyncFigures) -> float | None:
    if sync.city_time_ms is None or sync.last_success_wall_ms is None:
        return None
    return (sync.city_time_ms - sync.last_success_wall_ms) / 1000.0

"""What the station puts on a stick for the city.

Responsible for which bytes go out: everything the city has not acknowledged, urgent logs first,
then the attachments it has not taken. Rules: the bytes are those of the network; writing them
marks nothing as sent; what lies there already is not written again, what the city has by now is
taken away. It reads both databases and writes neither. It must not know what a stick is beyond
`Medium`.
"""

import asyncio
import sqlite3
from collections.abc import Callable
from pathlib import Path
from typing import Final, NamedTuple

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from sync.daemon.assemble import Assembler
from sync.daemon.blobs import blob_header
from sync.daemon.clock import Clock, sealing_time
from sync.daemon.events import LogSize, SendBatch
from sync.database import Reader
from sync.journal import blobs
from sync.journal.blobs import Blob, path_of
from sync.protocol.blob import sign_blob
from sync.protocol.handshake import Hello, sign_hello
from sync.protocol.limits import MAXIMUM_BATCH_RECORDS, NONCE_BYTES
from sync.protocol.session_extras import FeedHead
from sync.stick import layout
from sync.stick.layout import Direction, Place
from sync.stick.medium import Medium
from sync.stick.report import Report

TARGET_BYTES: Final = 512 << 10
"""Plain bytes of a batch on a stick: large, since nothing is lost when a transfer breaks."""


class Exporter(NamedTuple):
    """Who writes: both databases read-only (sync.db once there is one), batches and keys."""

    node: Reader
    sync: Reader | None
    assembler: Assembler
    clock: Clock
    node_id: bytes
    station: int
    signing_key: Ed25519PrivateKey
    node_database: Path
    entropy: Callable[[int], bytes]


class Exported(NamedTuple):
    """What lies on the stick for the city now."""

    records: int
    attachments: int
    written_bytes: int


class _Progress:
    def __init__(self, total: int, report: Report) -> None:
        self.done, self.total, self._report = 0, total, report

    async def add(self, count: int) -> None:
        self.done += count
        await self._report(self.done, self.total)


class _Known(NamedTuple):
    """What the city has said."""

    acked: dict[bytes, int]
    receipted: set[bytes]
    feeds: tuple[FeedHead, ...]


_NOTHING_KNOWN: Final = _Known({}, set(), ())


async def export_to(medium: Medium, exporter: Exporter, report: Report) -> Exported:
    """Write everything that waits. Raises StickError; what is whole by then stays."""
    known = await exporter.sync.query(_known) if exporter.sync is not None else _NOTHING_KNOWN
    logs = await _waiting(exporter, known)
    attachments = await _attachments(exporter, known)
    waiting_records = sum(log.size - known.acked.get(log.lid, 0) for log in logs)
    progress = _Progress(waiting_records + len(attachments), report)
    folder = layout.station_folder(exporter.node_id)
    await progress.add(0)
    await asyncio.to_thread(_tidy, medium, folder, known)
    written = await _write_hello(medium, exporter, known)
    for log in logs:
        written += await _write_log(medium, exporter, log, (known, progress))
    for blob in attachments:
        written += await asyncio.to_thread(_write_attachment, medium, exporter, blob)
        await progress.add(1)
    return Exported(waiting_records, len(attachments), written)


def _known(connection: sqlite3.Connection) -> _Known:
    acked = dict(connection.execute("SELECT lid, acked FROM log_state").fetchall())
    taken = connection.execute("SELECT digest FROM blob_state WHERE receipt IS NOT NULL")
    heads = connection.execute("SELECT fid, size, root FROM feed ORDER BY feed, fid")
    return _Known(acked, {row[0] for row in taken}, tuple(FeedHead(*row) for row in heads))


async def _waiting(exporter: Exporter, known: _Known) -> list[LogSize]:
    """Logs with records the city has not acknowledged, urgent ones first, oldest first."""
    logs = [
        log for log in await exporter.assembler.sizes() if known.acked.get(log.lid, 0) < log.size
    ]
    return sorted(logs, key=lambda log: log.lane)


async def _attachments(exporter: Exporter, known: _Known) -> list[Blob]:
    found = await exporter.node.query(blobs.in_sending_order)
    return [blob for blob in found if blob.digest not in known.receipted]


async def _write_hello(medium: Medium, exporter: Exporter, known: _Known) -> int:
    hello = Hello(
        node_id=exporter.node_id,
        station=exporter.station,
        nonce=exporter.entropy(NONCE_BYTES),
        logs=tuple(await exporter.assembler.log_heads(None)),
        sent_at=sealing_time(exporter.clock),
        feeds=known.feeds,
    )
    message = sign_hello(hello, exporter.signing_key)
    place = _place(exporter, layout.HELLO_NAME)
    await asyncio.to_thread(medium.write, place, message)
    return len(message)


async def _write_log(
    medium: Medium, exporter: Exporter, log: LogSize, beside: tuple[_Known, _Progress]
) -> int:
    known, progress = beside
    first, written = known.acked.get(log.lid, 0), 0
    there = {found.place.name for found in medium.files(*_where(exporter))}
    while first < log.size:
        order = SendBatch(
            log.lid, first, MAXIMUM_BATCH_RECORDS, TARGET_BYTES, compressed=True, dense=True
        )
        batch = await exporter.assembler.build(order)
        exporter.assembler.release(batch)
        name = layout.batch_name(log.lid, first, batch.records)
        if name not in there:
            await asyncio.to_thread(medium.write, _place(exporter, name), batch.data)
            written += len(batch.data)
        first = batch.end
        await progress.add(batch.records)
    return written


def _write_attachment(medium: Medium, exporter: Exporter, blob: Blob) -> int:
    name = layout.attachment_name(blob.digest)
    if name in {found.place.name for found in medium.files(*_where(exporter))}:
        return 0
    cipher = path_of(exporter.node_database, blob.digest).read_bytes()
    header = sign_blob(blob_header(exporter.node_id, blob), exporter.signing_key)
    medium.write(_place(exporter, name), header + cipher)
    return len(header) + len(cipher)


def _tidy(medium: Medium, folder: str, known: _Known) -> None:
    """Take away what the city has acknowledged since it was written."""
    acked = {layout.short_id(lid): size for lid, size in known.acked.items()}
    taken = {layout.attachment_name(digest) for digest in known.receipted}
    for found in medium.files(Direction.OUT, folder):
        said = layout.read_range(found.place.name)
        held = said is not None and said.first + said.entries <= acked.get(said.short_id, 0)
        if held or found.place.name in taken:
            medium.remove(found.place)


def _where(exporter: Exporter) -> tuple[Direction, str]:
    return Direction.OUT, layout.station_folder(exporter.node_id)


def _place(exporter: Exporter, name: str) -> Place:
    return Place(*_where(exporter), name)

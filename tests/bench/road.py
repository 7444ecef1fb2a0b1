"""Sync of a backlog: the real daemon and the real city, beside one POST per record.

Both sides move the same records over TLS on loopback, durable at the far end before the answer.
The daemon is up and idle; the clock runs from the commit that makes the backlog to the receipt
that covers its last record. The peer sends a sample of the same records, since it needs minutes
for all of them; rates are compared, not times.
"""

import asyncio
import json
import os
import sqlite3
import ssl
import subprocess
import sys
import time
from importlib.resources import files
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import NamedTuple

import aiohttp
import psutil
from rich.console import Console
from rich.table import Table

from edge_node.demo.layout import Layout, prepare
from edge_node.domain.codes import epoch_tag
from sync.database import Reader, Writer, open_reader, open_writer
from sync.journal import backlog
from sync.journal.journal import Journal, JournalEvent, Run
from sync.protocol.record import RecordTime
from tests.bench import servers
from tests.journeys.station_day import free_port_base
from tests.usecases.samples import APPLICANT

PEER_RECORDS = 1_500
TIMEOUT_S = 300.0
POLL_S = 0.01
GOAL = 25.0
KINDS = {"dossier.submitted": 16, "dossier.received": 17, "ticket.called": 33, "ticket.closed": 34}
OWNERS = {"journal": files("sync.journal") / "migrations"}


class Figures(NamedTuple):
    """What one side needed."""

    records: int
    seconds: float
    bytes_per_record: float
    near_cpu_s: float
    far_cpu_s: float

    @property
    def rate(self) -> float:
        """Records per second."""
        return self.records / self.seconds


def measure(console: Console, dossiers: int) -> None:
    """Print both sides and their ratio."""
    with TemporaryDirectory(prefix="bench-road-") as name:
        ours = asyncio.run(_ours(Path(name), dossiers))
    with TemporaryDirectory(prefix="bench-road-") as name:
        peer = asyncio.run(_peer(Path(name)))
    table = Table(title=f"Sync of {dossiers:,} dossiers' events ({ours.records:,} records)")
    for title in ("road", "records/s", "bytes/record", "CPU µs/record station + city"):
        table.add_column(title, justify="right")
    for title, one in (("this road", ours), ("one POST a record", peer)):
        table.add_row(
            title,
            f"{one.rate:,.0f}",
            f"{one.bytes_per_record:,.0f}",
            f"{one.near_cpu_s / one.records * 1e6:,.0f} + {one.far_cpu_s / one.records * 1e6:,.0f}",
        )
    console.print(table)
    console.print(f"this road ÷ one POST a record: {ours.rate / peer.rate:.1f} (goal ≥ {GOAL})")


async def _ours(folder: Path, dossiers: int) -> Figures:
    layout = Layout(folder, free_port_base())
    prepare(layout)
    _point_daemon_at_city(layout)
    city = ["-m", "sync.city", "serve", "--config", str(layout.city_config)]
    node = ["-m", "edge_node", "serve", "--config", str(layout.node_config)]
    with servers.process(city) as city_pid:
        with servers.process(node):
            _enrol(layout)
        daemon = ["-m", "sync.daemon", "run", "--config", str(layout.sync_config)]
        with servers.process(daemon) as daemon_pid:
            return await _fill_and_wait(layout, dossiers, daemon_pid, city_pid)


async def _fill_and_wait(layout: Layout, dossiers: int, daemon_pid: int, city_pid: int) -> Figures:
    path = layout.state / "node" / "node.db"
    near, far = psutil.Process(daemon_pid), psutil.Process(city_pid)
    async with open_writer(path, OWNERS) as writer:
        journal = Journal(
            Run("26560", bytes(8), "bench", "bench"), entropy=os.urandom, tag_of=epoch_tag
        )
        writer.join(journal)
        await writer.transact(lambda c: _append(c, journal, 1))
        async with open_reader(layout.state / "sync" / "sync.db") as said:
            await _until_held(writer, said)
            sent_before = await said.query(_sent)
            near_before, far_before = _cpu(near), _cpu(far)
            await writer.transact(lambda c: _append(c, journal, dossiers, first=1))
            begun = time.perf_counter()
            await _until_held(writer, said)
            seconds = time.perf_counter() - begun
            sent = await said.query(_sent)
    records = sent[0] - sent_before[0]
    return Figures(
        records=records,
        seconds=seconds,
        bytes_per_record=(sent[1] - sent_before[1]) / records,
        near_cpu_s=_cpu(near) - near_before,
        far_cpu_s=_cpu(far) - far_before,
    )


async def _until_held(writer: Writer, said: Reader) -> None:
    """Wait until a receipt covers every record."""
    heads = await writer.transact(backlog.heads)
    async with asyncio.timeout(TIMEOUT_S):
        while True:
            acked = await said.query(_acked)
            if all(acked.get(head.lid, 0) >= head.size for head in heads):
                return
            await asyncio.sleep(POLL_S)


def _acked(connection: sqlite3.Connection) -> dict[bytes, int]:
    return dict(connection.execute("SELECT lid, acked FROM log_state").fetchall())


def _sent(connection: sqlite3.Connection) -> tuple[int, int]:
    row = connection.execute("SELECT sent_records, sent_bytes FROM contact").fetchone()
    return int(row[0]), int(row[1])


def _cpu(process: psutil.Process) -> float:
    times = process.cpu_times()
    return float(times.user + times.system)


def _append(
    connection: sqlite3.Connection, journal: Journal, dossiers: int, first: int = 0
) -> None:
    """The events of whole dossiers: submitted, called, received, closed."""
    moment = RecordTime(1, int(time.time() * 1000), 2)  # noqa: TID251 - a bench reads the clock
    for number in range(first, first + dossiers):
        subject = os.urandom(16)
        for version, (kind, body) in enumerate(_bodies(number, subject.hex()), start=1):
            event = JournalEvent(os.urandom(16), KINDS[kind], subject, version, body)
            journal.append(connection, event, moment)


def _bodies(number: int, dossier_id: str) -> list[tuple[str, bytes]]:
    events: list[dict[str, object]] = [
        _submitted(number, dossier_id),
        _ticket(number, "ticket.called", calls=1, called_at=_at(9, number, 10)),
        {
            "type": "dossier.received",
            "dossier_no": _numbered(number),
            "state": "received",
            "officer": "can-bo-1",
            "counter": "1",
            "documents": [{"id": "ct01", "have": True}],
            "shortage_reason": "",
            "received_at": _at(9, number, 50),
            "due_at": "2026-11-26T09:00+07:00",
        },
        _ticket(number, "ticket.closed", outcome="served", closed_at=_at(9, number, 59)),
    ]
    return [
        (str(event["type"]), json.dumps(event, ensure_ascii=False, separators=(",", ":")).encode())
        for event in events
    ]


def _submitted(number: int, dossier_id: str) -> dict[str, object]:
    """What a kiosk hands in, different enough from its neighbours to compress honestly."""
    return {
        "type": "dossier.submitted",
        "dossier_no": _numbered(number),
        "dossier_id": dossier_id,
        "procedure_id": "res-temporary",
        "catalogue": "2026.11.1",
        "channel": "kiosk",
        "ticket": f"A{number % 999:03d}",
        "applicant": {
            **APPLICANT,
            "full_name": f"Nguyễn Thị Mẫu {number % 977}",
            "id_number": f"0791900{number % 100_000:05d}",
            "address": f"{number % 499}/{number % 37} Đường Ví Dụ {number % 53}, Phường Bà Rịa",
            "phone": f"09{number * 7919 % 100_000_000:08d}",
        },
        "identity_level": "qr_printed",
        "answers": {
            "new_address": f"{number % 311} Hẻm Mẫu, Phường Tam Thắng",
            "duration": "12",
            "relation": "tenant",
            "owner_agrees": True,
        },
        "documents": [{"id": "ct01", "have": True}, {"id": "dwelling", "have": False}],
        "missing": ["answer:household_head"],
        "saved_at": _at(8, number, 30),
    }


def _ticket(number: int, kind: str, **facts: object) -> dict[str, object]:
    ticket = f"A{number % 999:03d}"
    return {"type": kind, "ticket": ticket, "day": "2026-11-22", "counter": "1", **facts}


def _numbered(number: int) -> str:
    return f"T26560-0000-{number:05d}-0"


def _at(hour: int, number: int, second: int) -> str:
    return f"2026-11-22T{hour:02d}:{number % 60:02d}:{second:02d}+07:00"


def _point_daemon_at_city(layout: Layout) -> None:
    text = layout.sync_config.read_text()
    straight = text.replace(layout.url(layout.ports.line), layout.url(layout.ports.city))
    layout.sync_config.write_text(f"{straight}poll_s = 0.1\n")


def _enrol(layout: Layout) -> None:
    request = layout.state / "request.cbor"
    for arguments in (
        ["sync.daemon", "identity", "--config", layout.sync_config, "--output", request],
        [
            *("sync.city", "enrol", "--config", layout.city_config),
            *("--request", request, "--output", layout.enrolment),
        ],
    ):
        subprocess.run([sys.executable, "-m", *map(str, arguments)], check=True)


async def _peer(folder: Path) -> Figures:
    """The same records, one POST each over one kept connection, one commit each."""
    rows = [body for n in range(PEER_RECORDS) for _, body in _bodies(n, "0" * 32)][:PEER_RECORDS]
    port = servers.free_port()
    authority = _peer_certificate(folder)
    arguments = ["-m", "tests.bench.peers", "rows", str(port), str(folder)]
    with servers.process(arguments) as pid:
        far, near = psutil.Process(pid), psutil.Process()
        context = ssl.create_default_context(cafile=str(authority))
        connector = aiohttp.TCPConnector(ssl=context, limit=1)
        async with aiohttp.ClientSession(connector=connector) as session:
            url = f"https://127.0.0.1:{port}/api/v1/dossiers"
            await _post(session, url, "warm", rows[0])
            near_before, far_before = _cpu(near), _cpu(far)
            begun = time.perf_counter()
            for number, body in enumerate(rows):
                await _post(session, url, str(number), body)
            seconds = time.perf_counter() - begun
        return Figures(
            records=len(rows),
            seconds=seconds,
            bytes_per_record=sum(map(len, rows)) / len(rows),
            near_cpu_s=_cpu(near) - near_before,
            far_cpu_s=_cpu(far) - far_before,
        )


async def _post(session: aiohttp.ClientSession, url: str, key: str, body: bytes) -> None:
    async with session.post(url, data=body, headers={"Idempotency-Key": key}) as answer:
        if answer.status != 201:
            raise RuntimeError(f"the peer answered {answer.status}")
        await answer.read()


def _peer_certificate(folder: Path) -> Path:
    from datetime import UTC, datetime  # noqa: PLC0415

    from sync.certificates import ensure_tls  # noqa: PLC0415

    now = datetime.fromtimestamp(time.time(), UTC)  # noqa: TID251 - a bench reads the clock
    return ensure_tls(folder / "tls", "peer", ["127.0.0.1"], now=now).authority

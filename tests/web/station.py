"""A real station on a real SQLite file, with a clock the test moves and officers it knows."""

import contextlib
import secrets
from collections.abc import AsyncIterator
from datetime import datetime, timedelta
from importlib.resources import files
from pathlib import Path

from aiohttp import web

from edge_node.data import read_release
from edge_node.domain.catalogue import read_catalogue
from edge_node.domain.codes import epoch_tag
from edge_node.domain.units import read_units
from edge_node.domain.working_calendar import read_calendar
from edge_node.health.runner import HealthReport
from edge_node.store.blobs import Vault
from edge_node.store.city import CityView
from edge_node.store.tickets import TicketNumbers
from edge_node.store.unit_of_work import Store
from edge_node.usecases.officers import hash_pin
from edge_node.usecases.scans import ScanDesk
from edge_node.usecases.station import Officer, Station
from edge_node.web.app import create_app
from edge_node.web.voice.desk import Voice
from hardware.clock import VIETNAM
from hardware.ports import ClockReading
from sync.database import open_reader, open_writer
from sync.journal.journal import Journal, Run, ensure_identity

CODE = "26560"
PIN = "246810"
START = datetime(2026, 11, 23, 8, 42, tzinfo=VIETNAM)
SCAN = "079190000017|270000017|NGUYỄN THỊ MẪU|05031990|Nữ|12/3 Đường Ví Dụ, Phường Bà Rịa|10052021"


class TestClock:
    """A clock that stands still until the test moves it."""

    __test__ = False

    def __init__(self) -> None:
        self.boot_id = bytes(8)
        self._now = START

    def read(self) -> ClockReading:
        wall_ms = int(self._now.timestamp() * 1000)
        return ClockReading(wall_ms - 1_790_000_000_000, wall_ms, 2)

    def now(self) -> datetime:
        return self._now

    def advance(self, seconds: int) -> None:
        self._now += timedelta(seconds=seconds)


@contextlib.asynccontextmanager
async def open_station(folder: Path, clock: TestClock) -> AsyncIterator[Station]:
    """The station whose files lie in ``folder``; opening it again is a restart."""
    release = read_release()
    owners = {
        "journal": files("sync.journal") / "migrations",
        "node": files("edge_node.store") / "migrations",
    }
    async with contextlib.AsyncExitStack() as stack:
        path = folder / "node.db"
        writer = await stack.enter_async_context(open_writer(path, owners, work_in_loop=True))
        reader = await stack.enter_async_context(open_reader(path))
        run = Run(CODE, clock.boot_id, "test", "ward-edge-node test")
        await writer.transact(
            lambda connection: ensure_identity(connection, run, secrets.token_bytes)
        )
        journal = Journal(run, entropy=secrets.token_bytes, tag_of=epoch_tag)
        numbers = TicketNumbers()
        writer.join(journal, numbers)
        yield Station(
            code=CODE,
            name_vi="Công an phường Bà Rịa",
            name_en="Bà Rịa Ward Police",
            place="Phường Bà Rịa",
            catalogue=read_catalogue(release),
            calendar=read_calendar(release["calendar.json"]),
            store=Store(writer, reader, journal, numbers),
            city=CityView(folder / "sync.db", stack),
            clock=clock,
            entropy=secrets.token_bytes,
            officers={"minh": make_officer("minh", "Trần Văn Minh", "2")},
            devices=frozenset(),
            vault=Vault(path, folder / "enrolment.cbor"),
            units=read_units(release["units.json"]),
        )


def make_officer(officer_id: str, name: str, counter: str) -> Officer:
    """An officer whose PIN is ``PIN``."""
    phc = hash_pin(PIN, b"salt of the test")
    return Officer(id=officer_id, name=name, rank="Đại úy", counter=counter, pin_phc=phc)


def make_app(station: Station, voice: Voice | None = None) -> web.Application:
    """The station's web application; its health is never asked."""

    async def examine() -> HealthReport:
        raise AssertionError("no page of these tests examines the station")

    scans = ScanDesk(station.changes)
    return create_app(station, health=examine, scans=scans, version="test", voice=voice)

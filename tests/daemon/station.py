"""A station's files for tests: a node.db written by the real journal, keys, settings."""

import asyncio
import contextlib
import random
import secrets
import sqlite3
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field
from importlib.resources import files
from pathlib import Path
from typing import Any

from sync.daemon.clock import Reading
from sync.daemon.conversation import Chance
from sync.daemon.events import State
from sync.daemon.figures import sync_figures
from sync.daemon.identity import ensure_keys, make_request, read_node_identity
from sync.daemon.loop import Surroundings
from sync.daemon.progress import Session
from sync.daemon.settings import Settings, read_settings
from sync.daemon.transport import Timeouts
from sync.database import Writer, open_reader, open_writer
from sync.journal.journal import Journal, JournalEvent, Run
from sync.journal.withheld import journal_again, withheld_here
from sync.protocol.record import RecordTime
from tests.daemon.city_simulator import CitySimulator, Listening

JOURNAL = {"sync.journal": files("sync.journal").joinpath("migrations")}
TIME = RecordTime(5_000, 1_795_000_000_000, 1)
STATION = "26560"


class FixedClock:
    """A clock that tests set."""

    def __init__(self, wall_ms: int = 1_795_000_000_000) -> None:
        self.wall_ms = wall_ms
        self.mono_ms = 5_000
        self.boot_id = b"bootboot"

    def read(self) -> Reading:
        return Reading(self.mono_ms, self.wall_ms)


@dataclass
class Watcher:
    """Sees the session after every step; `until` waits for what a test is about."""

    seen: list[Session] = field(default_factory=list)
    _changed: asyncio.Event = field(default_factory=asyncio.Event)

    def told(self, session: Session) -> None:
        self.seen.append(session)
        self._changed.set()

    async def until(self, wanted: Callable[[Session], bool], after: int = 0) -> Session:
        while True:
            for session in self.seen[after:]:
                if wanted(session):
                    return session
            self._changed.clear()
            await self._changed.wait()

    async def until_state(self, state: State, after: int = 0) -> Session:
        return await self.until(lambda session: session.state is state, after)


@dataclass
class StationFiles:
    """One station in a folder of its own."""

    folder: Path
    settings: Settings
    writer: Writer
    luck: random.Random
    journal: Journal | None = None

    @property
    def config(self) -> Path:
        return self.folder / "sync.toml"

    def start_node(self) -> None:
        """As a start of the node does: the next append opens a new log."""
        run = Run(STATION, b"bootboot", "serial", "test")
        journal = Journal(run, entropy=self.luck.randbytes, tag_of=lambda nonce: nonce.hex())
        self.journal = journal
        self.writer.join(journal)

    async def submit(self, count: int, body_bytes: int = 300, lane: int = 1) -> None:
        journal = self.journal
        assert journal is not None

        def work(connection: sqlite3.Connection) -> None:
            for _ in range(count):
                body = b'{"x":"' + self.luck.randbytes(body_bytes // 2).hex().encode() + b'"}'
                eid, subject = self.luck.randbytes(16), self.luck.randbytes(16)
                event = JournalEvent(eid, 16, subject, 1, body, lane=lane)
                journal.append(connection, event, TIME)

        await self.writer.transact(work)

    async def copy_withheld(self) -> int:
        """Journal again what the city cannot read, as the node does; how many."""
        journal = self.journal
        assert journal is not None
        async with open_reader(self.settings.files.sync_database) as reader:
            figures = await reader.query(lambda connection: sync_figures(connection, 0))

        def work(connection: sqlite3.Connection) -> int:
            ones = withheld_here(connection, figures.withheld)
            return journal_again(connection, journal, ones, TIME)

        return await self.writer.transact(work)

    async def records(self) -> dict[bytes, list[bytes]]:
        def work(connection: sqlite3.Connection) -> dict[bytes, list[bytes]]:
            found: dict[bytes, list[bytes]] = {}
            for lid, raw in connection.execute(
                "SELECT lid, raw FROM record JOIN log ON number = log_number"
                " ORDER BY log_number, sequence"
            ):
                found.setdefault(lid, []).append(raw)
            return found

        async with open_reader(self.settings.files.node_database) as reader:
            return await reader.query(work)

    async def enrol(self, city: CitySimulator, listening: Listening) -> None:
        identity = await read_node_identity(self.settings)
        keys = ensure_keys(self.settings.files.keys_directory)
        request = make_request(identity, keys)
        answer = city.enrol(request.message, listening.url, listening.ca_pem)
        self.settings.files.enrolment.write_bytes(answer)

    async def ask(self, sql: str) -> list[tuple[Any, ...]]:
        """Rows of sync.db, as the node would read them."""
        async with open_reader(self.settings.files.sync_database) as reader:
            return await reader.query(lambda connection: connection.execute(sql).fetchall())

    async def contact(self) -> dict[str, Any]:
        """The contact row, by column."""

        def work(connection: sqlite3.Connection) -> dict[str, Any]:
            cursor = connection.execute("SELECT * FROM contact")
            names = [column[0] for column in cursor.description]
            return dict(zip(names, cursor.fetchone(), strict=True))

        async with open_reader(self.settings.files.sync_database) as reader:
            return await reader.query(work)


def write_config(folder: Path, **schedule: float) -> Settings:
    lines = [
        "[station]",
        f'code = "{STATION}"',
        "[files]",
        'node_database = "node.db"',
        'sync_database = "sync.db"',
        'keys_directory = "keys"',
        'enrolment = "enrolment.cbor"',
        "[schedule]",
        *(f"{name} = {value}" for name, value in {"poll_s": 0.01, **schedule}.items()),
    ]
    folder.mkdir(exist_ok=True)
    path = folder / "sync.toml"
    path.write_text("\n".join(lines) + "\n")
    return read_settings(path)


@contextlib.asynccontextmanager
async def station_files(folder: Path, seed: int = 7) -> AsyncIterator[StationFiles]:
    settings = write_config(folder)
    async with open_writer(settings.files.node_database, JOURNAL) as writer:
        station = StationFiles(folder, settings, writer, random.Random(seed))  # noqa: S311
        station.start_node()
        yield station


def surroundings(
    watcher: Watcher | None = None, clock: FixedClock | None = None, *, patience_s: float = 20.0
) -> Surroundings:
    """No waiting between attempts: every drawn chance is 0."""
    return Surroundings(
        clock or FixedClock(),
        Chance(lambda: 0.0, secrets.token_bytes),
        watcher.told if watcher else None,
        Timeouts(total_s=patience_s, connect_s=patience_s, read_s=patience_s),
    )

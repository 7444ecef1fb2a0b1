"""A station's day on a recorded node.db, and what must hold on every disk a power cut leaves."""

import contextlib
import random
import shutil
import sqlite3
from collections import Counter
from collections.abc import AsyncIterator, Callable, Mapping
from functools import cache
from importlib.resources import files
from pathlib import Path

import msgspec

from edge_node.data import read_release
from edge_node.domain.catalogue import read_catalogue
from edge_node.domain.codes import epoch_tag
from edge_node.domain.working_calendar import read_calendar
from edge_node.store.city import CityView
from edge_node.store.tickets import TicketNumbers
from edge_node.store.unit_of_work import Store
from edge_node.usecases import intake, queue
from edge_node.usecases.decisions import receiving
from edge_node.usecases.decisions.command import Command
from edge_node.usecases.decisions.receiving import Lacking
from edge_node.usecases.intake import Asked
from edge_node.usecases.station import Station
from sync import database
from sync.journal import backlog
from sync.journal.journal import Journal, Run, ensure_identity
from sync.migration import migrate
from sync.protocol import merkle
from sync.protocol.record import Record, decode_record
from tests.faults.images import Image
from tests.faults.recorder import Recording, recorded_reader, recorded_writer
from tests.usecases.samples import command
from tests.web.station import CODE, TestClock, make_officer

OWNERS = {
    "journal": files("sync.journal") / "migrations",
    "node": files("edge_node.store") / "migrations",
}
Check = Callable[[Image], str]
"""What is wrong with an image; "" when nothing is."""
OFFICER = make_officer("minh", "Trần Văn Minh", "2")


@contextlib.asynccontextmanager
async def recorded_station(
    folder: Path, seed: int, overrides: Mapping[str, str | int]
) -> AsyncIterator[tuple[Station, Recording]]:
    """The station of the other tests on a recorded file, with all its randomness from `seed`."""
    luck = random.Random(seed)  # noqa: S311 - replayable, not secret
    release = read_release()
    clock = TestClock()
    async with contextlib.AsyncExitStack() as stack:
        path = folder / "node.db"
        writer, recording = await stack.enter_async_context(
            recorded_writer(path, OWNERS, overrides)
        )
        reader = await stack.enter_async_context(recorded_reader(path))
        run = Run(CODE, clock.boot_id, "test", "ward-edge-node test")
        await writer.transact(lambda raw: ensure_identity(raw, run, luck.randbytes))
        journal = Journal(run, entropy=luck.randbytes, tag_of=epoch_tag)
        numbers = TicketNumbers()
        writer.join(journal, numbers)
        station = Station(
            code=CODE,
            name_vi="Công an phường Bà Rịa",
            name_en="Bà Rịa Ward Police",
            place="Phường Bà Rịa",
            catalogue=read_catalogue(release),
            calendar=read_calendar(release["calendar.json"]),
            store=Store(writer, reader, journal, numbers),
            city=CityView(folder / "sync.db", stack),
            clock=clock,
            entropy=luck.randbytes,
            officers={"minh": OFFICER},
            devices=frozenset(),
        )
        yield station, recording


def _lacking(station: Station) -> Lacking:
    return Lacking("thiếu", station.moment().day, "cùng một người, nhiều việc")


async def live_a_day(station: Station, recording: Recording, dossiers: int) -> None:
    """People hand in, are called and decided about; every answer is said only when it was given."""
    for number in range(dossiers):
        filed = (
            await intake.submit_dossier(station, command(), Asked(f"k{number}", "kiosk"))
        ).answer
        recording.say(f"dossier {filed.dossier_no}")
        if number % 4 == 1:
            taken = await intake.take_ticket(station, "residence", Asked(f"t{number}", "kiosk"))
            recording.say(f"ticket {msgspec.json.decode(taken.body)['ticket']}")
        if number % 2:
            call = await queue.call_next(station, OFFICER)
            recording.say(f"called {call.ticket if call else ''}")
            who = Command(OFFICER, bytes.fromhex(filed.dossier_id), f"d{number}")
            received = await receiving.receive(station, who, {"ct01": True}, _lacking(station))
            recording.say(f"slip {received.dossier_no}")


class Checker:
    """Opens images with the product's own code and says what is wrong with them."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def complaint(self, image: Image) -> str:
        """What this disk has lost or broken; "" when it is good."""
        shutil.rmtree(self._folder, ignore_errors=True)
        self._folder.mkdir(parents=True)
        for name, content in image.files.items():
            (self._folder / name).write_bytes(content)
        return inspect(self._folder, image.promises)


def inspect(folder: Path, promises: tuple[str, ...]) -> str:
    """What the node.db in `folder` has lost or broken; "" when it is good."""
    try:
        connection = database._connect(folder / "node.db", "rwc")
        with contextlib.closing(connection):
            database._set_pragmas(connection, database._WRITER_PRAGMAS)
            migrate(connection, OWNERS)
            return _integrity(connection) or _node_complaint(connection, promises)
    except (sqlite3.Error, database.DatabaseError) as error:
        return f"cannot be opened: {error}"


def _integrity(connection: sqlite3.Connection) -> str:
    (verdict,) = connection.execute("PRAGMA integrity_check").fetchone()
    if verdict != "ok":
        return f"integrity: {verdict}"
    broken = connection.execute("PRAGMA foreign_key_check").fetchall()
    return f"foreign keys: {broken}" if broken else ""


def _node_complaint(connection: sqlite3.Connection, promises: tuple[str, ...]) -> str:
    bodies: list[dict[str, object]] = []
    for head in backlog.heads(connection):
        records = backlog.records(connection, head.lid, 0, head.size + 1)
        decoded = [_decoded(record.raw) for record in records]
        if [record.sequence for record in decoded] != list(range(head.size)):
            return f"log {head.log_number}: sequences {len(decoded)} of {head.size}"
        leaves = [merkle.leaf_hash(record.raw) for record in records]
        if leaves != [record.leaf for record in records]:
            return f"log {head.log_number}: a leaf is not its record's"
        if merkle.root_of(leaves) != merkle.root(merkle.unpack(head.frontier)):
            return f"log {head.log_number}: the frontier is of another history"
        bodies += [msgspec.json.decode(record.body) for record in decoded[1:]]
    return _halves(connection, bodies) or _lost(connection, bodies, promises)


@cache
def _decoded(raw: bytes) -> Record:
    """The same records are on nearly every image."""
    return decode_record(raw)


def _halves(connection: sqlite3.Connection, bodies: list[dict[str, object]]) -> str:
    """The journal and the tables tell the same story, whatever was under way."""
    kinds = Counter(str(body["type"]) for body in bodies)
    handed_in, issued = kinds["dossier.submitted"], kinds["ticket.issued"]
    expected = {
        "dossier": handed_in,
        "ticket": handed_in + issued,
        "print_job": handed_in + issued + kinds["dossier.received"],
        "submission": kinds["dossier.received"],
    }
    for table, count in expected.items():
        (found,) = connection.execute(f"SELECT count(*) FROM {table}").fetchone()  # noqa: S608
        if found != count:
            return f"{table} has {found} rows, the journal says {count}"
    return ""


def _lost(
    connection: sqlite3.Connection, bodies: list[dict[str, object]], promises: tuple[str, ...]
) -> str:
    dossiers = {row[0] for row in connection.execute("SELECT number FROM dossier")}
    told = {(str(body["type"]), str(body.get("dossier_no", ""))) for body in bodies}
    tickets = {f"{row[0]}{row[1]:03}" for row in connection.execute(_TICKETS)}
    called = {f"{row[0]}{row[1]:03}" for row in connection.execute(f"{_TICKETS} WHERE calls > 0")}
    for promise in promises:
        what, name = promise.split()
        kept = {
            "dossier": name in dossiers and ("dossier.submitted", name) in told,
            "ticket": name in tickets,
            "called": name in called,
            "slip": ("dossier.received", name) in told,
        }[what]
        if not kept:
            return f"lost: {promise}"
    return ""


_TICKETS = "SELECT letter, number FROM ticket"

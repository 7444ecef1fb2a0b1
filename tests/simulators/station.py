"""A machine of a simulation: the real journal and the real daemon, in memory, in one process each.

The node of this simulation appends submissions, reacts to what the daemon wrote (a forked log is
journalled again, records that came back are put in their place) and purges. The use cases above
that are not part of it.
"""

import asyncio
import contextlib
import random
import sqlite3
from collections.abc import Callable, Coroutine, Mapping
from dataclasses import dataclass, field
from functools import partial
from importlib.resources import files
from typing import Any, NamedTuple, cast

import msgspec

from edge_node.domain.codes import epoch_tag
from edge_node.domain.retention import Custody, may_purge
from sync.daemon.answers import Answer
from sync.daemon.assemble import Assembler, Sealing
from sync.daemon.belief import City as BelievedCity
from sync.daemon.clock import Reading
from sync.daemon.conversation import Chance, Conversation, Ports, Speaker
from sync.daemon.figures import SyncFigures, sync_figures
from sync.daemon.keyring import Keyring
from sync.daemon.mailbox import Mailbox
from sync.daemon.ports import Request
from sync.daemon.progress import Session
from sync.daemon.statements import OWNERS
from sync.daemon.transport import Transport
from sync.database import DatabaseError
from sync.journal import recovery
from sync.journal.journal import DuplicateCommand, Journal, JournalEvent, Run
from sync.journal.withheld import journal_again, withheld_here
from sync.protocol.cose import FindKey
from sync.protocol.record import RecordTime
from tests.simulators.city import CITY_ID, STATION_SECRET, recipient
from tests.simulators.virtual import Memory, QuickKey

JOURNAL = {"journal": files("sync.journal") / "migrations"}
SUBMITTED = 16


class Image(NamedTuple):
    """A copy of a machine's card, and what its running node had in memory at that moment."""

    node: bytes
    sync: bytes
    mark: object
    journal: Journal


class _Version(NamedTuple):
    version: int = 1


@dataclass
class _Keyring:
    """The city's key, known since the enrolment; keysets are not part of this simulation."""

    city: BelievedCity
    keyset: _Version = field(default_factory=_Version)


class WrongClock:
    """A machine's clocks: the wall clock says anything, the other one counts."""

    def __init__(self, now_s: Callable[[], float], boot_id: bytes, wall_ms: int) -> None:
        self._now_s = now_s
        self.boot_id = boot_id
        self.wall_ms = wall_ms

    def read(self) -> Reading:
        mono_ms = int(self._now_s() * 1000)
        return Reading(mono_ms, self.wall_ms + mono_ms)


class Line:
    """What the daemon calls its transport."""

    def __init__(self, ask: Callable[[Request], Coroutine[Any, Any, Answer]]) -> None:
        self.ask = ask
        self.token: bytes | None = None
        self.sent_bytes = self.received_bytes = 0

    def certificate_fits(self, city_time_ms: int) -> bool:
        """There is no TLS here."""
        return city_time_ms >= 0


class Enrolment(NamedTuple):
    """Who a station is: shared by every copy of its card."""

    node_id: bytes
    code: int
    key: QuickKey


@dataclass
class Around:
    """What a machine takes from the world."""

    now_s: Callable[[], float]
    luck: random.Random
    ask: Callable[[Request], Coroutine[Any, Any, Answer]]
    find_key: FindKey


@dataclass
class Machine:
    """One computer with one card in it."""

    name: str
    enrolment: Enrolment
    around: Around
    wall_ms: int
    node: Memory = field(default_factory=lambda: Memory(JOURNAL))
    sync: Memory = field(default_factory=lambda: Memory(dict(OWNERS)))
    journal: Journal = field(init=False)
    conversation: Conversation | None = None
    talking: asyncio.Task[Session] | None = None
    purged: set[bytes] = field(default_factory=set)
    copied: int = 0
    broken: list[BaseException] = field(default_factory=list)

    def __post_init__(self) -> None:
        if not self.node.raw.execute("SELECT 1 FROM journal_identity").fetchone():
            self.node.raw.execute(
                "INSERT INTO journal_identity (id, node_id, station_code, hardware_id)"
                " VALUES (1, ?, ?, ?)",
                (self.enrolment.node_id, str(self.enrolment.code), bytes(16)),
            )
        self.start_node()

    def time(self) -> RecordTime:
        """When something happens, as this machine believes."""
        reading = self.clock.read()
        return RecordTime(reading.mono_ms, max(0, reading.wall_ms), 1)

    def start_node(self) -> None:
        """A new run of the node: a new boot, new logs."""
        luck = self.around.luck
        self.clock = WrongClock(self.around.now_s, luck.randbytes(8), self.wall_ms)
        run = Run(str(self.enrolment.code), self.clock.boot_id, self.name, "simulated")
        self.journal = Journal(run, entropy=luck.randbytes, tag_of=epoch_tag)
        self.node.join(self.journal)

    def submit(self, eid: bytes) -> bool:
        """A citizen hands in; False when this command was here before."""
        body = msgspec.json.encode({"type": "dossier.submitted", "dossier_no": eid.hex()[:8]})
        lane = self.around.luck.choice((0, 1, 1, 1))
        event = JournalEvent(eid, SUBMITTED, eid, 1, body, lane=lane)
        try:
            self.node.write(lambda raw: self.journal.append(raw, event, self.time()))
        except DuplicateCommand:
            return False
        if self.conversation is not None:
            self.conversation.grown.set()
        return True

    def react(self, *, asked: bool = False) -> bool:
        """What the node does about the daemon's notices; whether there was anything to do.

        `asked`: somebody presses the button for what the city could not read.
        """
        before = self.node.raw.total_changes
        forked = [row[0] for row in self._notices("fork")]
        for lid in forked:
            self.node.write(partial(self._abandon, lid))
        for (lid,) in self.sync.raw.execute("SELECT DISTINCT lid FROM recovered").fetchall():
            self.node.write(partial(self._put_back, lid))
        places = self._figures().withheld
        self.node.write(partial(self._give_again, places, asked=asked))
        changed = self.node.raw.total_changes != before
        if self.conversation is not None and changed:
            self.conversation.grown.set()
        return changed

    def _figures(self) -> SyncFigures:
        return sync_figures(self.sync.raw, 0)

    def _give_again(
        self, places: Mapping[bytes, set[int]], raw: sqlite3.Connection, *, asked: bool
    ) -> None:
        ones = [one for one in withheld_here(raw, places) if asked or not one.again]
        self.copied += journal_again(raw, self.journal, ones, self.time())

    def _notices(self, kind: str) -> list[tuple[bytes]]:
        return self.sync.raw.execute(
            "SELECT lid FROM log_notice WHERE kind = ?", (kind,)
        ).fetchall()

    def _abandon(self, lid: bytes, raw: sqlite3.Connection) -> None:
        recovery.abandon(raw, self.journal, lid, self.time())

    def _put_back(self, lid: bytes, raw: sqlite3.Connection) -> None:
        row = raw.execute("SELECT size FROM log WHERE lid = ?", (lid,)).fetchone()
        rows = self.sync.raw.execute(
            "SELECT sequence, raw FROM recovered WHERE lid = ? AND sequence >= ? ORDER BY sequence",
            (lid, row[0] if row else 0),
        ).fetchall()
        if rows:
            self.journal.close_if_open(raw, lid)
            returned = [recovery.Returned(*each) for each in rows]
            recovery.restore(raw, lid, returned, epoch_tag, self.time())

    def purge(self) -> set[bytes]:
        """Forget bodies that the city's backup has held for a month, by the product's own rule."""
        gone: set[bytes] = set()
        marks = self.sync.raw.execute("SELECT lid, archived FROM log_state").fetchall()
        withheld = self._figures().withheld
        for lid, archived in marks:
            custody = Custody(
                0, archived, 0, 1 << 40, dossier_closed=True, blob_pending=False, withheld=False
            )
            gone |= self.node.write(partial(_purge, lid, custody, withheld.get(lid, set())))
        self.purged |= gone
        return gone

    def held_ids(self) -> set[bytes]:
        """Command ids whose bodies are on this card."""
        rows = self.node.raw.execute(
            "SELECT eid FROM record WHERE kind = ? AND length(raw) > 0", (SUBMITTED,)
        )
        return {bytes(row[0]) for row in rows}

    def start_daemon(self) -> None:
        """A new process of the daemon."""
        luck, enrolment = self.around.luck, self.enrolment
        keyring = _Keyring(BelievedCity(CITY_ID, self.around.find_key))
        sealing = Sealing(
            enrolment.code, enrolment.key.as_private(), [recipient()], None, self.clock
        )
        line = Line(self.around.ask)
        ports = Ports(
            assembler=Assembler(self.node.as_reader(), sealing),
            transport=cast("Transport", line),
            mailbox=Mailbox(self.sync.as_writer()),
            speaker=Speaker(
                enrolment.node_id,
                enrolment.code,
                enrolment.key.as_private(),
                STATION_SECRET,
                cast("Keyring", keyring),
            ),
            clock=self.clock,
            chance=Chance(luck.random, luck.randbytes),
        )
        self.conversation = Conversation(ports, Session())
        loop = asyncio.get_running_loop()
        self.talking = loop.create_task(self.conversation.run(lambda _: False))

    async def kill_daemon(self) -> None:
        """SIGKILL: what was not committed is gone."""
        if self.talking is not None:
            self.talking.cancel()
            with contextlib.suppress(asyncio.CancelledError, DatabaseError):
                try:
                    await self.talking
                except BaseExceptionGroup as group:
                    self.broken.append(group)
        self.talking = self.conversation = None

    def image(self) -> Image:
        """A copy of the card, and of the running node's memory."""
        return Image(self.node.image(), self.sync.image(), self.journal.mark(), self.journal)

    def put_in(self, image: Image) -> None:
        """The card goes back to an image."""
        self.node.restore(image.node)
        self.sync.restore(image.sync)


def _purge(lid: bytes, custody: Custody, withheld: set[int], raw: sqlite3.Connection) -> set[bytes]:
    rows = raw.execute(
        "SELECT position, eid, kind, position & 0xFFFFF, EXISTS (SELECT 1 FROM record AS copy"
        " WHERE copy.origin = record.position AND length(copy.raw) = 0) FROM record"
        " WHERE position >> 20 = (SELECT number FROM log WHERE lid = ?) AND length(raw) > 0",
        (lid,),
    ).fetchall()
    going = [
        row
        for row in rows
        if may_purge(custody._replace(sequence=row[3], withheld=row[3] in withheld and not row[4]))
    ]
    raw.executemany("UPDATE record SET raw = x'' WHERE position = ?", [(row[0],) for row in going])
    return {bytes(row[1]) for row in going if row[2] == SUBMITTED}

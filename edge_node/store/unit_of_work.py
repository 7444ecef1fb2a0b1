"""One human action = one transaction in node.db: domain rows, journal, print jobs, or nothing.

A use case hands over a function of a `Transaction`; it runs in the write connection's thread
and returns after the commit is durable. It must not await, print, send or read a clock.
"""

import sqlite3
from collections.abc import Callable
from datetime import datetime
from typing import NamedTuple, Protocol, TypeAlias, TypeVar

from edge_node.domain.events import Event
from edge_node.store import payloads
from sync.database import NeedsConnection, Reader, Rows, Writer
from sync.journal.journal import Journal, JournalEvent, Position
from sync.protocol.record import RecordTime

Result = TypeVar("Result")
Connection: TypeAlias = sqlite3.Connection
"""What a reading function of the store is given; use cases pass it on and never look inside."""


class Moment(NamedTuple):
    """The one look at the clocks that an action takes: for the journal and for people.

    `text` is ISO 8601 with offset to the second, `day` the day of the queue: the station's
    calendar day, unless the clock was set in the middle of one.
    """

    time: RecordTime
    now: datetime
    text: str
    day: str


class Cause(NamedTuple):
    """Whose event it is: command id, subject (a dossier's id) and its version, 0 for none."""

    eid: bytes
    subject: bytes | None = None
    version: int = 0


class Transaction:
    """What the functions of the store work on: one action, all of it or nothing.

    A staged action adds rows and draws numbers only; asking it for the connection raises
    NeedsConnection, and it runs again with one.
    """

    __slots__ = ("_connection", "_rows", "journal", "moment", "numbers")

    def __init__(
        self, journal: Journal, numbers: "Numbers", moment: Moment, target: "Connection | Rows"
    ) -> None:
        """`target` is the open transaction, or where a staged action's rows go."""
        self.journal = journal
        self.numbers = numbers
        self.moment = moment
        self._rows: Rows | None = None
        self._connection: Connection | None = None
        if isinstance(target, list):
            self._rows = target
        else:
            self._connection = target

    @property
    def connection(self) -> Connection:
        """The open transaction, for reading and changing. Raises NeedsConnection when staged."""
        if self._connection is None:
            raise NeedsConnection
        return self._connection

    def insert(self, statement: str, row: tuple[object, ...]) -> None:
        """Add a row: now, or with the other staged ones."""
        if self._rows is None:
            self.connection.execute(statement, row)
        else:
            self._rows.append((statement, row))

    def record(self, event: Event, cause: Cause) -> Position:
        """Append `event` to the journal; it is published if and only if this commits."""
        kind, body = payloads.publish(event)
        entry = JournalEvent(
            cause.eid, kind, cause.subject, cause.version, body, lane=payloads.lane_of(kind)
        )
        if self._rows is not None:
            return self.journal.stage(self._rows, entry, self.moment.time)
        return self.journal.append(self.connection, entry, self.moment.time)

    def next_ticket(self, letter: str) -> "NextTicket":
        """The day's next number of a service group."""
        found = self.numbers.next(self.moment.day, letter)
        if found is None:
            self.numbers.read(self.connection, self.moment.day, letter)
            found = self.numbers.next(self.moment.day, letter)
            assert found is not None, "the numbers have just been read"
        return found

    def next_dossier(self) -> tuple[str, int]:
        """Tag of the open log and the next dossier number in it."""
        if self._rows is not None:
            return self.journal.stage_dossier(self.moment.time)
        return self.journal.next_dossier(self.connection, self.moment.time)


class NextTicket(NamedTuple):
    """A number drawn: the id of its row, and what stands on paper after the letter."""

    id: int
    number: int


class Numbers(Protocol):
    """Gives out ticket numbers, from memory once it has read the last ones."""

    def next(self, day: str, letter: str) -> NextTicket | None:
        """The day's next number of a service group; None before they have been read."""
        ...

    def read(self, connection: sqlite3.Connection, day: str, letter: str) -> None:
        """Look up the last number of this day and service group."""
        ...

    def forget(self) -> None:
        """Read again: rows were added by other hands."""
        ...


class Store:
    """node.db as the use cases see it: one way to write, one way to read."""

    def __init__(self, writer: Writer, reader: Reader, journal: Journal, numbers: Numbers) -> None:
        self._writer = writer
        self._reader = reader
        self._journal = journal
        self._numbers = numbers

    async def write(self, moment: Moment, work: Callable[[Transaction], Result]) -> Result:
        """Run `work` as one transaction; durable when this returns."""
        journal, numbers = self._journal, self._numbers
        return await self._writer.transact(
            lambda connection: work(Transaction(journal, numbers, moment, connection))
        )

    async def add(self, moment: Moment, work: Callable[[Transaction], Result]) -> Result:
        """As `write`, for an action that only adds rows: it is staged while the disk is busy."""
        journal, numbers = self._journal, self._numbers

        def run(target: Connection | Rows) -> Result:
            return work(Transaction(journal, numbers, moment, target))

        return await self._writer.stage(run, run)

    async def read(self, question: Callable[[Connection], Result]) -> Result:
        """The answer to `question` from one consistent moment of the committed state."""
        return await self._reader.query(question)

"""One human action = one transaction in node.db: domain rows, journal, print jobs, or nothing.

A use case hands over a function of a `Transaction`; it runs in the write connection's thread
and returns after the commit is durable. It must not await, print, send or read a clock.
"""

import sqlite3
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple, Protocol, TypeAlias, TypeVar

from edge_node.domain.events import Event
from edge_node.store import payloads
from sync.database import Reader, Writer
from sync.journal.journal import Journal, JournalEvent, Position
from sync.protocol.record import RecordTime

Result = TypeVar("Result")
Connection: TypeAlias = sqlite3.Connection
"""What a reading function of the store is given; use cases pass it on and never look inside."""


class Moment(NamedTuple):
    """The one look at the clocks that an action takes: for the journal and for people.

    `text` is ISO 8601 with offset to the second, `day` the station's calendar day.
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


@dataclass(frozen=True, slots=True)
class Transaction:
    """What the functions of the store work on, inside the write connection's thread."""

    connection: sqlite3.Connection
    journal: Journal
    numbers: "Numbers"
    moment: Moment

    def record(self, event: Event, cause: Cause) -> Position:
        """Append `event` to the journal; it is published if and only if this commits."""
        kind, body = payloads.publish(event)
        entry = JournalEvent(cause.eid, kind, cause.subject, cause.version, body)
        return self.journal.append(self.connection, entry, self.moment.time)

    def next_position(self) -> Position:
        """Where the next event will stand, if nothing else is recorded before it."""
        return self.journal.next_position(self.connection, self.moment.time)

    def next_ticket(self, letter: str) -> int:
        """The day's next number of a service group."""
        return self.numbers.next(self.connection, self.moment.day, letter)

    def next_dossier(self) -> tuple[str, int]:
        """Tag of the open log and the next dossier number in it."""
        return self.journal.next_dossier(self.connection, self.moment.time)


class Numbers(Protocol):
    """Gives out ticket numbers inside the write connection's thread."""

    def next(self, connection: sqlite3.Connection, day: str, letter: str) -> int:
        """The day's next number of a service group."""
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
            lambda connection: work(Transaction(connection, journal, numbers, moment))
        )

    async def read(self, question: Callable[[Connection], Result]) -> Result:
        """The answer to `question` from one consistent moment of the committed state."""
        return await self._reader.query(question)

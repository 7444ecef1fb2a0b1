"""What the city said, read from the daemon's sync.db (`mode=ro`, never written here).

Until the daemon has made the file there is no news: everything counts as at the station.
"""

import asyncio
import contextlib
import sqlite3
from collections.abc import Callable, Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Final, NamedTuple, TypeVar

from sync.database import DatabaseError, Reader, open_reader
from sync.protocol.receipt import RecordStatus, status_code

Result = TypeVar("Result")


class Held(NamedTuple):
    """How far the city has one log: stored, backed up, entered into its register.

    Of the `withheld` sequences it has the leaf alone: the body is at the station and nowhere else.
    """

    acked: int
    archived: int
    applied: int
    withheld: frozenset[int] = frozenset()

    @property
    def leaves_alone(self) -> frozenset[int]:
        """The withheld sequences that its receipts cover; the others simply wait."""
        return frozenset(sequence for sequence in self.withheld if sequence < self.acked)


class Contact(NamedTuple):
    """The daemon's last dealings with the city; wall times in ms, None when never."""

    state: str
    last_attempt_wall_ms: int | None
    last_success_wall_ms: int | None
    last_receipt_wall_ms: int | None
    failure_code: str
    next_attempt_wall_ms: int | None
    city_time_ms: int | None


NO_NEWS: Final[Mapping[bytes, Held]] = MappingProxyType({})


class CityView:
    """Read-only view of sync.db that waits for the file to appear."""

    def __init__(self, path: Path, stack: contextlib.AsyncExitStack) -> None:
        """`stack` closes the connection when the node stops."""
        self._path = path
        self._stack = stack
        self._reader: Reader | None = None
        self._opening = asyncio.Lock()
        self.unanswered = 0
        """Questions so far that got no answer: whoever asked must ask again."""

    async def held(self) -> Mapping[bytes, Held]:
        """Log id → how far the city has it."""
        return await self._ask(_held, NO_NEWS)

    async def contact(self) -> Contact | None:
        """The last contact, or None before the first."""
        return await self._ask(_contact, None)

    async def statuses(self, lid: bytes) -> Mapping[int, str]:
        """Sequence → status code of the records of a log the city did not simply enter."""
        return await self._ask(lambda connection: _statuses(connection, lid), {})

    @property
    def folder(self) -> Path:
        """Where the daemon keeps sync.db and what it writes beside it."""
        return self._path.parent

    async def version(self) -> int | None:
        """Changes whenever the daemon has written; None before it has made its file."""
        return await self._ask(_version, None)

    async def ask(
        self, question: Callable[[sqlite3.Connection], Result], unknown: Result
    ) -> Result:
        """The answer from one moment of sync.db; `unknown` while it cannot be asked."""
        return await self._ask(question, unknown)

    async def _ask(
        self, question: Callable[[sqlite3.Connection], Result], unknown: Result
    ) -> Result:
        reader = await self._open()
        if reader is None:
            return unknown
        try:
            return await reader.query(question)
        except (DatabaseError, sqlite3.OperationalError):
            self.unanswered += 1
            return unknown

    async def _open(self) -> Reader | None:
        async with self._opening:
            if self._reader is None:
                with contextlib.suppress(DatabaseError):
                    self._reader = await self._stack.enter_async_context(open_reader(self._path))
            return self._reader


def _version(connection: sqlite3.Connection) -> int | None:
    return int(connection.execute("PRAGMA data_version").fetchone()[0])


def _held(connection: sqlite3.Connection) -> Mapping[bytes, Held]:
    withheld: dict[bytes, set[int]] = {}
    for lid, sequence in connection.execute(
        "SELECT lid, sequence FROM withheld"
        " UNION SELECT lid, sequence FROM record_status WHERE code = ?",
        (status_code(RecordStatus.WITHHELD),),
    ):
        withheld.setdefault(lid, set()).add(sequence)
    rows = connection.execute("SELECT lid, acked, archived, applied FROM log_state")
    return {
        lid: Held(acked, archived, applied, frozenset(withheld.get(lid, ())))
        for lid, acked, archived, applied in rows
    }


def _contact(connection: sqlite3.Connection) -> Contact | None:
    row = connection.execute(
        "SELECT state, last_attempt_wall_ms, last_success_wall_ms, last_receipt_wall_ms,"
        " failure_code, next_attempt_wall_ms, city_time_ms FROM contact"
    ).fetchone()
    return Contact(*row) if row is not None else None


def _statuses(connection: sqlite3.Connection, lid: bytes) -> Mapping[int, str]:
    rows = connection.execute("SELECT sequence, code FROM record_status WHERE lid = ?", (lid,))
    return dict(rows.fetchall())

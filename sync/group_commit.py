"""Many transactions, one commit.

Responsible for running the functions that wait for the write connection inside one transaction,
for undoing the refused ones without undoing their neighbours, and for naming what the file itself
refuses. A function that only adds rows may be *staged*: it runs before its transaction begins,
while the disk is busy with the one before, and its rows go in table by table, all requests'
together. Uses a connection that nobody else uses meanwhile; knows no event loop, tables or files.
"""

import asyncio
import sqlite3
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Generic, Protocol, TypeVar

Result = TypeVar("Result")
Work = Callable[[sqlite3.Connection], Result]

Rows = list[tuple[str, tuple[object, ...]]]
"""Rows that a staged function adds: an INSERT statement and its values, in order."""

Stage = Callable[[Rows], Result]
"""A function that adds rows and reads nothing from the file."""


class NeedsConnection(Exception):  # noqa: N818 - a signal
    """A staged function has to read the file after all: it must run inside the transaction."""


class DatabaseFault(StrEnum):
    """Why a database cannot do what was asked; the values are stable."""

    BUSY = "busy"
    FULL = "full"
    IO = "io"
    DAMAGED = "damaged"
    TOO_NEW = "too_new"
    MIGRATION_EDITED = "migration_edited"
    UNSUITABLE = "unsuitable"
    MISSING = "missing"


class DatabaseError(Exception):
    """A database refused; `code` says why and `detail` names the file or pragma."""

    def __init__(self, code: DatabaseFault, detail: str = "") -> None:
        super().__init__(f"{code}: {detail}" if detail else str(code))
        self.code = code
        self.detail = detail


class Participant(Protocol):
    """Somebody who keeps facts of the file in memory between commits, to save statements.

    Its methods run in the connection's thread. What it keeps is true as of the last commit.
    """

    def mark(self) -> object:
        """What is kept now; immutable."""
        ...

    def reset(self, mark: Any) -> None:
        """Keep again what `mark` held: the changes since then were undone."""
        ...

    def flush(self, connection: sqlite3.Connection) -> None:
        """Write what is kept; the commit follows."""
        ...


class _Dirty(Exception):  # noqa: N818 - a signal between two functions of this file
    """A request failed after it had changed something; the group must be run again, guarded."""


@dataclass(slots=True)
class Request(Generic[Result]):
    """A function that waits for its commit, and what became of it.

    `rows` are those of a request that has been staged; `work` does the same with a connection.
    """

    work: Work[Result]
    future: asyncio.Future[Result]
    rows: Rows | None = None
    outcome: Result | None = None
    failure: BaseException | None = None


def translate(error: sqlite3.Error) -> BaseException:
    """Name the faults a caller can act on; leave programming errors as they are."""
    code = getattr(error, "sqlite_errorcode", 0) & 0xFF
    faults = {
        sqlite3.SQLITE_FULL: DatabaseFault.FULL,
        sqlite3.SQLITE_IOERR: DatabaseFault.IO,
        sqlite3.SQLITE_CORRUPT: DatabaseFault.DAMAGED,
        sqlite3.SQLITE_NOTADB: DatabaseFault.DAMAGED,
        sqlite3.SQLITE_BUSY: DatabaseFault.BUSY,
        sqlite3.SQLITE_CANTOPEN: DatabaseFault.MISSING,
        sqlite3.SQLITE_READONLY: DatabaseFault.IO,
    }
    return DatabaseError(faults[code], str(error)) if code in faults else error


class Group:
    """The requests that share one commit: first `run`, then `commit`, each once.

    The two halves may run in different threads, one after the other: the first costs processor
    time, the second waits for the disk. `marks` are what the participants held before the first
    request of the group was staged; without them, what they hold now.
    """

    def __init__(
        self,
        requests: Sequence[Request[Any]],
        participants: Sequence[Participant],
        marks: Sequence[object] | None = None,
    ) -> None:
        self.requests = requests
        self._participants = participants
        self._marks = marks if marks is not None else take_marks(participants)

    def run(self, connection: sqlite3.Connection) -> None:
        """Run every request in one open transaction.

        First without savepoints, which cost as much as a small insert each. Only when a request
        fails after it changed something is the group undone and run again with one savepoint
        each. What is raised concerns the whole group, and the transaction is gone.
        """
        try:
            self._attempt(connection, _run, staged=True)
        except _Dirty:
            for request in self.requests:
                request.outcome = request.failure = None
            self._attempt(connection, _run_in_savepoint, staged=False)

    def commit(self, connection: sqlite3.Connection) -> float:
        """Make it durable. Returns the seconds that took: what the disk costs.

        After a failure the owner of the participants must call `reset`.
        """
        begun = time.perf_counter()
        try:
            connection.execute("COMMIT")
        except sqlite3.Error as error:
            _roll_back(connection)
            raise translate(error) from error
        return time.perf_counter() - begun

    def reset(self) -> None:
        """Let the participants hold again what they held before this group."""
        restore(self._participants, self._marks)

    def _attempt(self, connection: sqlite3.Connection, run: "_Runner", *, staged: bool) -> None:
        try:
            connection.execute("BEGIN IMMEDIATE")
            if staged:
                _insert_staged(connection, self.requests)
            for request in self.requests:
                if not staged or request.rows is None:
                    run(connection, request, self._participants)
            for participant in self._participants:
                participant.flush(connection)
        except BaseException as error:
            _roll_back(connection)
            self.reset()
            if isinstance(error, sqlite3.Error):
                raise translate(error) from error
            raise


def take_marks(participants: Sequence[Participant]) -> list[object]:
    """What every participant holds now."""
    return [participant.mark() for participant in participants]


def restore(participants: Sequence[Participant], marks: Sequence[object]) -> None:
    """Undo in memory what was undone in the file, or never reached it."""
    for participant, mark in zip(participants, marks, strict=True):
        participant.reset(mark)


def _roll_back(connection: sqlite3.Connection) -> None:
    # After SQLITE_FULL the transaction is already gone; ROLLBACK would hide the cause.
    if connection.in_transaction:
        connection.execute("ROLLBACK")


def _insert_staged(connection: sqlite3.Connection, requests: Sequence[Request[Any]]) -> None:
    """Insert the staged rows table by table: the same pages and statement stay at hand."""
    tables: dict[str, list[tuple[object, ...]]] = {}
    for request in requests:
        for statement, row in request.rows or ():
            tables.setdefault(statement, []).append(row)
    try:
        for statement, rows in tables.items():
            connection.executemany(statement, rows)
    except sqlite3.IntegrityError as error:
        # Whose row it was is not known: each must run by itself to get its own answer.
        raise _Dirty from error


_Runner = Callable[[sqlite3.Connection, Request[Any], Sequence[Participant]], None]


def _run(
    connection: sqlite3.Connection,
    request: Request[Any],
    participants: Sequence[Participant],
) -> None:
    marks = take_marks(participants)
    changes = connection.total_changes
    try:
        request.outcome = request.work(connection)
    except Exception as error:
        _raise_if_shared(connection, error)
        if connection.total_changes != changes:
            raise _Dirty from error
        request.failure = error
        restore(participants, marks)


def _run_in_savepoint(
    connection: sqlite3.Connection,
    request: Request[Any],
    participants: Sequence[Participant],
) -> None:
    marks = take_marks(participants)
    connection.execute("SAVEPOINT request")
    try:
        request.outcome = request.work(connection)
    except Exception as error:  # noqa: BLE001 - the refusal belongs to this caller alone
        _raise_if_shared(connection, error)
        request.failure = error
        connection.execute("ROLLBACK TO request")
        restore(participants, marks)
    connection.execute("RELEASE request")


def _raise_if_shared(connection: sqlite3.Connection, error: Exception) -> None:
    """A fault of the file or a transaction that is gone concerns the whole group."""
    if isinstance(error, sqlite3.Error) and (
        isinstance(translate(error), DatabaseError) or not connection.in_transaction
    ):
        raise error

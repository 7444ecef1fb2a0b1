"""Many transactions, one commit.

Responsible for running the functions that wait for the write connection inside one transaction,
for undoing the refused ones without undoing their neighbours, and for naming what the file itself
refuses. Uses a connection that nobody else uses meanwhile; knows no event loop, tables or files.
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
    """A function that waits for its commit, and what became of it."""

    work: Work[Result]
    future: asyncio.Future[Result]
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
    time, the second waits for the disk.
    """

    def __init__(
        self, requests: Sequence[Request[Any]], participants: Sequence[Participant]
    ) -> None:
        self.requests = requests
        self._participants = participants
        self._marks = [participant.mark() for participant in participants]

    def run(self, connection: sqlite3.Connection) -> None:
        """Run every request in one open transaction.

        First without savepoints, which cost as much as a small insert each. Only when a request
        fails after it changed something is the group undone and run again with one savepoint
        each. What is raised concerns the whole group, and the transaction is gone.
        """
        try:
            self._attempt(connection, _run)
        except _Dirty:
            for request in self.requests:
                request.outcome = request.failure = None
            self._attempt(connection, _run_in_savepoint)

    def commit(self, connection: sqlite3.Connection) -> float:
        """Make it durable. Returns the seconds that took: what the disk costs."""
        begun = time.perf_counter()
        try:
            connection.execute("COMMIT")
        except sqlite3.Error as error:
            self._undo(connection)
            raise translate(error) from error
        return time.perf_counter() - begun

    def _attempt(self, connection: sqlite3.Connection, run: "_Runner") -> None:
        try:
            connection.execute("BEGIN IMMEDIATE")
            for request in self.requests:
                run(connection, request, self._participants)
            for participant in self._participants:
                participant.flush(connection)
        except BaseException as error:
            self._undo(connection)
            if isinstance(error, sqlite3.Error):
                raise translate(error) from error
            raise

    def _undo(self, connection: sqlite3.Connection) -> None:
        # After SQLITE_FULL the transaction is already gone; ROLLBACK would hide the cause.
        if connection.in_transaction:
            connection.execute("ROLLBACK")
        for participant, mark in zip(self._participants, self._marks, strict=True):
            participant.reset(mark)


_Runner = Callable[[sqlite3.Connection, Request[Any], Sequence[Participant]], None]


def _run(
    connection: sqlite3.Connection,
    request: Request[Any],
    participants: Sequence[Participant],
) -> None:
    marks = [participant.mark() for participant in participants]
    changes = connection.total_changes
    try:
        request.outcome = request.work(connection)
    except Exception as error:
        _raise_if_shared(connection, error)
        if connection.total_changes != changes:
            raise _Dirty from error
        request.failure = error
        for participant, mark in zip(participants, marks, strict=True):
            participant.reset(mark)


def _run_in_savepoint(
    connection: sqlite3.Connection,
    request: Request[Any],
    participants: Sequence[Participant],
) -> None:
    marks = [participant.mark() for participant in participants]
    connection.execute("SAVEPOINT request")
    try:
        request.outcome = request.work(connection)
    except Exception as error:  # noqa: BLE001 - the refusal belongs to this caller alone
        _raise_if_shared(connection, error)
        request.failure = error
        connection.execute("ROLLBACK TO request")
        for participant, mark in zip(participants, marks, strict=True):
            participant.reset(mark)
    connection.execute("RELEASE request")


def _raise_if_shared(connection: sqlite3.Connection, error: Exception) -> None:
    """A fault of the file or a transaction that is gone concerns the whole group."""
    if isinstance(error, sqlite3.Error) and (
        isinstance(translate(error), DatabaseError) or not connection.in_transaction
    ):
        raise error

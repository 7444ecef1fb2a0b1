"""Many transactions, one commit.

Responsible for running the functions that wait for the write connection inside one transaction,
for undoing the refused ones without undoing their neighbours, and for naming what the file itself
refuses. Runs in the connection's thread; knows no event loop, no tables, no files.
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


def commit_group(
    connection: sqlite3.Connection,
    group: Sequence[Request[Any]],
    participants: Sequence[Participant],
) -> float:
    """Run every request and commit once; a failed commit fails them all.

    Returns the seconds the commit itself took: what the disk costs, not the work.

    First without savepoints, which cost as much as a small insert each. Only when a request
    fails after it changed something is the group undone and run again with one savepoint each.
    """
    try:
        return _attempt(connection, group, participants, _run)
    except _Dirty:
        for request in group:
            request.outcome = request.failure = None
        return _attempt(connection, group, participants, _run_in_savepoint)


_Runner = Callable[[sqlite3.Connection, Request[Any], Sequence[Participant]], None]


def _attempt(
    connection: sqlite3.Connection,
    group: Sequence[Request[Any]],
    participants: Sequence[Participant],
    run: _Runner,
) -> float:
    marks = [participant.mark() for participant in participants]
    try:
        connection.execute("BEGIN IMMEDIATE")
        for request in group:
            run(connection, request, participants)
        for participant in participants:
            participant.flush(connection)
        begun = time.perf_counter()
        connection.execute("COMMIT")
        return time.perf_counter() - begun
    except BaseException as error:
        # After SQLITE_FULL the transaction is already gone; ROLLBACK would hide the cause.
        if connection.in_transaction:
            connection.execute("ROLLBACK")
        for participant, mark in zip(participants, marks, strict=True):
            participant.reset(mark)
        if isinstance(error, sqlite3.Error):
            raise translate(error) from error
        raise


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

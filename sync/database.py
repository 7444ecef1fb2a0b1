"""The only place that opens SQLite.

Rules:

* one writing process per file and one writing connection in it; everybody else reads
  through `mode=ro` with `query_only` (this also keeps clear of SQLite's WAL-reset fault,
  versions 3.7.0 to 3.51.2, which needs two writers or checkpointers);
* a caller hands over a whole transaction as a function; a cancelled caller never leaves half
  of one. What arrives while a commit is under way shares the next commit (group commit); the
  refusal of one does not undo its neighbours. A function may be run twice before it counts, so
  it must change nothing but the database;
* `transact` returns only after the commit is durable: WAL with `synchronous=FULL`;
* every pragma is read back: a file system that cannot keep the promise is refused at open;
* an input/output error at commit is final: the writer refuses everything after it, because
  what the disk then holds is unknown until the file is opened and checked anew.

It must not know what the tables mean.
"""

import asyncio
import contextlib
import sqlite3
from collections import deque
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from functools import partial
from importlib.resources.abc import Traversable
from pathlib import Path
from typing import Any, Final, cast
from urllib.parse import quote

import aiosqlite

from sync.group_commit import (
    DatabaseError,
    DatabaseFault,
    Group,
    NeedsConnection,
    Participant,
    Request,
    Result,
    Rows,
    Stage,
    Work,
    translate,
)
from sync.migration import migrate
from sync.staging import Staging

__all__ = [
    "DatabaseError",
    "DatabaseFault",
    "NeedsConnection",
    "Participant",
    "Reader",
    "Rows",
    "Writer",
    "enough_company",
    "open_reader",
    "open_writer",
]

MAXIMUM_GROUP: Final = 256
"""Transactions that share one commit; more wait for the next."""

GATHER_STEPS: Final = 8
"""A commit that others may join waits in steps of this share of what the disk needed last time,
as long as each step brings somebody."""

MAXIMUM_GATHER_S: Final = 0.003
"""Longest such wait."""

TURNS_TO_ASK: Final = 2
"""Turns of the loop from the bytes of an HTTP request to its handler."""

ENOUGH_COMPANY: Final = 8
"""So many wait for nobody else, unless they are less than half of those who came of late: while the
disk is busy with one half, the processor is busy with the other."""

MAXIMUM_PENDING: Final = 4096
"""Transactions that may wait; one more is refused as `busy`."""

DEFAULT_PAGE_BYTES: Final = 4096
BUSY_TIMEOUT_MS: Final = 2000
STATEMENT_CACHE: Final = 256

CHECKPOINT_PAGES: Final = 16384
"""Pages in the write-ahead log before it is folded into the file: a checkpoint costs a commit
several times its price, and 64 MiB more beside the database cost nothing."""

_WRITER_PRAGMAS: Final[Mapping[str, str | int]] = {
    "wal_autocheckpoint": CHECKPOINT_PAGES,
    "journal_mode": "wal",
    "synchronous": 2,
    "foreign_keys": 1,
    "trusted_schema": 0,
    "busy_timeout": BUSY_TIMEOUT_MS,
    "temp_store": 2,
}
_READER_PRAGMAS: Final[Mapping[str, str | int]] = {
    "query_only": 1,
    "trusted_schema": 0,
    "busy_timeout": BUSY_TIMEOUT_MS,
}


class _Connection(aiosqlite.Connection):
    """An aiosqlite connection that also runs whole functions in its thread."""

    async def run(self, work: Work[Result]) -> Result:
        """Run `work` in the connection's thread and return what it returns."""
        execute = cast("Callable[..., Awaitable[Result]]", self._execute)
        return await execute(work, self._conn)

    def post(self, function: Callable[[], None]) -> None:
        """Queue `function` for the connection's thread without waiting for it."""
        self._tx.put_nowait((None, function))

    async def ended(self) -> None:
        """Wait until the thread is gone, so that it cannot speak to a closed event loop."""
        await asyncio.to_thread(self._thread.join)

    @property
    def raw(self) -> sqlite3.Connection:
        """The synchronous connection; its owner sees to it that one thread uses it at a time."""
        return self._conn


class Writer:
    """The one writing connection of a file; made by `open_writer`."""

    def __init__(self, connection: _Connection, path: Path, *, work_in_loop: bool) -> None:
        self.path = path
        self._work_in_loop = work_in_loop
        self._connection = connection
        self._loop = asyncio.get_running_loop()
        self._waiting: deque[Request[Any]] = deque()
        self._staging = Staging(self._loop)
        self._next_look: asyncio.Handle | None = None
        self._enough = 0
        self._busy = False
        self._participants: tuple[Participant, ...] = ()
        self.broken = asyncio.Event()
        """Set after an input/output error: the process should stop and open the file anew."""
        self.ended = False
        """Whether the file is being closed: whoever has not begun is refused as `busy`."""
        self.commits = 0
        self._last_commit_s = 0.0
        self._company = 0

    def join(self, *participants: Participant) -> None:
        """Let `participants` take part in every commit from now on."""
        self._participants += participants
        self._staging.participants = self._participants

    async def transact(self, work: Work[Result]) -> Result:
        """Run `work` in a transaction and return its result once it is durable.

        `work` must not commit. What it raises is raised here after its changes are undone.
        `DatabaseError` says `full`, `io` or `busy`; nothing of `work` is then stored.
        """
        self._check_room()
        request: Request[Result] = Request(work, self._loop.create_future())
        self._waiting.append(request)
        self._begin_soon()
        return await request.future

    async def stage(self, stage: Stage[Result], work: Work[Result]) -> Result:
        """As `transact(work)`, for rows that can be made without reading the file.

        `stage` runs in this turn of the loop or the next, beside the commit under way; what it
        raises is raised here. `work` does the same with a connection: it runs instead when `stage`
        raises NeedsConnection, and again when a row of the group turns out to be there already.
        """
        if not self._work_in_loop or len(self._staging) >= MAXIMUM_GROUP:
            return await self.transact(work)
        self._check_room()
        future = self._staging.arrive(stage, work)
        self._begin_soon()
        return await future

    def _check_room(self) -> None:
        if self.broken.is_set():
            raise DatabaseError(DatabaseFault.IO, str(self.path))
        if self.ended or len(self._waiting) >= MAXIMUM_PENDING:
            raise DatabaseError(DatabaseFault.BUSY, str(self.path))

    def _begin_soon(self) -> None:
        if not self._busy:
            self._busy = True
            self._gather()
        elif self._next_look is not None and self._pending() >= self._enough:
            self._launch()

    def _pending(self) -> int:
        return len(self._waiting) + len(self._staging)

    def _gather(self) -> None:
        """Begin the next commit, at once for a lone caller.

        Where several came of late it waits for them to come back: without that, every other commit
        would carry only the few who came while one was under way.
        """
        if self._company > 1:
            self._enough = enough_company(self._company)
            self._wait_for_company(0, self._loop.time() + MAXIMUM_GATHER_S)
        else:
            # After whatever else is ready in this turn of the loop, so that it can join.
            self._loop.call_soon(self._launch)

    def _wait_for_company(self, seen: int, end: float) -> None:
        pending = self._pending()
        if pending == seen or pending >= self._enough or self._loop.time() >= end:
            self._launch()
        else:
            step_s = self._last_commit_s / GATHER_STEPS
            self._next_look = self._loop.call_later(step_s, self._look_around, pending, end)

    def _look_around(self, seen: int, end: float, turns: int = TURNS_TO_ASK) -> None:
        """Whose bytes came in the turn in which the step ended is not overtaken."""
        if turns:
            self._next_look = self._loop.call_soon(self._look_around, seen, end, turns - 1)
        else:
            self._wait_for_company(seen, end)

    def _launch(self) -> None:
        """Begin the next commit with what is staged and what is waiting."""
        if self._next_look is not None:
            self._next_look.cancel()
            self._next_look = None
        count = min(len(self._waiting), MAXIMUM_GROUP)
        staged, marks = self._staging.take()
        requests = staged + [self._waiting.popleft() for _ in range(count)]
        if not requests:
            self._busy = False  # everybody was refused before anything was changed
            return
        group = Group(requests, self._participants, marks)
        if self.ended:  # a statement beside the closing of its connection would crash the process
            _fail(group, DatabaseError(DatabaseFault.BUSY, str(self.path)))
            self._loop.call_soon(self._deliver, group)
        elif not self._work_in_loop:
            self._connection.post(partial(self._run_and_commit, group))
        elif self._run(group):
            self._connection.post(partial(self._commit, group))
        else:
            self._loop.call_soon(self._deliver, group)

    def _run(self, group: Group) -> bool:
        """Run the group's functions; False when all of them failed together."""
        try:
            group.run(self._connection.raw)
        except BaseException as error:  # noqa: BLE001 - every waiting caller must get an answer
            _fail(group, error)
            return False
        return True

    def _commit(self, group: Group) -> None:
        """Wait for the disk; runs in the connection's thread."""
        try:
            self._last_commit_s = group.commit(self._connection.raw)
        except BaseException as error:  # noqa: BLE001 - every waiting caller must get an answer
            _fail(group, error)
            self._loop.call_soon_threadsafe(self._take_back, group)
        self._loop.call_soon_threadsafe(self._deliver, group)

    def _take_back(self, group: Group) -> None:
        """Undo in memory what the disk refused; what was staged on top of it starts again."""
        self._waiting.extendleft(reversed(self._staging.take_back()))
        group.reset()

    def _run_and_commit(self, group: Group) -> None:
        if self._run(group):
            self._commit(group)
        else:
            self._loop.call_soon_threadsafe(self._deliver, group)

    def _deliver(self, group: Group) -> None:
        """Answer the callers, and begin the next commit when some wait already."""
        self.commits += 1
        self._company = len(group.requests) + self._pending()
        self._busy = self._pending() > 0
        if self._busy:
            self._gather()
        for request in group.requests:
            failure = request.failure
            if isinstance(failure, DatabaseError) and failure.code is DatabaseFault.IO:
                self.broken.set()
            if request.future.done():
                continue
            if failure is not None:
                request.future.set_exception(failure)
            else:
                request.future.set_result(request.outcome)


def enough_company(of_late: int) -> int:
    """How many of those who came of late the next commit waits for."""
    return min(max(of_late // 2, ENOUGH_COMPANY), MAXIMUM_GROUP)


def _fail(group: Group, error: BaseException) -> None:
    for request in group.requests:
        request.failure = request.failure or error


class Reader:
    """A read-only connection to a database that another task or process writes."""

    def __init__(self, connection: _Connection) -> None:
        self._connection = connection

    async def query(self, work: Work[Result]) -> Result:
        """Run `work` in one read transaction: all its statements see the same moment."""
        try:
            return await self._connection.run(lambda connection: _in_snapshot(connection, work))
        except sqlite3.Error as error:
            raise translate(error) from error


def _in_snapshot(connection: sqlite3.Connection, work: Work[Result]) -> Result:
    connection.execute("BEGIN")
    try:
        return work(connection)
    finally:
        connection.execute("COMMIT")


@contextlib.asynccontextmanager
async def open_writer(
    path: Path,
    owners: Mapping[str, Traversable],
    *,
    work_in_loop: bool = False,
    page_bytes: int = DEFAULT_PAGE_BYTES,
) -> AsyncIterator[Writer]:
    """Open `path` for writing, creating it, with the migrations of every owner applied.

    `owners` maps an owner's name to its folder of `0001_name.sql` files. With `work_in_loop` the
    functions run in the event loop's thread and only the flush leaves it: right for functions of
    well under a millisecond, since two threads that take turns at every statement spend more on
    taking turns (measured at 32 clients: a quarter more submissions a second). `page_bytes` counts
    when the file is made: small pages for small commits, large ones where rows come by hundreds.
    """
    async with _open(path, "rwc", _WRITER_PRAGMAS, page_bytes) as connection:
        await connection.run(lambda raw: migrate(raw, owners))
        writer = Writer(connection, path, work_in_loop=work_in_loop)
        try:
            yield writer
        finally:
            writer.ended = True


@contextlib.asynccontextmanager
async def open_reader(path: Path) -> AsyncIterator[Reader]:
    """Open `path` read-only; `DatabaseError` `missing` when it is not there yet."""
    async with _open(path, "ro", _READER_PRAGMAS) as connection:
        yield Reader(connection)


@contextlib.asynccontextmanager
async def _open(
    path: Path, mode: str, pragmas: Mapping[str, str | int], page_bytes: int = DEFAULT_PAGE_BYTES
) -> AsyncIterator[_Connection]:
    connection = _Connection(lambda: _connect(path, mode), iter_chunk_size=64)
    try:
        _ = await connection
        await connection.run(lambda raw: raw.execute(f"PRAGMA page_size={page_bytes}"))
        await connection.run(lambda raw: _set_pragmas(raw, pragmas))
    except BaseException as error:
        # Also a caller cancelled half-way must leave neither a file nor a thread open.
        await connection.close()
        await connection.ended()
        if isinstance(error, sqlite3.Error):
            raise translate(error) from error
        raise
    try:
        yield connection
    finally:
        await connection.close()


def _connect(path: Path, mode: str) -> sqlite3.Connection:
    # psow=0: an SD card gives no promise that a torn write leaves its neighbours alone.
    uri = f"file:{quote(str(path.absolute()))}?mode={mode}&psow=0"
    return sqlite3.connect(  # noqa: TID251 - the one place
        uri,
        uri=True,
        isolation_level=None,
        cached_statements=STATEMENT_CACHE,
        check_same_thread=False,
    )


def _set_pragmas(connection: sqlite3.Connection, pragmas: Mapping[str, str | int]) -> None:
    for name, wanted in pragmas.items():
        connection.execute(f"PRAGMA {name}={wanted}")
        got = connection.execute(f"PRAGMA {name}").fetchone()[0]
        if got != wanted:
            raise DatabaseError(DatabaseFault.UNSUITABLE, f"PRAGMA {name} is {got}")

"""Records every write, sync, truncation and directory change of a database, below SQLite.

The product opens SQLite through the standard library, whose SQLite is another copy than the one
apsw brings, so a file system registered with apsw cannot be used from there. Instead `Recorded`
offers the part of `sqlite3.Connection` that the product uses, on top of an apsw connection whose
file system records. `sync.database` runs unchanged above it: its pragmas, migrations, group commits
and journal are the real ones; only the copy of SQLite is apsw's.
"""

import contextlib
import sqlite3
from collections.abc import AsyncIterator, Iterable, Iterator, Mapping, Sequence
from importlib.resources.abc import Traversable
from pathlib import Path
from typing import Any, NamedTuple, cast
from urllib.parse import quote

import apsw

from sync import database
from sync.database import Reader, Writer
from sync.migration import migrate

VFS_NAME = "recorder"


class Operation(NamedTuple):
    """What reached the file system.

    `what`: create, write (`at` offset), truncate (`at` size), sync, delete (`at`: the directory
    was synced too), or said: something was promised to somebody (`data` names it).
    """

    what: str
    name: str = ""
    at: int = 0
    data: bytes = b""


class Recording:
    """The operations of one life of a database, in order."""

    def __init__(self) -> None:
        self.operations: list[Operation] = []

    def say(self, promise: str) -> None:
        """Note that a caller was answered: from here on a crash must not lose it."""
        self.operations.append(Operation("said", data=promise.encode()))


class _File(apsw.VFSFile):
    def __init__(self, recording: Recording, name: str, path: Any, flags: list[int]) -> None:
        super().__init__("", path, flags)
        self._operations = recording.operations
        self._name = name

    def xWrite(self, data: bytes, offset: int) -> None:  # noqa: N802 - apsw's name
        self._operations.append(Operation("write", self._name, offset, bytes(data)))
        super().xWrite(data, offset)

    def xTruncate(self, newsize: int) -> None:  # noqa: N802
        self._operations.append(Operation("truncate", self._name, newsize))
        super().xTruncate(newsize)

    def xSync(self, flags: int) -> None:  # noqa: N802
        self._operations.append(Operation("sync", self._name))
        super().xSync(flags)


class _FileSystem(apsw.VFS):
    def __init__(self) -> None:
        self.recording = Recording()
        super().__init__(VFS_NAME, "")

    def xOpen(self, name: Any, flags: list[int]) -> _File:  # noqa: N802
        path = name.filename() if isinstance(name, apsw.URIFilename) else name or ""
        base = Path(path).name
        if flags[0] & apsw.SQLITE_OPEN_CREATE and path and not Path(path).exists():
            self.recording.operations.append(Operation("create", base))
        return _File(self.recording, base, name, flags)

    def xDelete(self, filename: str, syncdir: bool) -> None:  # noqa: N802, FBT001
        operation = Operation("delete", Path(filename).name, int(syncdir))
        super().xDelete(filename, syncdir)
        self.recording.operations.append(operation)


FILE_SYSTEM = _FileSystem()


class _Cursor:
    """The part of `sqlite3.Cursor` that the product uses."""

    def __init__(self, cursor: Any, rowcount: int, lastrowid: int) -> None:
        self._cursor = cursor
        self.rowcount = rowcount
        self.lastrowid = lastrowid

    def fetchone(self) -> Any:
        with _translated():
            return self._cursor.fetchone()

    def fetchall(self) -> list[Any]:
        with _translated():
            return list(self._cursor.fetchall())

    def __iter__(self) -> Iterator[Any]:
        with _translated():
            yield from self._cursor


@contextlib.contextmanager
def _translated() -> Iterator[None]:
    try:
        yield
    except apsw.Error as error:
        integrity = isinstance(error, apsw.ConstraintError)
        same = (sqlite3.IntegrityError if integrity else sqlite3.OperationalError)(str(error))
        same.sqlite_errorcode = getattr(error, "extendedresult", 0)
        raise same from error


class Recorded:
    """The part of `sqlite3.Connection` that the product uses, with every byte recorded."""

    def __init__(self, path: Path, mode: str, overrides: Mapping[str, str]) -> None:
        flags = apsw.SQLITE_OPEN_URI | apsw.SQLITE_OPEN_READWRITE | apsw.SQLITE_OPEN_CREATE
        uri = f"file:{quote(str(path.absolute()))}?mode={mode}&psow=0"
        self._connection = apsw.Connection(uri, flags=flags, vfs=VFS_NAME)
        self._overrides = overrides

    def execute(self, sql: str, parameters: Sequence[Any] = ()) -> _Cursor:
        """Run one statement; a pragma that the test overrides is set to the test's value."""
        connection = self._connection
        with _translated():
            cursor = connection.execute(self._overridden(sql), tuple(parameters))
        return _Cursor(cursor, connection.changes(), connection.last_insert_rowid())

    def executemany(self, sql: str, rows: Iterable[Sequence[Any]]) -> _Cursor:
        """Run one statement for every row; counts the rows changed by the statement itself."""
        changed = 0
        for row in rows:
            changed += self.execute(sql, row).rowcount
        return _Cursor(None, changed, 0)

    def executescript(self, script: str) -> None:
        """Run statements one after another."""
        with _translated():
            for _ in self._connection.execute(script):
                pass

    @property
    def in_transaction(self) -> bool:
        """Whether a transaction is open."""
        return bool(self._connection.in_transaction)

    @property
    def total_changes(self) -> int:
        """Rows changed since the connection was opened."""
        return int(self._connection.total_changes())

    def close(self) -> None:
        """Close; SQLite folds the log into the file."""
        self._connection.close()

    def _overridden(self, sql: str) -> str:
        name = sql.removeprefix("PRAGMA ").split("=")[0]
        if sql.startswith("PRAGMA ") and "=" in sql and name in self._overrides:
            return f"PRAGMA {name}={self._overrides[name]}"
        return sql


@contextlib.asynccontextmanager
async def _recorded(
    path: Path, mode: str, pragmas: Mapping[str, str | int]
) -> AsyncIterator[database._Connection]:
    # What the product reads back must be what it asked for, so an override replaces both.
    overrides = {name: str(value) for name, value in pragmas.items()}
    opened = Recorded(path, mode, overrides)
    connection = database._Connection(
        lambda: cast("sqlite3.Connection", opened), iter_chunk_size=64
    )
    _ = await connection
    try:
        yield connection
    finally:
        await connection.close()


@contextlib.asynccontextmanager
async def recorded_writer(
    path: Path, owners: Mapping[str, Traversable], overrides: Mapping[str, str | int]
) -> AsyncIterator[tuple[Writer, Recording]]:
    """The product's writer on a recorded file.

    `overrides` replace pragmas of the product: a smaller `wal_autocheckpoint` makes a short day see
    many checkpoints, `synchronous=1` is the negative control.
    """
    FILE_SYSTEM.recording = Recording()
    pragmas = {**database._WRITER_PRAGMAS, **overrides}
    async with _recorded(path, "rwc", overrides) as connection:
        await connection.run(lambda raw: database._set_pragmas(raw, pragmas))
        await connection.run(lambda raw: migrate(raw, owners))
        yield Writer(connection, path, work_in_loop=True), FILE_SYSTEM.recording


@contextlib.asynccontextmanager
async def recorded_reader(path: Path) -> AsyncIterator[Reader]:
    """A reader through the same copy of SQLite: two copies in one process break file locks."""
    async with _recorded(path, "ro", {}) as connection:
        yield Reader(connection)

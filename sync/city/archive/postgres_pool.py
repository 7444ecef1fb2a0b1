"""The only place that opens PostgreSQL.

Rules:

* "stored" is said only after a commit that is on the server's disk: a server that answers earlier
  (`synchronous_commit`, `fsync` or `full_page_writes` off) is refused at the start;
* migrations run under an advisory lock, so that processes may start together; an edited file and
  a database of a newer program are refused before anything is changed;
* a transaction that the server undid because two met (deadlock, serialisation) is run again;
* faults of the server and of the way to it become `ArchiveError`; an error never carries the URL,
  which may hold a password.

It must not know what the tables mean. Imported only by a city that is configured for PostgreSQL.
"""

import asyncio
import contextlib
import hashlib
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Mapping
from importlib.resources.abc import Traversable
from typing import Any, Final, TypeAlias, TypeVar

import asyncpg

from sync.city.archive.values import ArchiveError, ArchiveFault
from sync.group_commit import DatabaseError, DatabaseFault

Connection: TypeAlias = Any
"""An asyncpg connection; the library carries no types that hold under its pool."""

MAXIMUM_CONNECTIONS: Final = 8
"""Of one process; commits of several connections share a flush in the server."""
CONNECT_TIMEOUT_S: Final = 10.0
STATEMENT_TIMEOUT_S: Final = 60.0
MAXIMUM_RUNS: Final = 5
"""Times a transaction is run when the server undoes it for the sake of another."""
LOWEST_VERSION: Final = 140000

_MIGRATION_LOCK: Final = 0x57_45_53_31_6D_69_67
"""Any number that nobody else uses as an advisory lock in this database."""
_LEDGER: Final = """CREATE TABLE IF NOT EXISTS schema_migration (
    owner text NOT NULL,
    version integer NOT NULL,
    checksum text NOT NULL,
    PRIMARY KEY (owner, version)
)"""
_PROMISES: Final[Mapping[str, frozenset[str]]] = {
    "synchronous_commit": frozenset({"on", "remote_apply"}),
    "fsync": frozenset({"on"}),
    "full_page_writes": frozenset({"on"}),
    "server_encoding": frozenset({"UTF8"}),
    "default_transaction_isolation": frozenset({"read committed"}),
}
_BUSY_STATES: Final = ("08", "40", "53", "55P03", "57")
_FULL_STATE: Final = "53100"
_BROKEN_STATES: Final = ("58", "XX")
_AGAIN_STATE: Final = "40"

_Result = TypeVar("_Result")


class RunAgainError(Exception):
    """Raised by a transaction's work: what it saw is no longer so; it is undone and run again."""


class Pool:
    """Connections to one database; made by `open_pool`."""

    def __init__(self, pool: Any) -> None:
        self._pool = pool

    async def fetch(self, query: str, *arguments: Any) -> list[Any]:
        """All rows of one statement."""
        return list(await _again(lambda: self._pool.fetch(query, *arguments)))

    async def fetchrow(self, query: str, *arguments: Any) -> Any:
        """The first row of one statement; None when there is none."""
        return await _again(lambda: self._pool.fetchrow(query, *arguments))

    async def fetchval(self, query: str, *arguments: Any) -> Any:
        """The first value of the first row; None when there is none."""
        return await _again(lambda: self._pool.fetchval(query, *arguments))

    async def execute(self, query: str, *arguments: Any) -> None:
        """One statement."""
        await _again(lambda: self._pool.execute(query, *arguments))

    async def transact(self, work: Callable[[Connection], Awaitable[_Result]]) -> _Result:
        """Run `work` in a transaction; its result once it is committed.

        `work` may be run more than once, so it must change nothing but the database. What it raises
        is raised here after its changes are undone.
        """

        async def run() -> _Result:
            async with self._pool.acquire() as connection, connection.transaction():
                return await work(connection)

        return await _again(run)

    @contextlib.asynccontextmanager
    async def snapshot(self) -> AsyncIterator[Connection]:
        """A connection that sees one moment for as long as it is held; it cannot write."""
        with faults():
            async with (
                self._pool.acquire() as connection,
                connection.transaction(isolation="repeatable_read", readonly=True),
            ):
                yield connection


async def _again(run: Callable[[], Awaitable[_Result]]) -> _Result:
    """What `run` returns, which is one statement or one transaction."""
    for runs_left in reversed(range(MAXIMUM_RUNS)):
        try:
            return await run()
        except RunAgainError:
            if not runs_left:
                raise ArchiveError(ArchiveFault.BUSY, "contention") from None
        except (asyncpg.PostgresError, asyncpg.InterfaceError, OSError) as error:
            if runs_left and _state(error).startswith(_AGAIN_STATE):
                continue
            fault = translate(error)
            if fault is None:
                raise
            raise fault from error
    raise AssertionError  # the last run returns or raises


@contextlib.asynccontextmanager
async def open_pool(
    url: str, owners: Mapping[str, Traversable], *, connections: int = MAXIMUM_CONNECTIONS
) -> AsyncIterator[Pool]:
    """Connections to the database at `url`, checked, with every owner's migrations applied.

    `owners` maps an owner's name to its folder of `0001_name.sql` files. Raises DatabaseError, and
    ArchiveError when the server cannot be reached.
    """
    pool = await _create(url, connections)
    try:
        async with pool.acquire() as connection:
            await _check(connection)
            await _migrate(connection, owners)
        yield Pool(pool)
    finally:
        await _close(pool)


async def _create(url: str, connections: int) -> Any:
    try:
        return await asyncpg.create_pool(
            url,
            min_size=1,
            max_size=connections,
            timeout=CONNECT_TIMEOUT_S,
            command_timeout=STATEMENT_TIMEOUT_S,
            reset=_tidy,
            server_settings={"application_name": "edge-city"},
        )
    except (asyncpg.PostgresError, asyncpg.InterfaceError, OSError) as error:
        fault = ArchiveFault.MISSING
        raise ArchiveError(fault, f"PostgreSQL does not answer ({_name(error)})") from None
    except ValueError:
        raise DatabaseError(DatabaseFault.UNSUITABLE, "not a postgresql:// URL") from None


async def _tidy(connection: Connection) -> None:
    """Before a connection goes to the next user; nothing here outlives its transaction.

    In place of the library's reset of everything, which is one more statement for each statement.
    """
    if connection.is_in_transaction():
        await connection.execute("ROLLBACK")


async def _close(pool: Any) -> None:
    """Let statements under way end, but not for ever."""
    try:
        await asyncio.wait_for(pool.close(), CONNECT_TIMEOUT_S)
    except TimeoutError:
        pool.terminate()


async def _check(connection: Connection) -> None:
    version = connection.get_server_version()
    if version.major * 10_000 < LOWEST_VERSION:
        raise DatabaseError(DatabaseFault.UNSUITABLE, f"PostgreSQL {version.major}")
    for name, wanted in _PROMISES.items():
        got = await connection.fetchval("SELECT current_setting($1)", name)
        if got not in wanted:
            raise DatabaseError(DatabaseFault.UNSUITABLE, f"{name} is {got}")


async def _migrate(connection: Connection, owners: Mapping[str, Traversable]) -> None:
    async with connection.transaction():
        await connection.execute("SELECT pg_advisory_xact_lock($1)", _MIGRATION_LOCK)
        await connection.execute(_LEDGER)
        for owner, folder in owners.items():
            await _migrate_owner(connection, owner, _read_migrations(folder))


def _read_migrations(folder: Traversable) -> list[str]:
    names = sorted(entry.name for entry in folder.iterdir() if entry.name.endswith(".sql"))
    for position, name in enumerate(names, start=1):
        if int(name.split("_", 1)[0]) != position:
            raise DatabaseError(DatabaseFault.MIGRATION_EDITED, name)
    return [folder.joinpath(name).read_text(encoding="utf-8") for name in names]


async def _migrate_owner(connection: Connection, owner: str, scripts: list[str]) -> None:
    rows = await connection.fetch(
        "SELECT checksum FROM schema_migration WHERE owner = $1 ORDER BY version", owner
    )
    if len(rows) > len(scripts):
        raise DatabaseError(DatabaseFault.TOO_NEW, owner)
    checksums = [hashlib.sha256(script.encode()).hexdigest() for script in scripts]
    for version, (row, checksum) in enumerate(zip(rows, checksums, strict=False), start=1):
        if row["checksum"] != checksum:
            raise DatabaseError(DatabaseFault.MIGRATION_EDITED, f"{owner} {version}")
    for version in range(len(rows) + 1, len(scripts) + 1):
        await connection.execute(scripts[version - 1])
        await connection.execute(
            "INSERT INTO schema_migration VALUES ($1, $2, $3)",
            owner,
            version,
            checksums[version - 1],
        )


@contextlib.contextmanager
def faults() -> Iterator[None]:
    """Raise what the server and the way to it do as ArchiveError."""
    try:
        yield
    except (asyncpg.PostgresError, asyncpg.InterfaceError, OSError) as error:
        fault = translate(error)
        if fault is None:
            raise
        raise fault from error


def translate(error: Exception) -> ArchiveError | None:
    """The fault behind an error of this database; None for what is an error of ours."""
    if isinstance(error, ValueError):  # an argument of the wrong kind
        return None
    if isinstance(error, asyncpg.InterfaceError | OSError):
        return ArchiveError(ArchiveFault.BUSY, _name(error))
    state = _state(error)
    if state == _FULL_STATE:
        return ArchiveError(ArchiveFault.FULL, state)
    if state.startswith(_BUSY_STATES):
        return ArchiveError(ArchiveFault.BUSY, state)
    return ArchiveError(ArchiveFault.BROKEN, state) if state.startswith(_BROKEN_STATES) else None


def _state(error: Exception) -> str:
    return str(getattr(error, "sqlstate", None) or "")


def _name(error: Exception) -> str:
    """Only the kind: a message of the server may quote what it was given."""
    return _state(error) or type(error).__name__

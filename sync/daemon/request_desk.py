"""What the node asks of this process for a person at the status page.

Responsible for taking `request_to_daemon` rows of node.db one after the other, and for answering in
`request_answer` of sync.db with progress. Rules: each row is done once; what was under way when the
process ended is answered as `interrupted`, never begun twice by itself; a request nobody here can
do is answered, not left. Whoever can do a kind of request is in the registry. It must not know
what the requests do.
"""

import asyncio
import contextlib
import sqlite3
from collections.abc import Awaitable, Callable, Mapping
from pathlib import Path
from typing import Final, NamedTuple, TypeAlias

from sync.daemon.clock import Clock
from sync.daemon.mailbox import Mailbox
from sync.daemon.statements import RequestAnswer
from sync.daemon.watch import stamp, wal_path
from sync.database import DatabaseError, open_reader
from sync.protocol.errors import ProtocolError

LOOK_S: Final = 1.0

UNKNOWN_KIND: Final = "unknown_request"
INTERRUPTED: Final = "interrupted"
FAILED: Final = "request_failed"


class DeskRequest(NamedTuple):
    """One row of the node's table."""

    number: int
    kind: str
    argument: str


class RequestFailedError(Exception):
    """A request came to nothing; `code` is stable and the node has words for it."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


Report: TypeAlias = Callable[[int, int], Awaitable[None]]
"""Says how far a request is: done, total."""

RequestHandler: TypeAlias = Callable[[str, Report], Awaitable[None]]
"""Does one kind of request: the argument, where to report. Raises RequestFailedError."""


async def keep_desk(
    node_database: Path,
    mailbox: Mailbox,
    handlers: Mapping[str, RequestHandler],
    clock: Clock,
) -> None:
    """Serve requests for ever; while node.db cannot be read nothing is asked.

    node.db is opened only when it or its write-ahead log has changed.
    """
    await mailbox.close_requests(INTERRUPTED, clock.read().wall_ms)
    desk = _Desk(mailbox, handlers, clock)
    seen = None
    while True:
        stamps = [stamp(path) for path in (node_database, wal_path(node_database))]
        if stamps != seen:
            with contextlib.suppress(DatabaseError, sqlite3.Error):
                for request in await _asked(node_database, await mailbox.answered_requests()):
                    await desk.serve(request)
                seen = stamps
        await asyncio.sleep(LOOK_S)


async def _asked(node_database: Path, answered: frozenset[int]) -> list[DeskRequest]:
    async with open_reader(node_database) as reader:
        rows = await reader.query(
            lambda connection: connection.execute(
                "SELECT id, kind, argument FROM request_to_daemon ORDER BY id"
            ).fetchall()
        )
    return [DeskRequest(*row) for row in rows if row[0] not in answered]


class _Desk:
    """Serves one request at a time."""

    def __init__(
        self, mailbox: Mailbox, handlers: Mapping[str, RequestHandler], clock: Clock
    ) -> None:
        self._mailbox = mailbox
        self._handlers = handlers
        self._clock = clock

    async def serve(self, request: DeskRequest) -> None:
        last = RequestAnswer(request.number, "running")
        await self._mailbox.answer_request(last)

        async def report(done: int, total: int) -> None:
            nonlocal last
            last = last._replace(done=done, total=total)
            await self._mailbox.answer_request(last)

        code = await self._do(request, report)
        state = "failed" if code else "done"
        wall_ms = self._clock.read().wall_ms
        answer = last._replace(state=state, code=code, finished_wall_ms=wall_ms)
        await self._mailbox.answer_request(answer)

    async def _do(self, request: DeskRequest, report: Report) -> str:
        """The code of what went wrong, "" when nothing did."""
        handler = self._handlers.get(request.kind)
        if handler is None:
            return UNKNOWN_KIND
        try:
            await handler(request.argument, report)
        except RequestFailedError as error:
            return error.code
        except (OSError, DatabaseError, ProtocolError):
            return FAILED
        return ""

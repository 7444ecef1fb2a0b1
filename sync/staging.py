"""Requests whose rows are made before their transaction begins.

Responsible for running staged functions, for what the participants held before the first of them,
and for giving everything back when the commit below was refused.

Rule: a function runs at the end of the turn in which it came, one after the other with those of
everybody else who came then: the same code again and again costs a third less than each in between
other work.

It must not know when a commit begins.
"""

import asyncio
from collections.abc import Sequence
from typing import Any

from sync.group_commit import (
    NeedsConnection,
    Participant,
    Request,
    Result,
    Rows,
    Stage,
    Work,
    restore,
    take_marks,
)


class Staging:
    """Who came, and whose rows are made; used in the event loop's thread only."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self._loop = loop
        self._arrived: list[tuple[Stage[Any], Request[Any]]] = []
        self._staged: list[Request[Any]] = []
        self._marks: list[object] | None = None
        self.participants: Sequence[Participant] = ()

    def __len__(self) -> int:
        """How many wait here."""
        return len(self._arrived) + len(self._staged)

    def arrive(self, stage: Stage[Result], work: Work[Result]) -> asyncio.Future[Result]:
        """Take in a function that adds rows, and the one that does the same with a connection."""
        request: Request[Result] = Request(work, self._loop.create_future())
        if not self._arrived:
            self._loop.call_soon(self._run)
        self._arrived.append((stage, request))
        return request.future

    def take(self) -> tuple[list[Request[Any]], list[object] | None]:
        """Everybody's requests, and what the participants held before the first was staged."""
        self._run()
        taken = self._staged, self._marks
        self._staged, self._marks = [], None
        return taken

    def take_back(self) -> list[Request[Any]]:
        """Those that were staged on top of a refused commit: they start again in a transaction."""
        for request in self._staged:
            request.rows = request.outcome = None
        requests, self._staged, self._marks = self._staged, [], None
        return requests

    def _run(self) -> None:
        arrived, self._arrived = self._arrived, []
        for stage, request in arrived:
            marks = take_marks(self.participants)
            rows: Rows = []
            try:
                request.outcome = stage(rows)
                request.rows = rows
            except NeedsConnection:
                restore(self.participants, marks)
            except BaseException as error:  # noqa: BLE001 - it belongs to this caller alone
                restore(self.participants, marks)
                if not request.future.done():
                    request.future.set_exception(error)
                continue
            if not self._staged:
                self._marks = marks
            self._staged.append(request)

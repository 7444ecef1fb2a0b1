"""Tells a batch that came before its turn when its log has grown.

Responsible for waking whoever waits for one log. Rules: nothing is kept for a log that nobody
waits for; waiting ends by itself. It must not know the archive or what a batch is.
"""

import asyncio
import contextlib
from collections.abc import Iterator


class Growth:
    """Who waits for which log of this process."""

    def __init__(self) -> None:
        self._watchers: dict[bytes, list[asyncio.Event]] = {}

    @contextlib.contextmanager
    def watch(self, lid: bytes) -> Iterator[asyncio.Event]:
        """An event that is set as soon as the log grows, from now until the context ends."""
        grown = asyncio.Event()
        watchers = self._watchers.setdefault(lid, [])
        watchers.append(grown)
        try:
            yield grown
        finally:
            watchers.remove(grown)
            if not watchers:
                del self._watchers[lid]

    def tell(self, lid: bytes) -> None:
        """The log has grown."""
        for grown in self._watchers.get(lid, ()):
            grown.set()

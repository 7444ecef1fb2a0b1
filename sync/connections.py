"""Deadlines and a ceiling for connections, which the HTTP library does not have.

Responsible for: closing a connection that brings no whole request header in time, and refusing
connections beyond a number. The station and the city listen through it. It must not know what is
asked.
"""

import asyncio
from typing import Final

from aiohttp import web
from aiohttp.typedefs import Handler

HEADER_TIMEOUT_S: Final = 10.0
"""From the end of the TLS handshake, or of the answer before, to the next request's handler."""
KEEPALIVE_TIMEOUT_S: Final = 75.0
MAXIMUM_CONNECTIONS: Final = 1024
SWEEPS_PER_TIMEOUT: Final = 10
MAXIMUM_SWEEP_S: Final = 1.0


class ConnectionGuard:
    """Counts connections and arms a deadline for each one that is waiting for a request."""

    def __init__(
        self,
        header_timeout_s: float = HEADER_TIMEOUT_S,
        maximum_connections: int = MAXIMUM_CONNECTIONS,
    ) -> None:
        self._header_timeout_s = header_timeout_s
        self._maximum_connections = maximum_connections
        self._sweep_s = min(header_timeout_s / SWEEPS_PER_TIMEOUT, MAXIMUM_SWEEP_S)
        self.server: web.Server | None = None
        """What makes the HTTP protocol of a connection; set before listening."""
        self._deadlines: dict[asyncio.BaseTransport, float] = {}
        self._open: set[asyncio.BaseTransport] = set()
        self._sweep: asyncio.TimerHandle | None = None

    def __call__(self) -> asyncio.Protocol:
        """The protocol for a new connection."""
        assert self.server is not None, "set before listening"
        return _Guarded(self.server(), self)

    @web.middleware
    async def watch(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        """A middleware: a request that is being answered has its own deadlines."""
        self.started(request)
        try:
            return await handler(request)
        finally:
            self.finished(request)

    def opened(self, transport: asyncio.BaseTransport) -> bool:
        """Count a connection in; False when there are too many."""
        if len(self._open) >= self._maximum_connections:
            return False
        self._open.add(transport)
        self._arm(transport, self._header_timeout_s)
        return True

    def closed(self, transport: asyncio.BaseTransport) -> None:
        """Count a connection out."""
        self._open.discard(transport)
        self._disarm(transport)

    def started(self, request: web.BaseRequest) -> None:
        """A whole header has arrived: the handler has its own deadlines."""
        if request.transport is not None:
            self._disarm(request.transport)

    def finished(self, request: web.BaseRequest) -> None:
        """The answer is on its way: the next header must come while the connection is kept."""
        if request.transport is not None and request.transport in self._open:
            self._arm(request.transport, KEEPALIVE_TIMEOUT_S + self._header_timeout_s)

    def _arm(self, transport: asyncio.BaseTransport, seconds: float) -> None:
        """Note a deadline. One sweep looks after all: a timer per request would cost more."""
        loop = asyncio.get_running_loop()
        self._deadlines[transport] = loop.time() + seconds
        if self._sweep is None:
            self._sweep = loop.call_later(self._sweep_s, self._close_late)

    def _close_late(self) -> None:
        loop = asyncio.get_running_loop()
        now = loop.time()
        for transport in [one for one, end in self._deadlines.items() if end <= now]:
            del self._deadlines[transport]
            _abort(transport)
        waiting = bool(self._deadlines)
        self._sweep = loop.call_later(self._sweep_s, self._close_late) if waiting else None

    def _disarm(self, transport: asyncio.BaseTransport) -> None:
        self._deadlines.pop(transport, None)


class _Guarded(asyncio.Protocol):
    """Passes everything on to the HTTP protocol and tells the guard when it begins and ends."""

    def __init__(self, inner: asyncio.Protocol, guard: ConnectionGuard) -> None:
        self._inner = inner
        self._guard = guard
        self._transport: asyncio.BaseTransport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        if not self._guard.opened(transport):
            _abort(transport)
            return
        self._transport = transport
        self._inner.connection_made(transport)

    def connection_lost(self, exc: Exception | None) -> None:
        if self._transport is not None:
            self._guard.closed(self._transport)
            self._inner.connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        if self._transport is not None:
            self._inner.data_received(data)

    def eof_received(self) -> bool | None:
        return self._inner.eof_received() if self._transport is not None else None

    def pause_writing(self) -> None:
        self._inner.pause_writing()

    def resume_writing(self) -> None:
        self._inner.resume_writing()


def _abort(transport: asyncio.BaseTransport) -> None:
    if isinstance(transport, asyncio.WriteTransport):
        transport.abort()

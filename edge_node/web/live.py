"""Live events: one stream per open page, so that screens change without anybody touching them.

Responsible for ``/live/<role>``: which topics a role hears, heartbeats, refusals and the end.
Rules: an event names what changed and carries at most an opaque id, never a person's data; what
belongs to one seat is told to pages of that seat only, which is looked up anew each time; a stream
begins with ``resync``, because something may have changed since the page was made; a reader that
falls behind is told to look anew, one that stops reading is dropped. The answer is always 200: a
browser gives up for ever on anything else, so even a refusal is a short stream that says when to
come back. Must not know: what the pages show.
"""

import asyncio
import contextlib
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Final

from aiohttp import web

from edge_node.domain.seats import NO_SEAT
from edge_node.usecases.changes import Change
from edge_node.usecases.officers import sitting
from edge_node.web.assets import ASSETS
from edge_node.web.counter.gate import SESSION_COOKIE
from edge_node.web.keys import STATION
from edge_node.web.seats import seat_of

HEARTBEAT_S: Final = 5
"""Longest silence on a healthy stream; a page waits three of these before it worries."""

RETRY_MS: Final = 2_000
"""How long a browser waits before it opens a lost stream again."""

REFUSED_RETRY_MS: Final = 15_000
"""The same after a refusal."""

WRITE_TIMEOUT_S: Final = 10
"""A reader that accepts nothing for this long is dropped."""

MAXIMUM_STREAMS: Final = 64
"""Pages the node talks to at once."""

MAXIMUM_STREAMS_PER_PEER: Final = 16
"""Pages of one address: a browser opens six at most, and a closed page is noticed within 5 s."""

TOPICS: Final[Mapping[str, frozenset[str]]] = {
    "kiosk": frozenset({"scan", "ticket", "print", "health", "pay", "help"}),
    "counter": frozenset(
        {"scan", "ticket", "dossier", "print", "health", "pay", "help", "booking"}
    ),
    "display": frozenset({"ticket"}),
    "chief": frozenset({"scan", "ticket", "dossier", "health", "help", "pay"}),
    "customer": frozenset({"pay"}),
    "status": frozenset({"print", "health", "dossier"}),
}
"""What each role hears besides ``resync``, ``reload`` and ``ping``."""

NAMED: Final[Mapping[str, frozenset[str]]] = {
    "kiosk": frozenset({"scan"}),
    "counter": frozenset({"scan", "ticket", "dossier", "print"}),
    "chief": frozenset({"scan"}),
}
"""Topics whose opaque id a role may see; everybody else hears only that something changed."""

STAFF: Final = frozenset({"counter", "chief"})
"""Roles that see ids only while an officer works with the page: who knows a dossier's id can follow
the dossier like the citizen who holds its slip."""

_END: Final = Change(0, "resync", "")
_SILENCE: Final = Change(0, "seat", "")
"""Nothing happened for a heartbeat: a ping, and a look whether the page may still be a kiosk."""


@dataclass(eq=False, slots=True)
class Streams:
    """The open streams of one application."""

    heartbeat_s: float = HEARTBEAT_S
    closing: bool = False
    peers: Counter[str] = field(default_factory=Counter)
    queues: set[asyncio.Queue[Change]] = field(default_factory=set)

    def has_room(self, peer: str) -> bool:
        """Whether one more page of this address is welcome."""
        return (
            not self.closing
            and len(self.queues) < MAXIMUM_STREAMS
            and self.peers[peer] < MAXIMUM_STREAMS_PER_PEER
        )

    @contextlib.contextmanager
    def joined(self, peer: str, queue: asyncio.Queue[Change]) -> Iterator[None]:
        """Counts the stream for as long as it is open."""
        self.queues.add(queue)
        self.peers[peer] += 1
        try:
            yield
        finally:
            self.queues.discard(queue)
            self.peers[peer] -= 1
            self.peers += Counter()

    def close(self) -> None:
        """End every stream now; later ones are refused."""
        self.closing = True
        for queue in self.queues:
            while not queue.empty():
                queue.get_nowait()
            queue.put_nowait(_END)


STREAMS: Final = web.AppKey("streams", Streams)


def prepare(app: web.Application) -> None:
    """Give the application its list of streams, ended first thing on shutdown."""
    app[STREAMS] = Streams()
    app.on_shutdown.append(_close)


async def _close(app: web.Application) -> None:
    app[STREAMS].close()


async def stream(request: web.Request) -> web.StreamResponse:
    """``GET /live/<role>``: the events of a role until the reader leaves or the node stops."""
    role = request.match_info["role"]
    if role not in TOPICS:
        raise web.HTTPNotFound
    streams, peer = request.app[STREAMS], request.remote or ""
    response = await _open(request)
    if not streams.has_room(peer):
        await _write(response, _event("full", "", retry_ms=REFUSED_RETRY_MS))
        return response
    with contextlib.suppress(ConnectionError, TimeoutError):
        async with request.app[STATION].changes.subscribe() as queue:
            with streams.joined(peer, queue):
                await _tell(response, role, queue, request)
    return response


async def _open(request: web.Request) -> web.StreamResponse:
    response = web.StreamResponse(
        headers={
            "Content-Type": "text/event-stream; charset=utf-8",
            "Cache-Control": "no-store",
            "X-Accel-Buffering": "no",
        }
    )
    await response.prepare(request)
    return response


async def _tell(
    response: web.StreamResponse, role: str, queue: asyncio.Queue[Change], request: web.Request
) -> None:
    release = request.app[ASSETS].release
    heartbeat_s = request.app[STREAMS].heartbeat_s
    seat = await seat_of(request, "kiosk") if role == "kiosk" else NO_SEAT
    await _write(response, _greeting(release, request.headers.get("Last-Event-ID", "")))
    while True:
        try:
            change = await asyncio.wait_for(queue.get(), heartbeat_s)
        except TimeoutError:
            change = _SILENCE
        if change is _END:
            return
        if change.topic == "seat" and await _lost_seat(request, role, seat):
            await _write(response, _event("reload", ""))
            return
        if change is _SILENCE:
            await _write(response, _event("ping", ""))
        elif await _concerns(request, role, change):
            shown = change.id if await _may_name(request, role, change.topic) else ""
            await _write(response, _event(change.topic, shown, f"{release}-{change.number}"))


async def _lost_seat(request: web.Request, role: str, seat: str) -> bool:
    """Whether a kiosk's page is not where it was when it began to listen."""
    return role == "kiosk" and await seat_of(request, role) != seat


async def _concerns(request: web.Request, role: str, change: Change) -> bool:
    if change.topic == "resync":
        return True
    if change.topic not in TOPICS[role]:
        return False
    return not change.seat or change.seat == await seat_of(request, role)


async def _may_name(request: web.Request, role: str, topic: str) -> bool:
    if topic not in NAMED.get(role, ()):
        return False
    if role not in STAFF:
        return True
    token = request.cookies.get(SESSION_COOKIE, "")
    return await sitting.officer_of(request.app[STATION], token) is not None


def _greeting(release: str, last_id: str) -> bytes:
    """A page made by another release is told to load itself again, any other to look anew."""
    other_release = bool(last_id) and not last_id.startswith(f"{release}-")
    topic = "reload" if other_release else "resync"
    return _event(topic, "", f"{release}-0", retry_ms=RETRY_MS)


def _event(topic: str, data: str, event_id: str = "", *, retry_ms: int = 0) -> bytes:
    lines = [f"event: {topic}", f"data: {data}"]
    if event_id:
        lines.insert(0, f"id: {event_id}")
    if retry_ms:
        lines.insert(0, f"retry: {retry_ms}")
    return ("\n".join(lines) + "\n\n").encode()


async def _write(response: web.StreamResponse, event: bytes) -> None:
    async with asyncio.timeout(WRITE_TIMEOUT_S):
        await response.write(event)


ROUTES: Final = (web.get("/live/{role}", stream),)

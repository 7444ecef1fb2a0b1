"""The page under which a citizen follows a dossier, served by the city.

Responsible for: reading a token, asking the register, and saying in words what it knows and how old
that is. Rules: nothing of a person and no guess; a dossier that has not arrived is said to be at
its station, never lost; no script, no cookie, nothing kept; an address may look so often only. It
must not know what an officer decided beyond the public state.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from types import MappingProxyType
from typing import Final

from aiohttp import web

from sync.city.archive.port import Archive, ArchiveError, Followed
from sync.city.trust.stations import StationDirectory, format_code
from sync.city.web.public_page import VIETNAM, PublicPage
from sync.protocol.tracking import read_token

STALE_AFTER_MS: Final = 30 * 60 * 1000
"""A station that was silent for so long is said to be without a network."""

REFRESH_S: Final = 120

PUBLIC_STATE: Final[Mapping[str, str]] = MappingProxyType(
    {
        "submitted": "received",
        "received": "received",
        "in_process": "in_process",
        "supplied": "in_process",
        "withdrawal_requested": "in_process",
        "supplement_requested": "supplement",
        "payment_requested": "supplement",
        "paused": "elsewhere",
        "finished": "ready",
        "handed_over": "handed_over",
        "refused": "refused",
        "stopped": "refused",
        "withdrawn": "refused",
    }
)
"""The station's state → one of the seven that the public is told."""

UNKNOWN_STATE: Final = "in_process"
"""Of a state that a newer station wrote: it has it, and it is not over."""

_WAY: Final = ("received", "in_process", "ready", "handed_over")


@dataclass(frozen=True)
class Tracking:
    """What the page needs."""

    page: PublicPage
    archive: Archive
    stations: StationDirectory


TRACKING: Final = web.AppKey("tracking", Tracking)


def add_tracking_routes(app: web.Application, tracking: Tracking) -> None:
    """Serve the page in this application."""
    app[TRACKING] = tracking
    app.add_routes([web.get("/t/{token}", page), web.get("/T/{token}", page)])


async def page(request: web.Request) -> web.Response:
    """`GET /t/{token}`: what the register knows; 404 in words for what it does not."""
    tracking = request.app[TRACKING]
    if not tracking.page.allows(request):
        return _refuse(request, "busy", 429)
    token = read_token(request.match_info["token"])
    if token is None or token.kind == "ticket":
        return _refuse(request, "unknown" if token is None else "ticket", 404)
    try:
        found = await tracking.archive.follow(token.value)
    except ArchiveError:
        return _refuse(request, "away", 503)
    if found is None:
        return _refuse(request, "not_here", 404)
    return tracking.page.answer(request, _shown(tracking, found, tracking.page.clock_ms()))


def _refuse(request: web.Request, note: str, status: int) -> web.Response:
    return request.app[TRACKING].page.answer(request, {"note": note, "refresh": 0}, status)


def _shown(tracking: Tracking, found: Followed, now_ms: int) -> dict[str, object]:
    names = {station.code: station.name for station in tracking.stations.all()}
    state = PUBLIC_STATE.get(found.state, UNKNOWN_STATE)
    heard_ms = found.last_contact_ms
    return {
        "note": "",
        "number": found.dossier_no,
        "state": state,
        "filed": found.state == "submitted",
        "steps": steps(state),
        "station": names.get(found.station, "") or format_code(found.station),
        "heard": say_time(heard_ms, now_ms) if heard_ms is not None else "",
        "minutes": max(now_ms - heard_ms, 0) // 60_000 if heard_ms is not None else None,
        "stale": heard_ms is None or now_ms - heard_ms > STALE_AFTER_MS,
        "behind": found.behind > 0,
        "refresh": REFRESH_S,
    }


def steps(state: str) -> list[tuple[str, str]]:
    """A dossier's way: (public state, done, now or next)."""
    way = list(_WAY)
    if state == "refused":
        way = ["received", "refused"]
    elif state not in way:
        way.insert(2, state)
    here = way.index(state)
    marks = ["done"] * here + ["now"] + ["next"] * (len(way) - here - 1)
    return list(zip(way, marks, strict=True))


def say_time(at_ms: int, now_ms: int) -> str:
    """`08:41`, with the date when it was another day."""
    at, now = (datetime.fromtimestamp(ms / 1000, UTC).astimezone(VIETNAM) for ms in (at_ms, now_ms))
    clock = at.strftime("%H:%M")
    return clock if at.date() == now.date() else f"{clock} {at.strftime('%d/%m/%Y')}"

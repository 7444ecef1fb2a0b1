"""The page under which a citizen follows a dossier, served by the city.

Responsible for: reading a token, asking the register, and saying in words what it knows and how old
that is. Rules: nothing of a person and no guess; a dossier that has not arrived is said to be at
its station, never lost; no script, no cookie, nothing kept; an address may look so often only. It
must not know what an officer decided beyond the public state.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta, timezone
from functools import cached_property
from types import MappingProxyType
from typing import Final

import jinja2
from aiohttp import web

from sync.city.archive.port import Archive, ArchiveError, Followed
from sync.city.trust.stations import StationDirectory, format_code
from sync.city.web.page import LANGUAGES, read_texts
from sync.protocol.tracking import read_token
from sync.rate_limit import RateLimit

STALE_AFTER_MS: Final = 30 * 60 * 1000
"""A station that was silent for so long is said to be without a network."""

LOOKS_PER_MINUTE: Final = 120
BURST_LOOKS: Final = 60
"""More than at a station: a whole neighbourhood may share one address."""

RETRY_S: Final = 60
REFRESH_S: Final = 120
VIETNAM: Final = timezone(timedelta(hours=7), "+07")
HEADERS: Final = {"X-Robots-Tag": "noindex, nofollow", "Referrer-Policy": "no-referrer"}

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
    """What the page needs; `clock_ms` reads milliseconds since 1970 UTC."""

    archive: Archive
    stations: StationDirectory
    city_name: str
    clock_ms: Callable[[], int]
    limit: RateLimit = field(default_factory=lambda: RateLimit(LOOKS_PER_MINUTE, BURST_LOOKS))

    @cached_property
    def template(self) -> jinja2.Template:
        """The page, read once."""
        environment = jinja2.Environment(
            loader=jinja2.PackageLoader("sync.city"),
            autoescape=True,
            undefined=jinja2.StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
        )
        return environment.get_template("tracking.html")

    @cached_property
    def texts(self) -> Mapping[str, Mapping[str, str]]:
        """Both languages, read once."""
        return {language: read_texts(f"tracking-{language}") for language in LANGUAGES}


TRACKING: Final = web.AppKey("tracking", Tracking)


def add_tracking_routes(app: web.Application, tracking: Tracking) -> None:
    """Serve the page in this application."""
    app[TRACKING] = tracking
    app.add_routes([web.get("/t/{token}", page), web.get("/T/{token}", page)])


async def page(request: web.Request) -> web.Response:
    """`GET /t/{token}`: what the register knows; 404 in words for what it does not."""
    tracking = request.app[TRACKING]
    now_ms = tracking.clock_ms()
    if not tracking.limit.allows(request.remote or "", now_ms / 1000):
        return _answer(request, {"note": "busy"}, 429)
    token = read_token(request.match_info["token"])
    if token is None:
        return _answer(request, {"note": "unknown"}, 404)
    if token.kind == "ticket":
        return _answer(request, {"note": "ticket"}, 404)
    try:
        found = await tracking.archive.follow(token.value)
    except ArchiveError:
        return _answer(request, {"note": "away"}, 503)
    if found is None:
        return _answer(request, {"note": "not_here"}, 404)
    return _answer(request, _shown(tracking, found, now_ms))


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


def _answer(request: web.Request, values: Mapping[str, object], status: int = 200) -> web.Response:
    tracking, wanted = request.app[TRACKING], request.query.get("lang", "")
    language = wanted if wanted in LANGUAGES else LANGUAGES[0]
    html = tracking.template.render(
        {
            "t": tracking.texts[language],
            "language": language,
            "other": next(name for name in LANGUAGES if name != language),
            "city": tracking.city_name,
            "refresh": 0,
            **values,
        }
    )
    headers = dict(HEADERS)
    if status in {429, 503}:
        headers["Retry-After"] = str(RETRY_S)
    return web.Response(text=html, content_type="text/html", status=status, headers=headers)

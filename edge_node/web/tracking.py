"""The page a citizen follows on a phone: the number's place, the dossier's state, no person.

Rules: no script, no cookie, at most MAXIMUM_PAGE_BYTES with its style sheet; whatever is not known
is one page in words; every address may look so often only; nothing is kept by a browser or found
by a search engine. Must not know: how tokens are made.
"""

from datetime import date, datetime
from typing import Final, NamedTuple

from aiohttp import web

from edge_node.domain.public_state import PUBLIC_STATE, PublicState
from edge_node.domain.ticket import TicketState
from edge_node.usecases.tracking import Place, Progress, track
from edge_node.web.keys import STATION
from edge_node.web.kiosk.desk_hours import hours_text
from edge_node.web.localisation import Translator
from edge_node.web.pages import render, translator
from sync.rate_limit import RateLimit

MAXIMUM_PAGE_BYTES: Final = 15 * 1000
REFRESH_WAITING_S: Final = 20
REFRESH_S: Final = 120
RETRY_S: Final = 60
LIMIT: Final = web.AppKey("tracking_limit", RateLimit)

HEADERS: Final = {
    "Cache-Control": "no-store",
    "Referrer-Policy": "no-referrer",
    "X-Robots-Tag": "noindex, nofollow",
}
ORDER: Final = (
    PublicState.RECEIVED,
    PublicState.IN_PROCESS,
    PublicState.READY,
    PublicState.HANDED_OVER,
)
"""The way of a dossier when nothing comes between."""


class Shown(NamedTuple):
    """A dossier in the reader's words; `steps` are (title, how far: done, now or next)."""

    number: str
    procedure: str
    state: str
    title: str
    text: str
    due: str
    bring: tuple[str, ...]
    steps: tuple[tuple[str, str], ...]


def prepare(app: web.Application) -> None:
    """Give the application its limit."""
    app[LIMIT] = RateLimit()


async def page(request: web.Request) -> web.Response:
    """``GET /t/<token>``: what it shows, or a page that says it is not known."""
    station, t = request.app[STATION], translator(request)
    now_s = station.clock.read().mono_ms / 1000
    if not request.app[LIMIT].allows(request.remote or "", now_s):
        return _answer(request, {"note": "busy"}, status=429)
    found = await track(station, request.match_info["token"])
    if found is None:
        return _answer(request, {"note": "unknown"}, status=404)
    values: dict[str, object] = {
        "place": found.place,
        "in_line": found.place is not None and found.place.state is not TicketState.SERVED,
        "dossier": _shown(t, found.progress) if found.progress is not None else None,
        "hours": hours_text(t, station.calendar),
        "refresh": REFRESH_WAITING_S if _moves(found.place) else REFRESH_S,
    }
    return _answer(request, values)


def _answer(request: web.Request, values: dict[str, object], status: int = 200) -> web.Response:
    station, t = request.app[STATION], translator(request)
    basis: dict[str, object] = {
        "note": "",
        "refresh": 0,
        "hours": hours_text(t, station.calendar),
        "clock": t.clock(station.clock.now()),
        "address": " · ".join(filter(None, (station.place, station.letterhead.hotline))),
    }
    response = render(request, "tracking/page.html.j2", {**basis, **values}, status=status)
    response.headers.update(HEADERS)
    response.cookies.clear()  # a choice stands in the address only
    if status == web.HTTPTooManyRequests.status_code:
        response.headers["Retry-After"] = str(RETRY_S)
    return response


def _moves(place: Place | None) -> bool:
    return place is not None and place.state in {
        TicketState.WAITING,
        TicketState.CALLED,
        TicketState.NO_SHOW,
    }


def _shown(t: Translator, progress: Progress) -> Shown:
    state = PUBLIC_STATE[progress.state]
    names = {
        f"document:{one.id}": t.choose(one.name_vi, one.name_en)
        for one in progress.procedure.documents
    }
    bring = state is PublicState.SUPPLEMENT
    return Shown(
        number=progress.number,
        procedure=t.choose(progress.procedure.label_vi, progress.procedure.label_en),
        state=state.value,
        title=t(f"kiosk.state.{progress.state.value}"),
        text=t(f"kiosk.state.{progress.state.value}.what"),
        due=_due(t, progress.due_at),
        bring=tuple(names[one] for one in progress.lacking if one in names) if bring else (),
        steps=_steps(t, state, t(f"kiosk.state.{progress.state.value}")),
    )


def _steps(t: Translator, state: PublicState, exactly: str) -> tuple[tuple[str, str], ...]:
    """Every dossier's way, with what came between in its place; the present step says `exactly`."""
    way = list(ORDER)
    if state is PublicState.REFUSED:
        way = [PublicState.RECEIVED, PublicState.REFUSED]
    elif state not in way:
        way.insert(2, state)
    here = way.index(state)
    marks = ["done"] * here + ["now"] + ["next"] * (len(way) - here - 1)
    return tuple(
        (exactly if mark == "now" else t(f"flow.state.{one}"), mark)
        for one, mark in zip(way, marks, strict=True)
    )


def _due(t: Translator, due_at: str) -> str:
    """When to come, with the weekday; an hour only when the law counted hours."""
    if not due_at:
        return ""
    if "T" not in due_at:
        return t.weekday(date.fromisoformat(due_at))
    due = datetime.fromisoformat(due_at)
    return f"{t.clock(due)} {t.weekday(due.date())}"


ROUTES: Final = (web.get("/t/{token}", page), web.get("/T/{token}", page))

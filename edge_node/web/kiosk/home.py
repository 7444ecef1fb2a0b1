"""The first screens: what the citizen can do here (home), all procedures, one procedure.

Pages of this module show no personal data. Coming home ends the visit before: its cookies are gone,
and with them the form, unless its card or its code leads back to it.
"""

from typing import Final

import msgspec
from aiohttp import web

from edge_node.domain.procedure import Procedure
from edge_node.web.keys import STATION
from edge_node.web.kiosk.desk_hours import desk_hours
from edge_node.web.kiosk.draft import (
    PRIVATE_COOKIES,
    Visit,
    find_or_begin,
    find_visit,
    leave,
)
from edge_node.web.kiosk.facts import Facts, facts, papers, special_fees, time_text
from edge_node.web.kiosk.identify import begin_form
from edge_node.web.kiosk.queue import now_bar
from edge_node.web.pages import read_form, render, translator

TILES: Final = 6
MAXIMUM_PROCEDURES: Final = 500
"""More than any catalogue holds."""

COMMON: Final = "common"
"""The shelf of what most people come for."""

LONG_QUEUE_MINUTES: Final = 30
"""From here on people are told that they may take a number and come back."""

MAXIMUM_QUERY_CHARACTERS: Final = 100


def _visible(request: web.Request) -> list[Procedure]:
    catalogue = request.app[STATION].catalogue
    return [one for one in catalogue.procedures.values() if one.kiosk != "hidden"]


async def home(request: web.Request) -> web.Response:
    """K1: tiles, search, number, card."""
    station, t = request.app[STATION], translator(request)
    today = station.clock.now().date()
    visible = _visible(request)
    now = await now_bar(request)
    values = {
        "tiles": [facts(t, one, today) for one in station.catalogue.most_asked(TILES)],
        "count": len(visible),
        "now": now,
        "hours": desk_hours(request),
        "busy": now.wait is not None and now.wait.most >= LONG_QUEUE_MINUTES,
    }
    response = render(request, "kiosk/home.html.j2", values)
    if any(name in request.cookies for name in PRIVATE_COOKIES):
        await leave(request, response)
    return response


async def procedures(request: web.Request) -> web.Response:
    """K2: every procedure; ``?q=`` searches without accents, ``?category=`` opens a shelf."""
    station, t = request.app[STATION], translator(request)
    today = station.clock.now().date()
    query = request.query.get("q", "").strip()[:MAXIMUM_QUERY_CHARACTERS]
    rows = [facts(t, one, today) for one in station.catalogue.most_asked(MAXIMUM_PROCEDURES)]
    filled = {row.category for row in rows}
    shelves = [shelf for shelf in station.catalogue.categories if shelf.id in filled]
    wanted = request.query.get("category", "")
    category = wanted if wanted in filled else COMMON
    found = _order(rows, [one.id for one in station.catalogue.search(query)] if query else [])
    visit = await find_visit(request)
    values = {
        "rows": found if query else rows,
        "others": [row for row in rows if row not in found] if query else [],
        "query": query,
        "shelves": [
            (COMMON, t("kiosk.home.common")),
            *((shelf.id, t.choose(shelf.name_vi, shelf.name_en)) for shelf in shelves),
        ],
        "common": station.catalogue.common,
        "category": category,
        "person": visit.draft.person if visit else None,
    }
    return render(request, "kiosk/procedures.html.j2", values)


def _order(rows: list[Facts], ids: list[str]) -> list[Facts]:
    by_id = {row.id: row for row in rows}
    return [by_id[name] for name in ids if name in by_id]


async def procedure(request: web.Request) -> web.Response:
    """K3: what to bring, what it costs, how long it takes."""
    station, t = request.app[STATION], translator(request)
    found = station.catalogue.procedure(request.match_info["procedure"])
    today = station.clock.now().date()
    visit = await find_visit(request)
    values = {
        "procedure": found,
        "facts": facts(t, found, today),
        "time": time_text(t, found.time_limit),
        "special_fees": special_fees(t, found, today),
        "papers": papers(t, found.documents),
        "service": station.catalogue.service_of(found),
        "person": visit.draft.person if visit else None,
    }
    return render(request, "kiosk/procedure.html.j2", values)


async def start(request: web.Request) -> web.Response:
    """Begin a form for a procedure; who has already shown a card goes straight on."""
    form = await read_form(request)
    found = request.app[STATION].catalogue.procedure(form.get("procedure", ""))
    if found.kiosk != "form":
        raise web.HTTPSeeOther(f"/kiosk/procedures/{found.id}")
    visit = await find_or_begin(request)
    same = visit.draft.procedure_id == found.id
    answers = visit.draft.answers if same else {}
    papers = visit.draft.papers if same else {}
    draft = msgspec.structs.replace(
        visit.draft, procedure_id=found.id, answers=answers, papers=papers
    )
    return await begin_form(request, Visit(visit.token, draft))


async def to_kiosk(request: web.Request) -> web.Response:
    """The bare address of the station opens the kiosk."""
    raise web.HTTPSeeOther("/kiosk")


ROUTES: Final = (
    web.get("/", to_kiosk),
    web.get("/kiosk", home),
    web.get("/kiosk/procedures", procedures),
    web.get("/kiosk/procedures/{procedure}", procedure),
    web.post("/kiosk/start", start),
)

"""The counter: one workspace, a list of dossiers, a search.

Rules: the workspace shows the dossier of the number being served, or the one that was opened;
a search travels in the body of a request, never in an address, because it may hold a name.
"""

from typing import Final

from aiohttp import web

from edge_node.domain.errors import DomainError
from edge_node.usecases import lookup
from edge_node.usecases.lookup import DossierLine, DossierView
from edge_node.usecases.queue import Call
from edge_node.usecases.station import Officer
from edge_node.web.counter import desk, wording
from edge_node.web.counter.session import HOME, signed_in
from edge_node.web.keys import STATION
from edge_node.web.pages import read_form, render, see_other, translator

NOTES: Final = frozenset({"nobody", "moved", "recall_done", "copied"})
MAXIMUM_SEARCH_CHARACTERS: Final = 100


@signed_in
async def workspace(request: web.Request, officer: Officer) -> web.StreamResponse:
    """The desk: queue, dossier of the number being served, decision."""
    values = await desk.frame(request, officer)
    present = values["present"]
    if isinstance(present, Call) and present.dossier_id:
        dossier = await lookup.dossier(request.app[STATION], present.dossier_id)
        values |= await desk.dossier_values(request, dossier)
    return _workspace(request, values)


@signed_in
async def opened(request: web.Request, officer: Officer) -> web.StreamResponse:
    """The desk with one dossier opened."""
    values = await desk.frame(request, officer)
    dossier = await lookup.dossier(request.app[STATION], request.match_info["dossier"])
    values |= await desk.dossier_values(request, dossier)
    return _workspace(request, values)


def _workspace(request: web.Request, values: dict[str, object]) -> web.StreamResponse:
    note = request.query.get("note", "")
    values["note"] = note if note in NOTES else ""
    values["ask"] = "next" if request.query.get("ask") == "next" else ""
    return render(request, "counter/workspace.html.j2", values)


@signed_in
async def newest(request: web.Request, officer: Officer) -> web.StreamResponse:
    """The newest dossiers of the station."""
    lines = await lookup.worklist(request.app[STATION])
    return await _list(request, officer, lines, "")


@signed_in
async def search(request: web.Request, officer: Officer) -> web.StreamResponse:
    """Dossiers by number or name; a single hit is opened at once."""
    form = await read_form(request)
    query = form.get("query", "")[:MAXIMUM_SEARCH_CHARACTERS]
    if not query:
        return see_other("/counter/dossiers")
    exact = await _exact(request, query)
    if exact is not None:
        return see_other(f"/counter/dossiers/{exact.dossier_id}")
    lines = await lookup.find_dossiers(request.app[STATION], query)
    if len(lines) == 1:
        return see_other(f"/counter/dossiers/{lines[0].dossier_id}")
    return await _list(request, officer, lines, query)


async def _exact(request: web.Request, query: str) -> DossierView | None:
    try:
        return await lookup.dossier(request.app[STATION], query)
    except DomainError:
        return None


async def _list(
    request: web.Request, officer: Officer, lines: list[DossierLine], query: str
) -> web.StreamResponse:
    station, words = request.app[STATION], translator(request)
    values = await desk.frame(request, officer)
    today = station.clock.now().date()
    procedures = station.catalogue.procedures
    values |= {
        "listing": True,
        "lines": lines,
        "query": query,
        "deadline_of": lambda line: wording.deadline(words, line.state, line.due_at, today),
        "procedure_name": lambda key: (
            words.choose(procedures[key].label_vi, procedures[key].label_en)
            if key in procedures
            else key
        ),
    }
    return render(request, "counter/dossiers.html.j2", values)


ROUTES: Final = (
    web.get(HOME, workspace),
    web.get("/counter/dossiers", newest),
    web.get("/counter/dossiers/{dossier:[0-9a-f]{32}}", opened),
    web.post("/counter/search", search),
)

"""Work lists, the search and scanned codes: ways from many dossiers to one.

Rules: what is searched for and what is scanned travel in the body, never in an address; a single
hit is opened at once; a card finds the person's dossiers, a slip its own; a slip without a dossier
here is checked itself.
"""

from typing import Final

from aiohttp import web

from edge_node.domain.seats import counter_seat
from edge_node.domain.worklist import WorkList, first_list
from edge_node.usecases import worklists
from edge_node.usecases.station import Officer
from edge_node.usecases.worklists import Line
from edge_node.web.counter import desk, wording
from edge_node.web.counter.gate import HOME
from edge_node.web.counter.session import signed_in
from edge_node.web.keys import SCANS, STATION
from edge_node.web.pages import read_form, render, same_form, see_other, translator

LISTS: Final = "/counter/dossiers"
VERIFY: Final = "/counter/verify"
MAXIMUM_SEARCH_CHARACTERS: Final = 100
MAXIMUM_SCAN_CHARACTERS: Final = 4096
MAXIMUM_PAGE_DIGITS: Final = 3


@signed_in
async def first(request: web.Request, officer: Officer) -> web.StreamResponse:
    """The list an officer of these roles works from."""
    return await _show_list(request, officer, first_list(officer.roles))


@signed_in
async def one_list(request: web.Request, officer: Officer) -> web.StreamResponse:
    """One of the lists."""
    name = request.match_info["list"].replace("-", "_")
    if name not in set(WorkList):
        raise web.HTTPNotFound
    return await _show_list(request, officer, WorkList(name))


@signed_in
async def search(request: web.Request, officer: Officer) -> web.StreamResponse:
    """Dossiers by number, name, ticket, identity or phone number."""
    form = await read_form(request)
    query = form.get("query", "")[:MAXIMUM_SEARCH_CHARACTERS]
    if not query:
        return see_other(LISTS)
    station = request.app[STATION]
    lines = await worklists.by_number(station, query) or await worklists.find(station, query)
    return await _show_found(request, officer, lines, query)


@signed_in
async def scanned(request: web.Request, officer: Officer) -> web.StreamResponse:
    """A code read at the counter: a slip opens its dossier, a card finds its person's."""
    form = await read_form(request)
    code = form.get("code", "")[:MAXIMUM_SCAN_CHARACTERS]
    lines = await worklists.of_code(request.app[STATION], code)
    if not lines and worklists.is_slip(code):
        return same_form(VERIFY)  # perhaps another ward's: the paper itself is looked at
    if lines is None:
        return see_other(f"{HOME}?note=not_read")
    return await _show_found(request, officer, lines, translator(request)("desk.scan.code"))


@signed_in
async def reader(request: web.Request, officer: Officer) -> web.StreamResponse:
    """What the counter's reader at the station has read, once, as a keyboard scanner types it."""
    scan_id = (await read_form(request)).get("scan", "")
    seat = counter_seat(officer.counter)
    frame = request.app[SCANS].claim(request.app[STATION], seat, scan_id)
    if frame is None:
        return web.Response(status=204)
    return web.Response(text=frame.decode(errors="replace"), headers={"Cache-Control": "no-store"})


async def _show_list(
    request: web.Request, officer: Officer, wanted: WorkList
) -> web.StreamResponse:
    text = request.query.get("page", "1")
    number = (
        int(text) if text.isascii() and text.isdigit() and len(text) <= MAXIMUM_PAGE_DIGITS else 1
    )
    page = await worklists.page(request.app[STATION], wanted, number)
    values = await _values(request, officer)
    values |= {"lines": page.lines, "list": wanted, "page": page, "query": ""}
    return render(request, "counter/dossiers.html.j2", values)


async def _show_found(
    request: web.Request, officer: Officer, lines: list[Line], query: str
) -> web.StreamResponse:
    if len(lines) == 1:
        return see_other(f"{LISTS}/{lines[0].dossier_id}")
    values = await _values(request, officer)
    values |= {"lines": lines, "list": "", "page": None, "query": query}
    return render(request, "counter/dossiers.html.j2", values)


async def _values(request: web.Request, officer: Officer) -> dict[str, object]:
    station, words = request.app[STATION], translator(request)
    values = await desk.frame(request, officer)
    today, procedures = station.clock.now().date(), station.catalogue.procedures
    return values | {
        "listing": True,
        "lists": tuple(WorkList),
        "deadline_of": lambda line: wording.deadline(words, line.state, line.due_at, today),
        "procedure_name": lambda key: (
            words.choose(procedures[key].label_vi, procedures[key].label_en)
            if key in procedures
            else key
        ),
    }


ROUTES: Final = (
    web.get(LISTS, first),
    web.get(f"{LISTS}/list/{{list:[a-z-]{{3,20}}}}", one_list),
    web.post("/counter/search", search),
    web.post("/counter/scan", scanned),
    web.post("/counter/reader", reader),
)

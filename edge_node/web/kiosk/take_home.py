"""K3, "not yet": the list of papers on a slip to take home, and a word that it is coming."""

from typing import Final

from aiohttp import web

from edge_node.usecases import lookup
from edge_node.usecases.kiosk import papers_list
from edge_node.usecases.kiosk.papers_list import Pressed, Words
from edge_node.web.keys import STATION
from edge_node.web.kiosk.desk_hours import hours_text
from edge_node.web.kiosk.facts import facts
from edge_node.web.kiosk.paper import paper_of
from edge_node.web.pages import language_of, read_form, render, see_other, translator

PRESSED: Final = web.AppKey("papers_lists", Pressed)


def prepare(app: web.Application) -> None:
    """Give the application its memory of lists printed lately."""
    app[PRESSED] = Pressed()


async def print_list(request: web.Request) -> web.Response:
    """Print the list, once per press."""
    station, t = request.app[STATION], translator(request)
    found = station.catalogue.procedure(request.match_info["procedure"])
    form = await read_form(request)
    shown = facts(t, found, station.clock.now().date())
    words = Words(
        language="en" if language_of(request) == "en" else "vi",
        fee=shown.fee,
        time_limit=shown.time,
        hours=hours_text(t, station.calendar),
        lookup_note=t("kiosk.papers.lookup"),
    )
    key = form.get("key", "")
    job = await papers_list.print_list(station, request.app[PRESSED], found, words, key)
    return see_other(f"/kiosk/procedures/{found.id}/papers/{job}")


async def printed(request: web.Request) -> web.Response:
    """The list is coming, here, or not coming; with the way on."""
    station, t = request.app[STATION], translator(request)
    found = station.catalogue.procedure(request.match_info["procedure"])
    job = await lookup.print_job(station, int(request.match_info["job"]))
    today = station.clock.now().date()
    wanted = job if job is not None and job.kind == papers_list.KIND else None
    values = {"facts": facts(t, found, today), "paper": paper_of(wanted)}
    return render(request, "kiosk/papers_printed.html.j2", values)


ROUTES: Final = (
    web.post("/kiosk/procedures/{procedure}/papers", print_list),
    web.get(r"/kiosk/procedures/{procedure}/papers/{job:\d{1,12}}", printed),
)

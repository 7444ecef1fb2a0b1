"""A queue number without a form: two taps from the first screen."""

from typing import Final

from aiohttp import web

from edge_node.usecases import lookup
from edge_node.usecases.intake import Asked, Submission, take_ticket
from edge_node.web.keys import STATION
from edge_node.web.kiosk.draft import TICKET_COOKIE
from edge_node.web.kiosk.paper import paper_of
from edge_node.web.pages import (
    language_of,
    new_key,
    read_form,
    render,
    see_other,
    set_cookie,
    translator,
)

_SEPARATOR: Final = ":"
_PICTURES: Final = {
    "residence": "home",
    "identity": "id",
    "vehicles": "car",
    "order": "shield",
    "immigration": "document-check",
}


async def choose(request: web.Request) -> web.Response:
    """K15: which service. The key of this page makes every press give one number."""
    t = translator(request)
    services = [
        (one.id, t.choose(one.name_vi, one.name_en), one.letter, _PICTURES.get(one.id, "info"))
        for one in request.app[STATION].catalogue.services
    ]
    values = {"services": services, "key": new_key(), "wanted": request.query.get("service", "")}
    return render(request, "kiosk/ticket.html.j2", values)


async def _take(request: web.Request, service_id: str, key: str) -> Submission:
    language: Final = "en" if language_of(request) == "en" else "vi"
    return await take_ticket(
        request.app[STATION], service_id, Asked(key, "kiosk", "none", language)
    )


async def take(request: web.Request) -> web.Response:
    """Give out the number, once per key."""
    form = await read_form(request)
    service, key = form.get("service", ""), form.get("key", "")
    await _take(request, service, key)
    response = see_other("/kiosk/ticket/done")
    set_cookie(response, TICKET_COOKIE, f"{service}{_SEPARATOR}{key}")
    return response


async def done(request: web.Request) -> web.Response:
    """The number, read back from what was stored."""
    service_id, separator, key = request.cookies.get(TICKET_COOKIE, "").partition(_SEPARATOR)
    if not separator:
        raise web.HTTPSeeOther("/kiosk/ticket")
    station, t = request.app[STATION], translator(request)
    service = station.catalogue.service(service_id)
    answer = (await _take(request, service_id, key)).ticket
    values = {
        "ticket": answer.ticket,
        "dossier_no": "",
        "procedure": t.choose(service.name_vi, service.name_en),
        "paper": paper_of(await lookup.ticket_print(station, answer.ticket)),
    }
    return render(request, "kiosk/done.html.j2", values)


ROUTES: Final = (
    web.get("/kiosk/ticket", choose),
    web.post("/kiosk/ticket", take),
    web.get("/kiosk/ticket/done", done),
)

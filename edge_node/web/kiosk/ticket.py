"""K15: a queue number without a form: service, priority, number. More services stay one number."""

from typing import Final, NamedTuple

from aiohttp import web

from edge_node.domain.queue_rules import MAXIMUM_SERVICES_PER_VISIT
from edge_node.usecases import lookup, queue
from edge_node.usecases.intake import Asked, Submission, take_ticket
from edge_node.usecases.kiosk.turn import turn_of
from edge_node.usecases.queue.wish import Wish
from edge_node.web.keys import STATION
from edge_node.web.kiosk import phone_code
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
NO_PRIORITY: Final = "none"


class Taken(NamedTuple):
    """The number of this visit: what asked for it, and the services added since."""

    service: str
    key: str
    priority: str
    further: tuple[str, ...]

    @property
    def text(self) -> str:
        """As the cookie keeps it."""
        return _SEPARATOR.join((self.service, self.key, self.priority, *self.further))


def _taken(request: web.Request) -> Taken | None:
    parts = request.cookies.get(TICKET_COOKIE, "").split(_SEPARATOR)
    if len(parts) < 3 or len(parts) > 2 + MAXIMUM_SERVICES_PER_VISIT:
        return None
    return Taken(parts[0], parts[1], parts[2], tuple(parts[3:]))


def _services(request: web.Request, without: tuple[str, ...]) -> list[tuple[str, str, str, str]]:
    t = translator(request)
    return [
        (one.id, t.choose(one.name_vi, one.name_en), one.letter, _PICTURES.get(one.id, "info"))
        for one in request.app[STATION].catalogue.services
        if one.id not in without
    ]


async def choose(request: web.Request) -> web.Response:
    """Which service."""
    values = {
        "services": _services(request, ()),
        "wanted": request.query.get("service", ""),
        "more": False,
    }
    return render(request, "kiosk/ticket.html.j2", values)


async def ask_priority(request: web.Request) -> web.Response:
    """Whether a reason of the station's list holds. The key makes every press one number."""
    station, t = request.app[STATION], translator(request)
    service = station.catalogue.service(request.query.get("service", ""))
    values = {
        "service": service.id,
        "name": t.choose(service.name_vi, service.name_en),
        "reasons": [(one, t(f"flow.priority.{one}")) for one in station.queue.priority_reasons],
        "no_reason": NO_PRIORITY,
        "key": new_key(),
    }
    return render(request, "kiosk/priority.html.j2", values)


async def _take(request: web.Request, taken: Taken) -> Submission:
    language: Final = "en" if language_of(request) == "en" else "vi"
    asked = Asked(taken.key, "kiosk", "none", language)
    wish = Wish(priority=taken.priority)
    return await take_ticket(request.app[STATION], taken.service, asked, wish)


async def take(request: web.Request) -> web.Response:
    """Give out the number, once per key."""
    form = await read_form(request)
    priority = form.get("priority", "")
    taken = Taken(
        form.get("service", ""),
        form.get("key", ""),
        "" if priority == NO_PRIORITY else priority,
        (),
    )
    await _take(request, taken)
    response = see_other("/kiosk/ticket/done")
    set_cookie(response, TICKET_COOKIE, taken.text)
    return response


async def done(request: web.Request) -> web.Response:
    """The number, read back from what was stored."""
    taken = _taken(request)
    if taken is None:
        raise web.HTTPSeeOther("/kiosk/ticket")
    station, t = request.app[STATION], translator(request)
    services = [station.catalogue.service(one) for one in (taken.service, *taken.further)]
    answer = (await _take(request, taken)).ticket
    turn = await turn_of(station, answer.ticket)
    values = {
        "ticket": answer.ticket,
        "dossier_no": "",
        "procedure": " · ".join(t.choose(one.name_vi, one.name_en) for one in services),
        "paper": paper_of(await lookup.ticket_print(station, answer.ticket)),
        "turn": turn,
        "qr": await phone_code.of_ticket(station, turn.ticket_id),
        "may_add": 1 + len(taken.further) < MAXIMUM_SERVICES_PER_VISIT,
    }
    return render(request, "kiosk/done.html.j2", values)


async def choose_more(request: web.Request) -> web.Response:
    """Another service for the same number."""
    taken = _taken(request)
    if taken is None:
        raise web.HTTPSeeOther("/kiosk/ticket")
    services = _services(request, (taken.service, *taken.further))
    return render(
        request, "kiosk/ticket.html.j2", {"services": services, "wanted": "", "more": True}
    )


async def add(request: web.Request) -> web.Response:
    """Add a service to the number of this visit; the same one again changes nothing."""
    taken = _taken(request)
    if taken is None:
        raise web.HTTPSeeOther("/kiosk/ticket")
    station = request.app[STATION]
    service = station.catalogue.service((await read_form(request)).get("service", "")).id
    response = see_other("/kiosk/ticket/done")
    if service in (taken.service, *taken.further):
        return response
    answer = (await _take(request, taken)).ticket
    turn = await turn_of(station, answer.ticket)
    await queue.add_services(station, turn.ticket_id, [service])
    set_cookie(response, TICKET_COOKIE, taken._replace(further=(*taken.further, service)).text)
    return response


ROUTES: Final = (
    web.get("/kiosk/ticket", choose),
    web.get("/kiosk/ticket/priority", ask_priority),
    web.post("/kiosk/ticket", take),
    web.get("/kiosk/ticket/done", done),
    web.get("/kiosk/ticket/more", choose_more),
    web.post("/kiosk/ticket/more", add),
)

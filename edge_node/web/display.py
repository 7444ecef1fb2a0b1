"""The call board in the waiting room: the newest call, the ones before, who is next.

Rules: numbers and counters only, never a name; both languages at once, because nobody can choose;
the page is whole without a script and refreshed by one.
"""

from typing import Final, NamedTuple

from aiohttp import web

from edge_node.usecases.queue.board import ServiceQueue
from edge_node.usecases.queue.board import board as board_facts
from edge_node.usecases.station import Station
from edge_node.web.keys import STATION, TRANSLATORS
from edge_node.web.pages import render

EARLIER_CALLS: Final = 4


class WaitingService(NamedTuple):
    """How many people wait for a service."""

    letter: str
    name_vi: str
    name_en: str
    people: int


async def board(request: web.Request) -> web.StreamResponse:
    """``GET /display``."""
    station = request.app[STATION]
    found = await board_facts(station)
    values = {
        "en": request.app[TRANSLATORS]["en"],
        "t": request.app[TRANSLATORS]["vi"],
        "language": "vi",
        "station": station,
        "now": station.clock.now(),
        "newest": found.calls[0] if found.calls else None,
        "earlier": found.calls[1 : EARLIER_CALLS + 1],
        "waiting": _waiting(station, found.services),
        "next_tickets": found.following,
        "sound": request.query.get("sound") == "on",
    }
    return render(request, "display/board.html.j2", values)


def _waiting(station: Station, queues: tuple[ServiceQueue, ...]) -> list[WaitingService]:
    names = {one.id: one for one in station.catalogue.services}
    return [
        WaitingService(
            one.letter, names[one.service].name_vi, names[one.service].name_en, one.people
        )
        for one in queues
    ]


ROUTES: Final = (web.get("/display", board),)

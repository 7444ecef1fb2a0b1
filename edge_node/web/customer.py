"""The screen that faces the citizen at a counter: what to pay, and where it stands.

Rules: an amount, a code and a state; never a name, never a procedure; both languages at once,
because nobody can choose; the page is whole without a script and refreshed by one. Whoever reaches
the station's network may see it: it says nothing that is not shown in the room.
"""

import re
from typing import Final

from aiohttp import web

from edge_node.usecases.payments import views
from edge_node.web import transfer_picture
from edge_node.web.keys import STATION, TRANSLATORS
from edge_node.web.pages import render

_COUNTER: Final = re.compile(r"[0-9A-Za-z]{1,8}")


async def screen(request: web.Request) -> web.StreamResponse:
    """``GET /customer/<counter>``."""
    counter = request.match_info["counter"]
    if not _COUNTER.fullmatch(counter):
        raise web.HTTPNotFound
    station = request.app[STATION]
    shown = await views.customer(station, counter)
    values = {
        "t": request.app[TRANSLATORS]["vi"],
        "en": request.app[TRANSLATORS]["en"],
        "language": "vi",
        "counter": counter,
        "shown": shown,
        "picture": transfer_picture.draw(shown.code) if shown.code else None,
    }
    return render(request, "customer/screen.html.j2", values)


ROUTES: Final = (web.get("/customer/{counter}", screen),)

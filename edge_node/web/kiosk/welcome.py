"""K0: the screen that waits for somebody; a touch chooses the language and opens the first screen.

Also the screen of a kiosk that is being looked after (K21).
"""

from typing import Final

from aiohttp import web

from edge_node.web.keys import TRANSLATORS
from edge_node.web.kiosk.desk_hours import desk_hours
from edge_node.web.kiosk.draft import leave
from edge_node.web.kiosk.queue import now_bar
from edge_node.web.kiosk.reset import drop_choices
from edge_node.web.pages import render


async def welcome(request: web.Request) -> web.Response:
    """K0: open, closed, being looked after. Whoever was here before has gone."""
    translators = request.app[TRANSLATORS]
    hours = {name: desk_hours(request, t) for name, t in translators.items()}
    values = {
        **translators,
        "hours": hours["vi"],
        "opens_vi": hours["vi"].opens,
        "opens_en": hours["en"].opens,
        "now": await now_bar(request),
    }
    response = render(request, "kiosk/welcome.html.j2", values)
    await leave(request, response)
    drop_choices(request, response)
    return response


ROUTES: Final = (web.get("/kiosk/welcome", welcome),)

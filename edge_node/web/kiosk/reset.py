"""One person leaves: nothing of them may remain, in the browser or in unfinished forms.

Who presses "done" takes the form along: it is gone. Who walked away may come back with the same
card or the code on paper; nobody else can open what is kept for them.
"""

from typing import Final

from aiohttp import web

from edge_node.web.kiosk.draft import forget, leave
from edge_node.web.pages import CALL_COOKIE, CHOICE_COOKIES, read_form, see_other

CLEAR_SITE_DATA: Final = '"storage"'
WALKED_AWAY: Final = "away"


def drop_choices(request: web.Request, response: web.StreamResponse) -> None:
    """The reader's settings end with the visit: the next one finds an ordinary kiosk."""
    for name in (*CHOICE_COOKIES, CALL_COOKIE):
        if name in request.cookies:
            response.del_cookie(name, path="/", httponly=True, secure=True, samesite="Strict")


async def reset(request: web.Request) -> web.Response:
    """Forget the form, the cookies, the browser's storage, and the reader's settings."""
    form = await read_form(request)
    response = see_other("/kiosk")
    await (leave if form.get("left") == WALKED_AWAY else forget)(request, response)
    drop_choices(request, response)
    response.headers["Clear-Site-Data"] = CLEAR_SITE_DATA
    return response


ROUTES: Final = (web.post("/kiosk/reset", reset),)

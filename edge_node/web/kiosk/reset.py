"""One person leaves: nothing of them may remain, in the browser or in unfinished forms."""

from typing import Final

from aiohttp import web

from edge_node.web.kiosk.draft import forget
from edge_node.web.pages import LANGUAGE_COOKIE, TEXT_COOKIE, see_other

CLEAR_SITE_DATA: Final = '"storage"'


async def reset(request: web.Request) -> web.Response:
    """Forget the form, the cookies, the browser's storage, and the reader's settings."""
    response = see_other("/kiosk")
    await forget(request, response)
    for name in (LANGUAGE_COOKIE, TEXT_COOKIE):
        if name in request.cookies:
            response.del_cookie(name, path="/", httponly=True, secure=True, samesite="Strict")
    response.headers["Clear-Site-Data"] = CLEAR_SITE_DATA
    return response


ROUTES: Final = (web.post("/kiosk/reset", reset),)

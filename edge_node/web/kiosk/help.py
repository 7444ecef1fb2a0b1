"""K20: call somebody to the kiosk, from every page, without leaving it.

The call is known by a key in a cookie that ends with the visit; nothing of the visitor goes with
it.
"""

from collections.abc import Mapping
from typing import Final

from aiohttp import web

from edge_node.usecases.kiosk import help as staff
from edge_node.web.keys import STATION
from edge_node.web.pages import CALL_COOKIE, read_form, render, see_other, set_cookie

MAXIMUM_PATH_CHARACTERS: Final = 200
_COOKIE_FLAGS: Final = {"path": "/", "httponly": True, "secure": True, "samesite": "Strict"}


def _back(form: Mapping[str, str]) -> str:
    """The page the press came from, and nothing but a page of the kiosk."""
    path = form.get("from", "")
    plain = path.isascii() and path.isprintable() and len(path) <= MAXIMUM_PATH_CHARACTERS
    return path if plain and (path == "/kiosk" or path.startswith("/kiosk/")) else "/kiosk"


async def call(request: web.Request) -> web.Response:
    """Call, once per press, and show the same page again with a word about it."""
    form = await read_form(request)
    key = form.get("key", "")
    await staff.call_staff(request.app[STATION], key)
    response = see_other(_back(form))
    set_cookie(response, CALL_COOKIE, key)
    return response


async def cancel(request: web.Request) -> web.Response:
    """The visitor takes the call back."""
    form = await read_form(request)
    key = request.cookies.get(CALL_COOKIE, "")
    if key:
        await staff.cancel(request.app[STATION], key)
    response = see_other(_back(form))
    response.del_cookie(CALL_COOKIE, **_COOKIE_FLAGS)  # type: ignore[arg-type]
    return response


async def state(request: web.Request) -> web.Response:
    """Whether somebody is still on the way: the strip above the page looks here."""
    key = request.cookies.get(CALL_COOKIE, "")
    waiting = bool(key) and await staff.is_open(request.app[STATION], key)
    response = render(
        request, "kiosk/called.html.j2", {"waiting": waiting, "path": _back(request.query)}
    )
    if key and not waiting:
        response.del_cookie(CALL_COOKIE, **_COOKIE_FLAGS)  # type: ignore[arg-type]
    return response


ROUTES: Final = (
    web.get("/kiosk/help", state),
    web.post("/kiosk/help", call),
    web.post("/kiosk/help/cancel", cancel),
)

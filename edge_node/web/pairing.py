"""A browser becomes a kiosk: the guard of the kiosk's pages, and the page for the code.

Rules: where pairing is required, nothing of the kiosk is shown to a browser that is none; opening
an address pairs nothing, only sending the code does; the cookie is renewed whenever the kiosk comes
home, so that a machine that is used never loses it. Must not know who opened the code.
"""

from collections.abc import Iterable
from typing import Final

from aiohttp import web
from aiohttp.typedefs import Handler

from edge_node.domain.errors import DomainError
from edge_node.domain.pairing import MAXIMUM_TYPED_CHARACTERS
from edge_node.usecases import pairing
from edge_node.web.error_pages import cause, remedy
from edge_node.web.keys import STATION
from edge_node.web.pages import read_form, render, see_other, set_cookie, translator
from edge_node.web.seats import SEAT_COOKIE, kiosk_of, seat_name

PAIR: Final = "/pair"
KIOSK: Final = "/kiosk"
COOKIE_AGE_S: Final = 400 * 24 * 3600
"""The longest a browser keeps a cookie."""


def for_kiosks(routes: Iterable[web.RouteDef]) -> tuple[web.RouteDef, ...]:
    """The same routes, behind the guard."""
    return tuple(
        web.route(one.method, one.path, _guarded(one.handler), **one.kwargs) for one in routes
    )


def _guarded(handler: Handler) -> Handler:
    async def guarded(request: web.Request) -> web.StreamResponse:
        token = request.cookies.get(SEAT_COOKIE, "")
        rules = request.app[STATION].seats
        if rules.pairing == "open" and not token:
            return await handler(request)
        seat = await kiosk_of(request)
        if not rules.may_enter(seat):
            return _page(request, status=403)
        response = await handler(request)
        if token and seat and request.path == KIOSK:
            set_cookie(response, SEAT_COOKIE, token, max_age_s=COOKIE_AGE_S)
        return response

    return guarded


def _page(request: web.Request, *, typed: str = "", problem: str = "", status: int) -> web.Response:
    values = {"typed": typed, "problem": problem, "citizen": request.path != PAIR, "seat": ""}
    return render(request, "kiosk/pairing.html.j2", values, status=status)


async def ask(request: web.Request) -> web.Response:
    """``GET /pair``: the form; ``?code=`` fills it in, as the printed code's address does."""
    if request.cookies.get(SEAT_COOKIE) and not request.query.get("code"):
        seat = await kiosk_of(request)
        if seat:
            name = seat_name(translator(request), seat)
            values = {"typed": "", "problem": "", "citizen": False, "seat": name}
            return render(request, "kiosk/pairing.html.j2", values)
    typed = request.query.get("code", "")[:MAXIMUM_TYPED_CHARACTERS]
    return _page(request, typed=typed, status=200)


async def accept(request: web.Request) -> web.Response:
    """``POST /pair``: the code, for a cookie."""
    form, t = await read_form(request), translator(request)
    before = request.cookies.get(SEAT_COOKIE, "")
    try:
        token = await pairing.use(request.app[STATION], form.get("code", ""), before)
    except DomainError as error:
        return _page(request, problem=f"{cause(t, error)} {remedy(t, error)}", status=422)
    response = see_other(KIOSK)
    set_cookie(response, SEAT_COOKIE, token, max_age_s=COOKIE_AGE_S)
    return response


ROUTES: Final = (web.get(PAIR, ask), web.post(PAIR, accept))

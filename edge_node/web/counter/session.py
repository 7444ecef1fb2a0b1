"""Who sits at this counter: the sign-in page and the session every other counter page needs.

Rules: the cookie is the session's only secret and no script can read it; a wrong PIN answers with
the tries that are left, a wait with its seconds; nothing here ever locks somebody out for good.
"""

import re
from collections.abc import Awaitable, Callable
from functools import wraps
from typing import Final

from aiohttp import web

from edge_node.domain.errors import DomainError, ErrorCode
from edge_node.usecases import officers
from edge_node.usecases.station import Officer
from edge_node.web.keys import STATION
from edge_node.web.localisation import Translator
from edge_node.web.pages import read_form, render, see_other, set_cookie, translator

SESSION_COOKIE: Final = "counter"
HOME: Final = "/counter"
SIGN_IN: Final = "/counter/sign-in"
PIN_DIGITS: Final = 6
_PIN: Final = re.compile(rf"[0-9]{{{PIN_DIGITS}}}")

Signed = Callable[[web.Request, Officer], Awaitable[web.StreamResponse]]
Plain = Callable[[web.Request], Awaitable[web.StreamResponse]]


def signed_in(handler: Signed) -> Plain:
    """The handler for an officer who has signed in; anybody else is led to the sign-in page."""

    @wraps(handler)
    async def guarded(request: web.Request) -> web.StreamResponse:
        token = request.cookies.get(SESSION_COOKIE, "")
        officer = await officers.officer_of(request.app[STATION], token)
        if officer is None:
            return see_other(f"{SIGN_IN}?over=1" if token else SIGN_IN)
        return await handler(request, officer)

    return guarded


async def sign_in_page(request: web.Request) -> web.StreamResponse:
    """Choose a name, type the PIN."""
    return _page(request, over=request.query.get("over") == "1")


async def sign_in(request: web.Request) -> web.StreamResponse:
    """Open a session, or say what was wrong and what to do."""
    form = await read_form(request)
    officer_id, pin = form.get("officer", ""), form.get("pin", "")
    words = translator(request)
    station = request.app[STATION]
    if officer_id not in station.officers:
        return _page(request, chosen="", problem=words("counter.sign_in.choose"), status=422)
    if not _PIN.fullmatch(pin):
        text = words("counter.sign_in.pin_form")
        return _page(request, chosen=officer_id, problem=text, status=422)
    try:
        token = await officers.sign_in(station, officer_id, pin)
    except DomainError as error:
        text = _refusal(words, error)
        return _page(request, chosen=officer_id, problem=text, status=422)
    response = see_other(HOME)
    set_cookie(response, SESSION_COOKIE, token, max_age_s=officers.SESSION_S)
    return response


async def sign_out(request: web.Request) -> web.StreamResponse:
    """End the session on the station and in the browser."""
    token = request.cookies.get(SESSION_COOKIE, "")
    if token:
        await officers.sign_out(request.app[STATION], token)
    response = see_other(SIGN_IN)
    response.del_cookie(SESSION_COOKIE, path="/")
    return response


def _refusal(words: Translator, error: DomainError) -> str:
    if error.code is ErrorCode.PIN_LOCKED:
        return words("counter.sign_in.pin_locked", count=error.params["wait_s"])
    if error.code is ErrorCode.PIN_WRONG:
        left = error.params["tries_left"]
        key = "counter.sign_in.pin_wrong" if left else "counter.sign_in.pin_last"
        return words(key, count=left)
    raise error


def _page(
    request: web.Request,
    *,
    chosen: str = "",
    problem: str = "",
    over: bool = False,
    status: int = 200,
) -> web.StreamResponse:
    known = tuple(request.app[STATION].officers.values())
    only = known[0].id if len(known) == 1 else ""
    values = {"officers": known, "chosen": chosen or only, "problem": problem, "over": over}
    return render(request, "counter/sign_in.html.j2", values, status=status)


ROUTES: Final = (
    web.get(SIGN_IN, sign_in_page),
    web.post(SIGN_IN, sign_in),
    web.post("/counter/sign-out", sign_out),
)

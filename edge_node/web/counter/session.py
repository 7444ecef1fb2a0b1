"""Who sits at this counter: the guard every other counter page stands behind.

Rules: the cookie is the session's only secret and no script can read it; a page that refreshes
itself is no person moving; a form sent to a locked or ended session is answered with the door and
a refusal, so that the browser keeps what was typed. Must not know how somebody proves who they are.
"""

from collections.abc import Awaitable, Callable
from functools import wraps
from typing import Final

from aiohttp import web

from edge_node.domain import officer as rules
from edge_node.domain.officer import Duty
from edge_node.usecases.officers import sitting
from edge_node.usecases.officers.sitting import Session
from edge_node.usecases.station import Officer
from edge_node.web.counter import gate
from edge_node.web.counter.gate import CHANGE_PIN, HOME, LOCKED, SIGN_IN
from edge_node.web.keys import STATION
from edge_node.web.middleware import SAFE_METHODS
from edge_node.web.pages import see_other

SESSION_COOKIE: Final = gate.SESSION_COOKIE
REFRESH_HEADER: Final = "X-Refresh"
"""Sent by a page that looks anew by itself."""

Signed = Callable[[web.Request, Officer], Awaitable[web.StreamResponse]]
Plain = Callable[[web.Request], Awaitable[web.StreamResponse]]

__all__ = ["HOME", "SESSION_COOKIE", "SIGN_IN", "signed_in", "token_of", "with_duty"]


def token_of(request: web.Request) -> str:
    """The session's token as the browser sent it."""
    return request.cookies.get(SESSION_COOKIE, "")


def with_duty(duty: Duty) -> Callable[[Signed], Plain]:
    """A handler for an officer who has signed in and may do this.

    Anybody else is led to the door; an officer without the duty gets the refusal in words.
    """

    def wrap(handler: Signed) -> Plain:
        @wraps(handler)
        async def guarded(request: web.Request) -> web.StreamResponse:
            session = await session_of(request)
            if session is None or session.locked:
                return await _door(request, session)
            officer = session.officer
            if officer.must_change_pin:
                return see_other(CHANGE_PIN)
            rules.require(officer.roles, duty)
            return await handler(request, officer)

        return guarded

    return wrap


signed_in: Final = with_duty(Duty.READ_DOSSIER)
"""The handler for an officer who may work on dossiers."""


async def session_of(request: web.Request) -> Session | None:
    """The session a request belongs to; None when there is none or it is over."""
    moved = REFRESH_HEADER not in request.headers
    return await sitting.find(request.app[STATION], token_of(request), moved=moved)


async def _door(request: web.Request, session: Session | None) -> web.StreamResponse:
    if REFRESH_HEADER in request.headers:
        return web.Response(status=423 if session else 401)
    if request.method in SAFE_METHODS:
        if session is None:
            return see_other(f"{SIGN_IN}?over=1" if token_of(request) else SIGN_IN)
        return see_other(f"{LOCKED}?back={gate.place(request.path)}")
    if not token_of(request):
        return see_other(SIGN_IN)
    back = gate.place_before(request)
    if session is None:
        return gate.sign_in_page(request, gate.Gate(over=True, back=back), status=401)
    return gate.locked_page(request, gate.Gate(back=back), session, status=423)

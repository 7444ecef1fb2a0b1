"""The door of a counter as a page: sign in, or open a locked screen.

Responsible for the page and its cookies; `doors` acts on what is typed. Rules: a place to go back
to is one of our own pages; the cookie that names a browser is no proof of anything, it only keeps
one browser's wrong PINs apart from another's.
"""

import re
import secrets
from typing import Final, NamedTuple
from urllib.parse import urlsplit

from aiohttp import web

from edge_node.domain.errors import DomainError, ErrorCode
from edge_node.usecases.officers.sitting import Session
from edge_node.web import durations
from edge_node.web.keys import STATION
from edge_node.web.localisation import Translator
from edge_node.web.pages import render, set_cookie, translator

SESSION_COOKIE: Final = "counter"
DEVICE_COOKIE: Final = "counter-device"
DEVICE_AGE_S: Final = 400 * 24 * 3600
"""The longest a browser keeps a cookie."""

HOME: Final = "/counter"
SIGN_IN: Final = "/counter/sign-in"
LOCKED: Final = "/counter/locked"
CHANGE_PIN: Final = "/counter/pin"
_PLACE: Final = re.compile(r"/(counter|chief)(/[a-z0-9-]{1,64}){0,4}")


class Gate(NamedTuple):
    """What the door shows: whose name is chosen, what was wrong, where to go on."""

    chosen: str = ""
    problem: str = ""
    over: bool = False
    back: str = HOME


def place(path: str) -> str:
    """The path when it is a page of the counter, else its first page."""
    return path if _PLACE.fullmatch(path) else HOME


def place_before(request: web.Request) -> str:
    """The page a form was sent from."""
    return place(urlsplit(request.headers.get("Referer", "")).path)


def device_of(request: web.Request) -> str:
    """The cookie that names this browser; empty before it has one."""
    return request.cookies.get(DEVICE_COOKIE, "")[:64]


def sign_in_page(request: web.Request, gate: Gate, *, status: int = 200) -> web.StreamResponse:
    """Choose a name, type the PIN."""
    known = tuple(request.app[STATION].officers.values())
    only = known[0].id if len(known) == 1 else ""
    values: dict[str, object] = {
        "officers": known,
        "gate": gate._replace(chosen=gate.chosen or only),
        "locked": None,
        "action": SIGN_IN,
    }
    return _page(request, values, status)


def locked_page(
    request: web.Request, gate: Gate, session: Session, *, status: int = 200
) -> web.StreamResponse:
    """The screen is locked: its officer first, any colleague below."""
    mine = session.officer
    others = [one for one in request.app[STATION].officers.values() if one.id != mine.id]
    words, today = translator(request), request.app[STATION].clock.now().date()
    values: dict[str, object] = {
        "officers": (mine, *others),
        "gate": gate._replace(chosen=gate.chosen or mine.id),
        "locked": {
            "officer": mine,
            "since": durations.written(words, session.row.locked_at, today),
        },
        "action": LOCKED,
    }
    return _page(request, values, status)


def refusal(words: Translator, error: DomainError) -> str:
    """Why somebody may not in, with what to do; raises what is not theirs to mend."""
    if error.code is ErrorCode.PIN_LOCKED:
        return words("counter.sign_in.pin_locked", count=error.params["wait_s"])
    if error.code is ErrorCode.PIN_WRONG:
        left = error.params["tries_left"]
        key = "counter.sign_in.pin_wrong" if left else "counter.sign_in.pin_last"
        return words(key, count=left)
    key = f"error.{error.code.value}"
    if not words.has(key):
        raise error
    return f"{words(key, **error.params)} {words(f'{key}.remedy', **error.params)}"


def _page(request: web.Request, values: dict[str, object], status: int) -> web.StreamResponse:
    response = render(request, "counter/sign_in.html.j2", values, status=status)
    if not device_of(request):
        set_cookie(response, DEVICE_COOKIE, secrets.token_hex(16), max_age_s=DEVICE_AGE_S)
    return response

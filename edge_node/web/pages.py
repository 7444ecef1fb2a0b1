"""Turning a template and its values into a page in the reader's language.

Also the small things every page handler shares: reading a form within limits, redirects that a
browser follows with GET, and cookies with the right flags. Knows nothing of any one screen.
"""

import asyncio
import secrets
from collections.abc import Mapping
from typing import Final
from urllib.parse import urlencode

import aiohttp_jinja2
from aiohttp import web

from edge_node.web.keys import STATION, TRANSLATORS
from edge_node.web.localisation import DEFAULT_LANGUAGE, LANGUAGE_NAMES, LANGUAGES, Translator
from edge_node.web.prompts import screen_of

LANGUAGE_COOKIE: Final = "lang"
TEXT_COOKIE: Final = "text"
REACH_COOKIE: Final = "reach"
SOUND_COOKIE: Final = "sound"
CALL_COOKIE: Final = "kiosk_call"

MODES: Final[Mapping[str, tuple[str, str]]] = {
    TEXT_COOKIE: ("large", "normal"),
    REACH_COOKIE: ("low", "full"),
    SOUND_COOKIE: ("aloud", "off"),
}
"""How a reader may ask for the page: query value and cookie → (on, off). All end with the visit."""

CHOICE_COOKIES: Final = (LANGUAGE_COOKIE, *MODES)
MAXIMUM_FORM_FIELDS: Final = 200
MAXIMUM_FIELD_CHARACTERS: Final = 4096
FORM_TIMEOUT_S: Final = 10
KEY_BYTES: Final = 16


def language_of(request: web.Request) -> str:
    """The language asked for by ``?lang=``, else the cookie's, else Vietnamese."""
    for wanted in (request.query.get("lang"), request.cookies.get(LANGUAGE_COOKIE)):
        if wanted in LANGUAGES:
            return str(wanted)
    return DEFAULT_LANGUAGE


def modes_of(request: web.Request) -> tuple[str, ...]:
    """What the reader asked for, by the address or earlier on: large, low, aloud."""
    return tuple(
        on
        for name, (on, _) in MODES.items()
        if (request.query.get(name) or request.cookies.get(name)) == on
    )


def large_text(request: web.Request) -> bool:
    """Whether the reader asked for large text."""
    return "large" in modes_of(request)


def translator(request: web.Request) -> Translator:
    """The words for this request."""
    return request.app[TRANSLATORS][language_of(request)]


def new_key() -> str:
    """A fresh idempotency key for a form: 32 hexadecimal characters."""
    return secrets.token_hex(KEY_BYTES)


def link_with(request: web.Request, **changes: str) -> str:
    """This page's own address with some query values changed; "" removes one."""
    query = {**request.query, **changes}
    kept = {name: value for name, value in query.items() if value}
    return f"{request.path}?{urlencode(kept)}" if kept else request.path


def set_cookie(
    response: web.StreamResponse, name: str, value: str, *, max_age_s: int | None = None
) -> None:
    """A cookie no script can read and no other site can send; gone with the browser session."""
    response.set_cookie(
        name, value, max_age=max_age_s, httponly=True, secure=True, samesite="Strict", path="/"
    )


def render(
    request: web.Request, template: str, values: Mapping[str, object], *, status: int = 200
) -> web.Response:
    """A whole page. The template sees ``t``, ``language``, ``modes``, ``here`` and ``values``."""
    words, modes = translator(request), modes_of(request)
    response = aiohttp_jinja2.render_template(
        template,
        request,
        {
            "t": words,
            "language": words.language,
            "languages": LANGUAGE_NAMES,
            "modes": modes,
            "large": "large" in modes,
            "called": bool(request.cookies.get(CALL_COOKIE)),
            "new_key": new_key,
            "here": lambda **changes: link_with(request, **changes),
            "path": request.path,
            "station": request.app[STATION],
            "screen": screen_of(template),
            **values,
        },
        status=status,
    )
    response.headers["Cache-Control"] = "no-store"
    response.headers["Content-Language"] = words.language
    # Pages hold no secret that another site could make a browser ask for (SameSite cookies).
    response.enable_compression()
    _remember_choices(request, response)
    return response


def _remember_choices(request: web.Request, response: web.Response) -> None:
    if request.query.get("lang") in LANGUAGES:
        set_cookie(response, LANGUAGE_COOKIE, request.query["lang"])
    for name, values in MODES.items():
        if request.query.get(name) in values:
            set_cookie(response, name, request.query[name])


def see_other(location: str) -> web.Response:
    """Answer to an accepted form: the browser goes on with GET; a reload sends nothing twice."""
    return web.Response(status=303, headers={"Location": location, "Cache-Control": "no-store"})


def same_form(location: str) -> web.Response:
    """The same form, sent once more by the browser to where it belongs."""
    return web.Response(status=307, headers={"Location": location, "Cache-Control": "no-store"})


async def read_form(request: web.Request) -> dict[str, str]:
    """The text fields of a form; a repeated name keeps its last value.

    Raises HTTPRequestTimeout, HTTPRequestEntityTooLarge, HTTPBadRequest (files, too many or too
    long fields).
    """
    try:
        async with asyncio.timeout(FORM_TIMEOUT_S):
            fields = await request.post()
    except TimeoutError:
        raise web.HTTPRequestTimeout from None
    except ValueError:
        raise web.HTTPBadRequest from None
    if len(fields) > MAXIMUM_FORM_FIELDS:
        raise web.HTTPBadRequest
    texts: dict[str, str] = {}
    for name, value in fields.items():
        if not isinstance(value, str) or len(value) > MAXIMUM_FIELD_CHARACTERS:
            raise web.HTTPBadRequest
        texts[name] = value.strip()
    return texts

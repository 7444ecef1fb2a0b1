"""Which addresses of the node are screens, so that a tour has to stop there."""

import re
from typing import Final

from aiohttp import web

from edge_node.web.app import FEATURES

NO_SCREENS: Final = {
    "/": "leads to the kiosk",
    "/R/{token}": "the same page as /r/, as a printer spells it",
    "/T/{token}": "the same page as /t/, as a printer spells it",
    "/static/{release}/{path}": "files",
    "/service-worker.js": "a script",
    "/metrics": "figures for a program",
    "/live/{role}": "events for a script",
    "/kiosk/voice/{name}.wav": "sound",
    "/display/voice/{ticket}/{counter}.wav": "sound",
    "/status/voice.wav": "sound",
    "/kiosk/scan": "the page for the card, when a page that came by a form is loaded again",
    "/kiosk/send": "the page to check, likewise",
    "/kiosk/pause": "the page to check, likewise",
    "/kiosk/unfinished": "the page to check, likewise",
    "/counter/dossiers/{dossier}/attachments/{name}": "a paper that was photographed",
    "/counter/papers/{name}": "a document: the gallery's section of papers",
    "/counter/papers/{name}/{dossier}": "a document: the gallery's section of papers",
    "/counter/kits/{kit}/sheets": "a document: the gallery's section of papers",
}
"""Addresses that no tour need stop at, and why."""


def canonical(route: web.AbstractRouteDef) -> str:
    """A route's address without what its holes may be filled with."""
    assert isinstance(route, web.RouteDef)
    return re.sub(r"\{(\w+):(?:[^{}]|\{[^{}]*\})*\}", r"{\1}", route.path)


def everything() -> dict[str, re.Pattern[str]]:
    """Every address that answers GET, with what fits it; the first that fits is meant."""
    found = {}
    for table in FEATURES:
        for route in table:
            if isinstance(route, web.RouteDef) and route.method == "GET":
                name = canonical(route)
                found[name] = re.compile(re.sub(r"\\\{\w+\\\}", "[^/]+", re.escape(name)))
    return found


def screens() -> set[str]:
    """Every address that is a screen."""
    return set(everything()) - set(NO_SCREENS)


def screen_at(path: str) -> str:
    """The screen that a path of a page shows; empty for one that is none of ours."""
    known = everything()
    fitting = (name for name, fits in known.items() if fits.fullmatch(path))
    return path if path in known else next(fitting, "")

"""Check a dossier: its number, typed or scanned from the slip, gives state and date.

Anybody may hold a slip, so the answer names nobody and says nothing of the matter itself.
"""

from datetime import datetime
from typing import Final

from aiohttp import web

from edge_node.domain.errors import DomainError
from edge_node.usecases import lookup
from edge_node.usecases.lookup import DossierView
from edge_node.web.error_pages import cause, remedy
from edge_node.web.keys import STATION
from edge_node.web.localisation import Translator
from edge_node.web.pages import read_form, render, translator

PICTURES: Final = {
    "submitted": "ticket",
    "supplement_requested": "document-question",
    "payment_requested": "money",
    "refused": "alert",
    "stopped": "alert",
    "finished": "document-check",
    "handed_over": "check",
}
WITHOUT_DATE: Final = frozenset({"refused", "withdrawn", "stopped", "handed_over"})
MAXIMUM_NUMBER_CHARACTERS: Final = 40


async def ask(request: web.Request) -> web.Response:
    """K16: the number."""
    return _page(request, "")


def _page(request: web.Request, text: str, error: str = "") -> web.Response:
    values = {"value": text, "error": error, "problems": [("number", error)] if error else []}
    return render(request, "kiosk/find.html.j2", values, status=422 if error else 200)


def _due(t: Translator, view: DossierView) -> str:
    if not view.due_at or view.state in WITHOUT_DATE:
        return ""
    return t.weekday(datetime.fromisoformat(view.due_at).date())


async def find(request: web.Request) -> web.Response:
    """Where the dossier of a typed number stands."""
    form = await read_form(request)
    return await show(request, form.get("number", ""))


async def show(request: web.Request, number: str) -> web.Response:
    """Where the dossier of a number, typed or scanned, stands."""
    text = number[:MAXIMUM_NUMBER_CHARACTERS]
    t = translator(request)
    try:
        view = await lookup.dossier(request.app[STATION], text)
    except DomainError as error:
        return _page(request, text, f"{cause(t, error)} {remedy(t, error)}")
    values = {
        "number": view.dossier_no,
        "title": t(f"kiosk.state.{view.state}"),
        "text": t(f"kiosk.state.{view.state}.what"),
        "picture": PICTURES.get(view.state, "clock"),
        "due": _due(t, view),
    }
    return render(request, "kiosk/found.html.j2", values)


ROUTES: Final = (web.get("/kiosk/find", ask), web.post("/kiosk/find", find))

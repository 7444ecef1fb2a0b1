"""Pages for what went wrong: a cause, a remedy, and a way on. Never a code alone.

The words are the catalogue entries ``error.<code>`` and ``error.<code>.remedy`` for a DomainError
and ``error.http.<status>`` for the rest.
"""

from typing import Final

from aiohttp import web

from edge_node.domain.errors import DomainError
from edge_node.web.localisation import Translator
from edge_node.web.pages import render, translator
from edge_node.web.problems import status_of

_DESK_AREAS: Final = frozenset({"counter", "chief", "status"})
"""Pages of people who work here: their errors lead back to the counter, never to the kiosk."""

_KNOWN_HTTP: Final = (400, 403, 404, 405, 408, 413)


def cause(words: Translator, error: DomainError) -> str:
    """What happened, in words."""
    return words(f"error.{error.code.value}", **error.params)


def remedy(words: Translator, error: DomainError) -> str:
    """What to do about it, in words."""
    return words(f"error.{error.code.value}.remedy", **error.params)


def domain_error_page(request: web.Request, error: DomainError) -> web.Response:
    """A page with the cause and the remedy of a rule that said no."""
    words = translator(request)
    return _page(request, status_of(error.code), cause(words, error), remedy(words, error))


def http_error_page(request: web.Request, error: web.HTTPException) -> web.Response:
    """A page for an error that the web layer itself found."""
    words = translator(request)
    known = error.status if error.status in _KNOWN_HTTP else 400
    text = words(f"error.http.{known}")
    return _page(request, error.status, text, words(f"error.http.{known}.remedy"))


def unexpected_error_page(request: web.Request, request_id: str) -> web.Response:
    """A page for a fault of ours; the number finds the entry in the log."""
    words = translator(request)
    text = words("error.http.500.remedy", number=request_id)
    return _page(request, 500, words("error.http.500"), text)


def _page(request: web.Request, status: int, text: str, what_to_do: str) -> web.Response:
    area = request.path.split("/")[1]
    values = {"cause": text, "remedy": what_to_do}
    if area in _DESK_AREAS:
        # Whoever may not work on dossiers (a technician) goes on at the station's status.
        return render(request, "counter/error.html.j2", values | {"area": area}, status=status)
    home = f"/{area}" if area in {"kiosk", "display"} else "/kiosk"
    return render(
        request, "error.html.j2", values | {"home": home, "area": home[1:]}, status=status
    )

"""Calling people: next, again, not there, done.

Rules: a form names the number the officer saw; when another number is being served by then,
nothing is called, so that a double press or a repeated request never skips a person.
"""

from collections.abc import Awaitable, Callable
from typing import Final

from aiohttp import web

from edge_node.usecases import lookup, queue
from edge_node.usecases.queue import Call
from edge_node.usecases.station import Officer, Station
from edge_node.web.counter_session import HOME, signed_in
from edge_node.web.keys import STATION
from edge_node.web.pages import read_form, see_other

Action = Callable[[Station, Officer], Awaitable[None]]

UNDECIDED: Final = frozenset({"submitted", "supplied"})


@signed_in
async def call_next(request: web.Request, officer: Officer) -> web.StreamResponse:
    """Call the next number; first ask what became of one that was left undecided."""
    station, form = request.app[STATION], await read_form(request)
    present = await queue.present_call(station, officer)
    if _seen(present) != form.get("seen", ""):
        return see_other(f"{HOME}?note=moved")
    outcome = form.get("outcome", "")
    if present is not None and not outcome and await _is_open(station, present):
        return see_other(f"{HOME}?ask=next")
    if present is not None and outcome == "no_show":
        await queue.no_show(station, officer)
    call = await queue.call_next(station, officer)
    return see_other(HOME if call is not None else f"{HOME}?note=nobody")


@signed_in
async def recall(request: web.Request, officer: Officer) -> web.StreamResponse:
    """Call the same number again, unless it was called enough."""
    station, form = request.app[STATION], await read_form(request)
    present = await queue.present_call(station, officer)
    if present is None or _seen(present) != form.get("seen", ""):
        return see_other(f"{HOME}?note=moved")
    if present.calls >= queue.MAXIMUM_CALLS:
        return see_other(f"{HOME}?note=recall_done")
    await queue.recall(station, officer)
    return see_other(HOME)


@signed_in
async def no_show(request: web.Request, officer: Officer) -> web.StreamResponse:
    """Nobody came."""
    return await _end(request, officer, queue.no_show)


@signed_in
async def finish(request: web.Request, officer: Officer) -> web.StreamResponse:
    """The person is done; nobody else is called yet."""
    return await _end(request, officer, queue.finish)


async def _end(request: web.Request, officer: Officer, action: Action) -> web.StreamResponse:
    station, form = request.app[STATION], await read_form(request)
    present = await queue.present_call(station, officer)
    if present is None or _seen(present) != form.get("seen", ""):
        return see_other(f"{HOME}?note=moved")
    await action(station, officer)
    return see_other(HOME)


async def _is_open(station: Station, present: Call) -> bool:
    """Whether the person at the counter still has a dossier nobody has decided about."""
    if not present.dossier_id:
        return True
    dossier = await lookup.dossier(station, present.dossier_id)
    return dossier.state in UNDECIDED


def _seen(present: Call | None) -> str:
    """The number and how often it was called: what the officer's screen showed."""
    return f"{present.ticket_id}-{present.calls}" if present is not None else ""


ROUTES: Final = (
    web.post("/counter/call", call_next),
    web.post("/counter/recall", recall),
    web.post("/counter/no-show", no_show),
    web.post("/counter/finish", finish),
)

"""Calling people: next, again, a certain one, not there, back, done, sent on, with priority.

Rules: a form names the number the officer saw; when another number is being served by then,
nothing is called, so that a double press or a repeated request never skips a person.
"""

import functools
from collections.abc import Mapping
from typing import Final

from aiohttp import web
from aiohttp.typedefs import Handler

from edge_node.domain.errors import DomainError, ErrorCode
from edge_node.usecases import lookup, queue
from edge_node.usecases.queue import Call
from edge_node.usecases.station import Officer, Station
from edge_node.web.counter.session import HOME, signed_in
from edge_node.web.keys import STATION
from edge_node.web.pages import read_form, see_other

MAXIMUM_ID_DIGITS: Final = 18
MOVED: Final = f"{HOME}?note=moved"
UNDECIDED: Final = frozenset({"submitted", "supplied"})


@signed_in
async def call_next(request: web.Request, officer: Officer) -> web.StreamResponse:
    """Call the next number; first ask what became of one that was left undecided."""
    station, form = request.app[STATION], await read_form(request)
    seen, outcome = form.get("seen", ""), form.get("outcome", "")
    present = await queue.present_call(station, officer)
    if queue.seen_as(present) != seen:
        return see_other(MOVED)
    if present is not None and not outcome and await _is_open(station, present):
        return see_other(f"{HOME}?ask=next")
    if present is not None and outcome == "no_show":
        await queue.no_show(station, officer, seen)
        seen = ""
    call = await queue.call_next(station, officer, seen)
    return see_other(HOME if call is not None else f"{HOME}?note=nobody")


@signed_in
async def recall(request: web.Request, officer: Officer) -> web.StreamResponse:
    """Call the same number again, unless it was called enough."""
    station, form = request.app[STATION], await read_form(request)
    present = await queue.present_call(station, officer)
    if present is not None and present.calls >= queue.MAXIMUM_CALLS:
        return see_other(f"{HOME}?note=recall_done")
    await queue.recall(station, officer, form.get("seen", ""))
    return see_other(HOME)


@signed_in
async def no_show(request: web.Request, officer: Officer) -> web.StreamResponse:
    """Nobody came."""
    form = await read_form(request)
    await queue.no_show(request.app[STATION], officer, form.get("seen", ""))
    return see_other(HOME)


@signed_in
async def finish(request: web.Request, officer: Officer) -> web.StreamResponse:
    """The person is done; nobody else is called yet."""
    form = await read_form(request)
    await queue.finish(request.app[STATION], officer, form.get("seen", ""))
    return see_other(HOME)


async def _is_open(station: Station, present: Call) -> bool:
    """Whether the person at the counter still has a dossier nobody has decided about."""
    if not present.dossier_id:
        return True
    dossier = await lookup.dossier(station, present.dossier_id)
    return dossier.state in UNDECIDED


@signed_in
async def pick(request: web.Request, officer: Officer) -> web.StreamResponse:
    """Call a certain number: one that waits, for a reason, or one that was away and is back."""
    station, form = request.app[STATION], await read_form(request)
    await queue.pick(
        station, officer, _number(form, "ticket_id"), form.get("reason", ""), form.get("seen", "")
    )
    return see_other(HOME)


@signed_in
async def back(request: web.Request, officer: Officer) -> web.StreamResponse:
    """Somebody who was away waits again."""
    form = await read_form(request)
    await queue.back(request.app[STATION], _number(form, "ticket_id"))
    return see_other(HOME)


@signed_in
async def transfer(request: web.Request, officer: Officer) -> web.StreamResponse:
    """Send a number to another service or counter; the time waited counts on."""
    form = await read_form(request)
    to = queue.Destination(form.get("service", ""), form.get("counter", ""))
    await queue.transfer(
        request.app[STATION],
        officer,
        _number(form, "ticket_id"),
        to,
        form.get("reason", ""),
        form.get("seen"),
    )
    return see_other(HOME)


@signed_in
async def priority(request: web.Request, officer: Officer) -> web.StreamResponse:
    """Let a waiting number go first, for a reason of the list."""
    form = await read_form(request)
    await queue.give_priority(
        request.app[STATION],
        officer,
        _number(form, "ticket_id"),
        form.get("reason", ""),
        quick=form.get("quick") == "on",
    )
    return see_other(HOME)


@signed_in
async def extend(request: web.Request, officer: Officer) -> web.StreamResponse:
    """One more service on the same number."""
    form = await read_form(request)
    service = form.get("service", "")
    await queue.add_services(request.app[STATION], _number(form, "ticket_id"), [service])
    return see_other(HOME)


def _number(form: Mapping[str, str], name: str) -> int:
    text = form.get(name, "")
    if not (text.isascii() and text.isdigit() and len(text) <= MAXIMUM_ID_DIGITS):
        raise DomainError(ErrorCode.TICKET_UNKNOWN)
    return int(text)


def _unless_moved(handler: Handler) -> Handler:
    """Say that the desk has moved on, instead of acting on what was shown before."""

    @functools.wraps(handler)
    async def guarded(request: web.Request) -> web.StreamResponse:
        try:
            return await handler(request)
        except DomainError as error:
            if error.code in {ErrorCode.VERSION_CONFLICT, ErrorCode.TICKET_UNKNOWN}:
                return see_other(MOVED)
            raise

    return guarded


ROUTES: Final = (
    web.post("/counter/call", _unless_moved(call_next)),
    web.post("/counter/recall", _unless_moved(recall)),
    web.post("/counter/no-show", _unless_moved(no_show)),
    web.post("/counter/finish", _unless_moved(finish)),
    web.post("/counter/pick", _unless_moved(pick)),
    web.post("/counter/back", _unless_moved(back)),
    web.post("/counter/transfer", _unless_moved(transfer)),
    web.post("/counter/priority", _unless_moved(priority)),
    web.post("/counter/extend", _unless_moved(extend)),
)

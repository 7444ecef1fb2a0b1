"""The inbox of money: what the bank said that does not fit, and what a person decides of it.

Rules: only who may put money right decides; every decision has a reason; a line that nobody knows
is given to a payment or sent back. No names: dossier numbers and tickets.
"""

from collections.abc import Mapping
from datetime import datetime
from typing import Final

from aiohttp import web

from edge_node.domain.errors import DomainError
from edge_node.domain.officer import Duty, may
from edge_node.domain.set_aside import OTHER
from edge_node.usecases.payments import aside, bank, views
from edge_node.usecases.payments.acting import Actor
from edge_node.usecases.payments.aside import Why
from edge_node.usecases.payments.bank import Line
from edge_node.usecases.station import Officer
from edge_node.web.counter import desk
from edge_node.web.counter.money import explained
from edge_node.web.counter.session import with_duty
from edge_node.web.counter.wording import officer_name
from edge_node.web.keys import STATION
from edge_node.web.pages import new_key, read_form, render, see_other, translator

PATH: Final = "/counter/money"
ISO_DAY_CHARACTERS: Final = 10
_DECISIONS: Final = ("accept", "refund_due", "refunded")


@with_duty(Duty.TAKE_MONEY)
async def inbox(request: web.Request, officer: Officer) -> web.StreamResponse:
    """Everything about money that waits for a person."""
    return await _page(request, officer, "", 200)


@with_duty(Duty.TAKE_MONEY)
async def set_aside(request: web.Request, officer: Officer) -> web.StreamResponse:
    """A line of the bank is none of our money."""
    form = await read_form(request)
    why = Why(reason=form.get("reason", ""), note=form.get("note", ""))
    actor, line = Actor.of(officer, form.get("key", "")), form.get("transaction", "")
    try:
        await aside.set_aside(request.app[STATION], actor, line, why)
    except DomainError as error:
        return await _page(request, officer, explained(translator(request), error), 422)
    return see_other(PATH)


@with_duty(Duty.TAKE_MONEY)
async def take_back(request: web.Request, officer: Officer) -> web.StreamResponse:
    """It goes back into the inbox."""
    form = await read_form(request)
    actor, line = Actor.of(officer, form.get("key", "")), form.get("transaction", "")
    try:
        await aside.take_back(request.app[STATION], actor, line, form.get("reason", ""))
    except DomainError as error:
        return await _page(request, officer, explained(translator(request), error), 422)
    return see_other(PATH)


@with_duty(Duty.CORRECT_MONEY)
async def decide(request: web.Request, officer: Officer) -> web.StreamResponse:
    """Decide about one line of the bank."""
    station, form = request.app[STATION], await read_form(request)
    for decision in _DECISIONS:
        if form.get("decision") == decision:
            break
    else:
        raise web.HTTPBadRequest
    line = Line(
        transaction=form.get("transaction", ""), decision=decision, reason=form.get("reason", "")
    )
    payment_id = form.get("payment", "")
    if len(payment_id) != 32 or any(one not in "0123456789abcdef" for one in payment_id):
        payment_id = "00" * 16
    try:
        await bank.decide(station, Actor.of(officer, form.get("key", "")), payment_id, line)
    except DomainError as error:
        return await _page(request, officer, explained(translator(request), error), 422)
    return see_other(PATH)


async def _page(
    request: web.Request, officer: Officer, problem: str, status: int
) -> web.StreamResponse:
    station = request.app[STATION]
    taken = request.query.get("statement", "")
    values = await desk.frame(request, officer)
    values |= {
        "tasks": await views.inbox(station),
        "awaiting": await views.awaiting(station),
        "set_aside": await aside.listed(station),
        "line_reasons": station.money.line_reasons,
        "other": OTHER,
        "person": lambda officer_id: officer_name(station, officer_id),
        "correct": may(officer.roles, Duty.CORRECT_MONEY),
        "new_key": new_key,
        "problem": problem,
        "taken": int(taken) if taken.isascii() and taken.isdigit() and len(taken) < 6 else None,
        "paid": lambda text: paid_text(values, text),
    }
    return render(request, "counter/money_inbox.html.j2", values, status=status)


def paid_text(values: Mapping[str, object], text: str) -> str:
    """A bank's time as people write it, a day alone as a day; else as the bank wrote it."""
    written = values["written"]
    if len(text) == ISO_DAY_CHARACTERS:
        return "/".join(reversed(text.split("-")))
    try:
        datetime.fromisoformat(text)
    except ValueError:
        return text
    return str(written(text)) if callable(written) else text


ROUTES: Final = (
    web.get(PATH, inbox),
    web.post(PATH, decide),
    web.post(f"{PATH}/aside", set_aside),
    web.post(f"{PATH}/take-back", take_back),
)

"""The cash drawer of a counter: open it, look at it, count it and close it (C9)."""

from typing import Final

from aiohttp import web

from edge_node.domain.errors import DomainError, ErrorCode
from edge_node.domain.officer import Duty
from edge_node.usecases.payments import shift
from edge_node.usecases.payments.acting import Actor
from edge_node.usecases.payments.shift_books import LEDGERS, OpenItem, Overview
from edge_node.usecases.station import Officer
from edge_node.web.counter import desk
from edge_node.web.counter.money import amount_of, explained
from edge_node.web.counter.session import with_duty
from edge_node.web.keys import STATION
from edge_node.web.localisation import Translator
from edge_node.web.pages import new_key, read_form, render, see_other, translator

PATH: Final = "/counter/shift"


@with_duty(Duty.CLOSE_SHIFT)
async def drawer(request: web.Request, officer: Officer) -> web.StreamResponse:
    """The drawer as the books have it now, or the form that opens it."""
    return await _page(request, officer, {}, "", 200)


@with_duty(Duty.CLOSE_SHIFT)
async def open_it(request: web.Request, officer: Officer) -> web.StreamResponse:
    """Open the drawer with what was counted in it."""
    form = await read_form(request)
    actor = Actor.of(officer, form.get("key", ""))
    try:
        await shift.open_drawer(request.app[STATION], actor, _counted(form))
    except DomainError as error:
        return await _page(request, officer, form, explained(translator(request), error), 422)
    return see_other(PATH)


@with_duty(Duty.CLOSE_SHIFT)
async def close_it(request: web.Request, officer: Officer) -> web.StreamResponse:
    """Count, close, print the report."""
    station, form = request.app[STATION], await read_form(request)
    actor = Actor.of(officer, form.get("key", ""))
    try:
        await shift.close_drawer(station, actor, _counted(form), form.get("explanation", ""))
    except DomainError as error:
        text = explained(translator(request), error)
        if error.code is ErrorCode.DIFFERENCE_UNEXPLAINED:
            text = await _difference(request, officer, form, text)
        return await _page(request, officer, form, text, 422)
    return see_other(f"{PATH}?closed=1")


def _counted(form: dict[str, str]) -> dict[str, int]:
    return {one.value: amount_of(form.get(one.value, "")) for one in LEDGERS}


async def _difference(
    request: web.Request, officer: Officer, form: dict[str, str], text: str
) -> str:
    """How much it is off, and the transfer that would explain it."""
    words = translator(request)
    seen = await shift.overview(request.app[STATION], officer.counter)
    if seen is None:
        return text
    lines = []
    for ledger, counted_vnd in _counted(form).items():
        off_vnd = counted_vnd - seen.expected(ledger)
        if off_vnd:
            lines.append(_off(words, seen, off_vnd))
    return " ".join([*lines, text])


def _off(words: Translator, seen: Overview, off_vnd: int) -> str:
    amount = words.money(abs(off_vnd))
    cause: OpenItem | None = seen.likely_cause(off_vnd)
    key = "money.shift.short" if off_vnd < 0 else "money.shift.over"
    text = words(key, amount=amount)
    if cause is None:
        return text
    return f"{text} {words('money.shift.cause', ticket=cause.ticket or cause.reference)}"


async def _page(
    request: web.Request, officer: Officer, form: dict[str, str], problem: str, status: int
) -> web.StreamResponse:
    station = request.app[STATION]
    seen = await shift.overview(station, officer.counter)
    opening = await shift.opening(station, officer.counter)
    values = await desk.frame(request, officer)
    values |= {
        "shift": seen,
        "opening": opening,
        "key": form.get("key") or new_key(),
        "posted": form,
        "problem": problem,
        "closed": request.query.get("closed") == "1",
    }
    return render(request, "counter/shift.html.j2", values, status=status)


ROUTES: Final = (
    web.get(PATH, drawer),
    web.post(f"{PATH}/open", open_it),
    web.post(f"{PATH}/close", close_it),
)

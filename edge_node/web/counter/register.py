"""The register of dossiers (form 07) on a page: some days, and one key that prints them.

Rules: days may stand in an address, names never do; what the use case leaves out is not here.
"""

from collections.abc import Mapping
from datetime import date
from typing import Final

from aiohttp import web

from edge_node.domain.errors import DomainError, ErrorCode
from edge_node.usecases.decisions import register
from edge_node.usecases.promises import read_any_day
from edge_node.usecases.station import Officer, Station
from edge_node.web.counter import desk
from edge_node.web.counter.session import signed_in
from edge_node.web.error_pages import cause, remedy
from edge_node.web.keys import STATION
from edge_node.web.pages import read_form, render, see_other, translator

ADDRESS: Final = "/counter/register"


@signed_in
async def page(request: web.Request, officer: Officer) -> web.StreamResponse:
    """What was received on the days asked for; today when none are."""
    return await _page(request, officer, request.query)


@signed_in
async def print_days(request: web.Request, officer: Officer) -> web.StreamResponse:
    """Queue form 07 of the days shown."""
    station, form = request.app[STATION], await read_form(request)
    try:
        first, last = _days(station, form)
        await register.print_register(station, officer, first, last)
    except DomainError:
        return await _page(request, officer, form)
    return see_other(f"{ADDRESS}?first={first}&last={last}&printed=1")


async def _page(
    request: web.Request, officer: Officer, asked: Mapping[str, str]
) -> web.StreamResponse:
    station, words = request.app[STATION], translator(request)
    values = await desk.frame(request, officer)
    today = station.clock.now().date()
    first, last, problem, rows = today, today, "", []
    try:
        first, last = _days(station, asked)
        rows = await register.lines(station, first, last)
    except DomainError as error:
        problem = f"{cause(words, error)} {remedy(words, error)}"
    values |= {
        "listing": True,
        "rows": rows,
        "first": first,
        "last": last,
        "problem": problem,
        "printed": asked.get("printed") == "1",
        "name_of": lambda key: _name(station, words.language, key),
    }
    return render(request, "counter/register.html.j2", values, status=422 if problem else 200)


def _days(station: Station, asked: Mapping[str, str]) -> tuple[date, date]:
    today = station.clock.now().date().isoformat()
    first = read_any_day(asked.get("first", "").strip() or today)
    last = read_any_day(asked.get("last", "").strip() or first.isoformat())
    if last < first:
        raise DomainError(ErrorCode.RANGE_TOO_LONG, maximum=register.MAXIMUM_DAYS)
    return first, last


def _name(station: Station, language: str, procedure_id: str) -> str:
    procedure = station.catalogue.find_known(procedure_id)
    if procedure is None:
        return procedure_id
    return procedure.label_en if language == "en" else procedure.label_vi


ROUTES: Final = (web.get(ADDRESS, page), web.post(f"{ADDRESS}/print", print_days))

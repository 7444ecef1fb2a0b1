"""Receive, ask for a supplement, refuse: one sheet to look at, one key to confirm.

Rules: looking changes nothing; deciding carries the sheet's idempotency key; a refusal by the
rules comes back as the same sheet with the cause and the remedy, and what was typed stays.
"""

from collections.abc import Mapping
from typing import Final

from aiohttp import web

from edge_node.domain.errors import DomainError, ErrorCode, Fault
from edge_node.usecases import counter, lookup, printing
from edge_node.usecases.counter import Command
from edge_node.usecases.lookup import DossierView
from edge_node.usecases.station import Officer, Station
from edge_node.web.counter import desk, wording
from edge_node.web.counter.session import signed_in
from edge_node.web.error_pages import cause, remedy
from edge_node.web.keys import STATION
from edge_node.web.localisation import Translator
from edge_node.web.pages import read_form, render, see_other, translator

SHEETS: Final = ("receive", "supplement", "refuse")


@signed_in
async def review(request: web.Request, officer: Officer) -> web.StreamResponse:
    """Show one of the sheets, with the papers as ticked on the screen; stores nothing."""
    form = await read_form(request)
    dossier = await _dossier(request)
    sheet = form.get("do", "")
    return await _page(request, officer, dossier, form, sheet if sheet in SHEETS else "")


@signed_in
async def decide(request: web.Request, officer: Officer) -> web.StreamResponse:
    """Store the decision of a sheet and go on to its result."""
    form = await read_form(request)
    dossier = await _dossier(request)
    sheet = form.get("sheet", "")
    if sheet not in SHEETS:
        raise web.HTTPBadRequest
    command = Command(officer, bytes.fromhex(dossier.dossier_id), form.get("key", ""))
    problem = _objection(translator(request), sheet, form)
    if not problem:
        try:
            await _decide(request.app[STATION], command, dossier, form)
        except DomainError as error:
            problem = _explained(translator(request), error)
    if problem:
        return await _page(request, officer, dossier, form, sheet, problem)
    return see_other(f"/counter/dossiers/{dossier.dossier_id}")


async def _decide(
    station: Station, command: Command, dossier: DossierView, form: Mapping[str, str]
) -> None:
    match form["sheet"]:
        case "receive":
            have = wording.ticked(dossier, form)
            await counter.receive(station, command, have, form.get("reason", ""))
        case "supplement":
            await counter.request_supplement(station, command, _items(form), form.get("note", ""))
        case _:
            await counter.refuse(station, command, form.get("reason", ""))


def _objection(words: Translator, sheet: str, form: Mapping[str, str]) -> str:
    """What a supplement request must have before the law's one chance is used."""
    if sheet != "supplement":
        return ""
    if not _items(form) and not form.get("note"):
        return words("counter.supplement.nothing")
    return "" if form.get("reviewed") == "yes" else words("counter.supplement.review_first")


def _items(form: Mapping[str, str]) -> list[str]:
    return [name.removeprefix("item.") for name in form if name.startswith("item.")]


def _explained(words: Translator, error: DomainError) -> str:
    if error.fault is not Fault.CALLER and error.code is not ErrorCode.BUSY:
        raise error
    if error.code is ErrorCode.DOSSIER_INCOMPLETE:
        return words("counter.receive.reason_needed")
    return f"{cause(words, error)} {remedy(words, error)}"


@signed_in
async def print_copy(request: web.Request, officer: Officer) -> web.StreamResponse:
    """Queue a marked copy of a paper of this dossier, after a person looked at the tray."""
    dossier = await _dossier(request)
    job_id = int(request.match_info["job"])
    if all(job.id != job_id for job in dossier.print_jobs):
        raise web.HTTPNotFound
    await printing.reprint(request.app[STATION], job_id)
    return see_other(f"/counter/dossiers/{dossier.dossier_id}?note=copied")


async def _dossier(request: web.Request) -> DossierView:
    return await lookup.dossier(request.app[STATION], request.match_info["dossier"])


async def _page(
    request: web.Request,
    officer: Officer,
    dossier: DossierView,
    form: Mapping[str, str],
    sheet: str,
    problem: str = "",
) -> web.StreamResponse:
    values = await desk.frame(request, officer)
    values |= await desk.dossier_values(request, dossier, form)
    values |= {"sheet": sheet, "problem": problem}
    if form.get("key"):
        values["key"] = form["key"]
    status = 422 if problem else 200
    return render(request, "counter/workspace.html.j2", values, status=status)


ROUTES: Final = (
    web.post("/counter/dossiers/{dossier:[0-9a-f]{32}}/review", review),
    web.post("/counter/dossiers/{dossier:[0-9a-f]{32}}/decide", decide),
    web.post("/counter/dossiers/{dossier:[0-9a-f]{32}}/papers/{job:[0-9]{1,12}}/copy", print_copy),
)

"""Every decision about a dossier: one sheet to look at, one key to confirm, some seconds to undo.

Rules: looking changes nothing; deciding carries the sheet's idempotency key and the version that
was seen; a refusal by the rules comes back as the same sheet with the cause and the remedy, and
what was typed stays, but for a PIN.
"""

from collections.abc import Mapping
from typing import Final

from aiohttp import web

from edge_node.domain.dossier import Action
from edge_node.domain.errors import DomainError, ErrorCode, Fault
from edge_node.domain.officer import Duty
from edge_node.usecases import lookup, printing
from edge_node.usecases.decisions import claims, undo
from edge_node.usecases.decisions.command import Command
from edge_node.usecases.lookup import DossierView
from edge_node.usecases.officers import pins, second
from edge_node.usecases.officers.pins import Try
from edge_node.usecases.station import Officer
from edge_node.web.counter import desk, gate
from edge_node.web.counter.session import signed_in, with_duty
from edge_node.web.counter.sheet_values import sheet_values
from edge_node.web.counter.sheets import SHEETS, Sheet, items_of, number_of
from edge_node.web.error_pages import cause, remedy
from edge_node.web.keys import STATION
from edge_node.web.localisation import Translator
from edge_node.web.pages import new_key, read_form, render, see_other, translator

deciding: Final = with_duty(Duty.DECIDE)


@signed_in
async def review(request: web.Request, officer: Officer) -> web.StreamResponse:
    """Show one of the sheets, with the papers as ticked on the screen; stores nothing."""
    form = await read_form(request)
    dossier = await _dossier(request)
    name = form.get("do", "")
    return await _page(request, officer, dossier, form, name if name in SHEETS else "")


@deciding
async def decide(request: web.Request, officer: Officer) -> web.StreamResponse:
    """Store the decision of a sheet and go on to its result."""
    form = await read_form(request)
    dossier = await _dossier(request)
    sheet = SHEETS.get(form.get("sheet", ""))
    if sheet is None:
        raise web.HTTPBadRequest
    problem = _objection(translator(request), sheet.name, form)
    if not problem:
        try:
            command = await _command(request, officer, dossier, sheet, form)
            await sheet.run(request.app[STATION], command, dossier, form)
        except DomainError as error:
            problem = _explained(translator(request), error)
    if problem:
        return await _page(request, officer, dossier, form, sheet.name, problem)
    return see_other(f"/counter/dossiers/{dossier.dossier_id}")


async def _command(
    request: web.Request,
    officer: Officer,
    dossier: DossierView,
    sheet: Sheet,
    form: Mapping[str, str],
) -> Command:
    """Who decides what; the second officer proves who they are for this decision only."""
    station, key = request.app[STATION], form.get("key", "")
    procedure = station.catalogue.known_procedure(dossier.procedure_id)
    confirming = None
    if sheet.action is not None and sheet.action.value in procedure.two_officers and key:
        if not form.get("second_officer") or not form.get("second_pin"):
            raise DomainError(ErrorCode.SECOND_OFFICER_MISSING)
        device_id = await pins.device_of(station, gate.device_of(request))
        attempt = Try(form["second_officer"], form["second_pin"], device_id)
        confirming = await second.confirm(station, officer, attempt, key)
    seen = number_of(form, "version") or None
    return Command(officer, bytes.fromhex(dossier.dossier_id), key, seen, confirming)


def _objection(words: Translator, sheet: str, form: Mapping[str, str]) -> str:
    """What a supplement request must have before the law's one chance is used."""
    if sheet != "supplement":
        return ""
    if not items_of(form) and not form.get("note"):
        return words("counter.supplement.nothing")
    return "" if form.get("reviewed") == "yes" else words("counter.supplement.review_first")


def _explained(words: Translator, error: DomainError) -> str:
    if error.fault is not Fault.CALLER and error.code is not ErrorCode.BUSY:
        raise error
    if error.code is ErrorCode.DOSSIER_INCOMPLETE:
        return words("counter.receive.reason_needed")
    return f"{cause(words, error)} {remedy(words, error)}"


@deciding
async def take_back(request: web.Request, officer: Officer) -> web.StreamResponse:
    """Undo the last decision, or say why it is too late."""
    form = await read_form(request)
    dossier = await _dossier(request)
    command = Command(officer, bytes.fromhex(dossier.dossier_id), form.get("key", ""))
    try:
        await undo.undo(request.app[STATION], command)
    except DomainError as error:
        problem = _explained(translator(request), error)
        return await _page(request, officer, dossier, form, "", problem)
    return see_other(f"/counter/dossiers/{dossier.dossier_id}")


@deciding
async def print_now(request: web.Request, officer: Officer) -> web.StreamResponse:
    """Do not wait for the time to undo: let the papers go."""
    dossier = await _dossier(request)
    await undo.print_now(request.app[STATION], officer, bytes.fromhex(dossier.dossier_id))
    return see_other(f"/counter/dossiers/{dossier.dossier_id}")


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


def _as_stored(dossier: DossierView, form: Mapping[str, str]) -> Mapping[str, str]:
    """Papers that can no longer be ticked are not posted by the page: they stand as stored."""
    if Action.RECEIVE.value in dossier.actions:
        return form
    return {**form, **{f"paper.{one.id}": "yes" for one in dossier.documents if one.have}}


async def _page(
    request: web.Request,
    officer: Officer,
    dossier: DossierView,
    form: Mapping[str, str],
    sheet: str,
    problem: str = "",
) -> web.StreamResponse:
    station, key = request.app[STATION], bytes.fromhex(dossier.dossier_id)
    held = await claims.holder(station, officer, key)
    form = _as_stored(dossier, form)
    values = await desk.frame(request, officer)
    values |= await desk.dossier_values(request, dossier, form)
    values |= await sheet_values(request, officer, dossier, sheet)
    values |= {
        "holder": held if held is not None and not held.mine else None,
        "sheet": sheet,
        "problem": problem,
        "key": form.get("key") or new_key(),
    }
    status = 422 if problem else 200
    return render(request, "counter/workspace.html.j2", values, status=status)


_OF_DOSSIER: Final = "/counter/dossiers/{dossier:[0-9a-f]{32}}"

ROUTES: Final = (
    web.post(_OF_DOSSIER + "/review", review),
    web.post(_OF_DOSSIER + "/decide", decide),
    web.post(_OF_DOSSIER + "/undo", take_back),
    web.post(_OF_DOSSIER + "/print-now", print_now),
    web.post(_OF_DOSSIER + "/papers/{job:[0-9]{1,12}}/copy", print_copy),
)

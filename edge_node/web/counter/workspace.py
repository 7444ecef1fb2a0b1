"""The counter's workspace: queue, dossier, decision, side by side.

Rules: the workspace shows the dossier of the number being served, or the one that was opened; to
open one is to be seen doing so (the access log) and to claim it, as far as nobody else works on it.
A page that refreshes itself does neither.
"""

from typing import Final

from aiohttp import web

from edge_node.domain.errors import DomainError, ErrorCode
from edge_node.domain.officer import Duty, may
from edge_node.usecases import lookup
from edge_node.usecases.decisions import claims
from edge_node.usecases.kiosk import help as staff_help
from edge_node.usecases.officers import access
from edge_node.usecases.queue import Call
from edge_node.usecases.station import Officer, Station
from edge_node.web.counter import desk
from edge_node.web.counter.session import HOME, REFRESH_HEADER, signed_in
from edge_node.web.counter.sheet_values import sheet_values
from edge_node.web.keys import STATION
from edge_node.web.pages import read_form, render, see_other

NOTES: Final = frozenset(
    {"nobody", "moved", "recall_done", "copied", "not_read", "pin_changed", "taken_over"}
)
MAXIMUM_CALL_DIGITS: Final = 12


@signed_in
async def workspace(request: web.Request, officer: Officer) -> web.StreamResponse:
    """The desk: queue, dossier of the number being served, decision."""
    values = await desk.frame(request, officer)
    present = values["present"]
    if isinstance(present, Call) and present.dossier_id:
        values |= await _open(request, officer, present.dossier_id)
    return _workspace(request, values)


@signed_in
async def opened(request: web.Request, officer: Officer) -> web.StreamResponse:
    """The desk with one dossier opened."""
    values = await desk.frame(request, officer)
    values |= await _open(request, officer, request.match_info["dossier"])
    return _workspace(request, values)


@signed_in
async def take_over(request: web.Request, officer: Officer) -> web.StreamResponse:
    """Work on a dossier another counter has open."""
    dossier_id = request.match_info["dossier"]
    await claims.take_over(request.app[STATION], officer, bytes.fromhex(dossier_id))
    return see_other(f"/counter/dossiers/{dossier_id}?note=taken_over")


@signed_in
async def answer_help(request: web.Request, officer: Officer) -> web.StreamResponse:
    """Somebody goes to the kiosk."""
    text = (await read_form(request)).get("call", "")
    if not (text.isascii() and text.isdigit() and len(text) <= MAXIMUM_CALL_DIGITS):
        raise web.HTTPBadRequest
    await staff_help.answer(request.app[STATION], int(text))
    return see_other(HOME)


async def _open(request: web.Request, officer: Officer, dossier_id: str) -> dict[str, object]:
    station = request.app[STATION]
    dossier = await lookup.dossier(station, dossier_id)
    key = bytes.fromhex(dossier_id)
    if REFRESH_HEADER not in request.headers:
        await access.looked(station, officer, dossier_id)
        if dossier.actions and may(officer.roles, Duty.DECIDE):
            await _claim(station, officer, key)
    holder = await claims.holder(station, officer, key)
    values = await desk.dossier_values(request, dossier)
    values |= await sheet_values(request, officer, dossier)
    return values | {"holder": holder if holder is not None and not holder.mine else None}


async def _claim(station: Station, officer: Officer, dossier_id: bytes) -> None:
    """Somebody else at work is shown, not an error."""
    try:
        await claims.claim(station, officer, dossier_id)
    except DomainError as error:
        if error.code is not ErrorCode.DOSSIER_CLAIMED:
            raise


def _workspace(request: web.Request, values: dict[str, object]) -> web.StreamResponse:
    note = request.query.get("note", "")
    values["note"] = note if note in NOTES else ""
    values["ask"] = "next" if request.query.get("ask") == "next" else ""
    return render(request, "counter/workspace.html.j2", values)


ROUTES: Final = (
    web.get(HOME, workspace),
    web.get("/counter/dossiers/{dossier:[0-9a-f]{32}}", opened),
    web.post("/counter/dossiers/{dossier:[0-9a-f]{32}}/take-over", take_over),
    web.post("/counter/help", answer_help),
)

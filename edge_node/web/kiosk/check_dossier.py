"""K16 and K17: where a dossier stands, by its slip or by the card; a number to collect a result.

Rules: anybody may hold a slip, so an answer names nobody; a card shows the newest dossiers of its
holder by procedure and state only; a result is handed over at the counter, after a look at the
face. What is not known here may be held by the city: that is said, not guessed at.
"""

import re
from datetime import datetime
from typing import Final, NamedTuple

from aiohttp import web

from edge_node.domain.codes import parse_dossier_number
from edge_node.domain.dossier import DossierState
from edge_node.domain.errors import DomainError, ErrorCode
from edge_node.domain.identity_card import CardScan
from edge_node.domain.public_state import PUBLIC_STATE, PublicState
from edge_node.usecases import lookup
from edge_node.usecases.lookup import DossierLine, DossierView
from edge_node.usecases.station import Station
from edge_node.web.error_pages import cause, remedy
from edge_node.web.keys import STATION
from edge_node.web.localisation import Translator
from edge_node.web.pages import new_key, read_form, render, translator

PICTURES: Final = {
    PublicState.RECEIVED: "ticket",
    PublicState.IN_PROCESS: "clock",
    PublicState.SUPPLEMENT: "document-question",
    PublicState.ELSEWHERE: "clock",
    PublicState.READY: "document-check",
    PublicState.HANDED_OVER: "check",
    PublicState.REFUSED: "alert",
}
WITH_DATE: Final = frozenset({PublicState.RECEIVED, PublicState.IN_PROCESS})
MAXIMUM_NUMBER_CHARACTERS: Final = 40
MAXIMUM_LISTED: Final = 5
_CITY_NUMBER: Final = re.compile(r"[A-Z][0-9]{2}(?:\.[0-9]{1,3}){1,3}-[0-9]{6}-[0-9]{4,6}")
"""The form of an official dossier code: such a dossier may live at the city only."""


class Listed(NamedTuple):
    """One dossier of a card's holder."""

    number: str
    procedure: str
    state: str
    picture: str


def public_state(view: DossierView | DossierLine) -> PublicState:
    """One of the seven."""
    return PUBLIC_STATE[DossierState(view.state)]


async def ask(request: web.Request) -> web.Response:
    """K16: the number."""
    return _page(request, "")


async def ask_collect(request: web.Request) -> web.Response:
    """K17: the slip of the dossier whose result is to be collected, or the card."""
    return _page(request, "", collect=True)


def _page(
    request: web.Request, text: str, error: str = "", *, collect: bool = False, city: bool = False
) -> web.Response:
    values = {
        "value": text,
        "error": error,
        "problems": [("number", error)] if error else [],
        "collect": collect,
        "city": city,
    }
    return render(request, "kiosk/find.html.j2", values, status=422 if error else 200)


def _due(t: Translator, view: DossierView) -> str:
    if not view.due_at or public_state(view) not in WITH_DATE:
        return ""
    return t.weekday(datetime.fromisoformat(view.due_at).date())


async def find(request: web.Request) -> web.Response:
    """Where the dossier of a typed number stands."""
    form = await read_form(request)
    return await show(request, form.get("number", ""), collect=bool(form.get("collect")))


async def show(request: web.Request, number: str, *, collect: bool = False) -> web.Response:
    """Where the dossier of a number, typed or scanned, stands."""
    text = number[:MAXIMUM_NUMBER_CHARACTERS].strip()
    station, t = request.app[STATION], translator(request)
    if _CITY_NUMBER.fullmatch(text.upper()):
        return _page(request, text, t("flow.find.city_only"), collect=collect, city=True)
    try:
        view = await lookup.dossier(station, text)
    except DomainError as error:
        return _not_found(request, text, error, collect=collect)
    return _found(request, view, by_card=False)


def _not_found(
    request: web.Request, text: str, error: DomainError, *, collect: bool
) -> web.Response:
    station, t = request.app[STATION], translator(request)
    unknown = error.code is ErrorCode.DOSSIER_UNKNOWN
    if unknown and _is_of(station, text):
        return _page(request, text, t("flow.find.not_here"), collect=collect)
    if unknown:
        return _page(request, text, t("flow.find.other_station"), collect=collect, city=True)
    return _page(request, text, f"{cause(t, error)} {remedy(t, error)}", collect=collect)


def _is_of(station: Station, text: str) -> bool:
    return str(parse_dossier_number(text))[1:6] == station.code


def _found(request: web.Request, view: DossierView, *, by_card: bool) -> web.Response:
    t, state = translator(request), public_state(view)
    # What nobody has looked at yet is not "received", though it belongs to that step.
    filed = view.state == DossierState.SUBMITTED
    procedure = request.app[STATION].catalogue.known_procedure(view.procedure_id)
    values = {
        "number": view.dossier_no,
        "title": t(f"kiosk.state.{view.state}" if filed else f"flow.state.{state}"),
        "exactly": t(f"kiosk.state.{view.state}"),
        "text": t(f"kiosk.state.{view.state}.what"),
        "picture": PICTURES[state],
        "due": _due(t, view),
        "ready": state is PublicState.READY,
        "by_card": by_card,
        "service": request.app[STATION].catalogue.service_of(procedure).id,
        "key": new_key(),
    }
    return render(request, "kiosk/found.html.j2", values)


async def show_person(request: web.Request, card: CardScan, *, collect: bool) -> web.Response:
    """The newest dossiers of the card's holder; a single one is shown at once."""
    station, t = request.app[STATION], translator(request)
    lines = await lookup.find_dossiers(station, card.person.id_number)
    if collect:
        lines = [line for line in lines if public_state(line) is PublicState.READY] or lines
    if not lines:
        return _page(request, "", t("flow.find.none_of_card"), collect=collect)
    if len(lines) == 1:
        view = await lookup.dossier(station, lines[0].dossier_id)
        return _found(request, view, by_card=True)
    values = {"rows": [_listed(t, station, line) for line in lines[:MAXIMUM_LISTED]]}
    return render(request, "kiosk/found_list.html.j2", values)


def _listed(t: Translator, station: Station, line: DossierLine) -> Listed:
    procedure, state = station.catalogue.known_procedure(line.procedure_id), public_state(line)
    return Listed(
        line.dossier_no,
        t.choose(procedure.label_vi, procedure.label_en),
        t(f"flow.state.{state}"),
        PICTURES[state],
    )


ROUTES: Final = (
    web.get("/kiosk/find", ask),
    web.post("/kiosk/find", find),
    web.get("/kiosk/collect", ask_collect),
    web.post("/kiosk/collect", find),
)

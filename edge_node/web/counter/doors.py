"""Signing in and out, locking the screen, opening it again, a new PIN.

Rules: a wrong PIN answers with the tries that are left, a wait with its seconds; nothing here ever
locks somebody out for good; whoever was given a PIN by the chief chooses an own one before anything
else.
"""

import re
from typing import Final

from aiohttp import web

from edge_node.domain import officer as rules
from edge_node.domain.errors import DomainError
from edge_node.domain.officer import PIN_DIGITS, Duty
from edge_node.usecases import officers
from edge_node.usecases.decisions import claims
from edge_node.usecases.officers import pins, sitting
from edge_node.usecases.officers.pins import Try
from edge_node.usecases.officers.sitting import Opening
from edge_node.usecases.station import Officer
from edge_node.web.counter import gate
from edge_node.web.counter.gate import CHANGE_PIN, HOME, LOCKED, SESSION_COOKIE, SIGN_IN, Gate
from edge_node.web.counter.session import session_of, token_of
from edge_node.web.keys import STATION
from edge_node.web.pages import read_form, render, see_other, set_cookie, translator

STATUS: Final = "/status"
_PIN: Final = re.compile(rf"[0-9]{{{PIN_DIGITS}}}")


async def sign_in_page(request: web.Request) -> web.StreamResponse:
    """Choose a name, type the PIN."""
    return gate.sign_in_page(request, Gate(over=request.query.get("over") == "1"))


async def sign_in(request: web.Request) -> web.StreamResponse:
    """Open a session, or say what was wrong and what to do."""
    form = await read_form(request)
    door = Gate(chosen=form.get("officer", ""), back=gate.place(form.get("back", "")))
    problem = _form_problem(request, form)
    if problem:
        return gate.sign_in_page(request, door._replace(problem=problem), status=422)
    try:
        officer = await _proved(request, form)
    except DomainError as error:
        text = gate.refusal(translator(request), error)
        return gate.sign_in_page(request, door._replace(problem=text), status=422)
    opening = Opening(officer, "pin", gate.device_of(request))
    token = await sitting.begin(request.app[STATION], opening)
    return entered(officer, token, door.back)


def entered(officer: Officer, token: str, back: str) -> web.Response:
    """Go on with a session: to where one was, to an own PIN, or to the first page one may see."""
    response = see_other(CHANGE_PIN if officer.must_change_pin else home_of(officer, back))
    set_cookie(response, SESSION_COOKIE, token, max_age_s=officers.SESSION_S)
    return response


def home_of(officer: Officer, back: str = HOME) -> str:
    """The first page of an officer: a technician opens no dossier."""
    return back if rules.may(officer.roles, Duty.READ_DOSSIER) else STATUS


async def sign_out(request: web.Request) -> web.StreamResponse:
    """End the session on the station and in the browser."""
    session = await session_of(request)
    if session is not None:
        await claims.release_all(request.app[STATION], session.officer)
        await sitting.sign_out(request.app[STATION], token_of(request))
    response = see_other(SIGN_IN)
    response.del_cookie(SESSION_COOKIE, path="/")
    return response


async def lock(request: web.Request) -> web.StreamResponse:
    """Lock the screen; what is typed stays in the page that asked."""
    form = await read_form(request)
    if await session_of(request) is not None:
        await sitting.lock(request.app[STATION], token_of(request))
    back = form.get("back") or gate.place_before(request)
    return see_other(f"{LOCKED}?back={gate.place(back)}")


async def awake(request: web.Request) -> web.StreamResponse:
    """Somebody types without sending anything: the screen need not lock."""
    session = await session_of(request)
    return web.Response(status=204 if session is not None and not session.locked else 423)


async def locked_page(request: web.Request) -> web.StreamResponse:
    """The door of a locked screen."""
    session = await session_of(request)
    back = gate.place(request.query.get("back", ""))
    if session is None:
        return see_other(SIGN_IN)
    if not session.locked:
        return see_other(home_of(session.officer, back))
    return gate.locked_page(request, Gate(back=back), session)


async def unlock(request: web.Request) -> web.StreamResponse:
    """Open the screen for its officer, or for a colleague who goes on here."""
    form = await read_form(request)
    session = await session_of(request)
    door = Gate(chosen=form.get("officer", ""), back=gate.place(form.get("back", "")))
    if session is None:
        return gate.sign_in_page(request, door._replace(over=True), status=401)
    problem = _form_problem(request, form)
    if problem:
        return gate.locked_page(request, door._replace(problem=problem), session, status=422)
    try:
        officer = await _proved(request, form)
    except DomainError as error:
        text = gate.refusal(translator(request), error)
        return gate.locked_page(request, door._replace(problem=text), session, status=422)
    opening = Opening(officer, "pin", gate.device_of(request))
    token = await sitting.unlock(request.app[STATION], token_of(request), opening)
    return entered(officer, token, door.back)


async def pin_page(request: web.Request) -> web.StreamResponse:
    """Choose a new PIN."""
    session = await session_of(request)
    if session is None or session.locked:
        return see_other(SIGN_IN)
    return _pin_page(request, session.officer)


async def change_pin(request: web.Request) -> web.StreamResponse:
    """Set the officer's own new PIN."""
    session = await session_of(request)
    if session is None or session.locked:
        return see_other(SIGN_IN)
    station, words, form = request.app[STATION], translator(request), await read_form(request)
    if form.get("new", "") != form.get("again", ""):
        return _pin_page(request, session.officer, words("officer.pin.not_the_same"))
    device_id = await pins.device_of(station, gate.device_of(request))
    attempt = Try(session.officer.id, form.get("pin", ""), device_id)
    try:
        await pins.change(station, attempt, form.get("new", ""))
    except DomainError as error:
        return _pin_page(request, session.officer, gate.refusal(words, error))
    return see_other(f"{home_of(session.officer)}?note=pin_changed")


def _pin_page(request: web.Request, officer: Officer, problem: str = "") -> web.StreamResponse:
    values = {"officer": officer, "problem": problem, "home": home_of(officer)}
    return render(request, "counter/pin.html.j2", values, status=422 if problem else 200)


def _form_problem(request: web.Request, form: dict[str, str]) -> str:
    words = translator(request)
    if form.get("officer", "") not in request.app[STATION].officers:
        return words("counter.sign_in.choose")
    return "" if _PIN.fullmatch(form.get("pin", "")) else words("counter.sign_in.pin_form")


async def _proved(request: web.Request, form: dict[str, str]) -> Officer:
    station = request.app[STATION]
    device_id = await pins.device_of(station, gate.device_of(request))
    return await pins.check(station, Try(form["officer"], form["pin"], device_id))


ROUTES: Final = (
    web.get(SIGN_IN, sign_in_page),
    web.post(SIGN_IN, sign_in),
    web.post("/counter/sign-out", sign_out),
    web.post("/counter/lock", lock),
    web.post("/counter/awake", awake),
    web.get(LOCKED, locked_page),
    web.post(LOCKED, unlock),
    web.get(CHANGE_PIN, pin_page),
    web.post(CHANGE_PIN, change_pin),
)

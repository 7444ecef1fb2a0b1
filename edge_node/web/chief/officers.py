"""People: who may do what at which counter, PINs drawn anew, sessions ended, who looked at whom.

Rules: a drawn PIN is shown once, on the page that answers the button, and never again; nothing
here needs the city.
"""

from typing import Final

from aiohttp import web

from edge_node.domain.officer import Duty, Role, read_roles
from edge_node.usecases.officers import access, accounts, passkeys, pins, sitting
from edge_node.usecases.station import Officer
from edge_node.web.chief.frame import frame
from edge_node.web.counter.session import token_of, with_duty
from edge_node.web.keys import STATION
from edge_node.web.pages import read_form, render, see_other

PEOPLE: Final = "/chief/officers"
SESSIONS: Final = "/chief/sessions"
ACCESS: Final = "/chief/access"


@with_duty(Duty.MANAGE_OFFICERS)
async def people(request: web.Request, officer: Officer) -> web.StreamResponse:
    """Everybody who may work here."""
    return await _people(request, officer)


@with_duty(Duty.MANAGE_OFFICERS)
async def draw_pin(request: web.Request, officer: Officer) -> web.StreamResponse:
    """A fresh PIN, shown once."""
    station, officer_id = request.app[STATION], request.match_info["officer"]
    pin = await pins.draw(station, officer, officer_id)
    return await _people(request, officer, drawn=(station.officers[officer_id].name, pin))


@with_duty(Duty.MANAGE_OFFICERS)
async def give_duty(request: web.Request, officer: Officer) -> web.StreamResponse:
    """Counter and roles of one officer."""
    form = await read_form(request)
    roles = read_roles([name.removeprefix("role.") for name in form if name.startswith("role.")])
    await accounts.give_duty(
        request.app[STATION],
        officer,
        request.match_info["officer"],
        form.get("counter", ""),
        roles,
    )
    return see_other(PEOPLE)


@with_duty(Duty.MANAGE_OFFICERS)
async def take_keys(request: web.Request, officer: Officer) -> web.StreamResponse:
    """Take an officer's passkeys away."""
    await passkeys.take_away(request.app[STATION], officer, request.match_info["officer"])
    return see_other(PEOPLE)


@with_duty(Duty.END_SESSIONS)
async def sessions(request: web.Request, officer: Officer) -> web.StreamResponse:
    """Who is signed in where."""
    lines = await sitting.listed(request.app[STATION], officer, token_of(request))
    values = await frame(request, officer, "sessions")
    return render(request, "chief/sessions.html.j2", values | {"lines": lines})


@with_duty(Duty.END_SESSIONS)
async def end(request: web.Request, officer: Officer) -> web.StreamResponse:
    """End an officer's sessions, or everybody's."""
    form = await read_form(request)
    await sitting.end(request.app[STATION], officer, form.get("officer", ""), token_of(request))
    return see_other(SESSIONS)


@with_duty(Duty.SEE_ACCESS)
async def looks(request: web.Request, officer: Officer) -> web.StreamResponse:
    """Who looked at whom, the newest first."""
    lines = await access.newest(
        request.app[STATION], officer, request.match_info.get("dossier", "")
    )
    values = await frame(request, officer, "access")
    return render(request, "chief/access.html.j2", values | {"lines": lines})


async def _people(
    request: web.Request, officer: Officer, drawn: tuple[str, str] | None = None
) -> web.StreamResponse:
    values = await frame(request, officer, "officers")
    values |= {
        "people": tuple(request.app[STATION].officers.values()),
        "roles": tuple(Role),
        "drawn": drawn,
    }
    return render(request, "chief/officers.html.j2", values)


_OF_OFFICER: Final = PEOPLE + "/{officer:[^/]{1,64}}"

ROUTES: Final = (
    web.get(PEOPLE, people),
    web.post(_OF_OFFICER + "/pin", draw_pin),
    web.post(_OF_OFFICER + "/duty", give_duty),
    web.post(_OF_OFFICER + "/keys", take_keys),
    web.get(SESSIONS, sessions),
    web.post(SESSIONS, end),
    web.get(ACCESS, looks),
    web.get(ACCESS + "/{dossier:[0-9a-f]{32}}", looks),
)

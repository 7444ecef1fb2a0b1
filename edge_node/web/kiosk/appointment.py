"""K15 for who has booked: the code, typed or scanned, and the number.

Rules: a booking gives a number once; what is refused is told with its remedy, and an ordinary
number is one touch away. A code says nothing about a person.
"""

from datetime import datetime
from typing import Final

from aiohttp import web

from edge_node.domain.appointment import CODE_CHARACTERS
from edge_node.domain.errors import DomainError, ErrorCode
from edge_node.usecases.intake import Asked, check_in
from edge_node.usecases.queue import appointments
from edge_node.web.error_pages import cause, remedy
from edge_node.web.keys import STATION
from edge_node.web.kiosk.draft import TICKET_COOKIE
from edge_node.web.kiosk.ticket import Taken
from edge_node.web.pages import (
    language_of,
    new_key,
    read_form,
    render,
    see_other,
    set_cookie,
    translator,
)

ADDRESS: Final = "/kiosk/ticket/appointment"
SCANNING: Final = "appointment"
"""What the page says its scans are for."""

MAXIMUM_CODE_CHARACTERS: Final = 2 * CODE_CHARACTERS
"""With room for the spaces and hyphens that people type."""

REFUSALS: Final = frozenset(
    {
        ErrorCode.APPOINTMENT_UNKNOWN,
        ErrorCode.APPOINTMENT_DAY,
        ErrorCode.APPOINTMENT_USED,
        ErrorCode.APPOINTMENT_CANCELLED,
    }
)


async def ask(request: web.Request) -> web.Response:
    """The code."""
    return _page(request, "", new_key())


async def enter(request: web.Request) -> web.Response:
    """A typed code."""
    form = await read_form(request)
    return await use(request, form.get("code", ""), form.get("key", ""))


async def use(request: web.Request, code: str, key: str) -> web.Response:
    """The number of a booking, once per key; or why there is none."""
    station, code = request.app[STATION], code[:MAXIMUM_CODE_CHARACTERS]
    language: Final = "en" if language_of(request) == "en" else "vi"
    try:
        answer = await check_in(station, code, Asked(key, "kiosk", "none", language))
    except DomainError as error:
        if error.code not in REFUSALS:
            raise
        return _page(request, code, key, await _why(request, code, error))
    response = see_other("/kiosk/ticket/done")
    # The number is read back under its key, so the booking need not be told again.
    set_cookie(response, TICKET_COOKIE, Taken(answer.ticket.service, key, "", ()).text)
    return response


async def _why(request: web.Request, code: str, error: DomainError) -> str:
    t = translator(request)
    words = f"{cause(t, error)} {remedy(t, error)}"
    if error.code is not ErrorCode.APPOINTMENT_DAY:
        return words
    booking = await appointments.find(request.app[STATION], code)
    moment = datetime.fromisoformat(booking.booked_for)
    when = t("queue.appointment.at", time=t.clock(moment), day=t.weekday(moment.date()))
    return f"{words} {when}"


def _page(request: web.Request, code: str, key: str, error: str = "") -> web.Response:
    values = {
        "value": code,
        "key": key,
        "maximum": MAXIMUM_CODE_CHARACTERS,
        "error": error,
        "problems": [("code", error)] if error else [],
    }
    return render(request, "kiosk/appointment.html.j2", values, status=422 if error else 200)


ROUTES: Final = (web.get(ADDRESS, ask), web.post(ADDRESS, enter))

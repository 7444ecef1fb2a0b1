"""Booking a visit at the counter: free times, the code and its slip, the bookings of a day.

Rules: nothing about a person is asked, kept or put into an address; a code leads to a time and a
service only; a form sent twice books once. The slip of a booking is on its way before the page is,
and the page reads the code out whether paper comes or not.
"""

from collections.abc import Mapping
from datetime import date, datetime
from typing import Final
from urllib.parse import urlencode

import msgspec
from aiohttp import web

from edge_node.domain.booking_times import days_ahead
from edge_node.domain.errors import DomainError, ErrorCode
from edge_node.usecases.bookings import free_slots, print_again, reserve, slip_of
from edge_node.usecases.queue import appointments
from edge_node.usecases.queue.appointments import Appointment, Slot
from edge_node.usecases.station import Officer, Station
from edge_node.web.counter import desk
from edge_node.web.counter.session import signed_in
from edge_node.web.counter.wording import stalled
from edge_node.web.error_pages import cause, remedy
from edge_node.web.keys import STATION
from edge_node.web.pages import new_key, read_form, render, see_other, translator

ADDRESS: Final = "/counter/bookings"


@signed_in
async def page(request: web.Request, officer: Officer) -> web.StreamResponse:
    """The free times of a service on a day; the first of each unless others are asked for."""
    return await _page(request, officer, request.query)


@signed_in
async def book(request: web.Request, officer: Officer) -> web.StreamResponse:
    """Book one of the times shown."""
    station, form = request.app[STATION], await read_form(request)
    try:
        slot = Slot(form.get("service", ""), _moment(station, form.get("booked_for", "")))
        answer = await reserve(station, slot, "officer", form.get("key", ""))
    except DomainError as error:
        return await _page(request, officer, form, error)
    booked = msgspec.json.decode(answer.body, type=Appointment)
    return _shown(form, booked.booked_for[:10], booked=booked.code)


@signed_in
async def cancel(request: web.Request, officer: Officer) -> web.StreamResponse:
    """Give a booking up; its place is free again."""
    station, form = request.app[STATION], await read_form(request)
    try:
        row = await appointments.cancel(station, form.get("code", ""))
    except DomainError as error:
        return await _page(request, officer, form, error)
    return _shown(form, row.booked_for[:10], cancelled=row.code)


@signed_in
async def print_slip(request: web.Request, officer: Officer) -> web.StreamResponse:
    """Another slip for somebody who has lost it, marked as a copy."""
    station, form = request.app[STATION], await read_form(request)
    try:
        booked = await print_again(station, form.get("code", ""))
    except DomainError as error:
        return await _page(request, officer, form, error)
    return _shown(form, booked.booked_for[:10], booked=booked.code)


def _shown(form: Mapping[str, str], day: str, **note: str) -> web.Response:
    query = {"service": form.get("service", ""), "day": day, **note}
    return see_other(f"{ADDRESS}?{urlencode(query)}")


def _moment(station: Station, text: str) -> datetime:
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        moment = None
    if moment is None or moment.tzinfo is None:
        raise DomainError(ErrorCode.APPOINTMENT_TIME, days=station.queue.booking_days_ahead)
    return moment


async def _page(
    request: web.Request,
    officer: Officer,
    asked: Mapping[str, str],
    error: DomainError | None = None,
) -> web.StreamResponse:
    station, words = request.app[STATION], translator(request)
    days = days_ahead(station.calendar, station.clock.now(), station.queue.booking_days_ahead)
    services = [one.id for one in station.catalogue.services]
    service = asked["service"] if asked.get("service") in services else services[0]
    day = _chosen(days, asked.get("day", "")) or station.clock.now().date()
    booked = await _known(station, asked.get("booked", ""))
    slip = await slip_of(station, booked) if booked is not None else None
    values = await desk.frame(request, officer)
    values |= {
        "listing": True,
        "days": days,
        "service": service,
        "day": day,
        "slots": (await free_slots(station, service, day)).slots,
        "bookings": await appointments.of_day(station, day.isoformat()),
        "booked": booked,
        "slip": slip,
        "slip_stalled": bool(slip and stalled([slip], station.clock.now())),
        "cancelled": await _known(station, asked.get("cancelled", "")),
        "clock": lambda iso: words.clock(datetime.fromisoformat(iso)),
        "key": new_key(),
        "problem": f"{cause(words, error)} {remedy(words, error)}" if error else "",
    }
    return render(request, "counter/bookings.html.j2", values, status=422 if error else 200)


def _chosen(days: tuple[date, ...], text: str) -> date | None:
    """The day asked for when it can be booked, else the first one."""
    wanted = next((one for one in days if one.isoformat() == text), None)
    return wanted or next(iter(days), None)


async def _known(station: Station, code: str) -> Appointment | None:
    """The booking a page was told to speak of; an address that was made up says nothing."""
    try:
        return await appointments.find(station, code) if code else None
    except DomainError:
        return None


ROUTES: Final = (
    web.get(ADDRESS, page),
    web.post(ADDRESS, book),
    web.post(f"{ADDRESS}/cancel", cancel),
    web.post(f"{ADDRESS}/print", print_slip),
)

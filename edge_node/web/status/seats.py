"""The kiosks on the technician's page: which browser is which, and pairing another one.

Responsible for putting seats into words and for opening, printing and ending. Rules: an open code
is shown to an officer who may look after the station and to nobody else; what a seat lacks is said
with what follows from it. Nothing personal.
"""

from typing import Final, NamedTuple

from aiohttp import web

from edge_node.domain.officer import Duty, may
from edge_node.domain.pairing import CODE_AGE_S, MAXIMUM_WRONG_TRIES, OpenCode
from edge_node.usecases import pairing, seats
from edge_node.usecases.officers import officer_of
from edge_node.usecases.paper import pairing_note
from edge_node.usecases.station import Officer, Station
from edge_node.web import durations, transfer_picture
from edge_node.web.counter.session import SESSION_COOKIE, with_duty
from edge_node.web.keys import STATION
from edge_node.web.localisation import Translator
from edge_node.web.pages import read_form, see_other, translator
from edge_node.web.pairing import PAIR
from edge_node.web.seats import seat_name
from edge_node.web.transfer_picture import Picture

HERE: Final = "/status#seats"


class ShownSeat(NamedTuple):
    """A kiosk in the list: its key, its name, what is said of it, whether a browser is paired."""

    key: str
    name: str
    text: str
    paired: bool


class ShownCode(NamedTuple):
    """An open code: for whom, how long, what to type, where, and the same as a picture."""

    title: str
    text: str
    address: str
    picture: Picture
    note: str


class Panel(NamedTuple):
    """What the page shows of the seats; `code` and the buttons for officers only."""

    seats: tuple[ShownSeat, ...]
    code: ShownCode | None
    problem: str
    rule: str
    may_pair: bool


async def panel(request: web.Request) -> Panel:
    """Everything at this moment."""
    station, words = request.app[STATION], translator(request)
    token = request.cookies.get(SESSION_COOKIE, "")
    officer = await officer_of(station, token) if token else None
    allowed = officer is not None and may(officer.roles, Duty.LOOK_AFTER_STATION)
    opened = pairing.open_code(station) if allowed else None
    problem = ""
    if opened is not None and opened.guessed_out:
        problem, opened = words("pairing.guessed_out", count=MAXIMUM_WRONG_TRIES), None
    return Panel(
        seats=await _seats(station, words),
        code=_code(request, words, opened) if opened is not None else None,
        problem=problem,
        rule=words(f"pairing.rule.{station.seats.pairing}"),
        may_pair=allowed,
    )


async def _seats(station: Station, words: Translator) -> tuple[ShownSeat, ...]:
    paired, now_ms = await seats.paired(station), station.clock.read().wall_ms
    shown = []
    for seat in station.seats.kiosk_seats:
        row = paired.get(seat)
        if row is not None:
            since = durations.moment(words, row.paired_wall_ms, now_ms)
            seen = durations.moment(words, row.seen_wall_ms, now_ms)
            text = words("pairing.state.paired", since=since, seen=seen)
        elif station.seats.seat_of("", paired) == seat:
            text = words("pairing.state.anybody")
        else:
            text = words("pairing.state.nobody")
        shown.append(ShownSeat(seat, seat_name(words, seat), text, row is not None))
    return tuple(shown)


def _code(request: web.Request, words: Translator, opened: OpenCode) -> ShownCode:
    station = request.app[STATION]
    place = _address(request)
    left_s = opened.left_s(station.now().mono_ms)
    return ShownCode(
        title=words("pairing.open", seat=seat_name(words, opened.seat)),
        text=opened.shown,
        address=place,
        picture=transfer_picture.draw(f"{place}?code={opened.code}"),
        note=words("pairing.left", length=durations.length(words, min(left_s, CODE_AGE_S))),
    )


@with_duty(Duty.LOOK_AFTER_STATION)
async def begin(request: web.Request, officer: Officer) -> web.StreamResponse:
    """``POST /status/seats``: open a code for a `seat`."""
    form = await read_form(request)
    pairing.begin(request.app[STATION], officer, form.get("seat", ""))
    return see_other(HERE)


@with_duty(Duty.LOOK_AFTER_STATION)
async def end(request: web.Request, officer: Officer) -> web.StreamResponse:
    """``POST /status/seats/end``: the browser of a `seat` is no kiosk any more."""
    form = await read_form(request)
    await pairing.end(request.app[STATION], officer, form.get("seat", ""))
    return see_other(HERE)


@with_duty(Duty.LOOK_AFTER_STATION)
async def print_code(request: web.Request, officer: Officer) -> web.StreamResponse:
    """``POST /status/seats/print``: the open code on a slip of the ticket printer."""
    await pairing_note.print_open(request.app[STATION], officer, _address(request))
    return see_other(HERE)


def _address(request: web.Request) -> str:
    """Where this browser reached the station; the kiosk will reach it there too."""
    return f"{request.scheme}://{request.host}{PAIR}"


ROUTES: Final = (
    web.post("/status/seats", begin),
    web.post("/status/seats/end", end),
    web.post("/status/seats/print", print_code),
)

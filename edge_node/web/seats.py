"""At which seat the page that asks is: the kiosk of its cookie, or its officer's counter.

Rules: a counter is where somebody works who has signed in, so a locked or closed session is at no
seat; a kiosk is known by a cookie that no script reads and that outlives visits. Must not know what
pages show.
"""

from typing import Final

from aiohttp import web

from edge_node.domain.seats import NO_SEAT, counter_seat
from edge_node.usecases import seats
from edge_node.usecases.officers import sitting
from edge_node.web.counter.gate import SESSION_COOKIE
from edge_node.web.keys import STATION
from edge_node.web.localisation import Translator

SEAT_COOKIE: Final = "seat"
COUNTER_ROLES: Final = frozenset({"counter", "chief"})


async def kiosk_of(request: web.Request) -> str:
    """The kiosk's seat that this browser stands for."""
    return await seats.kiosk_of(request.app[STATION], request.cookies.get(SEAT_COOKIE, ""))


async def seat_of(request: web.Request, role: str) -> str:
    """The seat of a page of this role (`kiosk`, `counter`, …); NO_SEAT for one without."""
    if role == "kiosk":
        return await kiosk_of(request)
    if role in COUNTER_ROLES:
        token = request.cookies.get(SESSION_COOKIE, "")
        officer = await sitting.officer_of(request.app[STATION], token)
        return counter_seat(officer.counter) if officer is not None else NO_SEAT
    return NO_SEAT


def seat_name(words: Translator, seat: str) -> str:
    """A seat as people call it: "kiosk 1"."""
    kind, _, name = seat.partition("-")
    return words(f"pairing.seat.{kind}", name=name)

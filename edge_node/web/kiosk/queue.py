"""The line of the kiosk that tells who is being called and how many wait."""

from datetime import date
from typing import Final, NamedTuple

from aiohttp import web

from edge_node.usecases import lookup
from edge_node.web.keys import STATION

MINUTES_PER_PERSON: Final = 3
"""A rough turn at one counter: only for "about … minutes", never promised."""


class NowBar(NamedTuple):
    """The bar; ``ticket`` is "" while nobody has been called yet."""

    ticket: str
    counter: str
    waiting: int
    minutes: int
    clock: str
    day: date
    offline: bool


async def now_bar(request: web.Request) -> NowBar:
    """The bar as it stands. ``offline`` only when the daemon has tried and failed."""
    station = request.app[STATION]
    now = station.clock.now()
    board = await lookup.calls(station)
    contact = await station.city.contact()
    waiting = sum(board.waiting.values())
    newest = board.calls[0] if board.calls else None
    return NowBar(
        ticket=newest.ticket if newest else "",
        counter=newest.counter if newest else "",
        waiting=waiting,
        minutes=waiting * MINUTES_PER_PERSON,
        clock=now.strftime("%H:%M"),
        day=now.date(),
        offline=contact is not None and bool(contact.failure_code),
    )

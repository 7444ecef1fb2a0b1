"""The line of the kiosk that tells who is being called and how many wait."""

from datetime import date
from typing import NamedTuple

from aiohttp import web

from edge_node.domain.waiting_time import WaitRange
from edge_node.usecases.queue.board import board
from edge_node.web.keys import STATION


class NowBar(NamedTuple):
    """The bar; ``ticket`` is "" while nobody has been called yet, ``wait`` None when unknown."""

    ticket: str
    counter: str
    waiting: int
    wait: WaitRange | None
    clock: str
    day: date
    offline: bool

    @property
    def minutes(self) -> int:
        """The longer end of the wait; 0 while it cannot be told."""
        return self.wait.most if self.wait else 0


async def now_bar(request: web.Request) -> NowBar:
    """The bar as it stands. ``offline`` only when the daemon has tried and failed."""
    station = request.app[STATION]
    now = station.clock.now()
    found = await board(station)
    contact = await station.city.contact()
    newest = found.calls[0] if found.calls else None
    return NowBar(
        ticket=newest.ticket if newest else "",
        counter=newest.counter if newest else "",
        waiting=found.waiting,
        wait=found.wait,
        clock=now.strftime("%H:%M"),
        day=now.date(),
        offline=contact is not None and bool(contact.failure_code),
    )

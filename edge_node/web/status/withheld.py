"""The button that gives the city once more what it could not read.

Responsible for the request and for saying what it did. Rules: for officers who have signed in, and
only while there is something to give; pressing it twice gives nothing twice. Nothing personal.
"""

from typing import Final, NamedTuple

from aiohttp import web

from edge_node.domain.officer import Duty
from edge_node.usecases import withheld
from edge_node.usecases.station import Officer
from edge_node.web.counter.session import with_duty
from edge_node.web.keys import STATION
from edge_node.web.pages import see_other, translator

MAXIMUM_DIGITS: Final = 6


class Panel(NamedTuple):
    """How many records can be given again, and what the last press came to."""

    records: int
    said: str


def panel(request: web.Request, records: int) -> Panel:
    """What the page shows of it; so many records can be given again."""
    given = request.query.get("given", "")
    said = ""
    if given.isascii() and given.isdecimal() and len(given) <= MAXIMUM_DIGITS:
        said = translator(request)("status.withheld.given", count=int(given))
    return Panel(records, said)


@with_duty(Duty.LOOK_AFTER_STATION)
async def give_again(request: web.Request, officer: Officer) -> web.StreamResponse:
    """``POST /status/withheld``."""
    given = await withheld.give_again(request.app[STATION])
    return see_other(f"/status?given={given}#tools")


ROUTES: Final = (web.post("/status/withheld", give_again),)

"""The call board in the waiting room: the newest call, the ones before, who is next, how long.

Rules: numbers and counters only, never a name; both languages at once, because nobody can choose;
the page is whole without a script and refreshed by one. When nothing happens the board shows how
the day's numbers were called.
"""

from datetime import datetime
from typing import Final, NamedTuple

from aiohttp import web

from edge_node.domain.waiting_time import WaitRange
from edge_node.usecases.queue import evidence
from edge_node.usecases.queue.board import ServiceQueue
from edge_node.usecases.queue.board import board as board_facts
from edge_node.usecases.queue.present import Call, seconds_since
from edge_node.usecases.station import Station
from edge_node.web.keys import STATION, TRANSLATORS
from edge_node.web.pages import render, translator
from edge_node.web.voice.desk import VOICE

EARLIER_CALLS: Final = 4
QUIET_AFTER_S: Final = 10 * 60
"""After this time without a call, and with nobody waiting, the board shows the day's count."""


class ShownCall(NamedTuple):
    """A call with its age in seconds."""

    call: Call
    age_s: int


class WaitingService(NamedTuple):
    """A service somebody waits for."""

    letter: str
    name_vi: str
    name_en: str
    people: int
    following: tuple[str, ...]
    wait: WaitRange | None


async def board(request: web.Request) -> web.StreamResponse:
    """``GET /display``; ``?sound=on`` lets it speak."""
    station, now = request.app[STATION], request.app[STATION].clock.now()
    found = await board_facts(station)
    calls = [ShownCall(one, _age_s(one, now)) for one in found.calls]
    quiet = not found.waiting and (not calls or calls[0].age_s > QUIET_AFTER_S)
    values = {
        "en": request.app[TRANSLATORS]["en"],
        "t": request.app[TRANSLATORS]["vi"],
        "language": "vi",
        "station": station,
        "now": now,
        "day": station.moment().day,
        "calls": calls,
        "newest": None if quiet or not calls else calls[0].call,
        "earlier": [one.call for one in (calls if quiet else calls[1:])[:EARLIER_CALLS]],
        "waiting": _waiting(station, found.services),
        "count": await evidence.count_day(station) if quiet else None,
        "sound": request.query.get("sound") == "on",
        "volume": request.app[VOICE].volume(now),
    }
    return render(request, "display/board.html.j2", values)


async def count(request: web.Request) -> web.StreamResponse:
    """``GET /display/count``: how numbers were called, day by day, for everybody."""
    station = request.app[STATION]
    values = {
        "station": station,
        "days": await evidence.count_days(station),
        "weekday": lambda day: translator(request).weekday(datetime.fromisoformat(day).date()),
    }
    return render(request, "display/count.html.j2", values)


def _age_s(call: Call, now: datetime) -> int:
    return seconds_since(call.called_at, now)


def _waiting(station: Station, queues: tuple[ServiceQueue, ...]) -> list[WaitingService]:
    known = {one.service: one for one in queues}
    return [
        WaitingService(
            letter=one.letter,
            name_vi=one.name_vi,
            name_en=one.name_en,
            people=known[one.id].people,
            following=known[one.id].following,
            wait=known[one.id].wait,
        )
        for one in station.catalogue.services
        if one.id in known
    ]


ROUTES: Final = (web.get("/display", board), web.get("/display/count", count))

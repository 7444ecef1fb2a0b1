"""The chief's live panel: figures and small plots made here, no picture library, no names."""

from typing import Final, NamedTuple

from aiohttp import web

from edge_node.domain.officer import Duty
from edge_node.usecases import chief
from edge_node.usecases.chief import Hour
from edge_node.usecases.kiosk.rating import Reason, Score
from edge_node.usecases.station import Officer
from edge_node.web.chief.frame import frame
from edge_node.web.counter.session import with_duty
from edge_node.web.keys import STATION
from edge_node.web.pages import render

HOME: Final = "/chief"
PLOT_WIDTH: Final = 330
PLOT_HEIGHT: Final = 48
GAP: Final = 4


class Bar(NamedTuple):
    """One column of the plot, in its own units; `over` when people waited long."""

    x: int
    y: int
    width: int
    height: int
    hour: int
    called: int
    minutes: int
    over: bool


@with_duty(Duty.SEE_PANEL)
async def show(request: web.Request, officer: Officer) -> web.StreamResponse:
    """The panel."""
    found = await chief.look(request.app[STATION], officer)
    values = await frame(request, officer, "panel")
    values |= {
        "panel": found,
        "bars": bars(found.hours),
        "scores": {one.value: _votes(found.ratings, one.value) for one in Score},
        "reasons": {one.value: _why(found.ratings, one.value) for one in Reason},
        "long_wait_minutes": chief.LONG_WAIT_S // 60,
        "window_days": chief.WINDOW_DAYS,
    }
    return render(request, "chief/panel.html.j2", values)


def bars(hours: tuple[Hour, ...]) -> list[Bar]:
    """The columns of the calls of a day; the busiest hour is as high as the plot."""
    most = max((one.called for one in hours), default=0) or 1
    step = PLOT_WIDTH // max(len(hours), 1)
    return [
        Bar(
            x=turn * step,
            y=PLOT_HEIGHT - one.called * PLOT_HEIGHT // most,
            width=step - GAP,
            height=one.called * PLOT_HEIGHT // most,
            hour=one.hour,
            called=one.called,
            minutes=one.mean_wait_s // 60,
            over=one.mean_wait_s >= chief.LONG_WAIT_S,
        )
        for turn, one in enumerate(hours)
    ]


def _votes(ratings: dict[tuple[str, str], int], score: str) -> int:
    return sum(count for (found, _), count in ratings.items() if found == score)


def _why(ratings: dict[tuple[str, str], int], reason: str) -> int:
    return sum(count for (_, found), count in ratings.items() if found == reason)


ROUTES: Final = (web.get(HOME, show),)

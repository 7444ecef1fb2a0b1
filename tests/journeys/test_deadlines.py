"""The worked examples of deadlines, from the counter's pages: received here, promised there."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import datetime
from pathlib import Path
from typing import Final, Literal, NamedTuple

import aiohttp
import pytest
from msgspec import structs
from yarl import URL

from edge_node.usecases import lookup
from edge_node.usecases.station import Station
from hardware.clock import VIETNAM
from tests.browser import morning
from tests.browser.scene import Scene, scene
from tests.journeys.desk_hand import Hand
from tests.web.station import PIN, START


class Example(NamedTuple):
    """Received when, of which procedure, under which rule; promised when."""

    received: str
    procedure: str
    due: str
    hour: str = ""
    cut_off: str = ""
    saturday: Literal["count_from_saturday", "treat_as_monday"] = "count_from_saturday"
    paid: bool = False


LATER: Final = "04/12/2026"
THREE_DAYS: Final = "res-temporary"
EXAMPLES: Final = {
    "three working days over a holiday": Example("2026-11-20 10:00", THREE_DAYS, "26/11/2026"),
    "after the cut-off": Example("2026-11-20 16:30", THREE_DAYS, "27/11/2026", cut_off="15:00"),
    "Saturday counts as Saturday": Example("2026-11-21 09:00", THREE_DAYS, "26/11/2026"),
    "Saturday counts as Monday": Example(
        "2026-11-21 09:00", THREE_DAYS, "27/11/2026", saturday="treat_as_monday"
    ),
    "eight working hours": Example(
        "2026-11-23 14:00", "veh-first-online-domestic", "25/11/2026", "14:00", paid=True
    ),
    "half a working day": Example("2026-11-23 09:00", "res-confirm", "23/11/2026", "14:30"),
}


@asynccontextmanager
async def desk(place: Scene) -> AsyncIterator[Hand]:
    """An officer at the pages of a station in this process."""
    jar = aiohttp.CookieJar(unsafe=True, treat_as_secure_origin=[URL(place.url)])
    headers = {"Sec-Fetch-Site": "same-origin"}
    async with aiohttp.ClientSession(cookie_jar=jar, headers=headers) as session:
        hand = Hand(session, place.url)
        await hand.look("/counter/sign-in")
        await hand.press("/counter/sign-in", officer="minh", pin=PIN)
        yield hand


async def pay(hand: Hand, dossier: str) -> None:
    """Take the fee in cash, with more than enough given."""
    await hand.look("/counter/shift")
    await hand.press("/counter/shift/open", fee="0", fine="0")
    await hand.look(f"/counter/dossiers/{dossier}")
    await hand.press(
        "fee:cash",
        **{
            "fee.offer": "entered",
            "fee.amount": "200.000",
            "fee.reason": "Theo biểu phí tại quầy",
            "fee.given": "500.000",
            "fee.receipt": "BL-001",
        },
    )


@pytest.mark.parametrize("name", EXAMPLES)
async def test_the_promised_day(tmp_path: Path, name: str) -> None:
    example = EXAMPLES[name]
    received = datetime.strptime(example.received, "%Y-%m-%d %H:%M").replace(tzinfo=VIETNAM)

    def change(station: Station) -> None:
        station.policy = structs.replace(
            station.policy,
            cut_off=example.cut_off,
            saturday_reception=example.saturday,
        )

    async with scene(tmp_path, change) as place:
        place.clock.advance(int((received - START).total_seconds()))
        dossier = await morning.submit(place, "complete", example.procedure, morning.PEOPLE[0])
        async with desk(place) as hand:
            await hand.look(f"/counter/dossiers/{dossier}")
            await hand.press("receive")
            await hand.press("confirm", reason="Khai bổ sung tại quầy", rest_due_on=LATER)
            if example.paid:
                assert example.due not in hand.page, "the clock waits for the fee"
                await pay(hand, dossier)
            assert example.due in hand.page
            kept = await lookup.dossier(place.station, dossier)
        assert kept.due_at is not None
        assert example.hour in kept.due_at

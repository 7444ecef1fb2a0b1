"""Every screen in every state: the tours, each for the kind of screen that it shows."""

from typing import Final, NamedTuple

from edge_node.usecases import tracking
from tests.browser import desk_tours, kiosk_tours, morning
from tests.browser.visits import Area, Screen, Stops, Tour, Visit

BOARD_PAGES: Final = (Screen("D1 board", "/display"), Screen("C7 customer screen", "/customer/2"))
PHONE_PAGES: Final = (
    Screen("T1 unknown token", "/t/AAAA"),
    Screen("D1 the day's count", "/display/count"),
)


async def board(visit: Visit) -> Stops:
    """The board as it is; a counter's other side while somebody is to pay."""
    for screen in BOARD_PAGES:
        await visit.open(screen.path)
        yield screen.name
    await morning.ask_to_pay(visit.scene)
    await visit.open("/customer/2")
    yield "C7 customer pays"


async def phone(visit: Visit) -> Stops:
    """What a phone shows that has scanned a slip: of a number, of a dossier, of nothing."""
    for screen in PHONE_PAGES:
        await visit.open(screen.path)
        yield screen.name
    station = visit.scene.station
    await visit.open(f"/t/{await tracking.token_of_number(station, 'B002')}")
    yield "T1 a number"
    dossier = (await morning.dossiers(visit.scene))["submitted"]
    await visit.open(f"/t/{tracking.token_of_dossier(bytes.fromhex(dossier))}")
    yield "T1 a dossier"


class Journey(NamedTuple):
    """A tour and the kind of screen that it belongs to."""

    area: Area
    tour: Tour


TOURS: Final = {
    **{name: Journey("kiosk", tour) for name, tour in kiosk_tours.TOURS.items()},
    **{name: Journey("work", tour) for name, tour in desk_tours.TOURS.items()},
    "board": Journey("board", board),
    "phone": Journey("phone", phone),
}

"""What a token shows, to whom it says nothing, and that it outlives a restart."""

from pathlib import Path

import msgspec

from edge_node.domain.ticket import TicketState
from edge_node.usecases import intake, queue, tracking
from edge_node.usecases.intake import Asked
from edge_node.usecases.station import Station
from tests.usecases.samples import submit
from tests.web.station import TestClock, make_officer, open_station

MINH = make_officer("minh", "Trần Văn Minh", "2")


async def take(station: Station, key: str) -> None:
    await intake.take_ticket(station, "residence", Asked(key, "kiosk"))


async def token(station: Station, ticket_id: int) -> str:
    return await tracking.token_of_ticket(station, ticket_id, station.moment().day)


async def test_a_number_shows_its_place(station: Station) -> None:
    for key in "abc":
        await take(station, key)
    await queue.call_next(station, MINH)
    found = await tracking.track(station, await token(station, 3))
    assert found is not None
    assert found.progress is None
    assert found.place is not None
    assert found.place[:5] == ("A003", TicketState.WAITING, "A001", "", 1)


async def test_a_dossier_shows_its_state_and_number(station: Station) -> None:
    answer = await submit(station)
    text = tracking.token_of_dossier(bytes.fromhex(answer.dossier_id))
    found = await tracking.track(station, text.lower())
    assert found is not None
    assert found.progress is not None
    assert found.progress.number == answer.dossier_no
    assert found.progress.state.value == "submitted"
    assert found.place is not None
    assert found.place.ticket == answer.ticket
    assert "Nguyễn" not in repr(found)


async def test_the_next_day_the_number_is_nobodys_and_the_dossier_stays(
    station: Station, clock: TestClock
) -> None:
    await take(station, "a")
    answer = await submit(station)
    number, dossier = (
        await token(station, 1),
        tracking.token_of_dossier(bytes.fromhex(answer.dossier_id)),
    )
    clock.advance(86_400)
    assert await tracking.track(station, number) is None
    found = await tracking.track(station, dossier)
    assert found is not None
    assert found.place is None


async def test_a_restart_changes_no_address_and_another_station_knows_none(tmp_path: Path) -> None:
    clock = TestClock()
    here, elsewhere = tmp_path / "here", tmp_path / "elsewhere"
    here.mkdir()
    elsewhere.mkdir()
    async with open_station(here, clock) as station:
        await take(station, "a")
        text = await token(station, 1)
    async with open_station(here, clock) as again:
        assert await tracking.track(again, text) is not None
    async with open_station(elsewhere, clock) as other:
        await take(other, "a")
        assert await tracking.track(other, text) is None


async def test_nobody_finds_anything_by_trying(station: Station) -> None:
    await take(station, "a")
    right = await token(station, 1)
    wrong = right[:-3] + ("AAA" if not right.endswith("AAA") else "BBB")
    for text in ("", "N", wrong, "D" + "A" * 26, "D" + "A" * 25 + "B", "x" * 27, "Đ" * 27):
        assert await tracking.track(station, text) is None


async def test_a_confidential_dossier_is_nobodys_to_follow(station: Station) -> None:
    answer = await submit(station)
    hidden = msgspec.structs.replace(
        station.catalogue.procedure("res-temporary"), confidential=True
    )
    station.catalogue.procedures = {**station.catalogue.procedures, hidden.id: hidden}
    text = tracking.token_of_dossier(bytes.fromhex(answer.dossier_id))
    assert await tracking.track(station, text) is None

"""The call board: numbers, never names."""

from aiohttp import web
from aiohttp.test_utils import TestClient

from edge_node.usecases import intake, queue
from edge_node.usecases.intake import ApplicantInput, Asked, SubmitDossier
from edge_node.usecases.station import Station
from tests.web.station import TestClock

Client = TestClient[web.Request, web.Application]


async def _board(client: Client) -> str:
    async with client.get("/display") as response:
        assert response.status == 200
        return await response.text()


async def _take(station: Station, service: str, key: str) -> None:
    await intake.take_ticket(station, service, Asked(key, "kiosk"))


async def test_an_empty_board_welcomes_in_both_languages(client: Client) -> None:
    page = await _board(client)
    assert "Xin chào quý vị" in page
    assert "Take a number at the kiosk" in page


async def test_the_newest_call_is_large_and_the_last_four_follow(
    client: Client, station: Station
) -> None:
    officer = station.officers["minh"]
    for key in "abcdef":
        await _take(station, "residence", key)
        await queue.call_next(station, officer)
    page = await _board(client)
    assert 'id="ticket">A006</p>' in page
    earlier = page.partition('<ol id="earlier"')[2].partition("</ol>")[0]
    assert [one[:4] for one in earlier.split("<b>")[1:]] == ["A005", "A004", "A003", "A002"]


async def test_who_is_next_and_how_many_wait_for_each_service(
    client: Client, station: Station, clock: TestClock
) -> None:
    for service, key in (("residence", "a"), ("identity", "b"), ("residence", "c")):
        await _take(station, service, key)
        clock.advance(60)
    page = await _board(client)
    waiting = page.partition('id="waiting"')[2]
    first, second = waiting.split('<div class="service">')[1:]
    assert "<i>A</i><span>Cư trú</span><em>2 " in first
    assert "<b>A001</b> <b>A002</b>" in first
    assert "<i>B</i><span>Căn cước, định danh điện tử</span><em>1 " in second
    assert "<b>B001</b>" in second


async def test_no_name_is_ever_on_the_board(client: Client, station: Station) -> None:
    applicant = ApplicantInput(full_name="Nguyễn Thị Canh Báo", id_number="079190000017")
    command = SubmitDossier(procedure_id="res-temporary", applicant=applicant)
    await intake.submit_dossier(station, command, Asked("a", "kiosk"))
    await queue.call_next(station, station.officers["minh"])
    page = await _board(client)
    assert "A001" in page
    for personal in ("Canh", "079190000017", "0017"):
        assert personal not in page


async def test_the_board_listens_and_refreshes_itself(client: Client) -> None:
    page = await _board(client)
    assert 'data-live="display"' in page
    assert 'data-refresh="ticket tick"' in page


async def test_a_quiet_board_counts_the_day_for_everybody(
    client: Client, station: Station, clock: TestClock
) -> None:
    await _take(station, "residence", "a")
    clock.advance(300)
    await queue.call_next(station, station.officers["minh"])
    await queue.finish(station, station.officers["minh"])
    assert "Chờ lâu nhất" not in await _board(client)
    clock.advance(601)
    page = await _board(client)
    assert 'class="says" id="says" aria-live="polite" hidden' in page
    assert "Chờ lâu nhất" in page
    async with client.get("/display/count?lang=en") as response:
        counted = await response.text()
    assert "How numbers were called" in counted
    assert counted.count("5 min") == 2


async def test_every_call_has_a_sound_and_nothing_else(client: Client) -> None:
    async with client.get("/display/voice/A013/2.wav") as response:
        assert response.status == 200
        assert response.content_type == "audio/wav"
        assert (await response.read())[:4] == b"RIFF"
    async with client.get("/display/voice/Ă/2.wav") as response:
        assert response.status == 404

"""The queue's forms at a counter: a certain number, back, sent on, with priority, one more."""

from aiohttp import web
from aiohttp.test_utils import TestClient

from edge_node.usecases import intake, queue
from edge_node.usecases.intake import Asked
from edge_node.usecases.queue.board import board
from edge_node.usecases.station import Station
from tests.web.counter_client import enter, send

Client = TestClient[web.Request, web.Application]
HOME = "/counter"


async def take(station: Station, keys: str) -> None:
    for key in keys:
        await intake.take_ticket(station, "residence", Asked(key, "kiosk"))


async def present(station: Station) -> queue.Call:
    call = await queue.present_call(station, station.officers["minh"])
    assert call is not None
    return call


async def test_a_certain_number_and_the_way_back(client: Client, station: Station) -> None:
    await take(station, "abc")
    await enter(client)
    status, _, where = await send(client, "/counter/pick", ticket_id="3", seen="", reason="Hẹn")
    assert (status, where) == (303, HOME)
    assert (await present(station)).ticket == "A003"
    seen = queue.seen_as(await present(station))
    await send(client, "/counter/no-show", seen=seen)
    assert (await send(client, "/counter/back", ticket_id="3"))[2] == HOME
    assert (await board(station)).following == ("A001", "A002", "A003")


async def test_priority_and_further_services(client: Client, station: Station) -> None:
    await take(station, "ab")
    await enter(client)
    await send(client, "/counter/priority", ticket_id="2", reason="elderly")
    assert (await board(station)).following == ("A002", "A001")
    await send(client, "/counter/extend", ticket_id="2", service="identity")
    await send(client, "/counter/call", seen="")
    await send(client, "/counter/finish", seen=queue.seen_as(await present(station)))
    waiting = {one.service: one.following for one in (await board(station)).services}
    assert waiting == {"residence": ("A001",), "identity": ("A002",)}


async def test_a_number_is_sent_on_once(client: Client, station: Station) -> None:
    await take(station, "a")
    await enter(client)
    await send(client, "/counter/call", seen="")
    seen = queue.seen_as(await present(station))
    form = {"ticket_id": "1", "service": "identity", "reason": "Nhầm việc"}
    assert (await send(client, "/counter/transfer", **form, seen=seen))[2] == HOME
    assert (await board(station)).services[0].service == "identity"


async def test_a_number_that_is_none_is_refused_in_words(client: Client) -> None:
    await enter(client)
    for ticket_id in ("", "x", "9" * 19, "7"):
        _, _, where = await send(client, "/counter/back", ticket_id=ticket_id)
        assert where == f"{HOME}?note=moved"

"""Live events as a browser reads them: bytes of one stream per role."""

import asyncio
import contextlib
from collections.abc import AsyncIterator

from aiohttp import ClientResponse, web
from aiohttp.test_utils import TestClient

from edge_node.usecases.changes import MAXIMUM_WAITING_CHANGES
from edge_node.usecases.station import Station
from edge_node.web.live import (
    MAXIMUM_STREAMS_PER_PEER,
    NAMED,
    REFUSED_RETRY_MS,
    RETRY_MS,
    STAFF,
    STREAMS,
    TOPICS,
)
from tests.web.counter_client import enter

Client = TestClient[web.Request, web.Application]
Event = dict[str, str]


async def read_event(response: ClientResponse) -> Event:
    """The next event's fields; empty at the end of the stream."""
    fields: Event = {}
    async for line in response.content:
        text = line.decode().rstrip("\n")
        if not text:
            return fields
        name, _, value = text.partition(": ")
        fields[name.rstrip(":")] = value
    return fields


@contextlib.asynccontextmanager
async def listening(client: Client, role: str, **headers: str) -> AsyncIterator[ClientResponse]:
    """A stream past its greeting."""
    async with client.get(f"/live/{role}", headers=headers) as response:
        await read_event(response)
        yield response


async def test_a_stream_begins_by_asking_the_page_to_look_anew(client: Client) -> None:
    async with client.get("/live/display") as response:
        first = await read_event(response)
        assert response.status == 200
        assert response.content_type == "text/event-stream"
        assert response.headers["Cache-Control"] == "no-store"
    assert first["event"] == "resync"
    assert first["retry"] == str(RETRY_MS)
    assert first["id"]


async def test_an_unknown_role_is_not_found(client: Client) -> None:
    async with client.get("/live/everything") as response:
        assert response.status == 404


async def test_every_role_hears_its_topics_and_no_others(client: Client, station: Station) -> None:
    for role, topics in TOPICS.items():
        async with listening(client, role) as response:
            for topic in ("ticket", "dossier", "print", "health", "scan", "help", "pay", "booking"):
                station.changes.announce(topic, "0f" * 16)
            heard = [await read_event(response) for _ in topics]
            assert {event["event"] for event in heard} == topics
            for event in heard:
                named = role not in STAFF and event["event"] in NAMED.get(role, ())
                assert event["data"] == ("0f" * 16 if named else "")


async def test_ids_of_dossiers_are_for_officers_at_work(client: Client, station: Station) -> None:
    """An id is what a citizen follows the dossier with: a stranger on the LAN must not learn it."""
    await enter(client)
    async with listening(client, "counter") as response:
        station.changes.announce("dossier", "0f" * 16)
        assert (await read_event(response))["data"] == "0f" * 16
        client.session.cookie_jar.clear()
    async with listening(client, "counter") as response:
        station.changes.announce("dossier", "0f" * 16)
        assert (await read_event(response))["data"] == ""


async def test_a_scan_is_told_at_its_seat_only(client: Client, station: Station) -> None:
    """Another seat hears nothing of it: not the id, not that anything was read."""
    await enter(client)
    async with contextlib.AsyncExitStack() as stack:
        open_streams = {
            role: await stack.enter_async_context(listening(client, role)) for role in TOPICS
        }
        for seat in ("kiosk-2", "counter-1", "counter-2", "kiosk-1"):
            station.changes.announce("scan", f"of {seat}", seat=seat)
        station.changes.announce("pay")
        station.changes.announce("ticket")
        station.changes.announce("health")
        first = {role: await read_event(stream) for role, stream in open_streams.items()}
        heard = {role: (event["event"], event["data"]) for role, event in first.items()}
    assert heard == {
        "kiosk": ("scan", "of kiosk-1"),
        "counter": ("scan", "of counter-2"),
        "chief": ("scan", "of counter-2"),
        "customer": ("pay", ""),
        "display": ("ticket", ""),
        "status": ("health", ""),
    }


async def test_a_page_nobody_works_with_is_at_no_seat(client: Client, station: Station) -> None:
    async with listening(client, "counter") as response:
        station.changes.announce("scan", "of counter-2", seat="counter-2")
        station.changes.announce("ticket")
        assert (await read_event(response))["event"] == "ticket"


async def test_silence_is_filled_with_heartbeats(client: Client) -> None:
    client.app[STREAMS].heartbeat_s = 0.01
    async with listening(client, "display") as response:
        assert (await read_event(response))["event"] == "ping"
        assert (await read_event(response))["event"] == "ping"


async def test_a_reader_that_falls_behind_is_told_to_look_anew(
    client: Client, station: Station
) -> None:
    async with listening(client, "display") as response:
        for _ in range(MAXIMUM_WAITING_CHANGES + 1):
            station.changes.announce("ticket")
        assert (await read_event(response))["event"] == "resync"


async def test_numbers_of_events_rise(client: Client, station: Station) -> None:
    async with listening(client, "display") as response:
        station.changes.announce("ticket")
        station.changes.announce("ticket")
        first, second = await read_event(response), await read_event(response)
    assert int(first["id"].rpartition("-")[2]) < int(second["id"].rpartition("-")[2])


async def test_a_page_of_another_release_is_told_to_load_itself_again(client: Client) -> None:
    async with client.get("/live/kiosk", headers={"Last-Event-ID": "000000000000-7"}) as response:
        assert (await read_event(response))["event"] == "reload"


async def test_a_page_of_this_release_is_not(client: Client) -> None:
    async with client.get("/live/kiosk") as response:
        known = (await read_event(response))["id"]
    async with client.get("/live/kiosk", headers={"Last-Event-ID": known}) as response:
        assert (await read_event(response))["event"] == "resync"


async def test_one_stream_too_many_is_refused_politely(client: Client) -> None:
    async with contextlib.AsyncExitStack() as stack:
        for _ in range(MAXIMUM_STREAMS_PER_PEER):
            await stack.enter_async_context(listening(client, "display"))
        async with client.get("/live/display") as response:
            refusal = await read_event(response)
            assert response.status == 200
            assert refusal == {"retry": str(REFUSED_RETRY_MS), "event": "full", "data": ""}
            assert await read_event(response) == {}


async def test_a_closed_page_gives_its_place_back(client: Client, station: Station) -> None:
    streams = client.app[STREAMS]
    streams.heartbeat_s = 0.01
    async with listening(client, "display"):
        assert len(streams.queues) == 1
    async with asyncio.timeout(5):
        while streams.queues:  # noqa: ASYNC110 - the node notices by writing
            await asyncio.sleep(0)
    assert station.changes.listeners == 0
    assert not streams.peers


async def test_shutting_down_ends_every_stream(client: Client) -> None:
    async with listening(client, "status") as response:
        await client.app.shutdown()
        assert await read_event(response) == {}
    async with client.get("/live/status") as response:
        assert (await read_event(response))["event"] == "full"

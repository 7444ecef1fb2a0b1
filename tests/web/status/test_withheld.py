"""The button that gives the city again what it could not read."""

import msgspec

from edge_node.usecases.station import Station
from tests.usecases.city_side import Daemon, inbox_of, records
from tests.usecases.samples import submit
from tests.web.counter_client import enter, look, send
from tests.web.status.conftest import Client

BUTTON = 'action="/status/withheld"'


async def withhold_twice(station: Station, daemon: Daemon) -> None:
    """A record the city cannot read, and its copy, which it cannot read either."""
    lid = bytes.fromhex((await submit(station)).log.lid)
    await daemon.run("UPDATE contact SET last_receipt_wall_ms = 1, state = 'idle'")
    for sequence in (1, 2):
        await daemon.run("INSERT INTO withheld VALUES (?, ?, 0)", lid, sequence)
        await daemon.hold(lid, sequence + 1)
        await (await inbox_of(station)).look()


async def test_an_officer_gives_it_again_and_twice_is_once(
    client: Client, station: Station, daemon: Daemon
) -> None:
    await withhold_twice(station, daemon)
    page = await look(client, "/status")
    assert "Thành phố chưa đọc được 1 bản ghi" in page
    assert "<dt>Thành phố chưa đọc được, giữ tại trạm</dt><dd>1</dd>" in page
    assert "đã gửi về thành phố" not in page
    assert BUTTON not in page, "only for officers"
    await enter(client)
    assert BUTTON in await look(client, "/status")
    for given in (1, 0):
        status, _, where = await send(client, "/status/withheld")
        assert (status, where) == (303, f"/status?given={given}#tools")
    page = await look(client, "/status?given=1")
    assert "Đã chép 1 bản ghi để gửi lại." in page
    assert BUTTON not in page, "nothing is left to give"
    assert [one.kind for one in await records(station)].count(16) == 3


async def test_a_stranger_gives_nothing(client: Client, station: Station, daemon: Daemon) -> None:
    await withhold_twice(station, daemon)
    status, _, where = await send(client, "/status/withheld")
    assert (status, where) == (303, "/counter/sign-in")
    assert len(await records(station)) == 3


async def test_what_was_given_is_a_number_or_nothing(client: Client) -> None:
    for strange in ("-1", "1e9", "9" * 7, "<b>", "", "٣"):
        assert "để gửi lại" not in await look(client, f"/status?given={strange}")


async def test_english_is_complete(client: Client, station: Station, daemon: Daemon) -> None:
    await withhold_twice(station, daemon)
    await enter(client)
    async with client.get("/status?lang=en&given=2") as response:
        page = await response.text()
    assert "2 records were written again and will be sent." in page
    assert "Send the records again" in page
    assert "status." not in page.partition("<main")[2]


async def test_the_counter_says_why_the_dossier_is_still_here(
    client: Client, station: Station, daemon: Daemon
) -> None:
    await withhold_twice(station, daemon)
    await enter(client)
    page = await look(client, "/counter")
    assert "1 bản ghi thành phố chưa đọc được" in page
    assert "Thành phố chưa đọc được 1 bản ghi, giữ ở đây" in page


async def test_programs_on_the_lan_are_told(
    client: Client, station: Station, daemon: Daemon
) -> None:
    await withhold_twice(station, daemon)
    async with client.get("/api/v1/health") as response:
        backlog = msgspec.json.decode(await response.read())["backlog"]
    assert (backlog["events"], backlog["withheld"]) == (1, 1)

"""The chief's pages: figures without names, a PIN shown once, sessions ended, looks listed."""

import re

from edge_node.domain.officer import Role
from edge_node.usecases import officers
from edge_node.usecases.station import Station
from tests.usecases.officer_samples import chief_of
from tests.web.counter_client import NAME, Client, enter, file_dossier, look, send
from tests.web.station import PIN


async def _enter_as_chief(client: Client, station: Station) -> None:
    chief = chief_of(station)
    await send(client, "/counter/sign-in", officer=chief.id, pin=PIN)


async def test_the_panel_names_nobody(client: Client, station: Station) -> None:
    await file_dossier(station)
    await _enter_as_chief(client, station)
    page = await look(client, "/chief")
    assert "Hồ sơ quá hạn" in page
    assert 'role="img"' in page
    assert NAME not in page
    for language in ("vi", "en"):
        page = await look(client, f"/chief?lang={language}")
        assert not re.search(r">[^<]*\bchief\.[a-z_.]+[^<]*<", page)


async def test_whoever_is_not_the_chief_is_led_back_to_the_counter(client: Client) -> None:
    await enter(client)
    for path, status in (("/chief", 422), ("/counter/nowhere", 404), ("/status/nowhere", 404)):
        async with client.get(path) as response:
            assert response.status == status
            page = await response.text()
        assert f'data-area="{"status" if "status" in path else "counter"}"' in page
        assert 'class="button button-main" href="/counter"' in page
        assert "/kiosk" not in page


async def test_a_drawn_pin_is_shown_once_and_opens_the_door(
    client: Client, station: Station
) -> None:
    await _enter_as_chief(client, station)
    status, page, _ = await send(client, "/chief/officers/minh/pin")
    assert status == 200
    found = re.search(r"<b>([0-9]{6})</b>", page)
    assert found is not None
    assert found[1] not in await look(client, "/chief/officers")
    assert await officers.sign_in(station, "minh", found[1])


async def test_counter_and_roles_are_given(client: Client, station: Station) -> None:
    await _enter_as_chief(client, station)
    form = {"counter": "9", "role.officer": "yes", "role.technician": "yes"}
    assert (await send(client, "/chief/officers/minh/duty", **form))[2] == "/chief/officers"
    minh = station.officers["minh"]
    assert (minh.counter, minh.roles) == ("9", (Role.OFFICER, Role.TECHNICIAN))


async def test_sessions_are_listed_and_ended(client: Client, station: Station) -> None:
    token = await officers.sign_in(station, "minh", PIN)
    await _enter_as_chief(client, station)
    page = await look(client, "/chief/sessions")
    assert "Trần Văn Minh" in page
    assert token not in page
    await send(client, "/chief/sessions", officer="minh")
    assert await officers.officer_of(station, token) is None
    assert "phiên này" in await look(client, "/chief/sessions")


async def test_who_looked_is_listed(client: Client, station: Station) -> None:
    dossier_id = await file_dossier(station)
    await enter(client)
    await look(client, f"/counter/dossiers/{dossier_id}")
    await look(client, f"/counter/dossiers/{dossier_id}")
    await send(client, "/counter/sign-out")
    await _enter_as_chief(client, station)
    page = await look(client, "/chief/access")
    assert page.count(f"/chief/access/{dossier_id}") == 1
    assert "Trần Văn Minh" in page.partition("<tbody>")[2]


async def test_nobody_else_may(client: Client) -> None:
    await enter(client)
    for path in ("/chief", "/chief/officers", "/chief/sessions", "/chief/access"):
        async with client.get(path) as response:
            assert response.status == 422
    for path in ("/chief/officers/minh/pin", "/chief/sessions", "/chief/officers/minh/duty"):
        assert (await send(client, path))[0] == 422

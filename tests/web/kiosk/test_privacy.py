"""What one person leaves behind for the next: nothing."""

import re
from http.cookies import SimpleCookie

from edge_node.usecases.station import Station
from tests.web.pages import PERSON, Browser, fill, get, identify, post

PERSONAL = ("Nguyễn Thị Mẫu", "079190000017", "0901234567", "12/3 Đường Ví Dụ", "17/09/1985")


async def drafts_kept(station: Station) -> int:
    row = await station.store.read(
        lambda connection: connection.execute("SELECT count(*) FROM draft").fetchone()
    )
    return int(row[0])


async def cookies_of(client: Browser) -> dict[str, str]:
    return {cookie.key: cookie.value for cookie in client.session.cookie_jar}


async def test_leaving_discards_form_cookies_and_storage(client: Browser, station: Station) -> None:
    await get(client, "/kiosk?lang=en")
    await fill(client)
    assert await drafts_kept(station) == 1
    async with client.post("/kiosk/reset", allow_redirects=False) as answer:
        assert answer.status == 303
        assert answer.headers["Location"] == "/kiosk"
        assert '"storage"' in answer.headers["Clear-Site-Data"]
    assert await drafts_kept(station) == 0
    assert await cookies_of(client) == {}
    for path in ("/kiosk", "/kiosk/person", "/kiosk/check", "/kiosk/identify/type"):
        page = await get(client, path)
        assert not any(text in page.html for text in PERSONAL), path


async def test_the_first_screen_ends_the_visit_before(client: Browser, station: Station) -> None:
    await fill(client)
    await get(client, "/kiosk")
    assert await drafts_kept(station) == 0
    assert await cookies_of(client) == {}


async def test_the_stored_form_is_sealed(client: Browser, station: Station) -> None:
    await fill(client)
    row = await station.store.read(
        lambda connection: connection.execute("SELECT sealed FROM draft").fetchone()
    )
    for text in PERSONAL:
        assert text.encode() not in row[0]


async def test_addresses_carry_nothing_personal(client: Browser) -> None:
    page = await fill(client)
    done = await post(client, "/kiosk/send")
    for seen in (page, done):
        addresses = re.findall(r'(?:href|action)="([^"]*)"', seen.html)
        assert addresses
        assert not any(text in address for address in addresses for text in PERSONAL)


async def test_the_cookie_is_out_of_reach_of_scripts_and_other_sites(client: Browser) -> None:
    async with client.post("/kiosk/identify/type", data=PERSON, allow_redirects=False) as answer:
        morsel = SimpleCookie(answer.headers["Set-Cookie"])["kiosk_draft"]
    assert morsel["httponly"]
    assert morsel["secure"]
    assert morsel["samesite"] == "Strict"
    assert morsel["max-age"] == morsel["expires"] == "", "it dies with the browser"


async def test_the_number_is_masked_on_every_page_but_the_one_where_it_is_typed(
    client: Browser,
) -> None:
    await identify(client)
    for path in ("/kiosk/person", "/kiosk/questions/new_address", "/kiosk/papers"):
        assert PERSON["id_number"] not in (await get(client, path)).html
    assert PERSON["id_number"] in (await get(client, "/kiosk/identify/type")).html

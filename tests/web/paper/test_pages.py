"""Pages about paper: previews, checking a slip, kits from the button to the entered dossier."""

import re
from html import unescape
from io import BytesIO

import msgspec
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from PIL import Image
from pypdf import PdfReader

from edge_node.documents.model import TicketSlip
from edge_node.documents.samples import SAMPLES
from edge_node.domain.officer import Role
from edge_node.store import print_jobs, stated_keys
from edge_node.store.stated_keys import StatedKey
from edge_node.usecases.paper import codes, kits
from edge_node.usecases.station import Station
from sync.protocol.slip import Claims, sign_slip, slip_url
from tests.web.counter_client import NAME, Client, enter, file_dossier, look, send, value_of
from tests.web.station import make_officer

PHONE_BYTES = 15 * 1024


@pytest.fixture(autouse=True)
def signing(station: Station) -> None:
    station.slip_key = Ed25519PrivateKey.from_private_bytes(b"\x21" * 32)


async def slip_of(station: Station, job_id: int = 1) -> TicketSlip:
    row = await station.store.read(lambda connection: print_jobs.find(connection, job_id))
    assert row is not None
    return msgspec.json.decode((await codes.stamped(station, row)).slip, type=TicketSlip)


async def opened(client: Client, path: str) -> tuple[str, bytes, str]:
    """Type, body and policy of a document."""
    async with client.get(path) as response:
        assert response.status == 200, path
        assert response.headers["Cache-Control"] == "no-store"
        assert response.headers["Content-Disposition"].startswith("inline")
        policy = response.headers["Content-Security-Policy"]
        return response.content_type, await response.read(), policy


async def test_every_example_is_one_click_away(client: Client) -> None:
    await enter(client)
    index = await look(client, "/counter/papers")
    for name in SAMPLES:
        assert f'href="/counter/papers/{name}"' in index
    assert "paper.kind." not in index


async def test_examples_are_drawn_as_specimens(client: Client) -> None:
    await enter(client)
    kind, body, policy = await opened(client, "/counter/papers/refusal.CT06")
    assert kind == "application/pdf"
    words = PdfReader(BytesIO(body)).pages[0].extract_text()
    assert "BẢNXEMTHỬ" in "".join(words.split())
    assert "script-src" not in policy
    assert policy.startswith("default-src 'none'")
    kind, body, _ = await opened(client, "/counter/papers/ticket")
    assert kind == "image/png"
    assert Image.open(BytesIO(body)).width == 576
    async with client.get("/counter/papers/nothing") as response:
        assert response.status == 404


async def test_a_dossier_shows_its_own_paper_or_an_example(
    client: Client, station: Station
) -> None:
    dossier_id = await file_dossier(station)
    await enter(client)
    _, own, _ = await opened(client, f"/counter/papers/ticket/{dossier_id}")
    _, example, _ = await opened(client, "/counter/papers/ticket")
    assert own != example
    _, stand_in, _ = await opened(client, f"/counter/papers/refusal/{dossier_id}")
    text = PdfReader(BytesIO(stand_in)).pages[0].extract_text()
    assert NAME not in text


async def test_nobody_looks_at_papers_without_signing_in(client: Client) -> None:
    for path in ("/counter/papers", "/counter/papers/ticket", "/counter/verify", "/counter/kits"):
        async with client.get(path, allow_redirects=False) as response:
            assert response.status == 303


async def test_a_slip_is_checked_in_words(client: Client, station: Station) -> None:
    await file_dossier(station)
    slip = await slip_of(station)
    await enter(client)
    assert 'name="slip"' in await look(client, "/counter/verify")
    status, page, _ = await send(client, "/counter/verify", slip=slip.token_url)
    assert status == 200
    assert "Giấy do trạm này cấp" in page
    assert "Khớp với sổ của trạm" in page
    assert slip.dossier_number in page
    assert slip.check in page
    url, place = slip.token_url, -20
    forged = url[:place] + ("B" if url[place] == "A" else "A") + url[place + 1 :]
    for text in (forged, "xin chào"):
        _, page, _ = await send(client, "/counter/verify", slip=text)
        assert "Không phải giấy của trạm" in page


async def test_the_phone_page_is_small_and_names_nobody(client: Client, station: Station) -> None:
    await file_dossier(station)
    slip = await slip_of(station)
    token = slip.token_url.rpartition("/")[2]
    for part, language in (("R", "vi"), ("r", "en")):
        async with client.get(f"/{part}/{token}?lang={language}") as response:
            page = await response.text()
            assert response.status == 200
            assert response.headers["Cache-Control"] == "no-store"
        assert slip.dossier_number in page
        assert NAME not in page
        assert "079157000012" not in page
        assert "<script" not in page
        (follow,) = re.findall(r'href="(/t/[^"]+)"', page)
        async with client.get(follow) as response:
            assert response.status == 200
        (style,) = re.findall(r'rel="stylesheet" href="([^"]+)"', page)
        async with client.get(style) as response:
            assert len(page.encode()) + len(await response.read()) < PHONE_BYTES
    async with client.get("/R/ABCDEFGH?lang=vi") as response:
        assert response.status == 200
        assert "Không phải giấy của trạm" in await response.text()


async def test_a_kit_goes_from_the_chiefs_button_to_an_entered_dossier(
    client: Client, station: Station
) -> None:
    chief = make_officer("minh", "Trần Văn Minh", "2")
    station.officers = {"minh": msgspec.structs.replace(chief, roles=(Role.OFFICER, Role.CHIEF))}
    await enter(client)
    page = await look(client, "/counter/kits")
    status, _, _ = await send(client, "/counter/kits", key=value_of(page, "key"), count="2")
    assert status == 303
    (kit,) = await kits.overview(station)
    _, body, _ = await opened(client, f"/counter/kits/{kit.name}/sheets")
    assert len(PdfReader(BytesIO(body)).pages) == 2
    first, second = (await kits.sheets(station, kit.name)).sheets
    status, _, where = await send(client, "/counter/kits/find", slip=first.token_url)
    assert (status, where) == (303, f"/counter/kits/slips/{first.dossier_number}")
    page = await look(client, f"{where}?procedure=res-temporary")
    fields = {
        "key": value_of(page, "key"),
        "procedure": "res-temporary",
        "full_name": "Lê Hoàng Giả Định",
        "id_number": "079204000033",
        "paper_ct01": "1",
        "written_at": "2026-11-23T08:42",
        "do": "enter",
    }
    wrong = fields | {"written_at": "2020-01-01T09:10"}
    status, page, _ = await send(client, where, **wrong)
    assert status == 422
    assert "Lê Hoàng Giả Định" in page
    assert "Ngày giờ viết trên tờ giấy chưa đúng" in page
    status, _, dossier = await send(client, where, **fields)
    assert status == 303
    assert "Lê Hoàng Giả Định" in await look(client, dossier)
    again = fields | {"key": "another-key"}
    assert (await send(client, where, **again))[0] == 422
    other = f"/counter/kits/slips/{second.dossier_number}"
    assert (await send(client, other, do="void", reason="Viết hỏng"))[0] == 303
    (kit,) = await kits.overview(station)
    assert (kit.unused, kit.entered, kit.void) == (0, 1, 1)


async def test_an_officer_who_is_no_chief_makes_no_kit(client: Client, station: Station) -> None:
    plain = make_officer("minh", "Trần Văn Minh", "2")
    station.officers = {"minh": msgspec.structs.replace(plain, roles=(Role.OFFICER,))}
    await enter(client)
    assert "Lập bộ mới" not in await look(client, "/counter/kits")
    status, _, _ = await send(client, "/counter/kits", key="k", count="2")
    assert status != 303
    assert await kits.overview(station) == []


WARD = Ed25519PrivateKey.from_private_bytes(b"\x33" * 32)


async def ward_slip(station: Station, *, ended: bool = False, code: str = "26526") -> str:
    """The text of a slip of another ward, whose key the city has stated."""
    key = StatedKey(code, WARD.public_key().public_bytes_raw(), ended)
    await station.store.write(station.moment(), lambda t: stated_keys.state(t, key))
    today = int(station.clock.now().timestamp())
    claims = Claims(code, today, bytes(8), 3, dossier="T26526-7KXM-00001-6", ticket="A001")
    return slip_url("x.vn", sign_slip(claims, WARD))


async def answered(client: Client, address: str, **fields: str) -> str:
    """The page at the end, as a browser that sends the form where it is sent on to."""
    async with client.post(address, data=fields) as response:
        assert response.status == 200
        assert (response.method, response.url.path) == ("POST", "/counter/verify")
        assert not response.url.query
        return unescape(await response.text())


async def test_a_slip_of_another_ward_is_told_with_its_ward(
    client: Client, station: Station
) -> None:
    await file_dossier(station)  # this station gave out the same number today
    text = await ward_slip(station)
    await enter(client)
    for address, field in (("/counter/verify", "slip"), ("/counter/scan", "code")):
        page = await answered(client, address, **{field: text})
        assert "Giấy thật, do trạm khác cấp" in page
        assert station.units["26526"].police_name in page
        assert "Khớp với sổ" not in page
    token = text.rpartition("/")[2]
    async with client.get(f"/R/{token}?lang=en") as response:
        phone = await response.text()
    assert "printed by another ward" in phone
    assert station.units["26526"].police_name_en in phone
    assert 'href="/t/' not in phone, "a number of another ward's queue is none of ours"


async def test_an_ended_or_unknown_key_of_another_ward_is_said_so(
    client: Client, station: Station
) -> None:
    ended = await ward_slip(station, ended=True)
    unknown = slip_url(
        "x.vn",
        sign_slip(
            Claims("26526", 1_795_392_000, bytes(8), 3, dossier="T26526-7KXM-00001-6"),
            Ed25519PrivateKey.from_private_bytes(b"\x34" * 32),
        ),
    )
    await enter(client)
    for text, words in ((ended, "của trạm khác đã bị thu hồi"), (unknown, "Chưa có khóa")):
        page = await answered(client, "/counter/scan", code=text)
        assert words in page
        assert station.units["26526"].police_name in page
    _, _, where = await send(client, "/counter/scan", code="rubbish")
    assert where == "/counter?note=not_read"

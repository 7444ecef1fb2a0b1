"""A new procedure needs no code: a release that adds one is enough to file it at the kiosk."""

import hashlib
import json
from typing import Any

import pytest

from edge_node.data import read_release
from edge_node.domain.catalogue import read_catalogue
from edge_node.usecases import lookup
from edge_node.usecases.station import Station
from tests.web.pages import Browser, get, post
from tests.web.station import SCAN

PICNIC: dict[str, Any] = {
    "id": "test-picnic",
    "code": None,
    "aliases": [],
    "name_vi": "Thủ tục thử nghiệm",
    "name_en": "A procedure for this test",
    "label_vi": "Thủ tục thử",
    "label_en": "Test procedure",
    "category": "residence",
    "department": "Công an cấp xã",
    "service_group": "A",
    "kiosk": "form",
    "documents": [
        {"id": "form", "name_vi": "Tờ khai", "name_en": "Form"},
        {
            "id": "boat-licence",
            "name_vi": "Giấy đăng ký thuyền",
            "name_en": "Boat registration",
            "only_if": [{"question": "boat", "any_of": [True]}],
        },
    ],
    "questions": [
        {
            "id": "home",
            "kind": "address",
            "title_vi": "Nơi ở",
            "title_en": "Home",
            "prefill": "address",
            "skip_if_prefilled": True,
        },
        {
            "id": "born",
            "kind": "date",
            "title_vi": "Ngày sinh",
            "title_en": "Born on",
            "prefill": "date_of_birth",
        },
        {"id": "boat", "kind": "yes_no", "title_vi": "Có thuyền không?", "title_en": "A boat?"},
        {
            "id": "boat_kind",
            "kind": "choice",
            "title_vi": "Thuyền gì?",
            "title_en": "What boat?",
            "choices": [
                {"value": "sail", "label_vi": "Buồm", "label_en": "Sail"},
                {"value": "row", "label_vi": "Chèo", "label_en": "Oars"},
            ],
            "only_if": [{"question": "boat", "any_of": [True]}],
        },
        {
            "id": "oars",
            "kind": "number",
            "title_vi": "Mấy mái chèo?",
            "title_en": "How many oars?",
            "minimum": 1,
            "maximum": 8,
            "only_if": [{"question": "boat_kind", "any_of": ["row"]}],
        },
        {
            "id": "call",
            "kind": "phone",
            "title_vi": "Số của người lái",
            "title_en": "Number of the helmsman",
            "required": False,
        },
        {"id": "note", "kind": "text", "title_vi": "Ghi chú", "title_en": "Note"},
    ],
    "time_limit": None,
    "other_time_limits": [],
    "clock_starts": "complete",
    "fees": [],
    "forms": [],
    "legal_basis": [],
    "receipt_form": "form01",
    "valid_from": "2026-07-01",
    "valid_to": None,
    "uncertain": [],
}


@pytest.fixture
def with_picnic(station: Station) -> Station:
    """The station after a release that differs by one procedure."""
    release = dict(read_release())
    content = json.loads(release["procedures.json"])
    content["procedures"].append(PICNIC)
    release["procedures.json"] = json.dumps(content).encode()
    manifest = json.loads(release["release.json"])
    digest = hashlib.sha256(release["procedures.json"]).hexdigest()
    manifest["files"]["procedures.json"] = digest
    release["release.json"] = json.dumps(manifest).encode()
    station.catalogue = read_catalogue(release)
    return station


async def test_it_is_on_the_list_and_asks_what_it_says(
    client: Browser, with_picnic: Station
) -> None:
    assert "Thủ tục thử nghiệm" in (await get(client, "/kiosk/procedures?q=thu+nghiem")).text
    page = await post(client, "/kiosk/scan", text=SCAN, procedure="test-picnic")
    assert page.path == "/kiosk/person"
    page = await post(client, "/kiosk/person", answer="yes")
    assert page.path == "/kiosk/questions/born", "the address is on the card"
    assert 'value="05/03/1990"' in page.html
    assert "Máy đã điền theo thẻ" in page.text
    for path, answer, following in (
        ("born", "05/03/1990", "boat"),
        ("boat", "yes", "boat_kind"),
        ("boat_kind", "row", "oars"),
        ("oars", "4", "call"),
        ("call", "0901 234 567", "note"),
    ):
        page = await post(client, f"/kiosk/questions/{path}", answer=answer)
        assert page.path == f"/kiosk/questions/{following}"
    page = await post(client, "/kiosk/questions/note", answer="không có")
    assert page.path == "/kiosk/papers"
    assert "Giấy đăng ký thuyền" in page.text
    await post(client, "/kiosk/papers", **{"paper.form": "counter", "paper.boat-licence": "none"})
    page = await post(client, "/kiosk/phone", skip="yes")
    assert page.path == "/kiosk/check"
    assert "12/3 Đường Ví Dụ" in page.text, "what was filled in can be seen and changed"
    assert "/kiosk/questions/home?back=check" in page.html
    page = await post(client, "/kiosk/send")
    assert "A001" in page.text
    line = (await lookup.worklist(with_picnic))[0]
    view = await lookup.dossier(with_picnic, line.dossier_id)
    assert view.answers == {
        "home": "12/3 Đường Ví Dụ, Phường Bà Rịa",
        "born": "1990-03-05",
        "boat": True,
        "boat_kind": "row",
        "oars": 4,
        "call": "0901234567",
        "note": "không có",
    }
    assert view.missing == ("document:boat-licence",)


async def test_a_changed_answer_takes_back_what_hung_on_it(
    client: Browser, with_picnic: Station
) -> None:
    await post(client, "/kiosk/scan", text=SCAN, procedure="test-picnic")
    await post(client, "/kiosk/person", answer="yes")
    for path, answer in (
        ("born", "05/03/1990"),
        ("boat", "yes"),
        ("boat_kind", "row"),
        ("oars", "4"),
        ("note", "x"),
    ):
        await post(client, f"/kiosk/questions/{path}", answer=answer)
    await post(client, "/kiosk/papers", **{"paper.boat-licence": "counter"})
    page = await post(client, "/kiosk/questions/boat?back=check", answer="no")
    assert page.path == "/kiosk/check"
    for gone in ("mái chèo", "Thuyền gì", "đăng ký thuyền"):
        assert gone not in page.text
    assert (await get(client, "/kiosk/questions/oars")).path == "/kiosk/check"
    await post(client, "/kiosk/send")
    view = await lookup.dossier(with_picnic, (await lookup.worklist(with_picnic))[0].dossier_id)
    assert set(view.answers) == {"home", "born", "boat", "note"}
    assert [one.id for one in view.documents if one.have] == []
    page = await get(client, "/kiosk/questions/boat?back=check")
    assert page.status == 200


async def test_a_filled_in_answer_can_be_changed(client: Browser, with_picnic: Station) -> None:
    await post(client, "/kiosk/scan", text=SCAN, procedure="test-picnic")
    await post(client, "/kiosk/person", answer="yes")
    page = await get(client, "/kiosk/questions/home?back=check")
    assert 'value="12/3 Đường Ví Dụ, Phường Bà Rịa"' in page.html
    await post(client, "/kiosk/questions/home?back=check", answer="45 Hẻm Mẫu")
    page = await get(client, "/kiosk/questions/home?back=check")
    assert 'value="45 Hẻm Mẫu"' in page.html


WRONG = (
    ("oars", "9", "Xin gõ một số từ 1 đến 8."),
    ("oars", "bốn", "Xin gõ một số từ 1 đến 8."),
    ("call", "12", "Số điện thoại chưa đúng."),
    ("born", "31/02/1990", "Ngày chưa đúng."),
    ("home", "x" * 251, "Xin viết địa chỉ trong 250 chữ"),
    ("boat_kind", "submarine", "Xin chọn một trong các câu"),
    ("boat", "", "Xin trả lời câu này để tiếp tục."),
)


async def test_every_kind_of_question_says_what_is_wrong(
    client: Browser, with_picnic: Station
) -> None:
    await post(client, "/kiosk/scan", text=SCAN, procedure="test-picnic")
    await post(client, "/kiosk/person", answer="yes")
    await post(client, "/kiosk/questions/boat", answer="yes")
    await post(client, "/kiosk/questions/boat_kind", answer="row")
    for path, answer, words in WRONG:
        page = await post(client, f"/kiosk/questions/{path}", answer=answer)
        assert page.status == 422, path
        assert words in page.text

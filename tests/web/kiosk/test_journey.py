"""The kiosk as a browser sees it: every page, from the first screen to the number."""

from pathlib import Path

import pytest
from aiohttp import web

from edge_node.usecases import lookup
from edge_node.usecases.station import Station
from edge_node.web.keys import SCANS
from tests.web.pages import PERSON, Browser, fill, get, identify, post
from tests.web.station import SCAN, TestClock, open_station

PUBLIC = (
    "/kiosk",
    "/kiosk/procedures",
    "/kiosk/procedures/res-temporary",
    "/kiosk/procedures/id-card-14plus",
    "/kiosk/procedures/dl-change",
    "/kiosk/identify",
    "/kiosk/identify/type",
    "/kiosk/ticket",
    "/kiosk/find",
)


@pytest.mark.parametrize("path", PUBLIC)
@pytest.mark.parametrize("language", ["vi", "en"])
async def test_every_page_speaks_both_languages(client: Browser, path: str, language: str) -> None:
    page = await get(client, f"{path}?lang={language}")
    assert page.status == 200
    assert f'<html lang="{language}"' in page.html
    assert "kiosk." not in page.text
    assert "{" not in page.text


async def test_the_first_screen_shows_facts_of_the_catalogue(client: Browser) -> None:
    page = await get(client, "/kiosk")
    assert "Đăng ký tạm trú" in page.text
    assert "3 ngày · 15.000\u00a0đ" in page.html
    assert "Máy vẫn nhận hồ sơ" not in page.text, "calm line only while the city is away"


async def test_a_denunciation_is_never_offered(client: Browser) -> None:
    assert "Tố cáo" not in (await get(client, "/kiosk/procedures")).text


async def test_search_ignores_accents_and_says_when_nothing_is_found(client: Browser) -> None:
    found = await get(client, "/kiosk/procedures?q=tam+tru")
    shown = found.html.split('id="results"')[1].split("<li hidden")[0]
    assert "Đăng ký tạm trú" in shown
    none = await get(client, "/kiosk/procedures?q=xyzzy")
    assert 'id="nothing" class="nothing">' in none.html


async def test_unknown_procedure_has_a_cause_and_a_remedy(client: Browser) -> None:
    page = await get(client, "/kiosk/procedures/no-such-thing")
    assert "Trạm không có thủ tục này." in page.text
    assert "lấy số để hỏi cán bộ" in page.text


async def test_the_language_is_remembered(client: Browser) -> None:
    await get(client, "/kiosk?lang=en")
    assert '<html lang="en"' in (await get(client, "/kiosk/procedures")).html


async def test_large_text_is_remembered(client: Browser) -> None:
    await get(client, "/kiosk?text=large")
    assert 'class="large"' in (await get(client, "/kiosk/procedures")).html
    await get(client, "/kiosk?text=normal")
    assert 'class="large"' not in (await get(client, "/kiosk/procedures")).html


async def test_a_form_from_start_to_number(client: Browser, station: Station) -> None:
    check = await fill(client)
    assert check.path == "/kiosk/check"
    for words in ("Nguyễn Thị Mẫu", "079•••••0017", "12 tháng", "Người ở thuê", "0901234567"):
        assert words in check.text
    assert PERSON["id_number"] not in check.html
    done = await post(client, "/kiosk/send")
    assert done.path == "/kiosk/done"
    assert "A001" in done.text
    assert "Mã tạm" in done.text
    lines = await lookup.worklist(station)
    assert [line.full_name for line in lines] == ["Nguyễn Thị Mẫu"]
    assert lines[0].dossier_no in done.text


async def test_sending_twice_and_reloading_gives_one_dossier(
    client: Browser, station: Station
) -> None:
    await fill(client)
    first = await post(client, "/kiosk/send")
    again = await post(client, "/kiosk/send")
    reloaded = await get(client, "/kiosk/done")
    assert first.text == again.text == reloaded.text
    assert len(await lookup.worklist(station)) == 1


async def test_the_page_with_the_number_cannot_hand_in(client: Browser, station: Station) -> None:
    await fill(client)
    page = await get(client, "/kiosk/done")
    assert page.path == "/kiosk/check"
    assert await lookup.worklist(station) == []


async def test_the_slip_of_a_silent_printer_is_coming_not_printed(client: Browser) -> None:
    await fill(client)
    assert "Đang in giấy" in (await post(client, "/kiosk/send")).text


async def test_a_form_survives_a_restart(
    client: Browser, station: Station, tmp_path: Path, clock: TestClock
) -> None:
    await identify(client)
    await post(client, "/kiosk/questions/new_address", answer="12/3 Đường Ví Dụ")
    async with open_station(tmp_path, clock) as restarted:
        lines = await restarted.store.read(
            lambda connection: connection.execute("SELECT count(*) FROM draft").fetchone()
        )
    assert lines == (1,)
    page = await get(client, "/kiosk/questions/new_address")
    assert 'value="12/3 Đường Ví Dụ"' in page.html


async def test_a_form_left_for_half_an_hour_is_gone(client: Browser, clock: TestClock) -> None:
    await identify(client)
    clock.advance(31 * 60)
    page = await get(client, "/kiosk/check")
    assert "được xóa để giữ kín thông tin" in page.text


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({**PERSON, "id_number": "07919000001"}, "Số căn cước có 12 chữ số. Quý vị đã gõ 11."),
        ({**PERSON, "id_number": ""}, "Chưa có số căn cước."),
        ({**PERSON, "full_name": "R2D2"}, "Họ và tên có ký tự lạ."),
        ({**PERSON, "date_of_birth": "31/02/1990"}, "Ngày sinh không đúng."),
    ],
)
async def test_typing_errors_say_what_and_what_to_do(
    client: Browser, fields: dict[str, str], words: str
) -> None:
    page = await post(client, "/kiosk/identify/type", **fields)
    assert page.status == 422
    assert page.text.count(words) == 2, "in the summary and at the field"
    assert f'value="{fields["full_name"]}"' in page.html, "nothing typed is lost"
    assert "<title>Cần xem lại:" in page.html


async def test_a_scanned_card_is_confirmed_before_it_counts(client: Browser) -> None:
    page = await post(client, "/kiosk/scan", text=SCAN)
    assert page.path == "/kiosk/person"
    assert "NGUYỄN THỊ MẪU" in page.text
    assert "079•••••0017" in page.text
    accepted = await post(client, "/kiosk/person", answer="yes")
    assert accepted.path == "/kiosk/procedures"
    started = await post(client, "/kiosk/start", procedure="res-temporary")
    assert started.path == "/kiosk/questions/new_address"


async def test_the_stations_own_reader_is_claimed_once(client: Browser, station: Station) -> None:
    app: web.Application = client.app
    scan_id = app[SCANS].offer(station, "kiosk-1", SCAN.encode())
    assert (await post(client, "/kiosk/scan", scan=scan_id)).path == "/kiosk/person"
    again = await post(client, "/kiosk/scan", scan=scan_id)
    assert "Đầu đọc chưa thấy mã nào." in again.text


async def test_an_unreadable_card_says_how_to_hold_it(client: Browser) -> None:
    page = await post(client, "/kiosk/scan", text="079190000017||NGUYỄN THỊ MẪU|05031990")
    assert page.status == 422
    assert "Đặt lại thẻ và giữ yên 2 giây." in page.text


async def test_no_forgets_the_person(client: Browser) -> None:
    await post(client, "/kiosk/scan", text=SCAN)
    await post(client, "/kiosk/person", answer="no")
    assert (await get(client, "/kiosk/person")).path == "/kiosk/identify"


async def test_a_required_question_asks_again(client: Browser) -> None:
    await identify(client)
    page = await post(client, "/kiosk/questions/duration")
    assert page.status == 422
    assert "Xin trả lời câu này để tiếp tục." in page.text


async def test_an_answer_out_of_range_names_the_range(client: Browser) -> None:
    await identify(client)
    page = await post(client, "/kiosk/questions/members", answer="99")
    assert "Xin gõ một số từ 0 đến 20." in page.text


async def test_a_skipped_question_sends_one_back_before_sending(client: Browser) -> None:
    await identify(client)
    assert (await get(client, "/kiosk/check")).path == "/kiosk/questions/new_address"


async def test_changing_one_line_returns_to_the_list(client: Browser) -> None:
    await fill(client)
    page = await post(client, "/kiosk/questions/duration?back=check", answer="24")
    assert page.path == "/kiosk/check"
    assert "24 tháng" in page.text


async def test_a_paper_of_another_procedure_is_refused(client: Browser) -> None:
    await identify(client)
    page = await post(client, "/kiosk/papers", **{"paper.nonsense": "yes"})
    assert "Có giấy tờ không thuộc thủ tục này." in page.text


async def test_the_telephone_may_be_skipped_but_not_be_wrong(client: Browser) -> None:
    await identify(client)
    wrong = await post(client, "/kiosk/phone", phone="12")
    assert "Số điện thoại không đúng." in wrong.text
    assert (await post(client, "/kiosk/phone", phone="12", skip="yes")).status == 200


async def test_a_number_takes_three_touches_and_one_press_is_one_number(
    client: Browser,
) -> None:
    page = await get(client, "/kiosk/ticket")
    key = page.hidden("key")
    first = await post(client, "/kiosk/ticket", service="identity", key=key)
    assert first.path == "/kiosk/ticket/done"
    assert "B001" in first.text
    again = await post(client, "/kiosk/ticket", service="identity", key=key)
    assert "B001" in again.text
    other = await get(client, "/kiosk/ticket")
    second = await post(client, "/kiosk/ticket", service="identity", key=other.hidden("key"))
    assert "B002" in second.text


async def test_the_number_of_the_slip_finds_the_dossier_without_a_name(
    client: Browser, station: Station
) -> None:
    await fill(client)
    await post(client, "/kiosk/send")
    number = (await lookup.worklist(station))[0].dossier_no
    page = await post(client, "/kiosk/find", number=number.lower())
    assert "Đã gửi, chờ cán bộ nhận" in page.text
    assert "Nguyễn" not in page.text
    wrong = await post(client, "/kiosk/find", number="12345")
    assert "Số hồ sơ không đúng dạng." in wrong.text

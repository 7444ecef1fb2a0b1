"""The pages around a form: who, which papers, the way back, results, numbers, opinions."""

import re
from io import BytesIO
from pathlib import Path

import msgspec

from edge_node.usecases import attachments, lookup
from edge_node.usecases.kiosk import captures
from edge_node.usecases.station import Station
from edge_node.web.kiosk.draft import DRAFT_COOKIE
from edge_node.web.kiosk.ticket import NO_PRIORITY
from tests.usecases.city_side import daemon_of
from tests.usecases.test_attachments import JPEG, give_key
from tests.web.pages import ANSWERS, Browser, Page, fill, get, identify, post
from tests.web.station import SCAN, TestClock

UNREADABLE = "079190000017||NGUYỄN THỊ MẪU|05031990"
STREETS = ("Đường Ví Dụ", "Khu phố 1")


async def start(client: Browser) -> Page:
    """By card to the first question."""
    await post(client, "/kiosk/scan", text=SCAN, procedure="res-temporary")
    return await post(client, "/kiosk/person", answer="yes")


async def to_papers(client: Browser) -> Page:
    page = await start(client)
    while page.path.startswith("/kiosk/questions/"):
        page = await post(client, page.path, answer=ANSWERS[page.path.rpartition("/")[2]])
    assert page.path == "/kiosk/papers"
    return page


async def test_after_two_failures_there_are_three_remedies(client: Browser) -> None:
    first = await post(client, "/kiosk/scan", text=UNREADABLE)
    assert "Lau nhẹ mã QR" not in first.text
    second = await post(client, "/kiosk/scan", text=UNREADABLE + "x")
    for words in ("Lau nhẹ mã QR", "Đặt thẻ sát mặt kính", "Giữ yên 2 giây"):
        assert words in second.text
    for words in ("Thử lại", "Gõ số căn cước", "Gọi cán bộ"):
        assert words in second.text
    await get(client, "/kiosk")
    after = await post(client, "/kiosk/scan", text=UNREADABLE)
    assert "Lau nhẹ mã QR" not in after.text, "the next person starts from the beginning"


async def test_a_card_on_the_page_of_a_procedure_begins_its_form(client: Browser) -> None:
    assert (await start(client)).path == "/kiosk/questions/new_address"


async def test_without_a_card_there_are_three_ways(client: Browser) -> None:
    page = await get(client, "/kiosk/identify/no-card")
    for path in ("/kiosk/identify/type", "/kiosk/resume", "/kiosk/ticket"):
        assert path in page.links


async def test_a_card_past_its_age_is_a_word_not_a_wall(client: Browser, station: Station) -> None:
    station.policy = msgspec.structs.replace(station.policy, card_renewal_ages=(35,))
    page = await post(client, "/kiosk/scan", text=SCAN)
    assert "có thể đã đến tuổi phải đổi" in page.text
    assert (await post(client, "/kiosk/person", answer="yes")).path == "/kiosk/procedures"


async def test_who_helps_is_asked_for_the_other_card(client: Browser) -> None:
    await post(client, "/kiosk/scan", text=SCAN, procedure="res-temporary")
    page = await post(client, "/kiosk/person", answer="other")
    assert "Đặt thẻ của người quý vị làm giúp" in page.text
    page = await post(client, "/kiosk/scan", text=SCAN.replace("MẪU", "THỬ"))
    assert "Quý vị làm giúp người này?" in page.text
    page = await post(client, "/kiosk/person", answer="yes")
    assert page.path == "/kiosk/questions/new_address"


async def test_an_address_is_a_street_and_a_number(client: Browser, station: Station) -> None:
    station.policy = msgspec.structs.replace(station.policy, streets=STREETS)
    page = await start(client)
    assert all(street in page.text for street in STREETS)
    page = await post(client, page.path, street="Khu phố 1")
    assert "Số nhà – Khu phố 1" in page.text
    empty = await post(client, page.path, street="Khu phố 1", answer="")
    assert "Xin trả lời câu này" in empty.text
    page = await post(client, page.path, street="Khu phố 1", answer="12/3")
    assert page.path == "/kiosk/questions/duration"
    kept = await get(client, "/kiosk/questions/new_address")
    assert "Giữ: 12/3 Khu phố 1" in kept.text
    await post(client, "/kiosk/questions/new_address", street="other", answer="9 Ấp Xa")
    assert "9 Ấp Xa" in (await get(client, "/kiosk/questions/new_address")).text


async def test_the_number_of_pages_is_told_only_when_it_is_sure(client: Browser) -> None:
    page = await start(client)
    assert re.search(r"Bước 3(?! trong)", page.text)
    await post(client, "/kiosk/questions/new_address", answer="x")
    await post(client, "/kiosk/questions/duration", answer="6")
    page = await post(client, "/kiosk/questions/relation", answer="head")
    assert page.path == "/kiosk/questions/owner_agrees", "the head is not asked for the head"
    assert "trong 11" in page.text


async def test_a_paper_is_asked_for_only_while_the_look_up_is_away(
    client: Browser, tmp_path: Path
) -> None:
    page = await to_papers(client)
    assert "hỏi vì mất mạng, chưa tra cứu được" in page.text
    async with daemon_of(tmp_path) as daemon:
        await daemon.run("UPDATE contact SET failure_code = ''")
        page = await get(client, "/kiosk/papers")
        assert "hỏi vì mất mạng" not in page.text
        assert "Không cần bản giấy: cán bộ tra cứu được." in page.text
        await daemon.run("UPDATE contact SET failure_code = 'unreachable'")
        assert "hỏi vì mất mạng" in (await get(client, "/kiosk/papers")).text


async def photograph(client: Browser, content: bytes, kind: str = "image/jpeg") -> tuple[int, str]:
    path = "/kiosk/papers/ct01/photo"
    async with client.post(path, data=BytesIO(content), headers={"Content-Type": kind}) as answer:
        return answer.status, await answer.text()


async def test_a_photograph_goes_with_the_dossier(
    client: Browser, station: Station, tmp_path: Path
) -> None:
    page = await to_papers(client)
    assert 'name="photo"' not in page.html, "no key of the city, no camera"
    async with daemon_of(tmp_path) as daemon:
        await give_key(daemon)
        await attachments.clear_strays(station)
        assert 'name="photo"' in (await get(client, "/kiosk/papers")).html
        page = await post(client, "/kiosk/papers", photo="ct01")
        assert page.path == "/kiosk/papers/ct01/photo"
        status, html = await photograph(client, JPEG)
        assert status == 200
        assert "Đã chụp 1 ảnh" in html
        for content, kind in ((b"GIF89a", "image/jpeg"), (JPEG, "image/gif")):
            assert (await photograph(client, content, kind))[0] in (415, 422)
        await post(client, "/kiosk/papers")
        page = await post(client, "/kiosk/phone", skip="yes")
        assert "(CT01) (Đã chụp 1 ảnh)" in page.text
        await post(client, "/kiosk/send")
    line = (await lookup.worklist(station))[0]
    papers = await attachments.of_dossier(station, bytes.fromhex(line.dossier_id))
    assert [paper.name for paper in papers] == ["ct01-1.jpg"]
    view = await lookup.dossier(station, line.dossier_id)
    assert {one.id: one.have for one in view.documents}["ct01"] is True


async def test_too_large_a_photograph_is_refused_before_it_is_read(
    client: Browser, station: Station
) -> None:
    await to_papers(client)
    status, text = await photograph(client, JPEG + bytes(captures.MAXIMUM_PHOTO_BYTES))
    assert status == 413
    assert "4" in text
    assert await photograph_of_nothing(client) == 422


async def photograph_of_nothing(client: Browser) -> int:
    async with client.get("/kiosk/papers/nonsense/photo") as answer:
        return answer.status


async def test_a_form_left_with_a_code_is_gone_from_the_kiosk_and_comes_back(
    client: Browser,
) -> None:
    await fill(client)
    page = await post(client, "/kiosk/pause")
    code = re.search(r'class="stub-number">([^<]+)<', page.html)
    assert code is not None
    assert code[1] not in str([cookie.value for cookie in client.session.cookie_jar])
    await get(client, "/kiosk")
    assert DRAFT_COOKIE not in {cookie.key for cookie in client.session.cookie_jar}
    wrong = await post(client, "/kiosk/resume", code="0000-0000")
    assert "Chưa thấy hồ sơ làm dở với mã này." in wrong.text
    page = await post(client, "/kiosk/resume", code=code[1].lower())
    assert "Đăng ký tạm trú" in page.text
    assert "Nguyễn" not in page.text
    page = await post(client, "/kiosk/unfinished", answer="continue")
    assert page.path == "/kiosk/check"
    assert "Nguyễn Thị Mẫu" in page.text


async def code_jobs(station: Station) -> list[tuple[int, str, str]]:
    return await station.store.read(
        lambda connection: connection.execute("SELECT id, kind, slip FROM print_job").fetchall()
    )


async def test_the_code_comes_on_paper_once_for_two_touches(
    client: Browser, station: Station
) -> None:
    await fill(client)
    first = await post(client, "/kiosk/pause")
    assert (first.status, first.path) == (200, "/kiosk/paused")
    assert "Đang in giấy." in first.text
    assert (await post(client, "/kiosk/pause")).text == first.text
    assert (await get(client, "/kiosk/paused")).text == first.text, "a page told to look again"
    [(_, kind, slip)] = await code_jobs(station)
    assert kind == "resume_note"
    for personal in ("Mẫu", "079190000017", "12/3", "0901"):
        assert personal not in slip


async def test_without_paper_the_code_is_shown_all_the_same(
    client: Browser, station: Station
) -> None:
    await fill(client)
    shown = await post(client, "/kiosk/pause")
    code = re.search(r'class="stub-number">([^<]+)<', shown.html)
    assert code is not None
    [(job, _, _)] = await code_jobs(station)
    for state, failure in (("failed", "paper_out"), ("unknown", ""), ("cancelled", "")):
        await station.store.write(
            station.moment(),
            lambda one, state=state, failure=failure: one.connection.execute(  # type: ignore[misc]
                "UPDATE print_job SET state = ?, failure = ? WHERE id = ?", (state, failure, job)
            ),
        )
        page = await get(client, "/kiosk/paused")
        assert "Máy chưa in được giấy. Xin ghi lại hoặc chụp mã" in page.text, state
        assert code[1] in page.text
    english = await get(client, "/kiosk/paused?lang=en")
    assert "it works without paper" in english.text


async def test_a_page_without_a_code_leads_to_the_form(client: Browser, station: Station) -> None:
    await fill(client)
    assert (await get(client, "/kiosk/paused")).path == "/kiosk/check"
    assert await code_jobs(station) == []


async def test_the_same_card_finds_its_form_after_silence(
    client: Browser, clock: TestClock
) -> None:
    await start(client)
    await post(client, "/kiosk/questions/new_address", answer="12/3 Đường Ví Dụ")
    await get(client, "/kiosk")
    assert "MẪU" not in (await get(client, "/kiosk/person")).text
    page = await post(client, "/kiosk/scan", text=SCAN)
    assert "Quý vị có hồ sơ làm dở" in page.text
    page = await post(client, "/kiosk/unfinished", answer="continue")
    assert page.path == "/kiosk/questions/duration", "the first question that is still open"
    await get(client, "/kiosk")
    await post(client, "/kiosk/scan", text=SCAN)
    page = await post(client, "/kiosk/unfinished", answer="new", procedure="res-confirm")
    assert page.path == "/kiosk/person"
    await post(client, "/kiosk/person", answer="yes")
    assert "12/3" not in (await get(client, "/kiosk/check")).text
    clock.advance(31 * 60)
    assert (await post(client, "/kiosk/scan", text=SCAN)).path == "/kiosk/person"


async def test_done_leaves_no_way_back(client: Browser) -> None:
    await start(client)
    await post(client, "/kiosk/reset")
    assert (await post(client, "/kiosk/scan", text=SCAN)).path == "/kiosk/person"


async def handed_in(client: Browser, station: Station) -> str:
    await fill(client)
    await post(client, "/kiosk/send")
    await post(client, "/kiosk/reset")
    return (await lookup.worklist(station))[0].dossier_no


async def test_what_is_not_here_is_said_to_be_elsewhere(client: Browser, station: Station) -> None:
    number = await handed_in(client, station)
    official = await post(client, "/kiosk/find", number="H29.17-251010-0042")
    assert "Đây là mã chính thức của thành phố." in official.text
    mistyped = await post(client, "/kiosk/find", number=number[:-1] + "?")
    assert mistyped.status == 422
    assert "Đây là mã chính thức" not in mistyped.text


async def test_a_card_shows_its_dossiers_without_a_name(client: Browser, station: Station) -> None:
    number = await handed_in(client, station)
    page = await post(client, "/kiosk/scan", text=SCAN, **{"for": "find"})
    assert "Đã gửi, chờ cán bộ nhận" in page.text
    assert "Đã tiếp nhận" not in page.text
    assert number in page.text
    assert "MẪU" not in page.text
    await identify(client, "res-confirm")
    stranger = SCAN.replace("079190000017", "079190000025")
    page = await post(client, "/kiosk/scan", text=stranger, **{"for": "find"})
    assert "Chưa thấy hồ sơ nào của thẻ này" in page.text


async def test_a_result_that_is_ready_gives_a_number(client: Browser, station: Station) -> None:
    number = await handed_in(client, station)
    waiting = await post(client, "/kiosk/collect", number=number, collect="yes")
    assert "Lấy số nhận kết quả" not in waiting.text
    await station.store.write(
        station.moment(),
        lambda transaction: transaction.connection.execute("UPDATE dossier SET state = 'finished'"),
    )
    slip = await post(client, "/kiosk/collect", number=number, collect="yes")
    assert "Cần thẻ căn cước của người đứng tên" in slip.text
    card = await post(client, "/kiosk/scan", text=SCAN, **{"for": "collect"})
    assert "Mang theo giấy hẹn và thẻ căn cước" in card.text
    done = await post(
        client, "/kiosk/ticket", key=card.hidden("key"), service=card.hidden("service")
    )
    assert "A002" in done.text


async def test_priority_is_asked_once_and_recorded(client: Browser, station: Station) -> None:
    page = await get(client, "/kiosk/ticket/priority?service=identity")
    for words in ("Người cao tuổi", "Người khuyết tật", "Phụ nữ mang thai", "Người có công"):
        assert words in page.text
    assert f'name="priority" value="{NO_PRIORITY}"' in page.html
    key = page.hidden("key")
    page = await post(client, "/kiosk/ticket", service="identity", key=key, priority="elderly")
    assert "B001" in page.text
    assert "cao tuổi" not in page.text, "nobody standing behind reads why"
    found = await station.store.read(
        lambda c: c.execute("SELECT priority FROM ticket_place").fetchall()
    )
    assert found == [("elderly",)]
    wrong = await post(client, "/kiosk/ticket", service="identity", key="x", priority="rich")
    assert wrong.status == 422


async def test_further_services_keep_the_number(client: Browser, station: Station) -> None:
    page = await get(client, "/kiosk/ticket/priority?service=identity")
    await post(client, "/kiosk/ticket", service="identity", key=page.hidden("key"), priority="none")
    page = await get(client, "/kiosk/ticket/more")
    assert "Căn cước, định danh điện tử" not in page.text
    for _ in range(2):
        page = await post(client, "/kiosk/ticket/more", service="vehicles")
        assert page.path == "/kiosk/ticket/done"
        assert "B001" in page.text
        assert "Căn cước, định danh điện tử · Xe, giao thông" in page.text
    assert len(await lookup.waiting(station)) == 1


async def test_a_phone_can_follow_the_turn_where_there_is_a_page_for_it(
    client: Browser, station: Station
) -> None:
    await fill(client)
    assert "phone-turn" not in (await post(client, "/kiosk/send")).html
    station.phone_address = "http://10.0.0.9:8080"
    page = await get(client, "/kiosk/done")
    assert "Quét để xem lượt trên điện thoại" in page.html
    assert "10.0.0.9" not in page.html, "only as a picture: nobody touches it here"
    await post(client, "/kiosk/ticket", service="identity", key="k", priority=NO_PRIORITY)
    assert "phone-turn" in (await get(client, "/kiosk/ticket/done")).html


async def test_one_touch_rates_and_a_reason_may_follow(client: Browser) -> None:
    key = (await get(client, "/kiosk/rate")).hidden("key")
    page = await post(client, "/kiosk/rate", key=key, score="poor")
    assert page.html.count('name="reason"') == 4
    page = await post(client, "/kiosk/rate/reason", key=key, reason="wait")
    assert "Cảm ơn quý vị" in page.text
    page = await post(client, "/kiosk/rate", key="another", score="good")
    assert "Cảm ơn quý vị" in page.text


async def test_a_denunciation_is_only_shown_the_way(client: Browser, station: Station) -> None:
    page = await get(client, "/kiosk/crime-report")
    assert "Gặp trực ban" in page.text
    assert "113" in page.text
    main = page.html.split("<main")[1].split("</main>")[0]
    assert not re.search(r"<(form|input|textarea|button)", main)
    assert await lookup.waiting(station) == []

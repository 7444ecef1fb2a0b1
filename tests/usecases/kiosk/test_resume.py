"""The way back to a form: by its card or its code, by nothing else, for half an hour."""

import pytest

from edge_node.domain.errors import DomainError, ErrorCode
from edge_node.domain.identity_card import CardScan, parse_scan
from edge_node.usecases import drafts
from edge_node.usecases.drafts import DRAFT_AGE_S, Draft
from edge_node.usecases.kiosk import leftovers, resume
from edge_node.usecases.kiosk.resume import CODE_CHARACTERS, KEY_AGE_S
from edge_node.usecases.station import Station
from tests.usecases.samples import submit
from tests.web.station import SCAN, TestClock

TOKEN, OTHER = "the first secret", "the second secret"
FORM = Draft(key="k", procedure_id="res-temporary", answers={"new_address": "12/3 Đường Ví Dụ"})


def card(text: str = SCAN) -> CardScan:
    found = parse_scan(text.encode())
    assert isinstance(found, CardScan)
    return found


@pytest.fixture
async def left(station: Station) -> Station:
    """A station where somebody has left a form under way."""
    await drafts.save(station, TOKEN, FORM)
    return station


async def unknown(station: Station, code: str) -> bool:
    with pytest.raises(DomainError) as caught:
        await resume.find_by_code(station, code)
    return caught.value.code is ErrorCode.RESUME_CODE_UNKNOWN


async def test_the_same_card_leads_back(left: Station) -> None:
    assert await resume.meet_card(left, TOKEN, card()) is None, "its own form"
    found = await resume.meet_card(left, OTHER, card())
    assert found is not None
    assert found.token == TOKEN
    assert found.draft.answers == FORM.answers


async def test_a_form_that_was_handed_in_is_not_unfinished(left: Station) -> None:
    await resume.meet_card(left, TOKEN, card())
    code = await resume.make_code(left, TOKEN)
    await submit(left, FORM.key)
    assert await unknown(left, code)
    assert await resume.meet_card(left, OTHER, card()) is None


@pytest.mark.parametrize(
    "change",
    [("079190000017", "079190000018"), ("MẪU", "MẦU"), ("05031990", "06031990"), ("2021", "2022")],
)
async def test_a_card_that_differs_in_anything_leads_nowhere(
    left: Station, change: tuple[str, str]
) -> None:
    await resume.meet_card(left, TOKEN, card())
    assert await resume.meet_card(left, OTHER, card(SCAN.replace(*change))) is None


async def test_the_code_leads_back_however_it_is_typed(left: Station) -> None:
    code = await resume.make_code(left, TOKEN)
    assert len(code) == CODE_CHARACTERS + 1
    for typed in (code, code.lower(), code.replace("-", " "), code.replace("0", "o")):
        assert (await resume.find_by_code(left, typed)).token == TOKEN
    assert await unknown(left, code[:-1])
    assert await unknown(left, code + "0")
    assert await unknown(left, "")
    assert await unknown(left, "0000-0000")


async def test_nothing_is_found_after_half_an_hour(left: Station, clock: TestClock) -> None:
    code = await resume.make_code(left, TOKEN)
    clock.advance(DRAFT_AGE_S)
    assert (await resume.find_by_code(left, code)).token == TOKEN
    clock.advance(1)
    assert await unknown(left, code)


async def test_nothing_is_found_once_somebody_has_finished(left: Station) -> None:
    code = await resume.make_code(left, TOKEN)
    await resume.meet_card(left, TOKEN, card())
    await leftovers.forget(left, TOKEN)
    assert await unknown(left, code)
    assert await resume.meet_card(left, OTHER, card()) is None


async def test_the_disk_alone_does_not_lead_there(left: Station) -> None:
    code = await resume.make_code(left, TOKEN)
    await resume.meet_card(left, TOKEN, card())
    rows = await left.store.read(
        lambda connection: connection.execute("SELECT id, sealed FROM draft_key").fetchall()
    )
    assert len(rows) == 2
    kept = b"".join(part for row in rows for part in row)
    for secret in (TOKEN, code, code.replace("-", ""), "079190000017"):
        assert secret.encode() not in kept


async def test_old_keys_are_swept(left: Station, clock: TestClock) -> None:
    await resume.make_code(left, TOKEN)

    async def keys() -> int:
        row = await left.store.read(
            lambda c: c.execute("SELECT count(*) FROM draft_key").fetchone()
        )
        return int(row[0])

    clock.advance(KEY_AGE_S)
    await leftovers.sweep(left)
    assert await keys() == 1
    clock.advance(1)
    await leftovers.sweep(left)
    assert await keys() == 0

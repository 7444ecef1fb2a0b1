"""Opinions that point at nobody; calls for a person that everybody sees."""

import asyncio

import pytest

from edge_node.domain.errors import DomainError, ErrorCode
from edge_node.domain.events import RatingExplained, StaffCalled, StaffCallEnded, VisitRated
from edge_node.store import payloads
from edge_node.usecases.intake import Asked, take_ticket
from edge_node.usecases.kiosk import help as staff
from edge_node.usecases.kiosk import rating
from edge_node.usecases.kiosk.help import MAXIMUM_OPEN_CALLS, StaffCall
from edge_node.usecases.kiosk.turn import turn_of
from edge_node.usecases.station import Station
from tests.usecases.city_side import records
from tests.web.station import TestClock

DAY_S = 24 * 60 * 60


async def events(station: Station) -> list[object]:
    kinds = {144, 145, 146, 147}
    return [payloads.read(one.body) for one in await records(station) if one.kind in kinds]


async def test_an_opinion_counts_once_and_names_nobody(station: Station) -> None:
    assert await rating.rate(station, "k", "poor")
    assert not await rating.rate(station, "k", "poor")
    assert await rating.explain(station, "k", "wait")
    assert not await rating.explain(station, "k", "manner"), "one reason"
    assert await rating.today(station) == {("poor", "wait"): 1}
    assert await events(station) == [
        VisitRated(score="poor", rated_at="2026-11-23"),
        RatingExplained(score="poor", reason="wait", explained_at="2026-11-23"),
    ]


async def test_a_reason_without_an_opinion_is_nothing(station: Station) -> None:
    assert not await rating.explain(station, "nobody's", "wait")
    assert await events(station) == []


@pytest.mark.parametrize(("key", "score"), [("", "good"), ("k" * 65, "good"), ("k", "superb")])
async def test_an_opinion_is_one_of_three(station: Station, key: str, score: str) -> None:
    with pytest.raises(DomainError) as caught:
        await rating.rate(station, key, score)
    assert caught.value.code is ErrorCode.RATING_INVALID


async def test_a_reason_is_one_of_four(station: Station) -> None:
    assert len(rating.Reason) == 4
    with pytest.raises(DomainError) as caught:
        await rating.explain(station, "k", "the weather")
    assert caught.value.code is ErrorCode.RATING_INVALID


async def test_a_call_is_seen_until_somebody_answers(station: Station) -> None:
    async with station.changes.subscribe() as queue:
        call = await staff.call_staff(station, "k")
        assert (await asyncio.wait_for(queue.get(), 5)).topic == "help"
    assert await staff.call_staff(station, "k") == call, "pressed twice"
    assert await staff.open_calls(station) == [
        StaffCall(call=call.call, called_at="2026-11-23T08:42:00+07:00")
    ]
    assert await staff.is_open(station, "k")
    await staff.answer(station, call.call)
    await staff.answer(station, call.call)
    assert not await staff.is_open(station, "k")
    assert await staff.open_calls(station) == []
    assert [type(one) for one in await events(station)] == [StaffCalled, StaffCallEnded]


async def test_a_call_can_be_taken_back(station: Station) -> None:
    await staff.call_staff(station, "k")
    await staff.cancel(station, "k")
    await staff.cancel(station, "never called")
    assert await staff.open_calls(station) == []
    last = (await events(station))[-1]
    assert isinstance(last, StaffCallEnded)
    assert last.outcome == "cancelled"


async def test_yesterday_s_call_is_nobody_s(station: Station, clock: TestClock) -> None:
    await staff.call_staff(station, "k")
    clock.advance(DAY_S)
    assert await staff.open_calls(station) == []


async def test_a_kiosk_being_played_with_is_stopped(station: Station) -> None:
    for number in range(MAXIMUM_OPEN_CALLS):
        await staff.call_staff(station, f"k{number}")
    with pytest.raises(DomainError) as caught:
        await staff.call_staff(station, "one more")
    assert caught.value.code is ErrorCode.BUSY


async def test_the_turn_of_a_number(station: Station) -> None:
    for number in range(3):
        await take_ticket(station, "residence", Asked(f"k{number}", "kiosk"))
    assert (await turn_of(station, "A001")).ahead == 0
    assert (await turn_of(station, "A003")).ahead == 2
    with pytest.raises(DomainError) as caught:
        await turn_of(station, "A004")
    assert caught.value.code is ErrorCode.TICKET_UNKNOWN

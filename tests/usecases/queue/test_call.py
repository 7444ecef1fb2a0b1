"""Calling people: oldest first, one at a time, at most three calls, every call in the journal."""

import asyncio

import pytest

from edge_node.domain.errors import DomainError, ErrorCode
from edge_node.domain.ticket import TicketState
from edge_node.usecases import lookup, queue
from edge_node.usecases.queue.board import board
from edge_node.usecases.station import Station
from tests.usecases.samples import submit
from tests.usecases.test_intake import events
from tests.web.station import make_officer

MINH = make_officer("minh", "Trần Văn Minh", "2")
LAN = make_officer("lan", "Lê Thị Lan", "3")


async def test_the_oldest_number_comes_first_and_closes_the_one_before(station: Station) -> None:
    for key in ("a", "b"):
        await submit(station, key)
    first = await queue.call_next(station, MINH)
    assert first is not None
    assert (first.ticket, first.counter, first.calls) == ("A001", "2", 1)
    assert await queue.present_call(station, MINH) == first
    second = await queue.call_next(station, MINH)
    assert second is not None
    assert second.ticket == "A002"
    assert await queue.call_next(station, MINH) is None
    assert await queue.present_call(station, MINH) is None
    types = [type(event).__name__ for event in await events(station)]
    assert types == [
        *("DossierSubmitted", "DossierSubmitted", "TicketCalled", "TicketClosed"),
        *("TicketCalled", "TicketClosed"),
    ]


async def test_two_counters_never_get_the_same_number(station: Station) -> None:
    for number in range(6):
        await submit(station, f"k{number}")
    calls = await asyncio.gather(
        *(queue.call_next(station, officer) for officer in (MINH, LAN) for _ in range(3))
    )
    tickets = [call.ticket for call in calls if call is not None]
    assert sorted(tickets) == [f"A{n:03d}" for n in range(1, 7)]


async def test_a_number_is_called_three_times_at_most(station: Station) -> None:
    await submit(station)
    await queue.call_next(station, MINH)
    assert (await queue.recall(station, MINH)).calls == 2
    assert (await queue.recall(station, MINH)).calls == 3
    with pytest.raises(DomainError) as refused:
        await queue.recall(station, MINH)
    assert refused.value.code is ErrorCode.ACTION_NOT_ALLOWED


async def test_who_is_not_there_leaves_the_counter_free(station: Station) -> None:
    await submit(station)
    await queue.call_next(station, MINH)
    await queue.no_show(station, MINH)
    assert await queue.present_call(station, MINH) is None
    missed = await lookup.waiting(station, (TicketState.NO_SHOW,))
    assert [one.ticket for one in missed] == ["A001"]
    with pytest.raises(DomainError) as refused:
        await queue.finish(station, MINH)
    assert refused.value.code is ErrorCode.TICKET_UNKNOWN


async def test_the_board_shows_the_newest_call_first(station: Station) -> None:
    for number in range(4):
        await submit(station, f"k{number}")
    await queue.call_next(station, MINH)
    await queue.call_next(station, LAN)
    await queue.recall(station, MINH)
    found = await board(station)
    assert [call.ticket for call in found.calls] == ["A001", "A002"]
    assert [(one.letter, one.people) for one in found.services] == [("A", 2)]
    assert found.following == ("A003", "A004")

"""Priority, picks, transfers, returns, visits and bookings, each with its evidence."""

from datetime import timedelta

import msgspec
import pytest

from edge_node.domain.catalogue import NEVER_OFFERED
from edge_node.domain.codes import fold
from edge_node.domain.errors import DomainError, ErrorCode
from edge_node.domain.events import (
    AppointmentCheckedIn,
    TicketCalled,
    TicketPrioritised,
    TicketReturned,
    TicketTransferred,
    VisitExtended,
)
from edge_node.domain.queue_order import CounterRule
from edge_node.domain.queue_rules import PLACES_PER_SLOT, QueueRules
from edge_node.usecases import intake, queue
from edge_node.usecases.intake import Asked
from edge_node.usecases.queue import appointments, evidence
from edge_node.usecases.queue.appointments import Slot
from edge_node.usecases.queue.board import board
from edge_node.usecases.queue.wish import NOTHING, Wish
from edge_node.usecases.station import Officer, Station
from tests.usecases.booking_samples import book
from tests.usecases.test_intake import events
from tests.web.station import START, TestClock, make_officer

MINH = make_officer("minh", "Trần Văn Minh", "2")
LAN = make_officer("lan", "Lê Thị Lan", "3")


async def take(station: Station, key: str, wish: Wish = NOTHING, service: str = "residence") -> str:
    """A number at the kiosk."""
    taken = await intake.take_ticket(station, service, Asked(key, "kiosk"), wish)
    return taken.ticket.ticket


async def call(station: Station, officer: Officer = MINH) -> queue.Call:
    found = await queue.call_next(station, officer)
    assert found is not None
    return found


async def last_called(station: Station) -> TicketCalled:
    return [one for one in await events(station) if isinstance(one, TicketCalled)][-1]


def refused(caught: pytest.ExceptionInfo[DomainError]) -> ErrorCode:
    return caught.value.code


async def test_priority_is_called_first_with_its_reason_on_record(
    station: Station, clock: TestClock
) -> None:
    await take(station, "a")
    await take(station, "b")
    clock.advance(120)
    assert await take(station, "c", Wish(priority="elderly")) == "A003"
    clock.advance(60)
    assert [(await call(station)).ticket for _ in range(3)] == ["A003", "A001", "A002"]
    journal = await events(station)
    preferred = next(one for one in journal if isinstance(one, TicketPrioritised))
    assert (preferred.ticket, preferred.reason) == ("A003", "elderly")
    first = next(one for one in journal if isinstance(one, TicketCalled))
    assert (first.reason, first.passed, first.passed_count) == ("priority", ("A001", "A002"), 2)
    assert first.waited_s == 60


async def test_the_same_key_gives_the_same_priority_once(station: Station) -> None:
    for _ in range(2):
        await take(station, "a", Wish(priority="merit", further=("identity",)))
    journal = await events(station)
    assert sum(isinstance(one, TicketPrioritised) for one in journal) == 1
    assert sum(isinstance(one, VisitExtended) for one in journal) == 1


async def test_a_reason_that_is_none_is_refused(station: Station) -> None:
    with pytest.raises(DomainError) as caught:
        await take(station, "a", Wish(priority="friend"))
    assert refused(caught) is ErrorCode.PRIORITY_REASON_UNKNOWN


async def test_an_officer_gives_priority_to_who_waits(station: Station) -> None:
    await take(station, "a")
    await take(station, "b")
    second = (await board(station)).following[1]
    assert second == "A002"
    await queue.give_priority(station, MINH, 2, "pregnant")
    assert (await board(station)).following == ("A002", "A001")
    await call(station)
    with pytest.raises(DomainError) as caught:
        await queue.give_priority(station, MINH, 2, "pregnant")
    assert refused(caught) is ErrorCode.ACTION_NOT_ALLOWED


async def test_a_certain_number_needs_a_reason(station: Station) -> None:
    for key in "abc":
        await take(station, key)
    with pytest.raises(DomainError) as caught:
        await queue.pick(station, MINH, 3, "  ")
    assert refused(caught) is ErrorCode.REASON_MISSING
    picked = await queue.pick(station, MINH, 3, "Cần phiên dịch, có người giúp lúc này")
    assert picked.ticket == "A003"
    event = await last_called(station)
    assert (event.reason, event.passed_count) == ("picked", 2)
    assert event.note.startswith("Cần phiên dịch")


async def test_a_transfer_keeps_the_waiting_time(station: Station, clock: TestClock) -> None:
    await take(station, "a")
    clock.advance(600)
    await take(station, "b", service="identity")
    present = await call(station)
    await queue.transfer(
        station, MINH, present.ticket_id, queue.Destination("identity"), "Nhầm việc"
    )
    assert await queue.present_call(station, MINH) is None
    assert (await board(station)).following == ("A001", "B001")
    moved = next(one for one in await events(station) if isinstance(one, TicketTransferred))
    assert (moved.service, moved.from_counter) == ("identity", "2")


async def test_a_number_sent_to_a_counter_is_called_there(station: Station) -> None:
    await take(station, "a")
    await queue.transfer(station, LAN, 1, queue.Destination(counter="3"), "Hồ sơ của quầy 3")
    assert await queue.call_next(station, MINH) is None
    assert (await call(station, LAN)).ticket == "A001"


async def test_somebody_who_comes_back_waits_in_the_old_place(station: Station) -> None:
    await take(station, "a")
    await take(station, "b")
    await call(station)
    for _ in range(queue.MAXIMUM_CALLS - 1):
        await queue.recall(station, MINH)
    await queue.no_show(station, MINH)
    await queue.back(station, 1)
    again = await call(station)
    assert (again.ticket, again.calls) == ("A001", 1)
    assert any(isinstance(one, TicketReturned) for one in await events(station))


async def test_an_absent_number_can_be_called_all_day(station: Station, clock: TestClock) -> None:
    await take(station, "a")
    await call(station)
    await queue.no_show(station, MINH)
    clock.advance(6 * 3600)
    assert (await queue.pick(station, LAN, 1)).ticket == "A001"
    assert (await last_called(station)).reason == "returned"


async def test_several_services_go_on_one_number(station: Station) -> None:
    station.queue = QueueRules(counters={"3": CounterRule(frozenset({"identity"}))})
    await take(station, "a", Wish(further=("identity", "residence")))
    await take(station, "b", service="identity")
    await call(station)
    await queue.finish(station, MINH)
    assert (await call(station, LAN)).ticket == "A001"
    await queue.finish(station, LAN)
    assert (await evidence.count_day(station)).served == 2  # one turn for each service


async def test_a_visit_has_a_limit(station: Station) -> None:
    names = tuple(one.id for one in station.catalogue.services)
    with pytest.raises(DomainError) as caught:
        await take(station, "a", Wish(further=(*names, "residence", *names[:1])))
    assert refused(caught) in {ErrorCode.VISIT_TOO_LONG, ErrorCode.SERVICE_UNKNOWN}
    await take(station, "b")
    await queue.add_services(station, 1, ["identity", "identity"])
    with pytest.raises(DomainError) as caught:
        await queue.add_services(station, 1, ["no-such"])
    assert refused(caught) is ErrorCode.SERVICE_UNKNOWN


async def test_a_booking_is_checked_in_once(station: Station, clock: TestClock) -> None:
    slot = Slot("residence", START + timedelta(minutes=18))
    booked = await book(station, slot, "officer")
    clock.advance(60)
    await take(station, "walk-in")
    taken = await intake.check_in(station, booked.code.lower(), Asked("k", "kiosk"))
    assert (await intake.check_in(station, booked.code, Asked("k", "kiosk"))).body == taken.body
    with pytest.raises(DomainError) as caught:
        await intake.check_in(station, booked.code, Asked("other", "kiosk"))
    assert refused(caught) is ErrorCode.APPOINTMENT_USED
    clock.advance(18 * 60)
    assert (await call(station)).ticket == taken.ticket.ticket
    event = await last_called(station)
    assert (event.reason, event.passed) == ("appointment", ("A001",))
    assert any(isinstance(one, AppointmentCheckedIn) for one in await events(station))


async def test_bookings_of_other_days_unknown_and_full_ones_are_refused(station: Station) -> None:
    tomorrow = Slot("residence", START + timedelta(days=1))
    booked = [await book(station, tomorrow, "api") for _ in range(PLACES_PER_SLOT)]
    with pytest.raises(DomainError) as caught:
        await book(station, tomorrow, "api")
    assert refused(caught) is ErrorCode.APPOINTMENT_FULL
    await appointments.cancel(station, booked[0].code)
    await book(station, tomorrow, "api")
    with pytest.raises(DomainError) as caught:
        await intake.check_in(station, booked[1].code, Asked("k", "kiosk"))
    assert refused(caught) is ErrorCode.APPOINTMENT_DAY
    for code in ("", "234567", "O0O0O0"):
        with pytest.raises(DomainError) as caught:
            await intake.check_in(station, code, Asked("k", "kiosk"))
        assert refused(caught) is ErrorCode.APPOINTMENT_UNKNOWN


async def test_the_public_count_of_a_day(station: Station, clock: TestClock) -> None:
    await take(station, "a")
    clock.advance(300)
    await take(station, "b", Wish(priority="disabled"))
    clock.advance(300)
    await call(station)
    clock.advance(240)
    await call(station)
    await queue.no_show(station, MINH)
    counted = await evidence.count_day(station)
    assert msgspec.structs.asdict(counted) == {
        "day": "2026-11-23",
        "called": 2,
        "served": 1,
        "absent": 1,
        "priority": 1,
        "out_of_turn": 1,
        "of_these_priority": 1,
        "picked": 0,
        "mean_wait_s": (300 + 840) // 2,
        "longest_wait_s": 840,
    }
    assert await evidence.count_days(station) == [counted]


async def test_the_wait_is_told_from_todays_turns_only(station: Station, clock: TestClock) -> None:
    for number in range(8):
        await take(station, f"k{number}")
    assert (await board(station)).wait is None
    for _ in range(4):
        await call(station)
        clock.advance(240)
    told = (await board(station)).wait
    assert told is not None
    assert 0 < told.least < told.most <= 60
    clock.advance(2 * 3600)
    assert (await board(station)).wait is None


def test_no_queue_is_for_denunciations(station: Station) -> None:
    """The identity of an informer is protected: nothing to take a number for, call or show."""
    for service in station.catalogue.services:
        said = fold(f"{service.id} {service.name_vi} {service.name_en}")
        assert not any(word in said for word in ("to cao", "denunciation", "whistle"))
    for name in NEVER_OFFERED & station.catalogue.procedures.keys():
        assert station.catalogue.procedure(name).kiosk == "hidden"

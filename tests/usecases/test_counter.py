"""Decisions: the table decides, the slip is queued with the decision, a key decides once."""

import msgspec
import pytest

from edge_node.documents.model import AppointmentSlip
from edge_node.domain.errors import DomainError, ErrorCode
from edge_node.domain.events import DossierReceived, DossierRefused, SupplementRequested
from edge_node.store import print_jobs
from edge_node.usecases import counter, lookup
from edge_node.usecases.counter import MAXIMUM_REASON_CHARACTERS, Command
from edge_node.usecases.slips import fee_vi
from edge_node.usecases.station import Station
from tests.usecases.samples import submit
from tests.usecases.test_intake import events
from tests.web.station import TestClock, make_officer

MINH = make_officer("minh", "Trần Văn Minh", "2")
COMPLETE = {
    "new_address": "45 Hẻm Mẫu, Phường Bà Rịa",
    "duration": "12",
    "relation": "tenant",
    "owner_agrees": True,
}


async def filed(station: Station, key: str = "k1") -> Command:
    """A dossier just handed in, and the officer's command about it."""
    answer = await submit(station, key)
    return Command(MINH, bytes.fromhex(answer.dossier_id), f"decide-{key}")


async def test_receiving_sets_the_due_date_and_queues_the_slip(station: Station) -> None:
    command = await filed(station)
    received = await counter.receive(station, command, {"ct01": True}, "thiếu câu trả lời")
    # Monday 23 November 08:42, three working days, Tuesday 24 is a holiday.
    assert received.due_at.startswith("2026-11-27")
    assert received.state == "received"
    event = (await events(station))[-1]
    assert isinstance(event, DossierReceived)
    assert (event.officer, event.counter) == ("minh", "2")
    job = await station.store.read(lambda c: print_jobs.find(c, received.print_job))
    assert job is not None
    slip = msgspec.json.decode(job.slip, type=AppointmentSlip)
    assert slip.form == "CT04"
    assert slip.provisional
    assert slip.full_name == "Nguyễn Thị Mẫu"
    assert slip.due_at is not None
    assert slip.due_at.date().isoformat() == "2026-11-27"


async def test_what_is_missing_needs_a_reason(station: Station) -> None:
    command = await filed(station)
    with pytest.raises(DomainError) as refused:
        await counter.receive(station, command, {})
    assert refused.value.code is ErrorCode.DOSSIER_INCOMPLETE
    view = await lookup.dossier(station, command.dossier_id.hex())
    assert view.state == "submitted"
    assert len(view.print_jobs) == 1


async def test_the_same_decision_twice_prints_one_slip(station: Station) -> None:
    command = await filed(station)
    first = await counter.receive(station, command, {}, "lý do")
    again = await counter.receive(station, command, {}, "lý do")
    assert first == again
    view = await lookup.dossier(station, command.dossier_id.hex())
    assert [job.kind for job in view.print_jobs] == ["ticket", "appointment_slip"]
    with pytest.raises(DomainError) as refused:
        await counter.refuse(station, command, "khác")
    assert refused.value.code is ErrorCode.IDEMPOTENCY_KEY_REUSED


async def test_what_the_table_forbids_is_refused(station: Station) -> None:
    command = await filed(station)
    await counter.refuse(station, command, "không thuộc thẩm quyền")
    with pytest.raises(DomainError) as refused:
        await counter.receive(station, command._replace(key="other"), {}, "x")
    assert refused.value.code is ErrorCode.ACTION_NOT_ALLOWED
    assert isinstance((await events(station))[-1], DossierRefused)


async def test_a_second_supplement_request_is_counted(station: Station) -> None:
    command = await filed(station)
    first = await counter.request_supplement(station, command, ["document:ct01"], "")
    assert first.supplement_requests == 1
    assert first.state == "supplement_requested"
    event = (await events(station))[-1]
    assert isinstance(event, SupplementRequested)
    assert event.request_no == 1
    received = await counter.receive(station, command._replace(key="b"), {}, "đã bổ sung")
    assert received.state == "received"
    second = await counter.request_supplement(station, command._replace(key="c"), [], "thêm")
    assert second.supplement_requests == 2


async def test_reasons_are_asked_for_and_bounded(station: Station) -> None:
    command = await filed(station)
    for attempt, code in (
        (counter.refuse(station, command, "  "), ErrorCode.REASON_MISSING),
        (counter.request_supplement(station, command, [], ""), ErrorCode.REASON_MISSING),
        (
            counter.refuse(station, command, "x" * (MAXIMUM_REASON_CHARACTERS + 1)),
            ErrorCode.REASON_TOO_LONG,
        ),
        (counter.refuse(station, command._replace(key=""), "x"), ErrorCode.IDEMPOTENCY_KEY_MISSING),
        (
            counter.refuse(station, command._replace(dossier_id=bytes(16)), "x"),
            ErrorCode.DOSSIER_UNKNOWN,
        ),
    ):
        with pytest.raises(DomainError) as refused:
            await attempt
        assert refused.value.code is code


async def test_a_clock_wrong_by_years_prints_no_date_and_stops_nobody(
    station: Station, clock: TestClock
) -> None:
    clock.advance(20 * 365 * 24 * 3600)
    command = await filed(station)
    received = await counter.receive(station, command, {}, "lý do")
    assert received.due_at == ""
    assert received.state == "received"


def test_fees_as_the_slip_says_them(station: Station) -> None:
    moment = station.moment().now
    assert fee_vi(station.catalogue.procedure("res-temporary"), moment) == "15.000 đồng"
    assert fee_vi(station.catalogue.procedure("res-confirm"), moment) == "Không thu"
    assert fee_vi(station.catalogue.procedure("id-card-14plus"), moment) in {"", "30.000 đồng"}

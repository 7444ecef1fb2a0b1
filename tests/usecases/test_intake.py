"""Handing in: everything or nothing, once per key."""

import asyncio
from pathlib import Path
from typing import Any

import pytest

from edge_node.domain.errors import DomainError, ErrorCode
from edge_node.domain.events import DossierSubmitted, Event, TicketIssued
from edge_node.domain.retention import DiskLevel
from edge_node.store import payloads
from edge_node.store.unit_of_work import Connection
from edge_node.usecases import intake, lookup
from edge_node.usecases.intake import MAXIMUM_KEY_CHARACTERS, Asked
from edge_node.usecases.station import Station
from sync.journal import backlog
from sync.protocol.record import decode_record
from tests.usecases.samples import APPLICANT, command, submit
from tests.web.station import TestClock, open_station


async def events(station: Station) -> list[Event]:
    """What the journal says, genesis records left out."""

    def ask(connection: Connection) -> list[Event]:
        found = []
        for head in backlog.heads(connection):
            for one in backlog.records(connection, head.lid, 1, head.size):
                found.append(payloads.read(decode_record(one.raw).body))  # noqa: PERF401
        return found

    return await station.store.read(ask)


async def test_a_dossier_gets_number_ticket_paper_and_event(station: Station) -> None:
    answer = await submit(station)
    assert answer.dossier_no.startswith("T26560-")
    assert answer.ticket == "A001"
    assert answer.saved_at == "2026-11-23T08:42:00+07:00"
    (event,) = await events(station)
    assert isinstance(event, DossierSubmitted)
    assert event.dossier_no == answer.dossier_no
    assert event.ticket == "A001"
    assert "document:ct01" not in event.missing
    view = await lookup.dossier(station, answer.dossier_no)
    assert view.custody == "station"
    assert view.history[0].seq == answer.log.seq == 1
    assert [job.state for job in view.print_jobs] == ["queued"]


async def test_the_same_key_gets_the_same_answer(station: Station) -> None:
    first = await intake.submit_dossier(station, command(), Asked("k", "kiosk"))
    again = await intake.submit_dossier(station, command(), Asked("k", "kiosk"))
    assert again.body == first.body
    assert (first.replayed, again.replayed) == (False, True)
    assert len(await events(station)) == 1


async def test_the_same_key_after_a_restart(tmp_path: Path) -> None:
    bodies = []
    for _ in range(2):
        async with open_station(tmp_path, TestClock()) as station:
            submission = await intake.submit_dossier(station, command(), Asked("k", "kiosk"))
            bodies.append(submission.body)
    assert bodies[0] == bodies[1]


async def test_another_request_under_the_same_key_is_refused(station: Station) -> None:
    await submit(station, "k")
    with pytest.raises(DomainError) as refused:
        await submit(station, "k", documents=[])
    assert refused.value.code is ErrorCode.IDEMPOTENCY_KEY_REUSED
    assert len(await events(station)) == 1


async def test_kiosk_and_api_keys_do_not_meet(station: Station) -> None:
    at_kiosk = await intake.submit_dossier(station, command(), Asked("k", "kiosk"))
    by_api = await intake.submit_dossier(station, command(), Asked("k", "api"))
    assert at_kiosk.answer.dossier_no != by_api.answer.dossier_no


async def test_one_key_many_times_at_once(station: Station) -> None:
    asked = Asked("k", "api")
    answers = await asyncio.gather(
        *(intake.submit_dossier(station, command(), asked) for _ in range(50))
    )
    assert len({answer.body for answer in answers}) == 1
    assert sum(answer.replayed for answer in answers) == 49
    next_one = await submit(station, "other")
    assert next_one.ticket == "A002"


@pytest.mark.parametrize(
    ("key", "code"),
    [
        ("", ErrorCode.IDEMPOTENCY_KEY_MISSING),
        ("x" * (MAXIMUM_KEY_CHARACTERS + 1), ErrorCode.IDEMPOTENCY_KEY_MALFORMED),
        ("khóa", ErrorCode.IDEMPOTENCY_KEY_MALFORMED),
        ("a\nb", ErrorCode.IDEMPOTENCY_KEY_MALFORMED),
    ],
)
async def test_a_key_that_is_none(station: Station, key: str, code: ErrorCode) -> None:
    with pytest.raises(DomainError) as refused:
        await submit(station, key)
    assert refused.value.code is code


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"procedure_id": "no-such"}, ErrorCode.PROCEDURE_UNKNOWN),
        ({"answers": {"no-such": "1"}}, ErrorCode.ANSWER_UNKNOWN),
        ({"answers": {"owner_agrees": "yes"}}, ErrorCode.ANSWER_INVALID),
        ({"documents": [{"id": "no-such", "have": True}]}, ErrorCode.DOCUMENT_UNKNOWN),
        (
            {"applicant": {**APPLICANT, "id_number": "07919000001"}},
            ErrorCode.IDENTITY_NUMBER_LENGTH,
        ),
        ({"applicant": {**APPLICANT, "full_name": " "}}, ErrorCode.NAME_MISSING),
        (
            {"applicant": {**APPLICANT, "date_of_birth": "1990-02-31"}},
            ErrorCode.DATE_OF_BIRTH_INVALID,
        ),
    ],
)
async def test_bad_input_is_refused_and_leaves_nothing(
    station: Station, changes: dict[str, Any], code: ErrorCode
) -> None:
    with pytest.raises(DomainError) as refused:
        await submit(station, **changes)
    assert refused.value.code is code
    assert await events(station) == []
    # The key was not used up: the corrected dossier goes in under it.
    assert (await submit(station)).ticket == "A001"


async def test_a_number_without_a_dossier(station: Station) -> None:
    asked = Asked("t1", "kiosk")
    service = station.catalogue.services[0]
    first = await intake.take_ticket(station, service.id, asked)
    assert first.ticket.ticket == f"{service.letter}001"
    assert (await intake.take_ticket(station, service.id, asked)).replayed
    (event,) = await events(station)
    assert isinstance(event, TicketIssued)
    with pytest.raises(DomainError) as refused:
        await intake.take_ticket(station, "no-such", Asked("t2", "kiosk"))
    assert refused.value.code is ErrorCode.SERVICE_UNKNOWN


async def test_numbers_start_again_at_the_stations_midnight(
    station: Station, clock: TestClock
) -> None:
    clock.advance(15 * 3600 + 17 * 60 + 59)  # 23:59:59 of the same day
    assert (await submit(station, "a")).ticket == "A001"
    assert (await submit(station, "b")).ticket == "A002"
    clock.advance(1)
    assert (await submit(station, "c")).ticket == "A001"


async def test_numbers_go_on_after_a_restart(tmp_path: Path) -> None:
    tickets, numbers = [], set()
    for key in ("a", "b", "c"):
        async with open_station(tmp_path, TestClock()) as station:
            answer = await submit(station, key)
            tickets.append(answer.ticket)
            numbers.add(answer.dossier_no)
    assert tickets == ["A001", "A002", "A003"]
    assert len(numbers) == 3


async def test_a_full_disk_refuses_clearly_and_the_key_stays_free(station: Station) -> None:
    await submit(station, "before")
    pages = await station.store.write(
        station.moment(),
        lambda t: t.connection.execute("PRAGMA page_count").fetchone()[0],
    )
    await station.store.write(
        station.moment(),
        lambda t: t.connection.execute(f"PRAGMA max_page_count={pages}").fetchone(),
    )
    codes = set()
    for number in range(40):
        try:
            await submit(station, f"full-{number}")
        except DomainError as error:
            codes.add(error.code)
            break
    assert codes == {ErrorCode.STORAGE_FULL}
    await station.store.write(
        station.moment(),
        lambda t: t.connection.execute("PRAGMA max_page_count=1000000").fetchone(),
    )
    await submit(station, f"full-{number}")
    tickets = [one.ticket for one in await lookup.waiting(station)]
    assert tickets == [f"A{n:03d}" for n in range(1, len(tickets) + 1)], "a number was lost"


async def test_a_full_disk_takes_nothing_new(station: Station) -> None:
    station.room.level = DiskLevel.FULL
    with pytest.raises(DomainError) as caught:
        await intake.submit_dossier(station, command(), Asked("full-disk", "api"))
    assert caught.value.code is ErrorCode.STORAGE_FULL
    with pytest.raises(DomainError):
        await intake.take_ticket(station, "residence", Asked("full-disk", "api"))
    station.room.level = DiskLevel.NO_SCANS
    assert not (await intake.submit_dossier(station, command(), Asked("full-disk", "api"))).replayed

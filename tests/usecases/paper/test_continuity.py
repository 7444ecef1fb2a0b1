"""Slips written by hand: every number is spent once, and the citizen's promise is kept."""

from datetime import date, datetime, timedelta
from typing import Any

import pytest

from edge_node.domain.errors import DomainError, ErrorCode
from edge_node.domain.paper import MAXIMUM_KIT_SLIPS, MAXIMUM_UNUSED_SLIPS
from edge_node.store import dossiers
from edge_node.store.unit_of_work import Connection
from edge_node.usecases.paper import checking, continuity, kits
from edge_node.usecases.paper.checking import Book, Verdict
from edge_node.usecases.paper.continuity import WrittenPerson, WrittenSlip
from edge_node.usecases.station import Station
from hardware.clock import VIETNAM
from tests.usecases.samples import submit
from tests.web.station import TestClock, make_officer

OFFICER = make_officer("minh", "Trần Văn Minh", "2")
PERSON = WrittenPerson("Lê Hoàng Giả Định", "079204000033", phone="0900000033")
WRITTEN_AT = datetime(2026, 11, 23, 9, 10, tzinfo=VIETNAM)


def written(number: str, **changes: Any) -> WrittenSlip:
    slip = WrittenSlip(number, "res-temporary", PERSON, {"ct01": True}, WRITTEN_AT)
    return slip._replace(**changes)


async def refusal(awaitable: object) -> ErrorCode:
    with pytest.raises(DomainError) as caught:
        await awaitable  # type: ignore[misc]
    return caught.value.code


async def kit_of(station: Station, clock: TestClock, count: int = 3) -> tuple[str, ...]:
    made = await kits.make_kit(station, OFFICER, "k", count)
    clock.advance(3600)
    return made.numbers


async def events_of_kind(station: Station, kind: int) -> int:
    def ask(connection: Connection) -> int:
        query = "SELECT count(*) FROM record WHERE kind = ?"
        return int(connection.execute(query, (kind,)).fetchone()[0])

    return await station.store.read(ask)


async def test_a_kit_sets_numbers_aside_that_no_machine_gives_out(
    station: Station, clock: TestClock
) -> None:
    numbers = await kit_of(station, clock)
    assert len(set(numbers)) == 3
    answers = [await submit(station, str(turn)) for turn in range(3)]
    assert not {answer.dossier_no for answer in answers} & set(numbers)
    again = await kits.make_kit(station, OFFICER, "k", 3)
    assert again.numbers == numbers
    assert await events_of_kind(station, 138) == 1


async def test_the_sheets_carry_codes_that_are_believed(station: Station, clock: TestClock) -> None:
    await kit_of(station, clock)
    (kit,) = await kits.overview(station)
    sheets = (await kits.sheets(station, kit.name)).sheets
    assert [sheet.index for sheet in sheets] == [1, 2, 3]
    answer = await checking.check(station, sheets[1].token_url)
    assert (answer.verdict, answer.book) == (Verdict.VALID, Book.UNUSED_SLIP)
    assert answer.check == sheets[1].check
    assert (await continuity.find(station, sheets[1].token_url)).number == sheets[1].dossier_number


async def test_what_was_written_is_a_received_dossier_with_that_number(
    station: Station, clock: TestClock
) -> None:
    number, *_ = await kit_of(station, clock)
    entered = await continuity.enter(station, OFFICER, "e1", written(number))
    row = await station.store.read(lambda c: dossiers.find_by_number(c, number))
    assert row is not None
    assert (row.state.value, row.version, row.channel) == ("received", 2, "paper")
    assert row.received_at == row.submitted_at == "2026-11-23T09:10:00+07:00"
    assert entered.due_at == row.due_at
    # Monday, three working days, Tuesday the 24th is a holiday.
    assert row.due_at.startswith("2026-11-27")
    answer = await checking.check(station, (await _sheet_code(station, number)))
    assert (answer.verdict, answer.book, answer.state) == (
        Verdict.VALID,
        Book.MATCHES,
        "received",
    )


async def _sheet_code(station: Station, number: str) -> str:
    """The code as it was printed, though the slip has been used since."""
    from edge_node.store import paper  # noqa: PLC0415
    from edge_node.usecases.paper import codes  # noqa: PLC0415

    def ask(connection: Connection) -> str:
        slip = paper.find_slip(connection, number)
        assert slip is not None
        position = paper.kit_position(connection, slip.kit)
        assert position is not None
        stood_for = paper.at_position(connection, position)
        assert stood_for is not None
        said = codes.Said(dossier=number)
        return codes.sign(station, codes.claims_of(station, stood_for, said)).url

    return await station.store.read(ask)


async def test_the_promise_of_the_pen_counts(station: Station, clock: TestClock) -> None:
    number, *_ = await kit_of(station, clock)
    promised = written(number, promised_on=date(2026, 11, 26))
    assert (await continuity.enter(station, OFFICER, "e1", promised)).due_at.startswith(
        "2026-11-26"
    )


async def test_a_slip_is_entered_once(station: Station, clock: TestClock) -> None:
    number, *_ = await kit_of(station, clock)
    first = await continuity.enter(station, OFFICER, "e1", written(number))
    assert await continuity.enter(station, OFFICER, "e1", written(number)) == first
    other = written(number, note="khác")
    assert await refusal(continuity.enter(station, OFFICER, "e1", other)) is (
        ErrorCode.IDEMPOTENCY_KEY_REUSED
    )
    assert await refusal(continuity.enter(station, OFFICER, "e2", written(number))) is (
        ErrorCode.PAPER_SLIP_SPENT
    )
    assert await events_of_kind(station, 16) == 1
    assert await events_of_kind(station, 139) == 1


async def test_a_number_that_was_never_printed_on_paper_is_refused(
    station: Station, clock: TestClock
) -> None:
    await kit_of(station, clock)
    by_machine = (await submit(station)).dossier_no
    for number in (by_machine, "T26560-0000-00001-0"):
        assert await refusal(continuity.enter(station, OFFICER, number, written(number))) is (
            ErrorCode.PAPER_SLIP_UNKNOWN
        )
    assert await refusal(continuity.find(station, "xyz")) is ErrorCode.PAPER_SLIP_UNKNOWN


async def test_impossible_times_are_refused(station: Station, clock: TestClock) -> None:
    number, *_ = await kit_of(station, clock)
    for at, promised in (
        (WRITTEN_AT - timedelta(days=1), None),
        (WRITTEN_AT + timedelta(days=1), None),
        (WRITTEN_AT + timedelta(hours=8), None),
        (WRITTEN_AT, date(2026, 11, 22)),
    ):
        slip = written(number, written_at=at, promised_on=promised)
        assert await refusal(continuity.enter(station, OFFICER, "e", slip)) is (
            ErrorCode.PAPER_TIME_INVALID
        )


async def test_unused_slips_are_declared_void_and_stay_so(
    station: Station, clock: TestClock
) -> None:
    used, spoilt, spare = await kit_of(station, clock)
    await continuity.enter(station, OFFICER, "e1", written(used))
    await kits.void(station, OFFICER, spoilt, "Viết hỏng")
    assert await refusal(kits.void(station, OFFICER, spoilt, "Viết hỏng")) is (
        ErrorCode.PAPER_SLIP_SPENT
    )
    assert await refusal(kits.void(station, OFFICER, spare, " ")) is ErrorCode.REASON_MISSING
    (kit,) = await kits.overview(station)
    assert await kits.void_rest(station, OFFICER, kit.name, "Hết sự cố") == 1
    assert await kits.void_rest(station, OFFICER, kit.name, "Hết sự cố") == 0
    (kit,) = await kits.overview(station)
    assert (kit.unused, kit.entered, kit.void) == (0, 1, 2)
    assert (await kits.sheets(station, kit.name)).sheets == ()
    assert await refusal(continuity.enter(station, OFFICER, "e2", written(spare))) is (
        ErrorCode.PAPER_SLIP_SPENT
    )
    answer = await checking.check(station, await _sheet_code(station, spare))
    assert answer.book is Book.VOID_SLIP


async def test_kits_are_bounded(station: Station) -> None:
    for count in (0, MAXIMUM_KIT_SLIPS + 1):
        assert await refusal(kits.make_kit(station, OFFICER, f"k{count}", count)) is (
            ErrorCode.PAPER_KIT_SIZE
        )
    for turn in range(MAXIMUM_UNUSED_SLIPS // MAXIMUM_KIT_SLIPS):
        await kits.make_kit(station, OFFICER, f"full{turn}", MAXIMUM_KIT_SLIPS)
    assert await refusal(kits.make_kit(station, OFFICER, "more", 1)) is ErrorCode.PAPER_KIT_SIZE
    assert await refusal(kits.sheets(station, "none")) is ErrorCode.PAPER_KIT_UNKNOWN


async def test_without_a_key_there_is_no_kit(station: Station) -> None:
    station.slip_key = None
    assert await refusal(kits.make_kit(station, OFFICER, "k", 1)) is ErrorCode.SLIP_KEY_MISSING

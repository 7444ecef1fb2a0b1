"""Taking back, claims, notes, differences with the city, register, history, what stays hidden."""

from datetime import date

import msgspec
import pytest

from edge_node.domain.claim import LEASE_MS
from edge_node.domain.errors import DomainError, ErrorCode
from edge_node.domain.events import ConflictResolved, DecisionUndone, NoteWritten
from edge_node.store import payloads, print_jobs, undoing
from edge_node.usecases import lookup, printing
from edge_node.usecases.decisions import (
    claims,
    closing,
    conflicts,
    custody,
    history,
    notes,
    receiving,
    register,
    results,
    timing,
    undo,
)
from edge_node.usecases.decisions.conflicts import Field, Word
from edge_node.usecases.decisions.custody import HandOn
from edge_node.usecases.decisions.register import MAXIMUM_DAYS
from edge_node.usecases.decisions.results import Handing
from edge_node.usecases.station import Station
from tests.usecases.city_side import FID, Daemon, inbox_of, records
from tests.usecases.filing import HOA, MINH, filed, next_of, receive, received
from tests.usecases.samples import submit
from tests.usecases.test_intake import events
from tests.usecases.test_printing import TrayPrinter, desk
from tests.web.station import TestClock


async def test_a_decision_is_taken_back_before_its_paper_is_printed(
    station: Station, clock: TestClock
) -> None:
    command = await filed(station)
    decided = await receive(station, command)
    printer = TrayPrinter()
    slips = desk(printer)
    slips = type(slips)("slip", slips.printer, slips.render)
    assert not await printing.print_next(station, slips)
    clock.advance(9)
    assert await undo.left_s(station, command.dossier_id) == 1
    back = await undo.undo(station, next_of(command))
    assert (back.state, back.version, back.due_at) == ("submitted", 3, "")
    event = (await events(station))[-1]
    assert isinstance(event, DecisionUndone)
    assert (event.undone_version, event.state) == (2, "submitted")
    clock.advance(60)
    assert not await printing.print_next(station, slips)
    job = await station.store.read(lambda c: print_jobs.find(c, decided.print_job))
    assert job is not None
    assert job.state == "cancelled"
    again = await receive(station, next_of(next_of(command)))
    assert (again.state, again.version) == ("received", 4)


async def test_the_window_closes_and_the_paper_goes(station: Station, clock: TestClock) -> None:
    command = await filed(station)
    await receive(station, command)
    clock.advance(10)
    with pytest.raises(DomainError) as refused:
        await undo.undo(station, next_of(command))
    assert refused.value.code is ErrorCode.UNDO_TOO_LATE
    printer = TrayPrinter()
    one = desk(printer)
    assert await printing.print_next(station, type(one)("slip", printer, one.render))


async def test_who_does_not_want_to_wait_prints_at_once(station: Station) -> None:
    command = await filed(station)
    await receive(station, command)
    now = station.now()
    waits = await station.store.read(lambda c: undoing.next_release_ms(c, "slip", now))
    assert waits == 10_000
    await undo.print_now(station, MINH, command.dossier_id)
    assert await undo.left_s(station, command.dossier_id) == 0
    printer = TrayPrinter()
    one = desk(printer)
    assert await printing.print_next(station, type(one)("slip", printer, one.render))


async def test_only_the_last_decision_is_taken_back_and_only_once(station: Station) -> None:
    command = await received(station)
    await timing.pause(station, command, "verification", "Xác minh")
    command = next_of(command)
    first = await undo.undo(station, command)
    assert first.state == "received"
    assert await undo.undo(station, command) == first
    with pytest.raises(DomainError) as refused:
        await undo.undo(station, next_of(command))
    assert refused.value.code is ErrorCode.UNDO_TOO_LATE
    # The standstill went with the decision: resuming later gives nothing back for it.
    lines = await history.history(station, command.dossier_id)
    (paused,) = [line for line in lines if line.type == "dossier.clock"]
    assert paused.undone


async def test_another_counter_waits_or_takes_over(station: Station, clock: TestClock) -> None:
    command = await received(station)
    other = next_of(command)._replace(officer=HOA)
    with pytest.raises(DomainError) as refused:
        await closing.stop(station, other, "lý do")
    assert refused.value.code is ErrorCode.DOSSIER_CLAIMED
    with pytest.raises(DomainError):
        await claims.claim(station, HOA, command.dossier_id)
    held = await claims.holder(station, HOA, command.dossier_id)
    assert held is not None
    assert (held.officer, held.counter, held.mine) == ("minh", "2", False)
    await claims.take_over(station, HOA, command.dossier_id)
    await closing.stop(station, other, "lý do")
    assert await claims.holder(station, HOA, command.dossier_id) is None


async def test_a_claim_ends_by_itself_by_hand_and_by_leaving(
    station: Station, clock: TestClock
) -> None:
    command = await received(station)
    clock.advance(LEASE_MS // 1000)
    await claims.claim(station, HOA, command.dossier_id)
    await claims.release(station, MINH, command.dossier_id)
    assert await claims.holder(station, MINH, command.dossier_id) is not None
    await claims.release(station, HOA, command.dossier_id)
    assert await claims.holder(station, MINH, command.dossier_id) is None
    await claims.claim(station, MINH, command.dossier_id)
    await claims.release_all(station, MINH)
    assert await claims.holder(station, MINH, command.dossier_id) is None
    with pytest.raises(DomainError):
        await claims.claim(station, MINH, bytes(16))


async def test_notes_keep_every_edition_and_change_nothing_else(station: Station) -> None:
    command = await received(station)
    await notes.write_note(station, command, "Gọi lại  thứ Tư")
    await notes.write_note(station, next_of(command), "Gọi lại thứ Năm", 1)
    await notes.write_note(station, next_of(next_of(command)), "Đã gọi")
    found = await notes.notes(station, command.dossier_id)
    assert [[one.text for one in editions] for editions in found] == [
        ["Gọi lại thứ Tư", "Gọi lại thứ Năm"],
        ["Đã gọi"],
    ]
    event = (await events(station))[-1]
    assert isinstance(event, NoteWritten)
    assert event.state == "received"
    jobs = (await lookup.dossier(station, command.dossier_id.hex())).print_jobs
    assert "Gọi" not in str(jobs)
    for words, number in (("", 0), ("x", 9)):
        with pytest.raises(DomainError) as refused:
            await notes.write_note(station, command._replace(key="n"), words, number)
        assert refused.value.code is ErrorCode.NOTE_MISSING


async def differing(station: Station, daemon: Daemon, **told: str | None) -> bytes:
    """A stopped dossier at the counter that the city says is in process."""
    command = await received(station)
    await closing.stop(station, command, "Người dân đã chuyển đi")
    body = {
        "type": "decision.made",
        "dossier_id": command.dossier_id.hex(),
        "state": "in_process",
        "decided_at": "2026-11-23T08:55:00+07:00",
        "reason": "Đã phân công",
        **told,
    }
    await daemon.entry(66, body)
    await (await inbox_of(station)).look()
    return command.dossier_id


@pytest.mark.parametrize(("choice", "state"), [("counter", "stopped"), ("city", "in_process")])
async def test_a_difference_with_the_city_is_shown_and_settled(
    station: Station, daemon: Daemon, choice: str, state: str
) -> None:
    dossier_id = await differing(station, daemon)
    (conflict,) = await conflicts.of_dossier(station, dossier_id)
    shown = {one.name: one for one in conflicts.fields(conflict, "2026-11-23T08:42:00+07:00")}
    assert (shown["state"].counter, shown["state"].city) == ("stopped", "in_process")
    assert shown["words"].city == "Đã phân công"
    assert shown["state"].differs
    command = (await filed(station, "z"))._replace(dossier_id=dossier_id, key="settle")
    word = Word(FID, conflict.sequence)
    for wrong, reason, code in (
        (word, " ", ErrorCode.REASON_MISSING),
        (word._replace(sequence=9), "x", ErrorCode.CONFLICT_UNKNOWN),
    ):
        with pytest.raises(DomainError) as refused:
            await conflicts.resolve(station, command, wrong, choice, reason)
        assert refused.value.code is code
    decided = await conflicts.resolve(station, command, word, choice, "Đã gọi cho PC06")
    assert decided.state == state
    event = payloads.read((await records(station))[-1].body)
    assert isinstance(event, ConflictResolved)
    assert (event.choice, event.state) == (choice, state)
    with pytest.raises(DomainError):
        await conflicts.resolve(station, next_of(command), word, choice, "lần nữa")
    (settled,) = await conflicts.of_dossier(station, dossier_id)
    assert (settled.choice, settled.officer_id) == (choice, "minh")


@pytest.mark.parametrize("choice", ["counter", "city"])
async def test_the_citys_due_date_is_shown_and_taken_by_choice_only(
    station: Station, daemon: Daemon, choice: str
) -> None:
    dossier_id = await differing(station, daemon, due_at="2026-12-04T10:00:00Z")
    promised = (await lookup.dossier(station, dossier_id.hex())).due_at
    (conflict,) = await conflicts.of_dossier(station, dossier_id)
    assert conflict.counter_due_at == promised != ""
    shown = {one.name: one for one in conflicts.fields(conflict, "")}
    assert shown["due_at"] == Field("due_at", promised, "2026-12-04T17:00+07:00")
    assert shown["due_at"].differs
    command = (await filed(station, "z"))._replace(dossier_id=dossier_id, key="settle")
    word = Word(FID, conflict.sequence)
    decided = await conflicts.resolve(station, command, word, choice, "Đã gọi cho PC06")
    expected = promised if choice == "counter" else "2026-12-04T17:00+07:00"
    assert decided.due_at == expected
    assert (await lookup.dossier(station, dossier_id.hex())).due_at == expected
    event = payloads.read((await records(station))[-1].body)
    assert isinstance(event, ConflictResolved)
    assert event.due_at == expected


@pytest.mark.parametrize("told", [None, "", "thứ Sáu", "2026-12-04T17:00:00"])
async def test_a_city_that_tells_no_due_date_contradicts_none(
    station: Station, daemon: Daemon, told: str | None
) -> None:
    dossier_id = await differing(station, daemon, **({} if told is None else {"due_at": told}))
    promised = (await lookup.dossier(station, dossier_id.hex())).due_at
    (conflict,) = await conflicts.of_dossier(station, dossier_id)
    due = next(one for one in conflicts.fields(conflict, "") if one.name == "due_at")
    assert (due.city, due.differs) == ("", False)
    command = (await filed(station, "z"))._replace(dossier_id=dossier_id, key="settle")
    word = Word(FID, conflict.sequence)
    assert (await conflicts.resolve(station, command, word, "city", "x")).due_at == promised


def test_one_moment_written_in_two_ways_is_no_difference() -> None:
    assert not Field("due_at", "2026-12-04T17:00+07:00", "2026-12-04T10:00:00Z").differs
    assert Field("due_at", "2026-12-04T17:00+07:00", "2026-12-04T11:00:00Z").differs


async def test_a_step_of_the_table_is_no_difference(station: Station, daemon: Daemon) -> None:
    command = await received(station)
    body = {
        "type": "decision.made",
        "dossier_id": command.dossier_id.hex(),
        "state": "in_process",
        "decided_at": "2026-11-23T08:55:00+07:00",
    }
    await daemon.entry(66, body)
    await (await inbox_of(station)).look()
    assert await conflicts.of_dossier(station, command.dossier_id) == []


async def test_the_city_s_pause_is_given_back_too(
    station: Station, daemon: Daemon, clock: TestClock
) -> None:
    command = await received(station)
    await custody.process(station, command)
    opened = await inbox_of(station)
    body = {"type": "decision.made", "dossier_id": command.dossier_id.hex(), "state": "paused",
            "decided_at": "x"}  # fmt: skip
    await daemon.entry(66, body)
    await opened.look()
    clock.advance(4 * 3600)
    await daemon.entry(66, {**body, "state": "in_process"})
    await opened.look()
    view = await lookup.dossier(station, command.dossier_id.hex())
    assert view.due_at.startswith("2026-11-30T10:18")


async def test_the_register_has_the_days_asked_for(station: Station, clock: TestClock) -> None:
    station.policy = msgspec.structs.replace(station.policy, unconfirmed_payment="warn")
    command = await received(station, "a")
    await results.finish(station, command)
    await results.hand_over(station, next_of(command), Handing("holder", "vneid"))
    clock.advance(24 * 3600)
    await received(station, "b")
    await filed(station, "c")
    both = await register.lines(station, date(2026, 11, 23), date(2026, 11, 24))
    assert [bool(line.handed_over_at) for line in both] == [True, False]
    assert len(await register.lines(station, date(2026, 11, 24), date(2026, 11, 24))) == 1
    job_id = await register.print_register(station, MINH, date(2026, 11, 23), date(2026, 11, 24))
    job = await station.store.read(lambda c: print_jobs.find(c, job_id))
    assert job is not None
    assert (job.kind, job.slip.count("dossier_number")) == ("register", 2)
    for last in (
        date(2026, 11, 22),
        date.fromordinal(date(2026, 11, 23).toordinal() + MAXIMUM_DAYS),
    ):
        with pytest.raises(DomainError) as refused:
            await register.lines(station, date(2026, 11, 23), last)
        assert refused.value.code is ErrorCode.RANGE_TOO_LONG


async def test_history_is_one_line_of_time(
    station: Station, daemon: Daemon, clock: TestClock
) -> None:
    command = await received(station)
    clock.advance(60)
    await custody.transfer(station, command, HandOn("PC06", "Minh", "Sơn", "3 tờ"))
    clock.advance(60)
    body = {"type": "result.arrived", "dossier_id": command.dossier_id.hex(),
            "arrived_at": "2026-11-23T09:00:00+07:00", "result_no": "KQ-1"}  # fmt: skip
    await daemon.entry(67, body)
    await (await inbox_of(station)).look()
    lines = await history.history(station, command.dossier_id)
    assert [line.at for line in lines] == sorted(line.at for line in lines)
    assert {line.source for line in lines} == {"station", "city", "print", "custody"}
    (move,) = [line for line in lines if line.source == "custody"]
    assert (move.type, move.where, move.by, move.state) == ("out", "PC06", "Sơn", "before")


async def hidden(station: Station) -> str:
    """A denunciation that somebody filed all the same; its number."""
    answer = await submit(station, "secret")

    def mark(transaction: object) -> None:
        transaction.connection.execute(  # type: ignore[attr-defined]
            "UPDATE dossier SET procedure_id = 'denunciation', received_at = '2026-11-23T08:42'"
            " WHERE id = ?",
            (bytes.fromhex(answer.dossier_id),),
        )

    await station.store.write(station.moment(), mark)
    return answer.dossier_no


async def test_a_denunciation_is_not_taken_where_it_would_get_a_number(station: Station) -> None:
    with pytest.raises(DomainError) as refused:
        await submit(station, "k", procedure_id="denunciation", documents=[])
    assert refused.value.code is ErrorCode.PROCEDURE_NOT_AT_KIOSK
    assert await lookup.waiting(station) == []


async def test_a_denunciation_is_in_no_list_and_no_figure(
    station: Station, caplog: pytest.LogCaptureFixture
) -> None:
    number = await hidden(station)
    assert await lookup.worklist(station) == []
    assert await lookup.find_dossiers(station, number) == []
    assert await lookup.find_dossiers(station, "nguyen thi mau") == []
    assert await lookup.waiting(station) == []
    assert await register.lines(station, date(2026, 11, 23), date(2026, 11, 23)) == []
    shown = await filed(station, "open")
    assert await receiving.duplicate_of(station, shown.dossier_id) is None
    assert len(await lookup.worklist(station)) == 1
    assert number not in caplog.text

"""Every later decision: state, event, paper, and what follows."""

from datetime import datetime, timedelta
from typing import Any

import msgspec
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from edge_node.documents import kinds, render
from edge_node.documents.model import Apology, ControlSheet, Refusal, StopNotice, SupplementRequest
from edge_node.domain.dossier import Action
from edge_node.domain.errors import DomainError, ErrorCode
from edge_node.domain.events import (
    ClockChanged,
    DossierExtended,
    DossierFinished,
    DossierMoved,
    DossierRefused,
    DossierStopped,
    PapersHandedOn,
    ResultHandedOver,
    SupplementRequested,
    WithdrawalChanged,
)
from edge_node.domain.officer import Role
from edge_node.store import dossier_life, print_jobs
from edge_node.store.unit_of_work import Connection
from edge_node.usecases import lookup, printing
from edge_node.usecases.decisions import closing, custody, results, supplement, timing
from edge_node.usecases.decisions.command import Command, Decided
from edge_node.usecases.decisions.custody import HandOn
from edge_node.usecases.decisions.results import Handing
from edge_node.usecases.decisions.supplement import Request
from edge_node.usecases.paper import codes
from edge_node.usecases.station import Station
from sync.protocol.slip import read_slip_text, slip_url
from tests.documents.test_every_document import text_of
from tests.usecases.filing import MINH, filed, next_of, receive, received
from tests.usecases.test_intake import events
from tests.web.station import TestClock

HAND_ON = HandOn("PC06", "Đại úy Minh", "Thượng úy Sơn", "kèm 3 tờ")
HOUR_S = 3600
DAY_S = 24 * HOUR_S


async def paper(station: Station, decided: Decided) -> Any:
    job = await station.store.read(lambda c: print_jobs.find(c, decided.print_job))
    assert job is not None
    return kinds.decode(job.kind, job.slip)


async def refused_with(attempt: Any) -> ErrorCode:
    with pytest.raises(DomainError) as refused:
        await attempt
    return refused.value.code


async def test_one_request_lists_everything_or_says_that_all_was_seen(station: Station) -> None:
    command = await filed(station)
    short = Request(["document:ct01"], "Bản gốc")
    assert (
        await refused_with(supplement.request_supplement(station, command, short))
        is ErrorCode.SUPPLEMENT_NOT_WHOLE
    )
    decided = await supplement.request_supplement(station, command, short._replace(reviewed=True))
    assert (decided.state, decided.supplement_requests) == ("supplement_requested", 1)
    letter = await paper(station, decided)
    assert isinstance(letter, SupplementRequest)
    assert (letter.form, len(letter.papers), letter.reason) == ("CT05", 1, "Bản gốc")


async def test_a_second_request_needs_a_reason_and_counts_as_late(station: Station) -> None:
    command = await filed(station)
    view = await lookup.dossier(station, command.dossier_id.hex())
    whole = Request(view.missing, "", answer_by="30/11/2026")
    await supplement.request_supplement(station, command, whole)
    command = next_of(command)
    await receive(station, command)
    command = next_of(command)
    again = supplement.request_supplement(station, command, whole)
    assert await refused_with(again) is ErrorCode.SUPPLEMENT_AGAIN
    decided = await supplement.request_supplement(
        station, command, whole._replace(reason="Giấy nộp bị rách")
    )
    assert (decided.supplement_requests, decided.late) == (2, True)
    event = (await events(station))[-1]
    assert isinstance(event, SupplementRequested)
    assert (event.request_no, event.answer_by) == (2, "2026-11-30")


async def test_waiting_for_the_supplement_is_given_back(station: Station, clock: TestClock) -> None:
    command = await received(station)
    view = await lookup.dossier(station, command.dossier_id.hex())
    assert view.due_at.startswith("2026-11-27T17:00")
    await supplement.request_supplement(station, command, Request(view.missing, "thêm"))
    clock.advance(2 * DAY_S)  # Wednesday 25 at 08:42; Tuesday is a holiday: one working day waited
    decided = await supplement.supply(station, next_of(command), {"ct01": True}, "đủ")
    assert decided.due_at.startswith("2026-11-30T17:00")
    event = (await events(station))[-1]
    assert isinstance(event, DossierMoved)
    command = next_of(next_of(command))
    again = await receive(station, command)
    assert again.due_at == decided.due_at
    first, *_ = await station.store.read(lambda c: dossier_life.stops(c, command.dossier_id))
    assert (first.cause, first.resumed_at[:10]) == ("supplement", "2026-11-25")


async def test_a_pause_has_a_cause_and_is_given_back(station: Station, clock: TestClock) -> None:
    command = await received(station)
    for cause, note in (("", "vì"), ("weather", "mưa"), ("verification", " ")):
        code = await refused_with(timing.pause(station, command, cause, note))
        assert code is ErrorCode.REASON_MISSING
    paused = await timing.pause(station, command, "verification", "Xác minh tại PC08")
    assert (paused.state, paused.due_at[:10]) == ("paused", "2026-11-27")
    clock.advance(4 * HOUR_S)
    resumed = await timing.resume(station, next_of(command))
    # From 08:42 to 12:42 are 2 h 48 of work.
    assert resumed.due_at.startswith("2026-11-30T10:18")
    event = (await events(station))[-1]
    assert isinstance(event, ClockChanged)
    assert (event.change, event.cause) == ("resumed", "verification")


async def test_an_extension_is_an_apology_with_a_later_date(station: Station) -> None:
    command = await received(station)
    for day, code in (
        ("2026-11-27", ErrorCode.EXTENSION_NOT_LATER),
        ("2026-11-28", ErrorCode.DATE_INVALID),  # a Saturday
        ("2026-11-20", ErrorCode.DATE_INVALID),
    ):
        assert await refused_with(timing.extend(station, command, day, "Mất mạng")) is code
    decided = await timing.extend(station, command, "01/12/2026", "Mất mạng ba ngày")
    assert decided.due_at.startswith("2026-12-01T17:00")
    letter = await paper(station, decided)
    assert isinstance(letter, Apology)
    assert (letter.old_due_at.day, letter.new_due_at.day) == (27, 1)
    again = await timing.extend(station, next_of(command), "2026-12-02", "Thêm một ngày")
    event = (await events(station))[-1]
    assert isinstance(event, DossierExtended)
    assert (event.extension_no, event.due_at) == (2, again.due_at)


async def test_nothing_promised_cannot_be_extended(station: Station, clock: TestClock) -> None:
    clock.advance(20 * 365 * DAY_S)
    command = await received(station)
    day = (station.clock.now() + timedelta(days=3)).date().isoformat()
    code = await refused_with(timing.extend(station, command, day, "lý do"))
    assert code is ErrorCode.DEADLINE_BEYOND_CALENDAR


async def test_refusal_and_stop_are_on_the_forms_of_the_law(station: Station) -> None:
    refused = await closing.refuse(station, await filed(station, "a"), "Không thuộc thẩm quyền")
    letter = await paper(station, refused)
    assert isinstance(letter, Refusal)
    assert (letter.form, letter.reason) == ("CT06", "Không thuộc thẩm quyền")
    assert isinstance((await events(station))[-1], DossierRefused)
    stopped = await closing.stop(station, await received(station, "b"), "Người dân đã chuyển đi")
    notice = await paper(station, stopped)
    assert isinstance(notice, StopNotice)
    promised = await lookup.dossier(station, stopped.dossier_no)
    assert notice.old_due_at == datetime.fromisoformat(promised.due_at)
    assert (notice.officer_name, notice.signer_name) == ("Đại úy Trần Văn Minh", "")
    text = text_of(render.draw("stop_notice", notice).document)
    assert "Ngườilập:ĐạiúyTrầnVănMinh" in text
    assert text.count("TrầnVănMinh") == 1, "an officer's name does not stand under the head's"
    chief = msgspec.structs.replace(MINH, roles=(Role.CHIEF,))
    mine = (await received(station, "c"))._replace(officer=chief)
    signed = await paper(station, await closing.stop(station, mine, "Người dân đã chuyển đi"))
    assert isinstance(signed, StopNotice)
    assert signed.signer_name == signed.officer_name
    assert isinstance((await events(station))[-1], DossierStopped)
    for decision in (closing.refuse, closing.stop):
        code = await refused_with(decision(station, await filed(station, decision.__name__), " "))
        assert code is ErrorCode.REASON_MISSING


async def test_a_withdrawal_is_asked_declined_and_granted(station: Station) -> None:
    command = await received(station)
    steps = (
        (Action.REQUEST_WITHDRAWAL, "", "withdrawal_requested", "requested"),
        (Action.DECLINE_WITHDRAWAL, "Đã ký kết quả", "in_process", "declined"),
        (Action.REQUEST_WITHDRAWAL, "Lần hai", "withdrawal_requested", "requested"),
        (Action.WITHDRAW, "", "withdrawn", "granted"),
    )
    for action, reason, state, step in steps:
        command = next_of(command)
        if action is Action.DECLINE_WITHDRAWAL:
            code = await refused_with(closing.withdrawal(station, command, action, ""))
            assert code is ErrorCode.REASON_MISSING
        decided = await closing.withdrawal(station, command, action, reason)
        event = (await events(station))[-1]
        assert isinstance(event, WithdrawalChanged)
        assert (decided.state, event.step) == (state, step)
    code = await refused_with(closing.withdrawal(station, command, Action.STOP, "x"))
    assert code is ErrorCode.ACTION_NOT_ALLOWED


async def test_the_papers_go_to_a_department_and_come_back(
    station: Station, clock: TestClock
) -> None:
    command = await received(station)
    for wrong in (
        HAND_ON._replace(party=" "),
        HAND_ON._replace(given_by=""),
        HAND_ON._replace(received_by=""),
    ):
        code = await refused_with(custody.transfer(station, command, wrong))
        assert code is ErrorCode.PARTY_MISSING
    gone = await custody.transfer(station, command, HAND_ON)
    assert gone.state == "in_process"
    clock.advance(7 * DAY_S)
    back = await custody.take_back(
        station, next_of(command), HandOn("PC06", "Thượng úy Sơn", "Đại úy Minh")
    )
    sheet = await paper(station, back)
    assert isinstance(sheet, ControlSheet)
    assert [row.result for row in sheet.hand_overs] == ["early", "late"]
    assert [row.agency for row in sheet.hand_overs] == ["PC06", station.name_vi]
    event = (await events(station))[-1]
    assert isinstance(event, PapersHandedOn)
    assert (event.back, event.punctuality) == (True, "after")


async def test_form_06_says_when_it_was_recorded_however_late_it_is_printed(
    station: Station, clock: TestClock
) -> None:
    command = await received(station)
    gone = await custody.transfer(station, command, HAND_ON)
    recorded = clock.now()
    clock.advance(3 * HOUR_S)
    copy = await printing.reprint(station, gone.print_job)
    clock.advance(DAY_S)
    back = await custody.take_back(station, next_of(command), HAND_ON)
    for sheet in (
        await paper(station, gone),
        await paper(station, msgspec.structs.replace(gone, print_jobs=(copy,))),
        await paper(station, back),
    ):
        first = sheet.hand_overs[0]
        assert (first.given_at, first.taken_at) == (recorded, recorded)
        drawn = render.draw("control_sheet", sheet)
        assert "08giờ42phút,ngày23/11/2026" in text_of(drawn.document)
        assert "11giờ42phút,ngày23" not in text_of(drawn.document)


async def finished(station: Station, key: str = "k1") -> Command:
    station.policy = msgspec.structs.replace(station.policy, unconfirmed_payment="warn")
    command = await received(station, key)
    await results.finish(station, command, "KQ-12", "Tại tủ số 3")
    event = (await events(station))[-1]
    assert isinstance(event, DossierFinished)
    return next_of(command)


async def test_the_result_goes_to_its_holder_with_the_slip(station: Station) -> None:
    command = await finished(station)
    number = (await lookup.dossier(station, command.dossier_id.hex())).dossier_no
    holder = Handing("holder", "officer_saw_card", slip=number.lower())
    unchecked = results.hand_over(station, command, holder._replace(checked=""))
    assert await refused_with(unchecked) is ErrorCode.IDENTITY_CHECK_MISSING
    other = results.hand_over(station, command, holder._replace(slip="079190000017"))
    assert await refused_with(other) is ErrorCode.SLIP_OTHER
    decided = await results.hand_over(station, command, holder)
    assert decided.state == "handed_over"
    found = await station.store.read(lambda c: dossier_life.hand_over(c, command.dossier_id))
    assert found is not None
    assert (found.recipient, found.slip_seen, found.delegate_name) == ("holder", True, "")


async def test_a_result_that_costs_waits_for_the_money(station: Station) -> None:
    command = await finished(station)
    station.policy = msgspec.structs.replace(station.policy, unconfirmed_payment="block")
    code = await refused_with(results.hand_over(station, command, Handing("holder", "vneid")))
    assert code is ErrorCode.PAYMENT_UNCONFIRMED


async def test_the_slip_of_another_dossier_is_noticed(station: Station) -> None:
    command = await finished(station, "a")
    other = await lookup.dossier(station, (await filed(station, "b")).dossier_id.hex())
    handing = Handing("holder", "vneid", slip=other.dossier_no)
    code = await refused_with(results.hand_over(station, command, handing))
    assert code is ErrorCode.SLIP_OTHER


async def code_of(station: Station, command: Command) -> str:
    """The address in the code of a dossier's slip."""

    def ask(connection: Connection) -> codes.Code | None:
        return codes.of_dossier(station, connection, command.dossier_id, None)

    code = await station.store.read(ask)
    assert code is not None
    return code.url


async def test_a_scanned_slip_is_checked_and_not_only_read(station: Station) -> None:
    station.slip_key = Ed25519PrivateKey.from_private_bytes(b"\x21" * 32)
    command = await finished(station, "a")
    other = await filed(station, "b")
    await codes.announce(station)
    mine, theirs = await code_of(station, command), await code_of(station, other)
    token = read_slip_text(mine)
    forged = slip_url("xa.example", token[:-1] + bytes([token[-1] ^ 1]))
    for slip in (theirs, forged, "HTTPS://X.VN/R/AAAA"):
        handing = Handing("holder", "vneid", slip=slip)
        code = await refused_with(results.hand_over(station, command, handing))
        assert code is ErrorCode.SLIP_OTHER
    await results.hand_over(station, command, Handing("holder", "vneid", slip=mine))
    event = (await events(station))[-1]
    assert isinstance(event, ResultHandedOver)
    assert event.slip_seen


async def test_of_a_delegate_only_the_ends_of_the_number_are_kept(station: Station) -> None:
    command = await finished(station)
    delegate = Handing("delegate", "officer_saw_card", "Trần Văn Thử", "077085000025", "Giấy 12")
    for wrong, code in (
        (delegate._replace(delegate_name=""), ErrorCode.PARTY_MISSING),
        (delegate._replace(authority=""), ErrorCode.PARTY_MISSING),
        (delegate._replace(delegate_number="0770850000"), ErrorCode.IDENTITY_NUMBER_LENGTH),
    ):
        assert await refused_with(results.hand_over(station, command, wrong)) is code
    await results.hand_over(station, command, delegate)
    event = (await events(station))[-1]
    assert isinstance(event, ResultHandedOver)
    assert event.delegate_number_masked == "077•••••0025"
    assert b"077085000025" not in msgspec.json.encode(event)


async def test_what_the_table_forbids_is_refused(station: Station) -> None:
    command = await filed(station)
    for attempt in (
        timing.resume(station, command),
        timing.extend(station, command, "2026-12-01", "x"),
        custody.take_back(station, command, HAND_ON),
        results.finish(station, command),
        results.hand_over(station, command, Handing("holder", "vneid")),
        supplement.supply(station, command, {}),
    ):
        assert await refused_with(attempt) is ErrorCode.ACTION_NOT_ALLOWED
    assert (await lookup.dossier(station, command.dossier_id.hex())).version == 1


async def test_processing_at_the_station_needs_no_paper(station: Station) -> None:
    decided = await custody.process(station, await received(station))
    assert (decided.state, decided.print_jobs) == ("in_process", ())

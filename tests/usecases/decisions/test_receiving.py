"""Receiving: the slip is queued with the decision, what is missing has a reason and a day."""

import msgspec
import pytest

from edge_node.documents import render
from edge_node.documents.model import AppointmentSlip, SupplementRequest
from edge_node.domain.errors import DomainError, ErrorCode
from edge_node.domain.events import DossierReceived
from edge_node.domain.procedure import Document, Procedure
from edge_node.store import dossier_life, print_jobs
from edge_node.usecases import lookup
from edge_node.usecases.decisions import closing, receiving, supplement, undo
from edge_node.usecases.decisions.command import MAXIMUM_REASON_CHARACTERS, Command, Decided
from edge_node.usecases.decisions.papers import missing_paper
from edge_node.usecases.decisions.receiving import Lacking
from edge_node.usecases.decisions.supplement import Request
from edge_node.usecases.paper.slips import fee_vi
from edge_node.usecases.promises import LONGEST_WAIT
from edge_node.usecases.station import Station
from tests.documents.test_every_document import text_of
from tests.usecases.filing import HOA, MINH, REASON, filed, lacking, next_of, receive
from tests.usecases.test_intake import events
from tests.web.station import TestClock


async def test_receiving_sets_the_due_date_and_queues_the_slip(station: Station) -> None:
    command = await filed(station)
    received = await receive(station, command)
    # Monday 23 November 08:42, three working days, Tuesday 24 is a holiday.
    assert received.due_at.startswith("2026-11-27")
    assert (received.state, received.version, received.undo_s) == ("received", 2, 10)
    event = (await events(station))[-1]
    assert isinstance(event, DossierReceived)
    assert (event.officer, event.counter) == ("minh", "2")
    slip = await slip_of(station, received)
    assert slip.form == "CT04"
    assert slip.provisional
    assert slip.full_name == "Nguyễn Thị Mẫu"
    assert slip.due_at is not None
    assert slip.due_at.date().isoformat() == "2026-11-27"


async def test_the_slip_says_of_a_paper_only_what_the_catalogue_asks(station: Station) -> None:
    """Nobody said whether CT01 must be the original; the criminal record has a copy to compare."""
    silent = await slip_of(station, await receive(station, await filed(station)))
    assert [(one.form, one.copies) for one in silent.papers] == [(None, 1)]
    papers = [{"id": "lltp", "have": True}, {"id": "identity-copy", "have": True}]
    command = await filed(station, "k2", procedure_id="criminal-record", documents=papers)
    have = {"lltp": True, "identity-copy": True}
    slip = await slip_of(station, await receiving.receive(station, command, have))
    assert [one.form for one in slip.papers] == [None, "copy_to_compare"]
    text = text_of(render.draw("appointment_slip", slip).document)
    assert "Bảnsao,kèmbảnchínhđểđốichiếu" in text
    assert "Bảnchính" not in text


async def test_how_a_paper_was_handed_in_is_recorded_and_printed(station: Station) -> None:
    papers = [{"id": "lltp", "have": True}, {"id": "identity-copy", "have": True}]
    command = await filed(station, procedure_id="criminal-record", documents=papers)
    assert await forms_of(station, command) == {}
    have = {"lltp": True, "identity-copy": True}
    forms = {"lltp": "electronic", "identity-copy": ""}
    received = await receiving.receive(station, command, have, forms=forms)
    slip = await slip_of(station, received)
    assert [one.form for one in slip.papers] == ["electronic", None], "what is blank is the pen's"
    assert "Bảnđiệntử" in text_of(render.draw("appointment_slip", slip).document)
    event = (await events(station))[-1]
    assert isinstance(event, DossierReceived)
    assert {one.id: one.form for one in event.documents} == forms
    assert await forms_of(station, command) == forms
    await undo.undo(station, next_of(command))
    assert await forms_of(station, command) == {}


async def test_the_form_of_a_paper_that_is_not_here_is_nobodys(station: Station) -> None:
    command = await filed(station)
    forms = {"ct01": "original"}
    await receiving.receive(station, command, {"ct01": False}, lacking(station), forms)
    assert await forms_of(station, command) == {}


async def test_papers_brought_later_keep_their_form_until_they_are_looked_at(
    station: Station,
) -> None:
    command = await filed(station, documents=[])
    asked = Request(["document:ct01"], "", reviewed=True)
    await supplement.request_supplement(station, command, asked)
    brought = next_of(command)
    await supplement.supply(station, brought, {"ct01": True}, forms={"ct01": "photocopy"})
    assert (await forms_of(station, command))["ct01"] == "photocopy"
    received = await receive(station, next_of(brought))
    assert [one.form for one in (await slip_of(station, received)).papers] == ["photocopy"]


@pytest.mark.parametrize(
    ("forms", "code"),
    [
        ({"ct01": "king"}, ErrorCode.PAPER_FORM_UNKNOWN),
        ({"nothing": "original"}, ErrorCode.DOCUMENT_UNKNOWN),
    ],
)
async def test_a_form_is_one_of_the_catalogues(
    station: Station, forms: dict[str, str], code: ErrorCode
) -> None:
    command = await filed(station)
    with pytest.raises(DomainError) as error:
        await receiving.receive(station, command, {"ct01": True}, lacking(station), forms)
    assert error.value.code is code


async def forms_of(station: Station, command: Command) -> dict[str, str]:
    """What was said of papers; nothing where nobody said anything."""
    view = await lookup.dossier(station, command.dossier_id.hex())
    return {one.id: one.form for one in view.documents if one.form is not None}


async def test_a_request_counts_only_the_kinds_that_the_catalogue_names(station: Station) -> None:
    command = await filed(station, procedure_id="criminal-record", documents=[])
    wanted = Request(["document:lltp", "document:identity-copy"], "", reviewed=True)
    decided = await supplement.request_supplement(station, command, wanted)
    job = await station.store.read(lambda c: print_jobs.find(c, decided.print_job))
    assert job is not None
    letter = msgspec.json.decode(job.slip, type=SupplementRequest)
    said = [(p.originals, p.certified_copies, p.photocopies, p.note) for p in letter.papers]
    assert said == [(0, 0, 0, ""), (0, 0, 0, "mang theo bản chính để đối chiếu")]


@pytest.mark.parametrize(
    ("form", "copies", "said"),
    [
        ("original", 2, (2, 0, 0, "")),
        ("certified_copy", 1, (0, 1, 0, "")),
        ("photocopy", 3, (0, 0, 3, "")),
        ("copy_to_compare", 2, (0, 0, 0, "2 bản, mang theo bản chính để đối chiếu")),
        (None, 2, (0, 0, 0, "2 bản")),
    ],
)
def test_every_form_has_its_place_in_a_request(
    form: str | None, copies: int, said: tuple[object, ...]
) -> None:
    asked = {"id": "x", "name_vi": "Giấy", "name_en": "Paper", "form": form, "copies": copies}
    one = missing_paper(msgspec.convert(asked, Document))
    assert (one.originals, one.certified_copies, one.photocopies, one.note) == said


async def slip_of(station: Station, decided: Decided) -> AppointmentSlip:
    job = await station.store.read(lambda c: print_jobs.find(c, decided.print_job))
    assert job is not None
    return msgspec.json.decode(job.slip, type=AppointmentSlip)


@pytest.mark.parametrize(
    ("what", "code"),
    [
        (Lacking(), ErrorCode.DOSSIER_INCOMPLETE),
        (Lacking(REASON), ErrorCode.REST_DATE_MISSING),
        (Lacking("", "2026-11-23"), ErrorCode.DOSSIER_INCOMPLETE),
        (Lacking(REASON, "2026-11-22"), ErrorCode.DATE_INVALID),
        (Lacking(REASON, "31/02/2027"), ErrorCode.DATE_INVALID),
        (Lacking(REASON, "ngày mai"), ErrorCode.DATE_INVALID),
        (Lacking(REASON, "2027-11-25"), ErrorCode.DATE_INVALID),
        (Lacking("x" * (MAXIMUM_REASON_CHARACTERS + 1)), ErrorCode.REASON_TOO_LONG),
    ],
)
async def test_what_is_missing_needs_a_reason_and_a_day(
    station: Station, what: Lacking, code: ErrorCode
) -> None:
    command = await filed(station)
    with pytest.raises(DomainError) as refused:
        await receiving.receive(station, command, {}, what)
    assert refused.value.code is code
    view = await lookup.dossier(station, command.dossier_id.hex())
    assert view.state == "submitted"
    assert len(view.print_jobs) == 1


async def test_a_shortage_is_on_record_with_its_day(station: Station) -> None:
    command = await filed(station)
    last = (station.moment().now.date() + LONGEST_WAIT).strftime("%d/%m/%Y")
    await receiving.receive(station, command, {}, Lacking(REASON, last))
    found = await station.store.read(lambda c: dossier_life.shortage(c, command.dossier_id))
    assert found is not None
    assert (found.reason, found.rest_due_on) == (REASON, "2027-11-24")
    event = (await events(station))[-1]
    assert isinstance(event, DossierReceived)
    assert event.rest_due_on == "2027-11-24"


async def test_the_same_person_and_procedure_twice_needs_a_reason(station: Station) -> None:
    first, second = await filed(station, "a"), await filed(station, "b")
    one = await lookup.dossier(station, first.dossier_id.hex())
    twin = await receiving.duplicate_of(station, second.dossier_id)
    assert twin is not None
    assert twin.number == one.dossier_no
    short = Lacking(REASON, station.moment().day)
    with pytest.raises(DomainError) as refused:
        await receiving.receive(station, second, {}, short)
    assert refused.value.code is ErrorCode.DUPLICATE_DOSSIER
    assert refused.value.params == {"other": one.dossier_no, "at": "08:42 23/11/2026"}
    await receiving.receive(station, second, {}, short._replace(duplicate_reason="Nhà thứ hai"))
    event = (await events(station))[-1]
    assert isinstance(event, DossierReceived)
    assert (event.duplicate_of, event.duplicate_reason) == (one.dossier_no, "Nhà thứ hai")


async def test_a_refused_dossier_is_no_duplicate(station: Station) -> None:
    first, second = await filed(station, "a"), await filed(station, "b")
    await closing.refuse(station, first, "Sai mẫu")
    assert await receiving.duplicate_of(station, second.dossier_id) is None


async def test_another_procedure_or_person_is_no_duplicate(station: Station) -> None:
    first = await filed(station, "a")
    await filed(station, "b", procedure_id="res-confirm", documents=[])
    await filed(station, "c", applicant={"full_name": "Lê Văn Khác", "id_number": "079085000021"})
    assert await receiving.duplicate_of(station, first.dossier_id) is None


async def test_the_same_decision_twice_prints_one_slip(station: Station) -> None:
    command = await filed(station)
    assert await receive(station, command) == await receive(station, command)
    view = await lookup.dossier(station, command.dossier_id.hex())
    assert [job.kind for job in view.print_jobs] == ["ticket", "appointment_slip"]
    with pytest.raises(DomainError) as refused:
        await closing.refuse(station, command, "khác")
    assert refused.value.code is ErrorCode.IDEMPOTENCY_KEY_REUSED


async def test_who_saw_an_older_version_is_refused(station: Station) -> None:
    command = await filed(station)
    await receive(station, command._replace(version=1))
    with pytest.raises(DomainError) as refused:
        await closing.stop(station, next_of(command)._replace(version=1), "lý do")
    assert refused.value.code is ErrorCode.VERSION_CONFLICT


async def test_two_officers_where_the_catalogue_asks(station: Station) -> None:
    command = await filed(station)
    one = station.catalogue.procedure("res-temporary")
    strict = msgspec.structs.replace(one, two_officers=("receive",))
    _put(station, strict)
    for second, code in (
        (None, ErrorCode.SECOND_OFFICER_MISSING),
        (MINH, ErrorCode.SECOND_OFFICER_SAME),
    ):
        with pytest.raises(DomainError) as refused:
            await receive(station, command._replace(second=second))
        assert refused.value.code is code
    await receive(station, command._replace(second=HOA))
    event = (await events(station))[-1]
    assert isinstance(event, DossierReceived)
    assert (event.officer, event.confirmed_by) == ("minh", "hoa")


def _put(station: Station, procedure: Procedure) -> None:
    known = dict(station.catalogue.procedures)
    station.catalogue.procedures = {**known, procedure.id: procedure}


async def test_commands_without_key_or_dossier_are_refused(station: Station) -> None:
    command = await filed(station)
    for wrong, code in (
        (command._replace(key=""), ErrorCode.IDEMPOTENCY_KEY_MISSING),
        (command._replace(dossier_id=bytes(16)), ErrorCode.DOSSIER_UNKNOWN),
    ):
        with pytest.raises(DomainError) as refused:
            await receive(station, wrong)
        assert refused.value.code is code


async def test_a_clock_wrong_by_years_prints_no_date_and_stops_nobody(
    station: Station, clock: TestClock
) -> None:
    clock.advance(20 * 365 * 24 * 3600)
    received = await receive(station, await filed(station))
    assert (received.due_at, received.state) == ("", "received")


async def test_reasons_for_nothing_missing_are_not_kept(station: Station) -> None:
    command = await filed(station, "a", procedure_id="res-confirm", documents=[])
    view = await lookup.dossier(station, command.dossier_id.hex())
    have = {paper.id: True for paper in view.documents}
    if not [one for one in view.missing if one.startswith("answer:")]:
        await receiving.receive(station, command, have, lacking(station))
        found = await station.store.read(lambda c: dossier_life.shortage(c, command.dossier_id))
        assert found is None


def test_fees_as_the_slip_says_them(station: Station) -> None:
    moment = station.moment().now
    assert fee_vi(station.catalogue.procedure("res-temporary"), moment) == "15.000 đồng"
    assert fee_vi(station.catalogue.procedure("res-confirm"), moment) == "Không thu"
    assert fee_vi(station.catalogue.procedure("id-card-14plus"), moment) in {"", "30.000 đồng"}

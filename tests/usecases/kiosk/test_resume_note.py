"""The code of a form left behind, on paper: once, with nobody's name, and never on the disk."""

import asyncio

import msgspec
import pytest

from edge_node.documents import model
from edge_node.domain.printing import PrintState
from edge_node.store import print_jobs
from edge_node.store.print_jobs import PrintJobRow
from edge_node.store.unit_of_work import Connection
from edge_node.usecases import drafts
from edge_node.usecases.drafts import DRAFT_AGE_S, Draft
from edge_node.usecases.kiosk import leftovers, resume, resume_note
from edge_node.usecases.kiosk.resume_note import MAXIMUM_WAIT
from edge_node.usecases.printing import Desk, print_next, retry_failed
from edge_node.usecases.station import Station
from edge_node.usecases.unwritten import MAXIMUM_GIVEN, Given, Unwritten
from hardware.ports import ClockReading, DeviceError, Failed, PrintJob
from tests.usecases.samples import submit
from tests.usecases.test_printing import TrayPrinter, render
from tests.web.station import TestClock

TOKEN = "the secret of the visit"
FORM = Draft(key="k", procedure_id="res-temporary", answers={"new_address": "12/3 Đường Ví Dụ"})
WAIT_S = int(MAXIMUM_WAIT.total_seconds())


async def leave(station: Station, draft: Draft = FORM) -> Given:
    return await resume_note.leave(station, TOKEN, draft, "en")


async def jobs(station: Station) -> list[PrintJobRow]:
    def ask(connection: Connection) -> list[PrintJobRow]:
        found = (print_jobs.find(connection, n) for n in range(1, 9))
        return [row for row in found if row is not None]

    return await station.store.read(ask)


class Tray(TrayPrinter):
    """Also keeps the facts of what it was asked to draw."""

    __test__ = False

    def desk(self) -> Desk:
        self.notes: list[model.ResumeNote] = []

        def draw(row: PrintJobRow, people_ahead: int) -> PrintJob:
            if row.kind == resume_note.KIND:
                self.notes.append(msgspec.json.decode(row.slip, type=model.ResumeNote))
            return render(row, people_ahead)

        return Desk("ticket", self, draw)


async def test_the_note_says_what_leads_back_and_nobody(station: Station) -> None:
    given = await leave(station)
    tray = Tray()
    assert await print_next(station, tray.desk())
    [note] = tray.notes
    assert note.code == given.code
    assert (await resume.find_by_code(station, note.code)).token == TOKEN
    assert (note.agency, note.procedure_vi) == ("Công an phường Bà Rịa", "Đăng ký tạm trú")
    assert note.valid_until is not None
    assert (note.valid_until - note.made_at).total_seconds() == DRAFT_AGE_S == note.minutes * 60
    [job] = await jobs(station)
    assert (job.state, job.role, job.dossier_id) == (PrintState.PRINTED, "ticket", None)
    assert "Đường Ví Dụ" not in job.slip


async def test_the_disk_has_no_code(station: Station) -> None:
    given = await leave(station)
    [job] = await jobs(station)
    for written in (given.code, given.code.replace("-", ""), TOKEN):
        assert written not in "".join(map(str, job))
    assert given.code not in repr(station.unwritten)


async def test_two_touches_at_once_are_one_code_and_one_note(station: Station) -> None:
    first, second = await asyncio.gather(leave(station), leave(station))
    assert first == second == await leave(station)
    assert len(await jobs(station)) == 1


async def test_a_form_that_went_on_gets_a_new_code(station: Station) -> None:
    first = await leave(station)
    second = await leave(station, msgspec.structs.replace(FORM, phone="0901234567"))
    assert first.code != second.code
    assert len(await jobs(station)) == 2


async def test_a_code_that_is_over_is_not_given_again(station: Station, clock: TestClock) -> None:
    first = await leave(station)
    clock.advance(DRAFT_AGE_S)
    assert resume_note.find(station, TOKEN) == first
    clock.advance(1)
    assert resume_note.find(station, TOKEN) is None
    assert (await leave(station)).code != first.code


async def test_a_note_comes_while_its_person_is_there(station: Station, clock: TestClock) -> None:
    """The printer is filled again in time: the same job, printed once."""
    await leave(station)
    tray = Tray(Failed(DeviceError.PAPER_OUT))
    desk = tray.desk()
    await print_next(station, desk)
    clock.advance(WAIT_S)
    await retry_failed(station, desk)
    await print_next(station, desk)
    assert [job.state for job in await jobs(station)] == [PrintState.PRINTED]
    assert len(tray.sent) == 2


async def test_a_note_that_was_held_up_never_comes_before_a_stranger(
    station: Station, clock: TestClock
) -> None:
    given = await leave(station)
    tray = Tray(Failed(DeviceError.PAPER_OUT))
    desk = tray.desk()
    await print_next(station, desk)
    clock.advance(WAIT_S + 1)
    await retry_failed(station, desk)
    assert await print_next(station, desk)
    assert [job.state for job in await jobs(station)] == [PrintState.CANCELLED]
    assert len(tray.sent) == 1
    assert (await resume.find_by_code(station, given.code)).token == TOKEN, "the form is still kept"


@pytest.mark.parametrize("end", ["handed in", "cleared", "restart"])
async def test_a_note_that_leads_nowhere_is_called_off(station: Station, end: str) -> None:
    await leave(station)
    if end == "handed in":
        await submit(station, FORM.key)
    elif end == "cleared":
        await leftovers.forget(station, TOKEN)
    else:
        station.unwritten = Unwritten()
    tray = Tray()
    desk = tray.desk()
    while await print_next(station, desk):
        pass
    assert tray.notes == []
    assert (await jobs(station))[0].state is PrintState.CANCELLED


async def test_the_next_run_cannot_open_what_this_one_sealed(station: Station) -> None:
    sealed = Unwritten(key=bytes(32)).seal("7KXM-Q2RD", bytes)
    assert Unwritten(key=bytes(32)).open(sealed) == "7KXM-Q2RD"
    for other in (Unwritten(key=b"\1" * 32), Unwritten()):
        assert other.open(sealed) == ""
        assert other.open("no seal at all") == ""


async def test_a_confidential_procedure_is_not_on_the_note(station: Station) -> None:
    found = station.catalogue.procedure(FORM.procedure_id)
    hidden = msgspec.structs.replace(found, confidential=True)
    station.catalogue.procedures = {**station.catalogue.procedures, hidden.id: hidden}
    await leave(station)
    [job] = await jobs(station)
    assert hidden.label_vi not in job.slip
    assert msgspec.json.decode(job.slip, type=model.ResumeNote).procedure_vi == ""


class WrongClock(TestClock):
    """A machine whose battery is empty."""

    __test__ = False

    def read(self) -> ClockReading:
        return super().read()._replace(quality=0)


async def test_a_clock_that_is_wrong_names_no_hour(station: Station) -> None:
    station.clock = WrongClock()
    await leave(station)
    [job] = await jobs(station)
    note = msgspec.json.decode(job.slip, type=model.ResumeNote)
    assert (note.valid_until, note.minutes) == (None, DRAFT_AGE_S // 60)


def test_only_the_latest_codes_are_kept_in_mind() -> None:
    unwritten = Unwritten()
    for number in range(MAXIMUM_GIVEN + 1):
        unwritten.keep(str(number).encode(), Given("", number, b"", 0))
    assert len(unwritten.given) == MAXIMUM_GIVEN
    assert unwritten.find(b"0", 0) is None
    assert unwritten.find(b"1", 0) is not None


async def test_the_form_is_kept_as_one_that_a_code_leads_to(station: Station) -> None:
    await leave(station)
    kept = await drafts.load(station, TOKEN)
    assert kept is not None
    assert kept.resumable

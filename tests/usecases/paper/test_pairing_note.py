"""The pairing code on paper: true when it comes out, and never on the disk."""

import msgspec
import pytest

from edge_node.documents import model
from edge_node.domain.errors import DomainError, ErrorCode
from edge_node.domain.pairing import CODE_AGE_S, MAXIMUM_WRONG_TRIES
from edge_node.domain.printing import PrintState
from edge_node.domain.seats import SeatRules
from edge_node.store import print_jobs
from edge_node.store.print_jobs import PrintJobRow
from edge_node.usecases import pairing
from edge_node.usecases.paper import pairing_note
from edge_node.usecases.printing import Desk, print_next
from edge_node.usecases.station import Station
from hardware.ports import PrintJob
from tests.usecases.test_printing import TrayPrinter, render
from tests.web.station import TestClock

ADDRESS = "https://10.0.0.9:8443/pair"


@pytest.fixture
def opened(station: Station) -> str:
    """The open code of kiosk 2, as it is shown."""
    station.seats = SeatRules(("1", "2"), "required")
    return pairing.begin(station, station.officers["minh"], "kiosk-2").shown


async def print_open(station: Station) -> int:
    return await pairing_note.print_open(station, station.officers["minh"], ADDRESS)


async def job_of(station: Station, job_id: int) -> PrintJobRow:
    row = await station.store.read(lambda connection: print_jobs.find(connection, job_id))
    assert row is not None
    return row


async def drawn(station: Station) -> list[model.PairingNote]:
    """What comes out of the printer next."""
    notes: list[model.PairingNote] = []

    def draw(row: PrintJobRow, people_ahead: int) -> PrintJob:
        notes.append(msgspec.json.decode(row.slip, type=model.PairingNote))
        return render(row, people_ahead)

    assert await print_next(station, Desk("ticket", TrayPrinter(), draw))
    return notes


async def test_the_slip_says_which_kiosk_what_to_type_and_where(
    station: Station, opened: str, clock: TestClock
) -> None:
    await print_open(station)
    clock.advance(61)
    [note] = await drawn(station)
    assert (note.kiosk, note.code, note.address, note.minutes) == ("2", opened, ADDRESS, 4)


async def test_the_disk_has_no_code(station: Station, opened: str) -> None:
    job = await job_of(station, await print_open(station))
    assert opened not in job.slip
    assert opened.replace(" ", "") not in job.slip


@pytest.mark.parametrize("how", ["too late", "used up", "another kiosk's", "ended"])
async def test_a_slip_that_would_be_wrong_is_called_off(
    station: Station, opened: str, clock: TestClock, how: str
) -> None:
    job_id = await print_open(station)
    if how == "too late":
        clock.advance(CODE_AGE_S)
    elif how == "used up":
        await pairing.use(station, opened, "")
    elif how == "another kiosk's":
        pairing.begin(station, station.officers["minh"], "kiosk-1")
    else:
        await pairing.end(station, station.officers["minh"], "kiosk-2")
    assert await drawn(station) == []
    assert (await job_of(station, job_id)).state is PrintState.CANCELLED


async def test_without_an_open_code_nothing_is_printed(station: Station, opened: str) -> None:
    for _ in range(MAXIMUM_WRONG_TRIES):
        with pytest.raises(DomainError):
            await pairing.use(station, opened[:-1], "")
    with pytest.raises(DomainError) as caught:
        await print_open(station)
    assert caught.value.code is ErrorCode.NOT_FOUND

"""A scanned card goes to one page, once, and not for long."""

from edge_node.domain.identity_card import CardScan, RefusedScan
from edge_node.usecases.scans import MAXIMUM_WAITING_SCANS, SCAN_AGE_S, ScanDesk
from edge_node.usecases.station import Station
from tests.web.station import SCAN, TestClock


async def test_a_scan_is_claimed_once(station: Station) -> None:
    desk = ScanDesk(station.changes)
    async with station.changes.subscribe() as changes:
        scan_id = desk.offer(station, SCAN.encode())
        change = changes.get_nowait()
    assert (change.topic, change.id) == ("scan", scan_id)
    assert "079190000017" not in scan_id
    assert isinstance(desk.claim(station, scan_id), CardScan)
    assert desk.claim(station, scan_id) is None


async def test_the_same_card_twice_is_one_scan(station: Station, clock: TestClock) -> None:
    desk = ScanDesk(station.changes)
    assert desk.offer(station, SCAN.encode())
    assert desk.offer(station, SCAN.encode()) == ""
    clock.advance(3)
    assert desk.offer(station, SCAN.encode())


async def test_old_and_superfluous_scans_are_forgotten(station: Station, clock: TestClock) -> None:
    desk = ScanDesk(station.changes)
    ids = [desk.offer(station, f"noise {n}".encode()) for n in range(MAXIMUM_WAITING_SCANS + 1)]
    assert desk.claim(station, ids[0]) is None
    assert isinstance(desk.claim(station, ids[1]), RefusedScan)
    clock.advance(SCAN_AGE_S + 1)
    assert desk.claim(station, ids[-1]) is None

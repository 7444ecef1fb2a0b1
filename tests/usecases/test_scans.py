"""A scanned code goes to one page of one seat, once, and not for long."""

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from edge_node.usecases.scans import MAXIMUM_WAITING_SCANS, SCAN_AGE_S, ScanDesk
from edge_node.usecases.station import Station
from tests.web.station import SCAN, TestClock

HERE, THERE = "kiosk-1", "kiosk-2"
CARD = SCAN.encode()


async def test_a_scan_is_claimed_once(station: Station) -> None:
    desk = ScanDesk(station.changes)
    async with station.changes.subscribe() as changes:
        scan_id = desk.offer(station, HERE, CARD)
        change = changes.get_nowait()
    assert (change.topic, change.id, change.seat) == ("scan", scan_id, HERE)
    assert "079190000017" not in scan_id
    assert desk.claim(station, HERE, scan_id) == CARD
    assert desk.claim(station, HERE, scan_id) is None


async def test_another_seat_gets_nothing_and_takes_nothing_away(station: Station) -> None:
    desk = ScanDesk(station.changes)
    scan_id = desk.offer(station, HERE, CARD)
    assert desk.claim(station, THERE, scan_id) is None
    assert desk.claim(station, "", scan_id) is None
    assert desk.claim(station, HERE, scan_id) == CARD


async def test_the_same_card_twice_is_one_scan_at_one_seat(
    station: Station, clock: TestClock
) -> None:
    desk = ScanDesk(station.changes)
    assert desk.offer(station, HERE, CARD)
    assert desk.offer(station, HERE, CARD) == ""
    assert desk.offer(station, THERE, CARD)
    clock.advance(3)
    assert desk.offer(station, HERE, CARD)


async def test_old_and_superfluous_scans_are_forgotten(station: Station, clock: TestClock) -> None:
    desk = ScanDesk(station.changes)
    other = desk.offer(station, THERE, CARD)
    codes = [f"noise {number}".encode() for number in range(MAXIMUM_WAITING_SCANS + 1)]
    ids = [desk.offer(station, HERE, code) for code in codes]
    assert desk.claim(station, HERE, ids[0]) is None
    assert desk.claim(station, HERE, ids[1]) == codes[1]
    assert desk.claim(station, THERE, other) == CARD
    clock.advance(SCAN_AGE_S)
    assert desk.claim(station, HERE, ids[2]) == codes[2]
    clock.advance(1)
    assert desk.claim(station, HERE, ids[-1]) is None


steps = st.lists(
    st.one_of(
        st.tuples(st.just("scan"), st.sampled_from([HERE, THERE]), st.integers(0, 3)),
        st.tuples(st.just("claim"), st.sampled_from([HERE, THERE, ""]), st.integers(0, 9)),
        st.tuples(st.just("wait"), st.just(""), st.integers(0, SCAN_AGE_S)),
    ),
    max_size=30,
)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(steps)
async def test_scans_and_claims_in_any_order_never_cross(
    station: Station, clock: TestClock, done: list[tuple[str, str, int]]
) -> None:
    """A code carries the name of its seat: whatever is claimed at a seat was read there, once."""
    desk, ids, taken = ScanDesk(station.changes), [""], set[bytes]()
    async with station.changes.subscribe() as changes:
        for number, (what, seat, amount) in enumerate(done):
            if what == "scan":
                ids.append(desk.offer(station, seat, f"{seat} {number}".encode()))
                change = changes.get_nowait()
                assert (change.seat, change.id) == (seat, ids[-1])
            elif what == "claim":
                frame = desk.claim(station, seat, ids[amount % len(ids)])
                assert frame is None or (frame.startswith(seat.encode()) and seat)
                assert frame is None or frame not in taken
                taken |= {frame} if frame else set()
            else:
                clock.advance(amount)

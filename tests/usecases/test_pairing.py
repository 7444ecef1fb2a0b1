"""From a code on the status page to a browser with a seat, once."""

import msgspec
import pytest

from edge_node.domain.errors import DomainError, ErrorCode
from edge_node.domain.events import SeatPaired, SeatReleased
from edge_node.domain.officer import Role
from edge_node.domain.pairing import CODE_AGE_S, MAXIMUM_WRONG_TRIES
from edge_node.domain.seats import SeatRules
from edge_node.store import payloads
from edge_node.usecases import pairing, seats
from edge_node.usecases.station import Officer, Station, token_id
from tests.usecases.city_side import records
from tests.web.station import TestClock


@pytest.fixture
def technician(station: Station) -> Officer:
    station.seats = SeatRules(("1", "2"), "required")
    return msgspec.structs.replace(station.officers["minh"], roles=(Role.TECHNICIAN,))


async def refusal(station: Station, typed: str) -> ErrorCode:
    with pytest.raises(DomainError) as caught:
        await pairing.use(station, typed, "")
    return caught.value.code


async def test_the_right_code_gives_the_seat_once(station: Station, technician: Officer) -> None:
    code = pairing.begin(station, technician, "kiosk-2").code
    token = await pairing.use(station, code, "")
    assert await seats.kiosk_of(station, token) == "kiosk-2"
    assert (await seats.paired(station))["kiosk-2"].paired_by == "minh"
    assert await refusal(station, code) is ErrorCode.PAIRING_CODE_WRONG


async def test_a_code_that_is_too_old_is_wrong(
    station: Station, technician: Officer, clock: TestClock
) -> None:
    code = pairing.begin(station, technician, "kiosk-1").code
    clock.advance(CODE_AGE_S)
    assert await refusal(station, code) is ErrorCode.PAIRING_CODE_WRONG
    assert pairing.open_code(station) is None


async def test_the_right_code_comes_too_late_after_wrong_ones(
    station: Station, technician: Officer
) -> None:
    code = pairing.begin(station, technician, "kiosk-1").code
    for _ in range(MAXIMUM_WRONG_TRIES):
        assert await refusal(station, "x") is ErrorCode.PAIRING_CODE_WRONG
    assert await refusal(station, code) is ErrorCode.PAIRING_CODE_WRONG
    opened = pairing.open_code(station)
    assert opened is not None
    assert opened.guessed_out
    assert await seats.paired(station) == {}


async def test_one_wrong_try_less_leaves_the_code_good(
    station: Station, technician: Officer
) -> None:
    code = pairing.begin(station, technician, "kiosk-1").code
    for _ in range(MAXIMUM_WRONG_TRIES - 1):
        await refusal(station, "x")
    assert await seats.kiosk_of(station, await pairing.use(station, code, "")) == "kiosk-1"


async def test_a_new_code_ends_the_one_before(station: Station, technician: Officer) -> None:
    first = pairing.begin(station, technician, "kiosk-1").code
    second = pairing.begin(station, technician, "kiosk-2").code
    assert await refusal(station, first) is ErrorCode.PAIRING_CODE_WRONG
    assert await seats.kiosk_of(station, await pairing.use(station, second, "")) == "kiosk-2"


async def test_without_an_open_code_everything_is_wrong(station: Station) -> None:
    assert await refusal(station, "00000000") is ErrorCode.PAIRING_CODE_WRONG
    assert station.pairing is None


async def test_a_browser_is_shut_out_at_once(station: Station, technician: Officer) -> None:
    token = await pairing.use(station, pairing.begin(station, technician, "kiosk-1").code, "")
    pairing.begin(station, technician, "kiosk-1")
    await pairing.end(station, technician, "kiosk-1")
    assert await seats.kiosk_of(station, token) == ""
    assert pairing.open_code(station) is None


async def test_only_a_kiosk_of_this_station_is_paired(
    station: Station, technician: Officer
) -> None:
    for seat in ("kiosk-3", "counter-1", ""):
        with pytest.raises(DomainError) as caught:
            pairing.begin(station, technician, seat)
        assert caught.value.code is ErrorCode.NOT_FOUND


async def heard(station: Station) -> list[object]:
    """What the journal says of seats."""
    kinds = {payloads.KINDS[form] for form in (SeatPaired, SeatReleased)}
    return [payloads.read(one.body) for one in await records(station) if one.kind in kinds]


async def test_the_journal_says_who_made_which_kiosk(
    station: Station, technician: Officer, clock: TestClock
) -> None:
    token = await pairing.use(station, pairing.begin(station, technician, "kiosk-1").code, "")
    clock.advance(60)
    await pairing.use(station, pairing.begin(station, technician, "kiosk-2").code, token)
    clock.advance(60)
    await pairing.end(station, technician, "kiosk-2")
    await pairing.end(station, technician, "kiosk-2")
    day = "2026-11-23T08:4"
    assert await heard(station) == [
        SeatPaired(seat="kiosk-1", left="", officer="minh", paired_at=f"{day}2:00+07:00"),
        SeatPaired(seat="kiosk-2", left="kiosk-1", officer="minh", paired_at=f"{day}3:00+07:00"),
        SeatReleased(seat="kiosk-2", officer="minh", released_at=f"{day}4:00+07:00"),
    ]


async def test_the_journal_never_has_the_code_or_the_token(
    station: Station, technician: Officer
) -> None:
    opened = pairing.begin(station, technician, "kiosk-1")
    await refusal(station, "00000000")
    token = await pairing.use(station, opened.code, "")
    written = b"".join(one.body for one in await records(station))
    assert b"kiosk-1" in written
    for secret in (opened.code, opened.shown, token, token_id(token).hex()):
        assert secret.encode() not in written

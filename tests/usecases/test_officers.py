"""Signing in: the right PIN, a bounded number of wrong ones, a wait that ends."""

import pytest

from edge_node.domain.errors import DomainError, ErrorCode
from edge_node.usecases import officers
from edge_node.usecases.officers import LOCK_S, MAXIMUM_FAILURES, SESSION_S
from edge_node.usecases.station import Station
from tests.web.station import PIN, TestClock


async def test_the_right_pin_opens_a_session_that_ends(station: Station, clock: TestClock) -> None:
    token = await officers.sign_in(station, "minh", PIN)
    officer = await officers.officer_of(station, token)
    assert officer is not None
    assert officer.name == "Trần Văn Minh"
    assert await officers.officer_of(station, "another token") is None
    assert await officers.officer_of(station, "") is None
    clock.advance(SESSION_S + 1)
    assert await officers.officer_of(station, token) is None


async def test_signing_out_ends_it(station: Station) -> None:
    token = await officers.sign_in(station, "minh", PIN)
    await officers.sign_out(station, token)
    assert await officers.officer_of(station, token) is None


async def test_wrong_pins_make_the_account_wait_a_minute(
    station: Station, clock: TestClock
) -> None:
    for left in reversed(range(MAXIMUM_FAILURES)):
        with pytest.raises(DomainError) as refused:
            await officers.sign_in(station, "minh", "000000")
        assert refused.value.code is ErrorCode.PIN_WRONG
        assert refused.value.params["tries_left"] == left
    with pytest.raises(DomainError) as refused:
        await officers.sign_in(station, "minh", PIN)
    assert refused.value.code is ErrorCode.PIN_LOCKED
    assert refused.value.params["wait_s"] == LOCK_S
    clock.advance(LOCK_S + 1)
    assert await officers.sign_in(station, "minh", PIN)


async def test_a_stranger_learns_nothing(station: Station) -> None:
    with pytest.raises(DomainError) as refused:
        await officers.sign_in(station, "nobody", PIN)
    assert refused.value.code is ErrorCode.PIN_WRONG

"""Signing in: the right PIN, a bounded number of wrong ones, a wait that ends, per device."""

import asyncio
from pathlib import Path

import pytest

from edge_node.domain.errors import DomainError, ErrorCode
from edge_node.domain.officer import Role
from edge_node.store import sessions
from edge_node.usecases import officers
from edge_node.usecases.officers import LOCK_S, MAXIMUM_FAILURES, SESSION_S, pins
from edge_node.usecases.officers.pins import Try
from edge_node.usecases.station import Station
from tests.usecases.officer_samples import chief_of, events_of, refusal
from tests.web.station import PIN, TestClock, open_station

NEW_PIN = "739215"


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
    assert [one["type"] for one in await events_of(station)] == ["officer.made_to_wait"]
    clock.advance(LOCK_S + 1)
    assert await officers.sign_in(station, "minh", PIN)


async def test_a_hundred_tries_at_once_are_still_five(station: Station) -> None:
    async def attempt(number: int) -> ErrorCode:
        return await refusal(officers.sign_in(station, "minh", f"{number:06}"))

    codes = await asyncio.gather(*map(attempt, range(20)))
    assert codes.count(ErrorCode.PIN_WRONG) == MAXIMUM_FAILURES
    assert codes.count(ErrorCode.PIN_LOCKED) == 20 - MAXIMUM_FAILURES


async def test_nobody_locks_a_counter_out_from_elsewhere(station: Station) -> None:
    await officers.sign_in(station, "minh", PIN, "the counter's cookie")
    for cookie in ("", "made up", "made up again", "", ""):
        assert await refusal(officers.sign_in(station, "minh", "000000", cookie)) is (
            ErrorCode.PIN_WRONG
        )
    assert await refusal(officers.sign_in(station, "minh", PIN, "one more")) is (
        ErrorCode.PIN_LOCKED
    )
    assert await officers.sign_in(station, "minh", PIN, "the counter's cookie")


async def test_a_wait_outlives_a_restart(tmp_path: Path, clock: TestClock) -> None:
    async with open_station(tmp_path, clock) as station:
        for _ in range(MAXIMUM_FAILURES):
            await refusal(officers.sign_in(station, "minh", "000000"))
    async with open_station(tmp_path, clock) as station:
        assert await refusal(officers.sign_in(station, "minh", PIN)) is ErrorCode.PIN_LOCKED
        clock.advance(LOCK_S + 1)
        assert await officers.sign_in(station, "minh", PIN)


async def test_a_stranger_learns_nothing(station: Station) -> None:
    assert await refusal(officers.sign_in(station, "nobody", PIN)) is ErrorCode.PIN_WRONG


async def test_an_officer_changes_the_pin(tmp_path: Path, clock: TestClock) -> None:
    async with open_station(tmp_path, clock) as station:
        assert await refusal(pins.change(station, Try("minh", "000001"), NEW_PIN)) is (
            ErrorCode.PIN_WRONG
        )
        assert await refusal(pins.change(station, Try("minh", PIN), PIN)) is ErrorCode.PIN_UNCHANGED
        assert await refusal(pins.change(station, Try("minh", PIN), "123456")) is (
            ErrorCode.PIN_TOO_SIMPLE
        )
        await pins.change(station, Try("minh", PIN), NEW_PIN)
        assert await refusal(officers.sign_in(station, "minh", PIN)) is ErrorCode.PIN_WRONG
        assert await officers.sign_in(station, "minh", NEW_PIN)


async def test_a_chief_draws_a_pin_without_the_city(station: Station) -> None:
    chief = chief_of(station)
    token = await officers.sign_in(station, "minh", PIN)
    for _ in range(MAXIMUM_FAILURES):
        await refusal(officers.sign_in(station, "minh", "000000", "elsewhere"))
    pin = await pins.draw(station, chief, "minh")
    assert await officers.officer_of(station, token) is None
    assert _must_change(station)
    assert await officers.sign_in(station, "minh", pin)
    await pins.change(station, Try("minh", pin), NEW_PIN)
    assert not _must_change(station)
    said = [one for one in await events_of(station) if one["type"] == "officer.pin_set"]
    assert [one["by"] for one in said] == [chief.id, "minh"]
    assert not any(pin in str(one) or NEW_PIN in str(one) for one in await events_of(station))


def _must_change(station: Station) -> bool:
    return station.officers["minh"].must_change_pin


async def test_only_a_chief_draws_a_pin(station: Station) -> None:
    minh = station.officers["minh"]
    assert minh.roles == (Role.OFFICER, Role.CASHIER)
    assert await refusal(pins.draw(station, minh, "minh")) is ErrorCode.DUTY_NOT_YOURS
    assert await refusal(pins.draw(station, chief_of(station), "nobody")) is (
        ErrorCode.OFFICER_UNKNOWN
    )


async def test_no_pin_is_kept_readable(station: Station) -> None:
    pin = await pins.draw(station, chief_of(station), "minh")
    found = await station.store.read(
        lambda connection: connection.execute("SELECT * FROM officer_pin").fetchall()
    )
    assert pin not in str(found)
    assert "$argon2id$" in str(found)
    assert await station.store.read(
        lambda connection: sessions.failures(connection, "minh", sessions.UNKNOWN_DEVICE)
    ) == (0, 0)

"""Screens that lock, somebody who goes on, two officers for one decision, who looked at whom."""

import msgspec
import pytest

from edge_node.domain.errors import ErrorCode
from edge_node.domain.officer import Role
from edge_node.store import inbox
from edge_node.usecases import officers
from edge_node.usecases.officers import access, accounts, second, sitting
from edge_node.usecases.officers.pins import Try
from edge_node.usecases.officers.sitting import Opening
from edge_node.usecases.station import ACCESS_LOG_DAYS, Station
from tests.usecases.officer_samples import chief_of, events_of, join, refusal
from tests.web.station import PIN, TestClock

DOSSIER = "07" * 16


async def test_a_locked_screen_opens_for_its_officer(station: Station) -> None:
    token = await officers.sign_in(station, "minh", PIN)
    await sitting.lock(station, token)
    assert await officers.officer_of(station, token) is None
    opening = Opening(station.officers["minh"], "pin", "")
    assert await sitting.unlock(station, token, opening) == token
    assert await officers.officer_of(station, token) is not None
    assert [one["type"] for one in await events_of(station)] == ["officer.signed_in"]


async def test_a_colleague_takes_a_locked_screen_over_at_the_same_counter(
    station: Station,
) -> None:
    lan = join(station, "lan", "Phạm Thị Lan", "7")
    token = await officers.sign_in(station, "minh", PIN)
    await sitting.lock(station, token)
    other = await sitting.unlock(station, token, Opening(lan, "pin", "cookie"))
    assert other != token
    assert await officers.officer_of(station, token) is None
    found = await officers.officer_of(station, other)
    assert found is not None
    assert (found.id, found.counter) == ("lan", "2")
    told = (await events_of(station))[-1]
    assert (told["type"], told["before"]) == ("officer.took_over", "minh")


async def test_nobody_moving_locks_the_screen_and_a_refresh_is_no_move(
    station: Station, clock: TestClock
) -> None:
    token = await officers.sign_in(station, "minh", PIN)
    clock.advance(station.policy.lock_after_s - 1)
    assert await sitting.find(station, token) is not None
    clock.advance(station.policy.lock_after_s - 1)
    found = await sitting.find(station, token, moved=False)
    assert found is not None
    assert not found.locked
    clock.advance(1)
    found = await sitting.find(station, token)
    assert found is not None
    assert found.locked


async def test_the_chief_sees_and_ends_every_session_but_the_own(station: Station) -> None:
    chief = chief_of(station)
    mine = await officers.sign_in(station, chief.id, PIN)
    theirs = await officers.sign_in(station, "minh", PIN)
    lines = await sitting.listed(station, chief, mine)
    assert sorted((one.officer_id, one.mine) for one in lines) == [("hoa", True), ("minh", False)]
    assert await sitting.end(station, chief, "", mine) == 1
    assert await officers.officer_of(station, theirs) is None
    assert await officers.officer_of(station, mine) is not None
    minh = station.officers["minh"]
    assert await refusal(sitting.end(station, minh, "", "")) is ErrorCode.DUTY_NOT_YOURS
    assert await refusal(sitting.listed(station, minh, "")) is ErrorCode.DUTY_NOT_YOURS


async def test_a_second_officer_signs_for_one_decision(station: Station) -> None:
    lan = join(station, "lan", "Phạm Thị Lan", "7")
    join(station, "kim", "Võ Kim", "", (Role.TECHNICIAN,))
    minh = station.officers["minh"]
    assert await refusal(second.confirm(station, minh, Try("minh", PIN), "k")) is (
        ErrorCode.SECOND_OFFICER_SAME
    )
    assert await refusal(second.confirm(station, minh, Try("lan", "000000"), "k")) is (
        ErrorCode.PIN_WRONG
    )
    assert await refusal(second.confirm(station, minh, Try("kim", PIN), "k")) is (
        ErrorCode.DUTY_NOT_YOURS
    )
    assert await second.confirm(station, minh, Try("lan", PIN), "k") == lan
    told = (await events_of(station))[-1]
    assert (told["officer"], told["first"], told["decision"]) == ("lan", "minh", "k")


@pytest.mark.parametrize("days", [30, ACCESS_LOG_DAYS])
async def test_looks_are_kept_as_many_days_as_the_chief_decides(
    station: Station, clock: TestClock, days: int
) -> None:
    station.policy = msgspec.structs.replace(station.policy, access_log_days=days)
    await access.looked(station, station.officers["minh"], DOSSIER)
    clock.advance(days * 24 * 3600)
    assert await access.forget_old(station) == 0
    clock.advance(1)
    assert await access.forget_old(station) == 1


async def test_a_look_is_noted_once_and_only_a_chief_reads_it(
    station: Station, clock: TestClock
) -> None:
    minh, chief = station.officers["minh"], chief_of(station)
    for _ in range(3):
        await access.looked(station, minh, DOSSIER)
    await access.looked(station, minh, DOSSIER, "paper", "ct01.jpg")
    clock.advance(access.SAME_LOOK_MS // 1000)
    await access.looked(station, minh, DOSSIER)
    lines = await access.newest(station, chief)
    assert [(one.what, one.detail) for one in lines] == [
        ("dossier", ""),
        ("paper", "ct01.jpg"),
        ("dossier", ""),
    ]
    assert await access.newest(station, chief, "08" * 16) == []
    assert await refusal(access.newest(station, minh)) is ErrorCode.DUTY_NOT_YOURS
    assert await events_of(station) == []


async def test_somebody_the_city_sends_gets_a_pin_and_a_counter_from_the_chief(
    station: Station,
) -> None:
    chief = chief_of(station)
    word = inbox.OfficerWord("lan", "Phạm Thị Lan", active=True, role="cashier")
    await station.store.write(station.moment(), lambda t: inbox.set_officer(t, word, 1))
    await accounts.refresh(station)
    lan = station.officers["lan"]
    assert (lan.name, lan.counter, lan.roles) == ("Phạm Thị Lan", "", (Role.CASHIER,))
    assert await refusal(officers.sign_in(station, "lan", PIN)) is ErrorCode.PIN_NOT_SET
    await accounts.give_duty(station, chief, "lan", "4", (Role.OFFICER,))
    assert (station.officers["lan"].counter, station.officers["lan"].roles) == (
        "4",
        (Role.OFFICER,),
    )
    assert await refusal(
        accounts.give_duty(station, station.officers["lan"], "lan", "4", (Role.CHIEF,))
    ) is (ErrorCode.DUTY_NOT_YOURS)


@pytest.mark.parametrize("roles", [(), (Role.OFFICER,)])
async def test_the_last_chief_stays_one(station: Station, roles: tuple[Role, ...]) -> None:
    chief = chief_of(station)
    await accounts.give_duty(station, chief, chief.id, "1", roles)
    assert Role.CHIEF in station.officers[chief.id].roles

"""Bookings over the LAN: free times, one of them booked once, given up again."""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from aiohttp import ClientResponse
from aiohttp.test_utils import TestClient, TestServer

from edge_node.domain.queue_rules import PLACES_PER_SLOT
from edge_node.health.examine import Devices
from edge_node.usecases.intake import Asked, check_in
from edge_node.usecases.station import Station
from tests.web.lan import PAIRED, make_lan_app, paired, refusal
from tests.web.pages import Browser

SLOTS = "/api/v1/services/residence/slots"
APPOINTMENTS = "/api/v1/appointments"
TODAY, TOMORROW = "2026-11-23", "2026-11-25"
NINE = f"{TOMORROW}T09:00:00+07:00"


@pytest.fixture
async def lan(station: Station, tmp_path: Path) -> AsyncIterator[Browser]:
    devices = Devices(data_directory=tmp_path, version="1.2.3")
    server = TestServer(make_lan_app(paired(station), devices))
    async with TestClient(server) as client:
        yield client


async def free(lan: Browser, day: str) -> dict[str, int]:
    answer = await lan.get(f"{SLOTS}/{day}", headers=PAIRED)
    assert answer.status == 200, await answer.text()
    return {one["booked_for"]: one["places"] for one in (await answer.json())["slots"]}


async def book(lan: Browser, key: str, **changes: str) -> ClientResponse:
    body: dict[str, Any] = {"service": "residence", "booked_for": NINE, **changes}
    return await lan.post(APPOINTMENTS, json=body, headers={**PAIRED, "Idempotency-Key": key})


async def test_free_times_lie_within_office_hours_and_ahead(lan: Browser) -> None:
    today, tomorrow = await free(lan, TODAY), await free(lan, TOMORROW)
    assert min(today) == f"{TODAY}T09:00:00+07:00", "what has begun is over"
    assert set(tomorrow.values()) == {PLACES_PER_SLOT}
    assert NINE in tomorrow
    assert f"{TOMORROW}T12:00:00+07:00" not in tomorrow, "nobody works at noon"
    for day in ("2026-11-22", "2026-11-24", "2026-11-29", "2027-11-24", "9999-12-31", "0001-01-01"):
        assert await free(lan, day) == {}, day


async def test_a_place_is_booked_once_per_key_and_given_back(lan: Browser) -> None:
    first, again = await book(lan, "k"), await book(lan, "k")
    assert (first.status, again.status) == (201, 200)
    assert again.headers["Idempotency-Replayed"] == "true"
    assert await first.read() == await again.read()
    assert (await free(lan, TOMORROW))[NINE] == PLACES_PER_SLOT - 1
    code = (await first.json())["code"]
    for _ in range(2):
        answer = await lan.delete(f"{APPOINTMENTS}/{code.lower()}", headers=PAIRED)
        assert (answer.status, (await answer.json())["state"]) == (200, "cancelled")
    assert (await free(lan, TOMORROW))[NINE] == PLACES_PER_SLOT


async def test_a_full_time_is_refused_and_no_longer_offered(lan: Browser) -> None:
    for number in range(PLACES_PER_SLOT):
        assert (await book(lan, f"k{number}")).status == 201
    assert NINE not in await free(lan, TOMORROW)
    assert (await refusal(await book(lan, "late"), 409))["code"] == "appointment_full"
    assert (await book(lan, "k0")).status == 200, "an old key still has its answer"


@pytest.mark.parametrize(
    ("changes", "status", "code"),
    [
        ({"booked_for": f"{TOMORROW}T09:10:00+07:00"}, 422, "appointment_time"),
        ({"booked_for": f"{TODAY}T08:30:00+07:00"}, 422, "appointment_time"),
        ({"booked_for": "2027-11-24T09:00:00+07:00"}, 422, "appointment_time"),
        ({"booked_for": "0001-01-01T00:00:00+07:00"}, 422, "appointment_time"),
        ({"booked_for": "9999-12-31T23:59:59-07:00"}, 422, "appointment_time"),
        ({"booked_for": f"{TOMORROW}T09:00:00"}, 400, "body_malformed"),
        ({"service": "nothing"}, 422, "service_unknown"),
    ],
)
async def test_a_booking_that_cannot_be(
    lan: Browser, changes: dict[str, str], status: int, code: str
) -> None:
    assert (await refusal(await book(lan, "k", **changes), status))["code"] == code


async def test_keys_codes_days_and_devices_are_checked(lan: Browser, station: Station) -> None:
    code = (await (await book(lan, "k")).json())["code"]
    other = await book(lan, "k", booked_for=f"{TOMORROW}T09:30:00+07:00")
    assert (await refusal(other, 422))["code"] == "idempotency_key_reused"
    assert (await refusal(await book(lan, ""), 400))["code"] == "idempotency_key_missing"
    unknown = await lan.delete(f"{APPOINTMENTS}/234567", headers=PAIRED)
    assert (await refusal(unknown, 404))["code"] == "appointment_unknown"
    wrong = await lan.get(f"{SLOTS}/tomorrow", headers=PAIRED)
    assert (await refusal(wrong, 422))["code"] == "date_invalid"
    for verb, path in (("GET", f"{SLOTS}/{TODAY}"), ("DELETE", f"{APPOINTMENTS}/{code}")):
        assert (await refusal(await lan.request(verb, path), 401))["code"] == "device_unknown"


async def test_a_used_booking_cannot_be_given_up(lan: Browser, station: Station) -> None:
    today = await book(lan, "k", booked_for=f"{TODAY}T09:00:00+07:00")
    code = (await today.json())["code"]
    await check_in(station, code, Asked("k", "kiosk"))
    answer = await lan.delete(f"{APPOINTMENTS}/{code}", headers=PAIRED)
    assert (await refusal(answer, 409))["code"] == "appointment_used"

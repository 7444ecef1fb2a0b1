"""The queue, the voice and the phones in the configuration, and phones reaching their page."""

import contextlib
import socket
from pathlib import Path

import aiohttp
import pytest

from edge_node.bootstrap.listening import PortBusyError, listen_for_phones
from edge_node.bootstrap.opening import open_station
from edge_node.domain.voice_rules import volume_at
from edge_node.settings import Settings, SettingsError, read_settings
from edge_node.web.phone import create_phone_app
from tests.web.station import TestClock
from tests.web.station import open_station as open_test_station

STATION = '[station]\ncode = "26560"\nstate_directory = "state"\nsync_database = "sync/sync.db"\n'
COUNTER = '[[queue.counter]]\nname = "3"\nservices = ["identity"]\nquick = true\n'
HOURS = '[[voice.hours]]\nstart = "07:30"\nend = "11:30"\nvolume = 70\n'


def read(folder: Path, text: str) -> Settings:
    path = folder / "node.toml"
    path.write_text(STATION + text, encoding="utf-8")
    return read_settings(path)


def test_the_defaults_call_everything_everywhere_and_open_no_port(tmp_path: Path) -> None:
    settings = read(tmp_path, "")
    rules = settings.queue.rules()
    assert rules.counter("9").serves("anything")
    assert "merit" in rules.priority_reasons
    assert settings.voice.rules().by_digits
    assert volume_at(0, settings.voice.rules().hours) == 100
    assert settings.phone.host == ""


def test_how_far_ahead_and_how_many_is_the_chiefs_to_decide(tmp_path: Path) -> None:
    rules = read(tmp_path, "").queue.rules()
    assert (rules.booking_days_ahead, rules.bookings_per_day) == (30, 200)
    assert read(tmp_path, "").desk.policy().access_log_days == 365
    said = "[queue]\nbooking_days_ahead = 14\nbookings_per_day = 40\n[desk]\naccess_log_days = 730"
    settings = read(tmp_path, said)
    rules = settings.queue.rules()
    assert (rules.booking_days_ahead, rules.bookings_per_day) == (14, 40)
    assert settings.desk.policy().access_log_days == 730


def test_counters_hours_and_phones(tmp_path: Path) -> None:
    settings = read(tmp_path, COUNTER + HOURS + '[phone]\nhost = "192.168.4.1"\nport = 8081\n')
    rule = settings.queue.rules().counter("3")
    assert rule.quick
    assert rule.serves("identity")
    assert not rule.serves("residence")
    hours = settings.voice.rules().hours
    assert [volume_at(minute, hours) for minute in (449, 450, 690)] == [0, 70, 0]
    assert settings.phone.port == 8081


@pytest.mark.parametrize(
    ("text", "word"),
    [
        ('[phone]\nhost = "192.168.4.1"\nport = 8443', "phone.port"),
        ('[phone]\nhost = "wifi.local"', "phone.host"),
        (COUNTER * 2, "queue.counter.name"),
        ('[queue]\npriority_reasons = ["friend"]', "$.queue.priority_reasons"),
        ("[queue]\npriority_reasons = []", "$.queue.priority_reasons"),
        ("[queue]\nplaces_per_slot = 0", "$.queue.places_per_slot"),
        ("[queue]\nbooking_days_ahead = 0", "$.queue.booking_days_ahead"),
        ("[queue]\nbooking_days_ahead = 366", "$.queue.booking_days_ahead"),
        ("[queue]\nbookings_per_day = 0", "$.queue.bookings_per_day"),
        ("[queue]\nbookings_per_day = 1001", "$.queue.bookings_per_day"),
        ("[desk]\naccess_log_days = 29", "$.desk.access_log_days"),
        ("[desk]\naccess_log_days = 3651", "$.desk.access_log_days"),
        (HOURS.replace("70", "101"), "volume"),
        (HOURS.replace("07:30", "7h30"), "start"),
    ],
)
def test_a_fault_names_the_key(tmp_path: Path, text: str, word: str) -> None:
    with pytest.raises(SettingsError, match=word.replace("$", r"\$")):
        read(tmp_path, text)


async def test_a_counter_for_an_unknown_service_stops_the_start(tmp_path: Path) -> None:
    settings = read(tmp_path, COUNTER.replace("identity", "idendity"))
    async with contextlib.AsyncExitStack() as stack:
        with pytest.raises(SettingsError, match="idendity"):
            await open_station(settings, stack)


async def test_phones_reach_their_page_and_a_busy_port_is_named(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    settings = read(tmp_path, f'[phone]\nhost = "127.0.0.1"\nport = {port}\n')
    async with (
        contextlib.AsyncExitStack() as stack,
        open_test_station(tmp_path, TestClock()) as station,
        aiohttp.ClientSession() as session,
    ):
        await listen_for_phones(create_phone_app(station), settings, stack)
        async with session.get(f"http://127.0.0.1:{port}/t/none") as response:
            assert response.status == 404
            assert "Không tìm thấy" in await response.text()
        with pytest.raises(PortBusyError, match=str(port)):
            await listen_for_phones(create_phone_app(station), settings, stack)
        await stack.aclose()

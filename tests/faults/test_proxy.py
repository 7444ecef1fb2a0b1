"""The daemon's process and the city's, with harm in between: exactly once, no false word."""

import pytest

from tests.faults.proxy import FAULTS, HARMLESS, Fault, Proxy, half_open
from tests.journeys.station_day import StationDay

pytestmark = [pytest.mark.journey, pytest.mark.timeout(900)]

DOSSIERS = 3


async def suffer(day: StationDay, proxy: Proxy, fault: Fault, numbers: set[str]) -> None:
    """Submit under the fault, watch that nothing is called sent, then let the line heal."""
    await day.until("quiet before the fault", day.all_entered)
    proxy.fault = fault
    proxy.harmed.clear()
    mine: list[str] = []
    for count in range(DOSSIERS):
        answer = await day.submit_until_answered(f"{fault.__name__} {count}")
        mine.append(str(answer["dossier_no"]))
    await proxy.harmed.wait()
    if fault not in HARMLESS:
        for number in mine:
            assert (await day.read(number))["custody"] == "station", fault.__name__
        assert not await day.all_entered(), fault.__name__
    proxy.fault = None
    numbers |= set(mine)
    if fault is half_open:
        # A line that carries nothing is noticed after the daemon's own patience only.
        await day.kill("sync")
        await day.start("sync")
    await day.until(f"everything arrives after {fault.__name__}", day.all_entered)


async def test_every_kind_of_harm(proxied: tuple[StationDay, Proxy]) -> None:
    day, proxy = proxied
    numbers: set[str] = set()
    for fault in FAULTS:
        await suffer(day, proxy, fault, numbers)
        at_city = await day.submitted_at_city()
        assert sorted(at_city) == sorted(numbers), fault.__name__
    assert proxy.seen["/v1/batches"] >= len(FAULTS)

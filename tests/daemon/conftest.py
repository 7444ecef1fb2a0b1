from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.daemon.city_simulator import CitySimulator, listening
from tests.daemon.scene import Scene
from tests.daemon.station import station_files


@pytest.fixture
async def scene(tmp_path: Path) -> AsyncIterator[Scene]:
    city = CitySimulator()
    async with listening(city, tmp_path) as where, station_files(tmp_path / "station") as station:
        await station.submit(3)
        await station.enrol(city, where)
        yield Scene(station, city, where)

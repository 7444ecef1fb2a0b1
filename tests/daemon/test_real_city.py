"""The daemon and the city that ships with it, over TLS on real sockets."""

from pathlib import Path

from sync.city.trust.enrolment import Operator, enrol
from sync.city.trust.stations import STATIONS
from sync.daemon.events import State
from sync.daemon.identity import ensure_keys, make_request, read_node_identity
from sync.daemon.loop import run_once
from sync.daemon.report import exit_code
from tests.city.server import TestCity, running_city
from tests.daemon.station import StationFiles, Watcher, station_files, surroundings


async def enrol_at(city: TestCity, station: StationFiles) -> None:
    identity = await read_node_identity(station.settings)
    keys = ensure_keys(station.settings.files.keys_directory)
    request = make_request(identity, keys).message
    _, answer = await enrol(city.server.registrar, request, Operator())
    station.settings.files.enrolment.write_bytes(answer)


async def test_every_record_of_every_log_is_in_the_citys_archive(tmp_path: Path) -> None:
    async with running_city(tmp_path) as city, station_files(tmp_path / "station") as station:
        await station.submit(700)
        await enrol_at(city, station)
        assert exit_code(await run_once(station.settings, surroundings())) == 0
        station.start_node()
        await station.submit(20)
        watcher = Watcher()
        session = await run_once(station.settings, surroundings(watcher))
        assert exit_code(session) == 0
        assert session.state in {State.IDLE, State.WAIT_APPLIED}
        own = await station.records()
        stored = await city.export()
        assert len(stored) == sum(len(raws) for raws in own.values())
        rows = await station.ask("SELECT lid, acked FROM log_state")
        assert dict(rows) == {lid: len(raws) for lid, raws in own.items()}
        assert (await station.contact())["state"] == "idle"


async def test_a_station_the_city_does_not_know_is_refused(tmp_path: Path) -> None:
    async with running_city(tmp_path) as city, station_files(tmp_path / "station") as station:
        await station.submit(1)
        await enrol_at(city, station)
        shelf = city.server.registrar.shelf
        for name in await shelf.list(STATIONS):
            await shelf.remove(STATIONS, name)
        await city.server.registrar.stations.refresh()
        session = await run_once(station.settings, surroundings())
        assert session.state is State.REFUSED
        assert exit_code(session) == 5
        assert (await station.contact())["failure_code"] == "unknown_key"


async def test_a_card_set_back_before_its_newest_logs_gets_them_home(tmp_path: Path) -> None:
    folder = tmp_path / "station"
    database = folder / "node.db"
    async with running_city(tmp_path) as city:
        async with station_files(folder) as station:
            await station.submit(5)
            await enrol_at(city, station)
            await run_once(station.settings, surroundings())
        image = database.read_bytes()
        async with station_files(folder, seed=8) as station:
            await station.submit(7)
            await run_once(station.settings, surroundings())
            (lost,) = [lid for lid, raws in (await station.records()).items() if len(raws) == 8]
        for name in ("node.db-wal", "node.db-shm"):
            (folder / name).unlink(missing_ok=True)
        database.write_bytes(image)
        async with station_files(folder, seed=9) as station:
            assert lost not in await station.records()
            await until_entered(city, lost)
            await run_once(station.settings, surroundings())
            rows = await station.ask("SELECT lid, count(*) FROM recovered GROUP BY lid")
            assert rows == [(lost, 8)]


async def until_entered(city: TestCity, lid: bytes) -> None:
    """Ask until every record of the log is entered; the test's own time limit ends it."""
    while True:
        statuses = [line["status"] for line in await city.export() if line["lid"] == lid.hex()]
        if statuses and set(statuses) == {"entered"}:
            return

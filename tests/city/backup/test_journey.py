"""The daemon that ships, a real city, a backup, and the city brought back from it."""

import secrets
import socket
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from sync.city.archive.port import Archive
from sync.city.backup.attachments import Attachments
from sync.city.backup.drill import Around, Room, drill, make_target
from sync.city.backup.make import Source, make_backup, promise
from sync.city.backup.restore import restore
from sync.city.objects.store import Objects
from sync.city.serve import Running, Surroundings, prepare_identity, running
from sync.city.settings import Settings
from sync.city.storage import open_bucket, open_storage
from sync.city.trust.enrolment import Operator, enrol
from sync.daemon.identity import ensure_keys, make_request, read_node_identity
from sync.daemon.loop import run_once
from sync.daemon.report import exit_code
from tests.city.server import Clock, exported, make_settings
from tests.daemon.station import StationFiles, station_files, surroundings


async def test_a_city_restored_from_an_older_backup_gets_the_rest_by_itself(
    tmp_path: Path,
) -> None:
    """Nothing is lost, nothing is there twice, and nobody at the station does anything."""
    settings, folder = make_settings(tmp_path, port=_free_port()), tmp_path / "backup"
    around = Surroundings(Clock(), secrets.token_bytes)
    async with station_files(tmp_path / "station") as station:
        await station.submit(400)
        async with running(settings, around) as server:
            await _enrol_at(server, station)
            assert await _sent(station) == (401, 0)
            await _back_up(server, settings, folder)
            # The promise travels with the next receipt.
            await station.submit(1)
            assert await _sent(station) == (402, 401)
            station.start_node()
            await station.submit(60)
            assert await _sent(station) == (463, 401)
            before = await _facts(server, settings)
        await _lose_and_restore(settings, around, folder)
        async with running(settings, around) as server:
            (mark,) = await server.archive.watermarks()
            assert (mark.size, mark.archived) == (401, 401)
            assert await _sent(station) == (463, 401)
            assert await _facts(server, settings) == before
            assert await server.archive.count_effects() == 461
            own = await station.records()
            assert len(before) == sum(len(raws) for raws in own.values()) == 463


async def _enrol_at(server: Running, station: StationFiles) -> None:
    identity = await read_node_identity(station.settings)
    keys = ensure_keys(station.settings.files.keys_directory)
    _, answer = await enrol(server.registrar, make_request(identity, keys).message, Operator())
    station.settings.files.enrolment.write_bytes(answer)


async def _sent(station: StationFiles) -> tuple[int, int]:
    """Let the daemon work; how many records have a receipt, and how many may be called archived."""
    assert exit_code(await run_once(station.settings, surroundings())) == 0
    (sums,) = await station.ask("SELECT sum(acked), sum(archived) FROM log_state")
    return sums[0], sums[1]


async def _facts(server: Running, settings: Settings) -> list[tuple[object, ...]]:
    """Every line of the export once all is entered, without when and in which batch it came."""
    await _until_opened(server.archive)
    lines = await exported(settings, server.registrar.identity)
    apart = {"received_at", "batch"}
    return [tuple(line[name] for name in sorted(line.keys() - apart)) for line in lines]


async def _until_opened(archive: Archive) -> None:
    while True:
        gauges = await archive.gauges()
        if gauges.opened == gauges.stored:
            return


async def _back_up(server: Running, server_settings: Settings, folder: Path) -> None:
    await _until_opened(server.archive)
    storage, city_id = server.storage, server.registrar.identity.city_id
    attachments = Attachments(storage.blobs, Objects(open_bucket(server_settings)))
    source = Source(storage.archive, storage.shelf, storage.feed_dump, attachments, city_id)
    made = await make_backup(source, folder, server.registrar.clock_ms())
    await promise(storage.archive, made.manifest)


async def _lose_and_restore(settings: Settings, around: Surroundings, folder: Path) -> None:
    """The disk with the archive is gone; keys were kept elsewhere, as the guide says."""
    state = settings.city.state_directory
    for path in (*state.glob("city.db*"), *state.glob("stations/*")):
        path.unlink()
    identity = prepare_identity(settings, around)
    verdict = await drill(folder, identity, Around(around.clock_ms, around.entropy), None, None)
    assert (verdict.records, verdict.effects, verdict.unknown_signers) == (401, 400, 0)
    with ThreadPoolExecutor(1) as executor:
        async with open_storage(settings, identity.city_id, around.clock_ms()) as storage:
            attachments = Attachments(storage.blobs, Objects(open_bucket(settings)))
            room = Room(storage.archive, storage.shelf, storage.feeds, attachments)
            beside = Around(around.clock_ms, around.entropy)
            target = make_target(room, identity, executor, beside)
            await restore(target, folder)


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listening:
        return int(listening.getsockname()[1])

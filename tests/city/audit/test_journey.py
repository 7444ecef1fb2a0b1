"""An auditor with the real station, the real city and its backups of two days."""

import asyncio
import secrets
from pathlib import Path

import pytest

from sync.city.audit.shell import Export, Question, audit, read_receipts
from sync.city.audit.values import Report, Rule
from sync.city.backup.attachments import Attachments
from sync.city.backup.make import Source, make_backup
from sync.city.objects.folder import FolderBucket
from sync.city.objects.store import Objects
from sync.city.receiving.opening import BodyKeys
from sync.city.serve import Running, Surroundings, running
from sync.city.trust.enrolment import Operator, enrol
from sync.daemon.identity import ensure_keys, make_request, read_node_identity
from sync.daemon.loop import run_once
from sync.daemon.report import exit_code
from sync.database import DatabaseError, open_writer
from sync.dictionary import DICTIONARIES
from sync.protocol.keyset import root_hash
from tests.city.audit_places import rules
from tests.city.server import Clock, make_settings
from tests.daemon.station import StationFiles, station_files, surroundings

DAY_MS = 24 * 3600 * 1000


async def test_receipts_of_the_station_and_two_days_of_backups_agree(tmp_path: Path) -> None:
    folder, clock = tmp_path / "backup", Clock()
    around = Surroundings(clock, secrets.token_bytes)
    async with station_files(tmp_path / "station") as station:
        await station.submit(60)
        async with running(make_settings(tmp_path), around) as server:
            await _enrol_at(server, station)
            await _send(station)
            first = await _back_up(server, folder)
            station.start_node()
            await station.submit(40)
            await _send(station)
            clock.now_ms += 2 * DAY_MS
            second = await _back_up(server, folder)
            assert second > first
            receipts = await asyncio.to_thread(read_receipts, station.settings.files.sync_database)
            report = _ask(server, Export(folder), receipts, Export(folder, first))
            assert report.findings == []
            assert (report.records, report.effects, report.unchecked) == (102, 100, 0)
            assert report.receipts == len(receipts) >= 2
            # The backup of the first day has not what the later receipts speak of; it was made
            # within a day of them, so it may have been on its way.
            assert rules(_ask(server, Export(folder, first), receipts, None)) == set()
            turned = _ask(server, Export(folder, first), receipts, Export(folder, second))
            assert rules(turned) == {Rule.OLDER_SIZE}


async def test_a_file_that_is_no_station_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "sync.db"
    path.write_bytes(b"no database at all, but long enough to be looked at" * 50)
    with pytest.raises(DatabaseError):
        await asyncio.to_thread(read_receipts, path)
    other = tmp_path / "other.db"
    async with open_writer(other, {}):
        pass
    with pytest.raises(FileNotFoundError, match=r"no station's sync\.db"):
        await asyncio.to_thread(read_receipts, other)


def _ask(server: Running, export: Export, receipts: list[bytes], older: Export | None) -> Report:
    identity = server.registrar.identity
    question = Question(
        export=export,
        pinned_root=root_hash(identity.keyset.keyset.root_keys),
        keys=BodyKeys(identity.find_encryption_key, DICTIONARIES.get),
        receipts=receipts,
        older=older,
    )
    return audit(question, lambda _done, _total: None)


async def _enrol_at(server: Running, station: StationFiles) -> None:
    identity = await read_node_identity(station.settings)
    keys = ensure_keys(station.settings.files.keys_directory)
    _, answer = await enrol(server.registrar, make_request(identity, keys).message, Operator())
    station.settings.files.enrolment.write_bytes(answer)


async def _send(station: StationFiles) -> None:
    assert exit_code(await run_once(station.settings, surroundings())) == 0


async def _back_up(server: Running, folder: Path) -> int:
    while True:
        gauges = await server.archive.gauges()
        if gauges.opened == gauges.stored:
            break
    storage, city_id = server.storage, server.registrar.identity.city_id
    attachments = Attachments(storage.blobs, Objects(FolderBucket(folder.parent / "objects")))
    source = Source(storage.archive, storage.shelf, storage.feed_dump, attachments, city_id)
    return (await make_backup(source, folder, server.registrar.clock_ms())).manifest.number

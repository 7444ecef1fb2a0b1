"""Backups: what they hold, when something is promised, how they come back, and what is refused."""

import asyncio
import contextlib
import dataclasses
import logging
import shutil
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager
from pathlib import Path
from typing import Any

import pytest

from sync.city.archive.feed_store.port import Draft, FeedName, Limit, Stamp
from sync.city.archive.port import ArchiveError, ArchiveFault, Sealed
from sync.city.backup.form import (
    KEPT_MANIFESTS,
    BackupError,
    BackupFault,
    Manifest,
    Range,
    find_manifest,
    locked,
)
from sync.city.backup.make import keep_backing_up, make_backup, promise
from sync.city.backup.restore import check_backup
from tests.city.archive_bench import NOW_MS, Bench
from tests.city.backup_places import (
    CITY_ID,
    Place,
    archived,
    busy_day,
    cut,
    flip,
    in_postgres,
    in_sqlite,
)
from tests.city.station import SimulatedStation

HOUR_MS = 3600 * 1000

Make = Callable[[Path], AbstractAsyncContextManager[Place]]
MAKERS: dict[str, Make] = {"sqlite": in_sqlite, "postgres": lambda _: in_postgres()}


@pytest.fixture(params=list(MAKERS))
async def place(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Place]:
    async with MAKERS[request.param](tmp_path / "city") as place:
        yield place


@pytest.fixture
async def city(tmp_path: Path) -> AsyncIterator[Place]:
    async with in_sqlite(tmp_path / "city") as place:
        yield place


async def test_what_is_in_a_backup_is_archived(place: Place, tmp_path: Path) -> None:
    stations = await busy_day(place.bench)
    assert set((await archived(place)).values()) == {0}
    made = await place.back_up(tmp_path / "backup")
    sizes = {log.lid: log.size for station in stations for log in station.logs}
    assert await archived(place) == sizes
    assert made.new_records == made.manifest.records == sum(sizes.values())
    assert made.manifest.effects == Range(30, 30)
    assert (await place.bench.head(stations[1])).archived == 6


async def test_what_is_not_opened_is_neither_in_it_nor_archived(
    place: Place, tmp_path: Path
) -> None:
    station = SimulatedStation()
    station.append_many(5)
    await place.bench.offer(station, 0, 4)
    await place.bench.open_all()
    await place.bench.offer(station, 4)
    made = await place.back_up(tmp_path / "backup")
    assert [log.size for log in made.manifest.logs] == [4]
    assert await archived(place) == {station.log.lid: 4}


async def test_the_next_backup_writes_only_what_is_new(place: Place, tmp_path: Path) -> None:
    folder = tmp_path / "backup"
    (first, _) = await busy_day(place.bench)
    before = await place.back_up(folder)
    first.append_many(2)
    await place.bench.offer(first, 4)
    await place.bench.open_all()
    after = await place.back_up(folder)
    assert after.new_records == 2
    kept = [segment for segment in before.manifest.segments if not segment.state]
    assert after.manifest.segments[: len(kept)] == tuple(kept)
    assert after.manifest.records == before.manifest.records + 2
    assert (await place.back_up(folder)).new_records == 0
    assert check_backup(folder, CITY_ID).records == after.manifest.records


@pytest.mark.parametrize("target", list(MAKERS))
async def test_every_record_comes_back_in_either_database(
    place: Place, tmp_path: Path, target: str
) -> None:
    stations = await busy_day(place.bench)
    await place.back_up(tmp_path / "backup")
    async with MAKERS[target](tmp_path / "other") as other:
        generation = other.bench.archive.generation
        verdict = await other.restore(tmp_path / "backup", stations)
        assert await other.bench.lines() == await place.bench.lines()
        assert await archived(other) == await archived(place)
        assert (verdict.effects, verdict.dossiers, verdict.unknown_signers) == (30, 29, 0)
        before = {generation, place.bench.archive.generation}
        assert other.bench.archive.generation not in before
        # And on it goes, from where the backup ended.
        stations[0].append()
        await other.bench.offer(stations[0], 4)
        await other.bench.open_all()
        made = await other.back_up(tmp_path / "backup")
        assert made.new_records == made.manifest.records


@pytest.mark.parametrize("target", list(MAKERS))
async def test_what_lies_beside_the_records_comes_back(
    place: Place, tmp_path: Path, target: str
) -> None:
    sealed = Sealed(b"n" * 16, 3, b"l" * 16, 4, 2, "fork", b"raw", 77)
    await place.bench.archive.keep_apart(sealed)
    (item,) = await place.bench.archive.quarantined(None)
    await place.bench.archive.release(item.id, 99)
    await place.shelf.write("stations", "a.cbor", b"certificate")
    await place.shelf.write("codes", "a", b"a code is good once")
    drafts = [Draft(66, bytes([n] * 16), b'{"n":%d}' % n, state_key=f"key:{n % 2}") for n in (1, 2)]
    await place.feeds.append(FeedName(16, 3), drafts, Stamp(b"n" * 8, NOW_MS))
    await place.back_up(tmp_path / "backup")
    async with MAKERS[target](tmp_path / "other") as other:
        await other.restore(tmp_path / "backup", [])
        (back,) = await other.bench.archive.quarantined(None)
        assert back == item._replace(released_ms=99)
        assert await other.bench.archive.read_quarantined(back.id) == b"raw"
        assert await other.shelf.read("stations", "a.cbor") == b"certificate"
        assert await other.shelf.list("codes") == {}
        (head,) = await other.feeds.heads(3)
        read = await other.feeds.read(head.fid, 0, Limit(10, 1 << 20))
        assert read is not None
        assert len(read.entries) == head.size == 2
        dumped = [entry async for entry in other.feed_dump.entries()]
        assert [entry.state_key for entry in dumped] == ["key:1", "key:0"]


async def test_batches_of_a_forgotten_station_come_back_and_are_counted(
    city: Place, tmp_path: Path
) -> None:
    stations = await busy_day(city.bench)
    await city.back_up(tmp_path / "backup")
    async with in_sqlite(tmp_path / "other") as other:
        verdict = await other.restore(tmp_path / "backup", stations[:1])
    assert (verdict.batches, verdict.unknown_signers) == (4, 1)


async def test_a_full_archive_is_never_restored_into(city: Place, tmp_path: Path) -> None:
    stations = await busy_day(city.bench)
    await city.back_up(tmp_path / "backup")
    with pytest.raises(BackupError) as caught:
        await city.restore(tmp_path / "backup", stations)
    assert caught.value.fault is BackupFault.NOT_EMPTY
    with pytest.raises(BackupError) as caught:
        check_backup(tmp_path, CITY_ID)
    assert caught.value.fault is BackupFault.MISSING


async def test_an_older_backup_of_the_folder_comes_back_by_its_number(
    city: Place, tmp_path: Path
) -> None:
    stations = await busy_day(city.bench)
    older = (await city.back_up(tmp_path / "backup")).manifest
    stations[0].append_many(2)
    await city.bench.offer(stations[0], 4)
    await city.bench.open_all()
    await city.back_up(tmp_path / "backup")
    async with in_sqlite(tmp_path / "other") as other:
        await other.restore(tmp_path / "backup", stations, older.number)
        assert sum((await archived(other)).values()) == older.records


class BreaksAt:
    """An archive that fails at the n-th question; everything else is the real one."""

    def __init__(self, bench: Bench, questions: int) -> None:
        self._archive = bench.archive
        self._left = questions

    def __getattr__(self, name: str) -> object:
        self._left -= 1
        if self._left < 0:
            raise ArchiveError(ArchiveFault.BROKEN, "cut")
        return getattr(self._archive, name)


async def test_cut_at_any_step_a_backup_promises_nothing_and_the_next_one_works(
    city: Place, tmp_path: Path
) -> None:
    stations = await busy_day(city.bench)
    folder = tmp_path / "backup"
    cuts = 0
    while find_manifest(folder) is None:
        archive: Any = BreaksAt(city.bench, cuts)
        with contextlib.suppress(ArchiveError):
            await make_backup(dataclasses.replace(city.source, archive=archive), folder, NOW_MS)
        assert set((await archived(city)).values()) == {0}
        cuts += 1
    assert cuts >= 8
    # Written and read back, but the process died before the promise: it is made up for.
    manifest = find_manifest(folder)
    assert manifest is not None
    await promise(city.bench.archive, manifest)
    assert 0 not in (await archived(city)).values()
    async with in_sqlite(tmp_path / "other") as other:
        await other.restore(folder, stations)


async def test_a_backup_whose_files_are_gone_is_made_anew_as_a_whole(
    city: Place, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    stations = await busy_day(city.bench)
    folder = tmp_path / "backup"
    made = await city.back_up(folder)
    damages: list[Callable[[Path], object]] = [Path.unlink, cut]
    for number, damage in enumerate(damages, start=1):
        damage(folder / made.manifest.segments[0].name)
        made = await city.back_up(folder)
        assert made.new_records == made.manifest.records
        check_backup(folder, CITY_ID)
        assert len(caplog.records) == number
    flip(folder / f"manifest-{made.manifest.number:08}.wes")
    await city.back_up(folder)
    async with in_sqlite(tmp_path / "other") as other:
        await other.restore(folder, stations)


async def test_two_backups_at_once_are_one(city: Place, tmp_path: Path) -> None:
    await busy_day(city.bench)
    with locked(tmp_path / "backup"), pytest.raises(BackupError) as caught:
        await city.back_up(tmp_path / "backup")
    assert caught.value.fault is BackupFault.BUSY
    await city.back_up(tmp_path / "backup")


async def test_old_backups_go_and_what_the_kept_ones_need_stays(
    city: Place, tmp_path: Path
) -> None:
    (first, second) = await busy_day(city.bench)
    folder = tmp_path / "backup"
    for number in range(KEPT_MANIFESTS + 3):
        await city.shelf.write("stations", "a", b"%d" % number)
        await city.back_up(folder)
    manifests = list(folder.glob("manifest-*.wes"))
    assert len(manifests) == KEPT_MANIFESTS
    assert len(list(folder.glob("segment-*.wes"))) == KEPT_MANIFESTS + 1
    oldest = min(int(path.stem.split("-")[1]) for path in manifests)
    async with in_sqlite(tmp_path / "other") as other:
        await other.restore(folder, [first, second], oldest)


async def test_the_background_job_makes_one_when_it_is_due(
    city: Place, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    folder = tmp_path / "backup"
    await busy_day(city.bench)
    now = [NOW_MS]

    async def look() -> Manifest | None:
        """Let the job look once; it ends at its pause."""
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.5):
                await keep_backing_up(city.source, folder, HOUR_MS, lambda: now[0])
        return find_manifest(folder)

    first = await look()
    assert first is not None
    assert 0 not in (await archived(city)).values()
    now[0] += HOUR_MS - 1
    assert await look() == first
    now[0] += 1
    second = await look()
    assert second is not None
    assert second.made_ms == now[0]
    now[0] -= 10 * HOUR_MS
    third = await look()
    assert third is not None
    assert third.number > second.number
    shutil.rmtree(folder)
    folder.write_bytes(b"a file where the folder should be")
    with caplog.at_level(logging.ERROR), pytest.raises(TimeoutError):
        async with asyncio.timeout(0.5):
            await keep_backing_up(city.source, folder, HOUR_MS, lambda: now[0])
    assert "nothing more is archived" in caplog.text


async def test_a_restored_city_gets_the_rest_from_its_stations(city: Place, tmp_path: Path) -> None:
    station = SimulatedStation()
    station.append_many(9)
    await city.bench.offer(station, 0, 6)
    await city.bench.open_all()
    await city.back_up(tmp_path / "backup")
    await city.bench.offer(station, 6)
    await city.bench.open_all()
    async with in_sqlite(tmp_path / "other") as other:
        await other.restore(tmp_path / "backup", [station])
        head = await other.bench.head(station)
        assert (head.size, head.archived, head.root) == (6, 6, station.log.root(6))
        await other.bench.offer(station, head.size)
        await other.bench.open_all()
        assert await other.bench.lines() == await city.bench.lines()
        assert await other.bench.archive.count_effects() == 9

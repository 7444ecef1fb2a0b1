"""Backups that were damaged, forged or made to say something else."""

import shutil
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import pytest

from sync.city.backup.form import (
    BackupError,
    BackupFault,
    BatchRow,
    Manifest,
    Range,
    decode_rows,
    encode_row,
    read_segment,
    write_manifest,
    write_segment,
)
from tests.city.backup_places import Place, busy_day, cut, flip, grow, in_sqlite


@pytest.fixture
async def city(tmp_path: Path) -> AsyncIterator[Place]:
    async with in_sqlite(tmp_path / "city") as place:
        yield place


async def test_damage_to_any_file_is_refused_and_nothing_is_restored(
    city: Place, tmp_path: Path
) -> None:
    stations = await busy_day(city.bench)
    await city.back_up(tmp_path / "backup")
    names = sorted(path.name for path in (tmp_path / "backup").glob("*.wes"))
    assert len(names) >= 2
    async with in_sqlite(tmp_path / "other") as other:
        for number, (name, damage) in enumerate(
            (name, damage) for name in names for damage in (flip, cut, grow, Path.unlink)
        ):
            folder = tmp_path / f"copy-{number}"
            shutil.copytree(tmp_path / "backup", folder)
            damage(folder / name)
            with pytest.raises(BackupError) as caught:
                await other.restore(folder, stations)
            assert caught.value.fault in {BackupFault.DAMAGED, BackupFault.MISSING}, name
            assert await other.bench.archive.watermarks() == []
        await other.restore(tmp_path / "backup", stations)


async def test_a_manifest_that_says_something_else_is_refused(city: Place, tmp_path: Path) -> None:
    """Whole files that do not fit together: each lie is found by what it lies about."""
    stations = await busy_day(city.bench)
    manifest = (await city.back_up(tmp_path / "backup")).manifest
    (log, *rest) = manifest.logs
    lies = {
        BackupFault.DIFFERENT: [
            manifest._replace(effects=Range(31, 32)),
            manifest._replace(dossiers=Range(0, 28)),
        ],
        BackupFault.DAMAGED: [
            manifest._replace(logs=(log._replace(size=log.size - 1), *rest)),
            manifest._replace(logs=(log._replace(root=bytes(32)), *rest)),
            manifest._replace(logs=tuple(rest)),
            manifest._replace(segments=manifest.segments[1:]),
        ],
        BackupFault.FOREIGN: [manifest._replace(city_id=b"OTHEROTH")],
    }
    for fault, told in lies.items():
        for number, lie in enumerate(told):
            async with in_sqlite(tmp_path / f"{fault.value}-{number}") as other:
                write_manifest(tmp_path / "backup", lie)
                with pytest.raises(BackupError) as caught:
                    await other.restore(tmp_path / "backup", stations)
                assert caught.value.fault is fault


@pytest.mark.parametrize(
    ("change", "fault"),
    [
        (lambda raw: raw[:-1] + bytes([raw[-1] ^ 1]), BackupFault.UNREADABLE),
        (lambda raw: raw[:200] + bytes([raw[200] ^ 1]) + raw[201:], BackupFault.UNREADABLE),
    ],
)
async def test_batches_that_their_station_did_not_sign_are_refused(
    city: Place, tmp_path: Path, change: Callable[[bytes], bytes], fault: BackupFault
) -> None:
    """Who can write the backup and mend its digests still cannot sign for a station."""
    stations = await busy_day(city.bench)
    folder = tmp_path / "backup"
    manifest = (await city.back_up(folder)).manifest
    _rewrite_batches(folder, manifest, lambda row: row._replace(raw=change(row.raw)))
    async with in_sqlite(tmp_path / "other") as other:
        with pytest.raises(BackupError) as caught:
            await other.restore(folder, stations)
    assert caught.value.fault in {fault, BackupFault.DAMAGED}


def _rewrite_batches(
    folder: Path, manifest: Manifest, change: Callable[[BatchRow], BatchRow]
) -> None:
    segments = list(manifest.segments)
    rows = list(decode_rows(read_segment(folder, segments[0])))
    first = rows[0]
    assert isinstance(first, BatchRow)
    rows[0] = change(first)
    segments[0] = write_segment(folder, 77, [encode_row(row) for row in rows], state=False)
    write_manifest(folder, manifest._replace(segments=tuple(segments)))

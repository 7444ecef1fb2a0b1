"""Attachments in a backup: copied once, promised only then, brought back, missed by name."""

import dataclasses
from collections.abc import AsyncIterator, Callable
from functools import partial
from pathlib import Path

import msgspec
import pytest
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PublicKey

from sync.city.archive.feed_store.port import LedgerBlob
from sync.city.archive.values import ArchiveError, ArchiveFault
from sync.city.backup.attachments import FOLDER, MAXIMUM_FAILURES, Attachments
from sync.city.backup.make import make_backup
from sync.city.backup.restore import Verdict
from sync.city.objects.folder import FolderBucket
from sync.city.objects.port import Bucket
from sync.city.objects.s3 import S3Bucket, S3Place
from sync.city.objects.store import Objects
from sync.protocol.blob import BlobHeader, SealedBlob, seal_blob, sign_blob
from tests.city.archive_bench import CITY_KEY, NOW_MS
from tests.city.backup_places import Place, archived, cut, flip, in_postgres, in_sqlite
from tests.city.commands.test_command_line import edge_city
from tests.city.s3_server import ACCESS_KEY, BUCKET, REGION, SECRET_KEY, running_s3
from tests.city.server import running_city
from tests.city.station import SimulatedStation

ATTACHMENT_ADDED = 20
CITY_PUBLIC = CITY_KEY.public_key()


@pytest.fixture(params=["sqlite and a folder", "sqlite and s3", "postgres and a folder"])
async def place(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Place]:
    if request.param == "sqlite and s3":
        async with running_s3() as service:
            s3 = S3Bucket(S3Place(BUCKET, ACCESS_KEY, SECRET_KEY, REGION, service.url, "hcm"))
            async with in_sqlite(tmp_path / "city", s3) as place:
                yield place
    elif request.param == "postgres and a folder":
        async with in_postgres() as place:
            yield place
    else:
        async with in_sqlite(tmp_path / "city") as place:
            yield place


@pytest.fixture
async def city(tmp_path: Path) -> AsyncIterator[Place]:
    async with in_sqlite(tmp_path / "city") as place:
        yield place


def name(station: SimulatedStation, number: int, key: X25519PublicKey = CITY_PUBLIC) -> SealedBlob:
    """One more record of the log, and the attachment that it speaks of."""
    blob = seal_blob(b"scan %d" % number, key)
    body = {"type": "dossier.attachment_added", "sha256": blob.digest.hex()}
    station.append(ATTACHMENT_ADDED, version=2, body=msgspec.json.encode(body))
    return blob


async def bring(attachments: Attachments, station: SimulatedStation, blob: SealedBlob) -> None:
    """The attachment has come to the city whole."""
    header = BlobHeader(
        *(station.node_id, blob.plain_digest, blob.plain_bytes, blob.sealed_for, blob.digest),
        *(len(blob.cipher), "image/jpeg", None),
    )
    signed = sign_blob(header, station.signing_key)
    ledger, objects = attachments
    await ledger.announce(
        LedgerBlob(blob.digest, station.node_id, len(blob.cipher), signed), 1 << 40
    )
    await objects.keep(blob.cipher)
    await ledger.note_stored(blob.digest, NOW_MS)


async def offer(place: Place, station: SimulatedStation, first: int = 0) -> None:
    await place.bench.offer(station, first)
    await place.bench.open_all()


def copies(folder: Path) -> dict[str, Path]:
    return {path.stem: path for path in (folder / FOLDER).glob("*/*.wso")}


async def restored(
    station: SimulatedStation, folder: Path, to: Path
) -> tuple[Verdict, list[bytes]]:
    """The verdict, and what the restored city asks the station for."""
    async with in_sqlite(to) as other:
        verdict = await other.restore(folder, [station])
        awaited = await other.attachments.ledger.awaited(station.node_id, 9)
        return verdict, awaited


async def test_a_record_is_archived_with_its_attachments_only(place: Place, tmp_path: Path) -> None:
    station, folder = SimulatedStation(), tmp_path / "backup"
    here = name(station, 1)
    late = name(station, 2)
    station.append()
    await bring(place.attachments, station, here)
    await offer(place, station)
    lid = station.log.lid

    made = await place.back_up(folder)
    assert (made.manifest.attachments, made.manifest.records) == (1, 4)
    assert await archived(place) == {lid: 2}
    before = {path: path.stat().st_mtime_ns for path in copies(folder).values()}

    await bring(place.attachments, station, late)
    assert (await place.back_up(folder)).manifest.attachments == 2
    assert await archived(place) == {lid: 4}
    assert all(path.stat().st_mtime_ns == at for path, at in before.items()), "copied once"

    async with in_sqlite(tmp_path / "other") as other:
        verdict = await other.restore(folder, [station])
        assert (verdict.attachments.kept, verdict.attachments.lost) == (2, ())
        assert await archived(other) == {lid: 4}
        for blob in (here, late):
            assert await other.attachments.objects.read(blob.digest) == blob.cipher
            known = await other.attachments.ledger.find(blob.digest)
            assert known is not None
            assert (known.node_id, known.size_bytes) == (station.node_id, len(blob.cipher))
            assert known.stored_ms is not None
        assert await other.attachments.ledger.awaited(station.node_id, 9) == []


@pytest.mark.parametrize("harm", [flip, cut, Path.unlink])
async def test_what_is_missing_is_named_and_asked_for(
    city: Place, tmp_path: Path, harm: Callable[[Path], None]
) -> None:
    station, folder = SimulatedStation(), tmp_path / "backup"
    kept, lost, absent = (name(station, number) for number in range(3))
    for blob in (kept, lost):
        await bring(city.attachments, station, blob)
    await offer(city, station)
    await city.back_up(folder)
    harm(copies(folder)[lost.digest.hex()])
    verdict, awaited = await restored(station, folder, tmp_path / "other")
    assert verdict.attachments.kept == 1
    assert (verdict.attachments.lost, verdict.attachments.absent) == (
        (lost.digest,),
        (absent.digest,),
    )
    assert sorted(awaited) == sorted([lost.digest, absent.digest])
    # Nothing beyond it is called archived by the restored city, so its station keeps it.
    assert verdict.attachments.whole == {station.log.lid: 2}


async def test_a_copy_that_was_taken_away_is_made_again(city: Place, tmp_path: Path) -> None:
    station, folder = SimulatedStation(), tmp_path / "backup"
    blobs = [name(station, number) for number in range(3)]
    for blob in blobs:
        await bring(city.attachments, station, blob)
    await offer(city, station)
    await city.back_up(folder)
    copies(folder)[blobs[1].digest.hex()].unlink()
    await city.back_up(folder)
    assert set(copies(folder)) == {blob.digest.hex() for blob in blobs}


async def test_another_stations_signature_is_no_attachment(city: Place, tmp_path: Path) -> None:
    station, folder = SimulatedStation(), tmp_path / "backup"
    first, second = name(station, 1), name(station, 2)
    for blob in (first, second):
        await bring(city.attachments, station, blob)
    await offer(city, station)
    await city.back_up(folder)
    paths = copies(folder)
    content = paths[second.digest.hex()].read_bytes()
    header = content[: -len(second.cipher)]
    paths[first.digest.hex()].write_bytes(header + first.cipher)
    verdict, _ = await restored(station, folder, tmp_path / "other")
    assert verdict.attachments.lost == (first.digest,)


class Failing:
    """An object store that is away; it counts who asked."""

    def __init__(self, bucket: Bucket) -> None:
        self.bucket = bucket
        self.asked = 0

    async def get(self, key: str) -> bytes | None:
        self.asked += 1
        raise ArchiveError(ArchiveFault.BROKEN, f"{key}: away")


async def test_a_store_that_is_away_does_not_hold_up_the_records(
    city: Place, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    station, folder = SimulatedStation(), tmp_path / "backup"
    for number in range(MAXIMUM_FAILURES + 2):
        await bring(city.attachments, station, name(station, number))
    await offer(city, station)
    failing = Failing(city.attachments.objects._bucket)
    away = Attachments(city.attachments.ledger, Objects(failing))  # type: ignore[arg-type]
    good, city.attachments = city.attachments, away
    made = await city.back_up(folder)
    assert failing.asked == MAXIMUM_FAILURES
    assert "is not in the backup" in caplog.text
    assert made.manifest.records == MAXIMUM_FAILURES + 3
    assert await archived(city) == {station.log.lid: 1}
    city.attachments = good
    await city.back_up(folder)
    assert await archived(city) == {station.log.lid: station.log.size}


async def test_a_backup_says_how_far_it_is(city: Place, tmp_path: Path) -> None:
    station, seen = SimulatedStation(), list[tuple[int, int]]()
    for number in range(3):
        await bring(city.attachments, station, name(station, number))
    await offer(city, station)
    look = partial(_note, seen)
    await make_backup(dataclasses.replace(city.source, look=look), tmp_path / "backup", NOW_MS)
    assert seen == [(1, 3), (2, 3), (3, 3)]


def _note(seen: list[tuple[int, int]], done: int, total: int) -> None:
    seen.append((done, total))


async def _filled(folder: Path) -> Path:
    """A city with one attachment, stopped; its configuration."""
    station = SimulatedStation()
    async with running_city(folder) as city:
        blob = name(station, 1, city.identity.encryption_key.public_key())
        await city.enrol(station)
        city.receipt(await city.send(station))
        await city.until_entered(station)
        bucket = FolderBucket(city.settings.objects_path)
        await bring(Attachments(city.server.storage.blobs, Objects(bucket)), station, blob)
    path = folder / "city.toml"
    path.write_text(
        '[city]\nname = "Thử"\nstate_directory = "city"\n[backup]\ndirectory = "backup"\n',
        encoding="utf-8",
    )
    return path


async def test_an_operator_is_told_which_attachment_is_not_in_the_backup(tmp_path: Path) -> None:
    config = str(await _filled(tmp_path))
    made = edge_city("backup", "--config", config)
    assert (made.returncode, made.stdout.count(" 1 attachments")) == (0, 1), made.stderr
    good = edge_city("drill", "--config", config)
    assert (good.returncode, good.stdout[:5]) == (0, "good:"), good.stderr
    ((digest, path),) = copies(tmp_path / "backup").items()
    flip(path)
    bad = edge_city("drill", "--config", config)
    assert (bad.returncode, bad.stdout[:9]) == (5, "not good:"), bad.stderr
    assert digest in bad.stderr

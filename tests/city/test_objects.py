"""The object store on a folder and on S3: the same tests, then what each can suffer alone."""

import contextlib
import os
import shutil
import subprocess
from collections.abc import AsyncIterator, Iterator
from hashlib import sha256
from pathlib import Path

import pytest

from sync.city.archive.values import ArchiveError, ArchiveFault
from sync.city.objects.folder import FolderBucket
from sync.city.objects.port import MAXIMUM_OBJECT_BYTES, Bucket
from sync.city.objects.s3 import S3Bucket, S3Place
from sync.city.objects.store import (
    MAXIMUM_PART_BYTES,
    Objects,
    WrongDigestError,
    WrongOffsetError,
)
from tests.city.s3_server import ACCESS_KEY, BUCKET, REGION, SECRET_KEY, S3Service, running_s3

PART = b"p" * 1000


@pytest.fixture
async def service() -> AsyncIterator[S3Service]:
    async with running_s3() as service:
        yield service


def s3_bucket(service: S3Service, secret: str = SECRET_KEY, key: str = ACCESS_KEY) -> S3Bucket:
    return S3Bucket(S3Place(BUCKET, key, secret, REGION, service.url, "hcm"))


S3RVER = os.environ.get("S3RVER") or shutil.which("s3rver")
"""An S3 service by other people (npm install s3rver@3.7.1), tried where somebody has put it."""


@pytest.fixture(params=["folder", "s3", *(["s3rver"] if S3RVER else [])])
async def bucket(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Bucket]:
    if request.param == "folder":
        yield FolderBucket(tmp_path)
    elif request.param == "s3":
        async with running_s3() as service:
            yield s3_bucket(service)
            assert service.refused == []
    else:
        with _running_s3rver(tmp_path) as url:
            yield S3Bucket(S3Place(BUCKET, "S3RVER", "S3RVER", "us-east-1", url, "hcm"))


@contextlib.contextmanager
def _running_s3rver(folder: Path) -> Iterator[str]:
    assert S3RVER is not None
    options = ["-a", "127.0.0.1", "-p", "0", "--no-vhost-buckets", "--configure-bucket", BUCKET]
    with subprocess.Popen(
        [S3RVER, "-d", str(folder), *options], stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        listening = next(line for line in process.stdout if "listening on" in line)
        try:
            yield f"http://127.0.0.1:{listening.strip().rsplit(':', 1)[1]}"
        finally:
            process.terminate()


async def test_what_was_put_is_there(bucket: Bucket) -> None:
    await bucket.put("a/one", b"first")
    await bucket.put("a/one", b"first")
    await bucket.put("a/two", b"")
    await bucket.put("a/b/three", b"deeper")
    assert await bucket.get("a/one") == b"first"
    assert await bucket.size("a/one") == 5
    assert await bucket.get("a/two") == b""
    assert await bucket.list("a") == {"a/one": 5, "a/two": 0}
    assert await bucket.list("nothing") == {}


async def test_what_is_not_there_is_none(bucket: Bucket) -> None:
    assert await bucket.get("a/none") is None
    assert await bucket.size("a/none") is None
    await bucket.remove("a/none")


async def test_what_was_removed_is_gone(bucket: Bucket) -> None:
    await bucket.put("a/one", b"first")
    await bucket.remove("a/one")
    assert await bucket.get("a/one") is None


@pytest.mark.parametrize("key", ["", "/a", "a/", "../a", "a/../b", "A", "a//b", "a/.b", "a" * 129])
async def test_only_tame_keys(bucket: Bucket, key: str) -> None:
    with pytest.raises(ValueError, match="no key"):
        await bucket.put(key, b"")
    with pytest.raises(ValueError, match="no key"):
        await bucket.get(key)


async def test_a_content_has_a_largest_size(bucket: Bucket) -> None:
    with pytest.raises(ValueError, match="too large"):
        await bucket.put("a", bytes(MAXIMUM_OBJECT_BYTES + 1))
    assert await bucket.get("a") is None


async def test_a_content_lies_under_its_digest(bucket: Bucket) -> None:
    objects = Objects(bucket)
    digest = await objects.keep(b"scan")
    assert digest == sha256(b"scan").digest()
    assert await objects.read(digest) == b"scan"
    assert await objects.size(digest) == 4
    assert await objects.held(digest) == 4
    assert await objects.read(sha256(b"other").digest()) is None


async def test_parts_become_the_whole(bucket: Bucket) -> None:
    objects, content = Objects(bucket), os.urandom(2500)
    digest = sha256(content).digest()
    for offset in (0, 1000, 2000):
        assert await objects.held(digest) == offset
        part = content[offset : offset + 1000]
        assert await objects.append(digest, offset, part) == offset + len(part)
    assert await objects.size(digest) is None
    assert await objects.finish(digest) == 2500
    assert await objects.finish(digest) == 2500
    assert await objects.read(digest) == content
    assert await bucket.list(f"parts/{digest.hex()}") == {}


async def test_a_part_must_follow(bucket: Bucket) -> None:
    objects, digest = Objects(bucket), sha256(PART * 2).digest()
    await objects.append(digest, 0, PART)
    for offset in (0, 999, 1001):
        with pytest.raises(WrongOffsetError) as caught:
            await objects.append(digest, offset, PART)
        assert caught.value.held == 1000


async def test_another_content_than_announced_is_dropped(bucket: Bucket) -> None:
    objects, digest = Objects(bucket), sha256(b"announced").digest()
    await objects.append(digest, 0, b"something else")
    with pytest.raises(WrongDigestError):
        await objects.finish(digest)
    assert await objects.held(digest) == 0
    assert await objects.read(digest) is None


async def test_parts_have_a_largest_size(tmp_path: Path) -> None:
    objects, digest = Objects(FolderBucket(tmp_path)), bytes(32)
    assert await objects.append(digest, 0, bytes(MAXIMUM_PART_BYTES)) == MAXIMUM_PART_BYTES
    for part in (b"", bytes(MAXIMUM_PART_BYTES + 1)):
        with pytest.raises(ValueError, match="part of"):
            await objects.append(digest, MAXIMUM_PART_BYTES, part)


async def test_a_damaged_content_is_never_given_out(tmp_path: Path) -> None:
    objects = Objects(FolderBucket(tmp_path))
    digest = await objects.keep(b"scan")
    (tmp_path / "objects" / digest.hex()[:2] / digest.hex()).write_bytes(b"scam")
    with pytest.raises(ArchiveError) as caught:
        await objects.read(digest)
    assert caught.value.fault is ArchiveFault.BROKEN
    await objects.keep(b"scan")
    assert await objects.read(digest) == b"scan"


async def test_a_file_half_written_is_not_an_object(tmp_path: Path) -> None:
    bucket = FolderBucket(tmp_path)
    await bucket.put("a/one", b"whole")
    (tmp_path / "a" / ".two.1.1.new").write_bytes(b"ha")
    assert await bucket.list("a") == {"a/one": 5}


async def test_a_full_disk_is_said_before_it_is_full(tmp_path: Path) -> None:
    free = shutil.disk_usage(tmp_path).free
    bucket = FolderBucket(tmp_path, reserve_bytes=free + (1 << 30))
    with pytest.raises(ArchiveError) as caught:
        await bucket.put("a/one", b"content")
    assert caught.value.fault is ArchiveFault.FULL
    assert await bucket.list("a") == {}


async def test_a_folder_that_cannot_be_made_is_a_fault(tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(b"a file where a folder should be")
    with pytest.raises(ArchiveError) as caught:
        await FolderBucket(tmp_path).put("a/one", b"content")
    assert caught.value.fault is ArchiveFault.BROKEN


@pytest.mark.parametrize(("secret", "key"), [("guessed", ACCESS_KEY), (SECRET_KEY, "AKOTHER")])
async def test_a_wrong_key_is_refused(service: S3Service, secret: str, key: str) -> None:
    bucket = s3_bucket(service, secret, key)
    for call in (bucket.put("a", b"x"), bucket.get("a"), bucket.list("a"), bucket.size("a")):
        with pytest.raises(ArchiveError) as caught:
            await call
        assert caught.value.fault is ArchiveFault.BROKEN
        assert secret not in str(caught.value)
    assert service.contents == {}
    assert len(service.refused) >= 4


async def test_a_service_in_trouble_is_a_fault(service: S3Service) -> None:
    service.trouble = 501
    with pytest.raises(ArchiveError):
        await s3_bucket(service).put("a", b"x")
    with pytest.raises(ArchiveError):
        await s3_bucket(service).remove("a")


async def test_a_foreign_giant_is_not_read(service: S3Service) -> None:
    service.contents["hcm/a"] = bytes(MAXIMUM_OBJECT_BYTES + 1)
    with pytest.raises(ArchiveError):
        await s3_bucket(service).get("a")

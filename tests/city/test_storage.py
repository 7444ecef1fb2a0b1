"""What is chosen is opened, what is not chosen is not even imported; one process writes a file."""

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from sync.city.archive.port import ArchiveError, ArchiveFault
from sync.city.objects.folder import FolderBucket
from sync.city.objects.s3 import S3Bucket
from sync.city.settings import City, Database, Objects, Settings
from sync.city.storage import open_bucket, open_exporter, open_reading, open_shelf, open_storage
from sync.group_commit import DatabaseError, DatabaseFault
from tests.city.archive_bench import NOW_MS
from tests.city.postgres_server import fresh_database

CITY_ID = b"CITYCITY"
NO_OBJECTS = Objects()


@pytest.fixture
def database() -> Iterator[str]:
    yield from fresh_database()


def settings_for(folder: Path, database: str = "", objects: Objects = NO_OBJECTS) -> Settings:
    return Settings(
        city=City(name="Thành phố", state_directory=folder),
        database=Database(url=database),
        objects=objects,
    )


def test_optional_libraries_are_not_imported_unasked() -> None:
    code = (
        "import sync.city.__main__, sys;"
        "print([name for name in ('asyncpg', 'obstore') if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True)
    assert done.stdout.strip() == "[]"


async def test_a_second_writer_of_a_file_is_refused(tmp_path: Path) -> None:
    settings = settings_for(tmp_path)
    async with open_storage(settings, CITY_ID, NOW_MS):
        with pytest.raises(DatabaseError) as caught:
            async with open_storage(settings, CITY_ID, NOW_MS):
                pass
        assert caught.value.code is DatabaseFault.BUSY
    async with open_storage(settings, CITY_ID, NOW_MS) as storage:
        await storage.archive.check()


@pytest.mark.parametrize("postgres", [False, True])
async def test_what_one_process_writes_others_read(
    tmp_path: Path, database: str, *, postgres: bool
) -> None:
    settings = settings_for(tmp_path, database if postgres else "")
    async with open_storage(settings, CITY_ID, NOW_MS) as storage:
        await storage.shelf.write("stations", "a", b"one")
        async with open_shelf(settings) as shelf:
            assert await shelf.read("stations", "a") == b"one"
        async with open_exporter(settings) as exporter:
            assert [batch async for batch in exporter.export(None)] == []
        async with open_reading(settings, CITY_ID, NOW_MS) as (archive, shelf, dump, ledger):
            assert archive.generation == storage.archive.generation
            assert await shelf.read("stations", "a") == b"one"
            assert [entry async for entry in dump.entries()] == []
            assert await ledger.find(bytes(32)) is None


async def test_who_opened_for_reading_cannot_write(tmp_path: Path) -> None:
    settings = settings_for(tmp_path)
    async with (
        open_storage(settings, CITY_ID, NOW_MS),
        open_reading(settings, CITY_ID, NOW_MS) as (archive, *_),
    ):
        with pytest.raises(ArchiveError) as caught:
            await archive.set_archived({})
    assert caught.value.fault is ArchiveFault.BUSY


def test_attachments_lie_where_the_settings_say(tmp_path: Path) -> None:
    assert isinstance(open_bucket(settings_for(tmp_path)), FolderBucket)
    for endpoint in ("", "https://s3.example"):
        objects = Objects(
            url="s3://city/hcm", endpoint=endpoint, access_key_id="AK", secret_access_key="SK"
        )
        assert isinstance(open_bucket(settings_for(tmp_path, objects=objects)), S3Bucket)

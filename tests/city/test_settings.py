"""Where the city's storage is named, and where its secrets may stand."""

from pathlib import Path

import pytest

from sync.city.settings import LONGEST_BACKUP_HOURS, SettingsError, read_settings

CITY = '[city]\nname = "Thành phố"\nstate_directory = "state"\n'
URL = "postgresql://city:secret@db/city"
KEYS = 'access_key_id = "AK"\nsecret_access_key = "SK"\n'


def write(folder: Path, text: str = "") -> Path:
    path = folder / "city.toml"
    path.write_text(CITY + text, encoding="utf-8")
    return path


def test_without_a_word_everything_lies_beside_the_keys(tmp_path: Path) -> None:
    settings = read_settings(write(tmp_path), environment={})
    assert settings.database_path == tmp_path / "state" / "city.db"
    assert settings.objects_path == tmp_path / "state" / "objects"
    assert not settings.is_postgres
    assert settings.backup.directory is None


def test_the_database_is_named_in_the_nearest_place(tmp_path: Path) -> None:
    credentials = tmp_path / "credentials"
    credentials.mkdir()
    (credentials / "edge-city-database").write_text("postgresql://credential/x\n")
    (tmp_path / "url").write_text("postgresql://file/x\n")
    folder = {"CREDENTIALS_DIRECTORY": str(credentials)}
    both = {**folder, "EDGE_CITY_DATABASE": "postgresql://environment/x"}
    plain = write(tmp_path)
    assert read_settings(plain, environment=folder).database.url == "postgresql://credential/x"
    named = write(tmp_path, '[database]\nurl = "sqlite:///x.db"\nurl_file = "url"\n')
    assert read_settings(named, environment=folder).database.url == "postgresql://file/x"
    assert read_settings(named, environment=both).database.url == "postgresql://environment/x"
    given = read_settings(named, environment=both, database=URL)
    assert given.database.url == URL
    assert given.is_postgres


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ('[database]\nurl = "mysql://db"\n', "database.url: must start with"),
        ('[database]\nurl_file = "nowhere"\n', "database.url_file:"),
        ('[objects]\nurl = "http://bucket"\n', "objects.url: must be like"),
        ('[objects]\nurl = "s3://"\n', "objects.url: must be like"),
        ('[objects]\nurl = "s3://bucket"\n', "objects.credentials_file: access_key_id"),
        ('[objects]\nurl = "s3://bucket"\ncredentials_file = "bad"\n', "not TOML"),
        ("[backup]\nevery_hours = 0\n", "backup.every_hours"),
        (f"[backup]\nevery_hours = {LONGEST_BACKUP_HOURS + 1}\n", "backup.every_hours"),
        ('[backup]\nfolder = "x"\n', "folder"),
    ],
)
def test_what_cannot_be_used_is_named(tmp_path: Path, text: str, words: str) -> None:
    (tmp_path / "bad").write_text("no toml")
    with pytest.raises(SettingsError, match=words):
        read_settings(write(tmp_path, text), environment={})


def test_the_keys_to_an_object_store_stand_elsewhere(tmp_path: Path) -> None:
    credentials = tmp_path / "credentials"
    credentials.mkdir()
    (credentials / "edge-city-s3").write_text(KEYS)
    (tmp_path / "s3").write_text(KEYS.replace("SK", "FILE"))
    plain = write(tmp_path, '[objects]\nurl = "s3://bucket/hcm"\n')
    objects = read_settings(plain, environment={"CREDENTIALS_DIRECTORY": str(credentials)}).objects
    assert (objects.access_key_id, objects.secret_access_key) == ("AK", "SK")
    named = write(tmp_path, '[objects]\nurl = "s3://bucket/hcm"\ncredentials_file = "s3"\n')
    assert read_settings(named, environment={}).objects.secret_access_key == "FILE"
    environment = {"AWS_ACCESS_KEY_ID": "AK", "AWS_SECRET_ACCESS_KEY": "ENV"}
    assert read_settings(named, environment=environment).objects.secret_access_key == "ENV"


def test_folders_are_taken_from_the_files_own(tmp_path: Path) -> None:
    settings = read_settings(write(tmp_path, '[backup]\ndirectory = "copy"\n'), environment={})
    assert settings.backup.directory == tmp_path / "copy"
    assert settings.backup.every_hours == 24

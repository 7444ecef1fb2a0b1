from pathlib import Path

import pytest

from sync.daemon.pace import Limits
from sync.daemon.settings import SettingsError, read_settings, url_fault

GOOD = """
[station]
code = "26560"
[files]
node_database = "node.db"
sync_database = "/var/lib/sync.db"
keys_directory = "keys"
enrolment = "enrolment.cbor"
"""


def test_paths_are_taken_from_the_folder_of_the_file(tmp_path: Path) -> None:
    path = tmp_path / "sync.toml"
    path.write_text(GOOD)
    settings = read_settings(path)
    assert settings.files.node_database == tmp_path / "node.db"
    assert settings.files.sync_database == Path("/var/lib/sync.db")
    assert settings.limits == Limits(900.0, 2.0, 900.0, metered=False)


@pytest.mark.parametrize(
    ("change", "named"),
    [
        (("[station]", "[station]\nname = 'x'"), "name"),
        (('code = "26560"', "code = 26560"), "station.code"),
        (('code = "26560"', 'code = "P1"'), "station.code"),
        (('code = "26560"', 'code = "99999999999999999"'), "station.code"),
        (('node_database = "node.db"\n', ""), "node_database"),
        (("[files]", "[schedule]\ninterval_s = 0.1\n[files]"), "schedule.interval_s"),
        (("[files]", "[schedule]\nminimum_backoff_s = 0\n[files]"), "backoff_s"),
        (("[files]", "[schedule]\nmaximum_backoff_s = 1\n[files]"), "backoff_s"),
        (("[files]", "[schedule]\npoll_s = 0\n[files]"), "schedule.poll_s"),
        (("[files]", '[city]\nurl = "http://city.example"\n[files]'), "city.url"),
        (("[station]", "station"), "sync.toml"),
    ],
)
def test_a_fault_is_one_line_that_names_the_key(
    tmp_path: Path, change: tuple[str, str], named: str
) -> None:
    path = tmp_path / "sync.toml"
    path.write_text(GOOD.replace(*change))
    with pytest.raises(SettingsError) as refused:
        read_settings(path)
    assert named in str(refused.value)
    assert "\n" not in str(refused.value)


@pytest.mark.parametrize(
    ("url", "good"),
    [
        ("https://city.example:8443", True),
        ("http://127.0.0.1:8443", True),
        ("http://[::1]:8443", True),
        ("http://localhost", True),
        ("http://10.0.0.1", False),
        ("http://city.example", False),
        ("ftp://127.0.0.1", False),
        ("https://", False),
        ("https://user@city.example", False),
        ("https://city.example:99999", False),
        ("https://city.example/?q=1", False),
        ("", False),
    ],
)
def test_plain_http_is_for_this_machine_only(url: str, *, good: bool) -> None:
    assert (url_fault(url) == "") is good

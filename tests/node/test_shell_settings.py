"""The kiosk's shell in the configuration: the scanner's key, and a kiosk being looked after."""

from pathlib import Path

import pytest

from edge_node.settings import SettingsError, read_settings

STATION = '[station]\ncode = "26560"\nstate_directory = "state"\nsync_database = "sync.db"\n'


def write(folder: Path, text: str) -> Path:
    path = folder / "node.toml"
    path.write_text(STATION + text, "utf-8")
    return path


def test_the_scanner_s_key_and_maintenance_reach_the_policy(tmp_path: Path) -> None:
    plain = read_settings(write(tmp_path, "")).desk.policy()
    assert (plain.scanner_prefix, plain.kiosk_maintenance) == ("F8", False)
    text = '[desk]\nscanner_prefix = "F13"\nkiosk_maintenance = true\n'
    changed = read_settings(write(tmp_path, text)).desk.policy()
    assert (changed.scanner_prefix, changed.kiosk_maintenance) == ("F13", True)


@pytest.mark.parametrize("key", ["F0", "F25", "Enter", "f8", ""])
def test_only_a_function_key_starts_a_scan(tmp_path: Path, key: str) -> None:
    with pytest.raises(SettingsError, match="scanner_prefix"):
        read_settings(write(tmp_path, f'[desk]\nscanner_prefix = "{key}"\n'))

"""Figures of the machine: read when they exist, absent when they do not."""

from pathlib import Path

from edge_node.health import host


def _write(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)


def test_the_disk_of_a_folder(tmp_path: Path) -> None:
    found = host.read_disk(tmp_path)
    assert found is not None
    assert 0 < found.free_bytes <= found.total_bytes
    assert found.read_only is False


def test_a_disk_that_is_gone_is_not_an_empty_disk(tmp_path: Path) -> None:
    assert host.read_disk(tmp_path / "gone") is None


def test_the_hottest_zone_counts(tmp_path: Path) -> None:
    _write(tmp_path / "thermal_zone0" / "temp", "41850\n")
    _write(tmp_path / "thermal_zone1" / "temp", "58200\n")
    assert host.read_power(tmp_path, tmp_path).temperature_c == 58


def test_what_cannot_be_measured_is_absent(tmp_path: Path) -> None:
    _write(tmp_path / "thermal_zone0" / "temp", "garbage")
    power = host.read_power(tmp_path, tmp_path)
    assert (power.temperature_c, power.undervoltage) == (None, None)


def test_the_boards_own_alarm(tmp_path: Path) -> None:
    _write(tmp_path / "hwmon1" / host.UNDERVOLTAGE_ALARM, "1\n")
    assert host.read_power(tmp_path, tmp_path).undervoltage is True
    _write(tmp_path / "hwmon1" / host.UNDERVOLTAGE_ALARM, "0\n")
    assert host.read_power(tmp_path, tmp_path).undervoltage is False

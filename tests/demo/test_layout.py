"""Where the demonstration keeps things: secrets made once, configurations that are accepted."""

import secrets
import subprocess
import sys
from pathlib import Path

import pytest

from edge_node.demo.layout import Layout, ports, prepare
from edge_node.demo.samples import SAMPLES
from edge_node.domain.errors import ErrorCode
from edge_node.domain.identity_card import CardScan, RefusedScan, parse_scan
from edge_node.settings import read_settings
from edge_node.usecases.officers import PIN_DIGITS


@pytest.fixture
def layout(tmp_path: Path) -> Layout:
    """A folder with a name that needs quoting everywhere."""
    return Layout(tmp_path / 'trạm "thử" \\ 1', 8700)


def command(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", *arguments], check=False, capture_output=True, text=True, timeout=60
    )


def test_secrets_are_made_once_and_only_their_owner_reads_them(layout: Layout) -> None:
    first = prepare(layout)
    file = layout.state / "credentials.json"
    assert file.stat().st_mode & 0o777 == 0o600
    assert prepare(layout) == first
    assert len(first.pin) == PIN_DIGITS
    assert len(first.device_token) == 48
    for config in (layout.node_config, layout.sync_config, layout.city_config):
        text = config.read_text(encoding="utf-8")
        assert first.pin not in text.replace(str(layout.ports.node), "")
        assert first.device_token not in text


def test_two_demonstrations_have_different_secrets(tmp_path: Path) -> None:
    made = [prepare(Layout(tmp_path / name, 8700)).device_token for name in ("a", "b")]
    assert made[0] != made[1]


def test_entropy_is_an_argument(tmp_path: Path) -> None:
    credentials = prepare(Layout(tmp_path, 8700), bytes)
    assert credentials.pin == "000000"
    assert credentials.device_token == "00" * 24
    assert prepare(Layout(tmp_path, 8700), secrets.token_bytes) == credentials


def test_nine_ports_one_each() -> None:
    assert sorted(ports(8700)) == list(range(8700, 8709))
    assert ports(9000).node == 9000


def test_the_node_accepts_its_configuration(layout: Layout) -> None:
    credentials = prepare(layout)
    settings = read_settings(layout.node_config)
    assert settings.station.state_directory == layout.state / "node"
    assert [one.device for one in settings.scanner] == [layout.scanner]
    assert settings.kiosk.rules().may_enter("")
    assert [printer.role for printer in settings.printer] == ["ticket", "slip"]
    officer = settings.officer[0]
    assert (officer.id, officer.name) == (credentials.officer_id, credentials.officer_name)
    done = command("edge_node", "check", "--config", str(layout.node_config))
    assert (done.returncode, done.stderr) == (0, "")


def test_the_city_accepts_its_configuration(layout: Layout) -> None:
    prepare(layout)
    done = command("sync.city", "check", "--config", str(layout.city_config))
    assert (done.returncode, done.stderr) == (0, "")


def test_the_messenger_accepts_its_configuration_and_misses_only_the_enrolment(
    layout: Layout,
) -> None:
    prepare(layout)
    check = ("sync.daemon", "check", "--config", str(layout.sync_config))
    assert "sync.toml" not in command(*check).stderr
    layout.sync_config.write_text(
        layout.sync_config.read_text(encoding="utf-8") + "\n[nonsense]\n", encoding="utf-8"
    )
    refused = command(*check)
    assert "sync.toml" in refused.stderr
    assert "nonsense" in refused.stderr


def test_the_sample_cards_show_what_their_names_say() -> None:
    read = {sample.id: parse_scan(sample.text.encode()) for sample in SAMPLES}
    assert len(read) == len(SAMPLES)
    for name in ("mau", "thu", "gia-dinh"):
        found = read[name]
        assert isinstance(found, CardScan)
        assert found.warnings == ()
    odd, cut = read["khac-gioi"], read["doc-do"]
    assert isinstance(odd, CardScan)
    assert odd.warnings == ("sex_digit_mismatch",)
    assert isinstance(cut, RefusedScan)
    assert cut.code is ErrorCode.SCAN_CUT

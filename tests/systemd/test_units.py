"""The unit files are understood by systemd to the last word, and confine what they start."""

import configparser
import re
import subprocess
import tomllib
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.contracts.tree import ROOT

pytestmark = pytest.mark.systemd

FOLDER = ROOT / "systemd"
UNITS = tuple(sorted(path.name for path in FOLDER.glob("*.service")))
DROP_INS = FOLDER / "drop-ins"
# systemd's own scale from 0 (confined) to 10 (may do anything); an unconfined service has 9.6.
MAXIMUM_EXPOSURE = 1.5


def installed(folder: Path, name: str) -> Path:
    """A copy of a unit whose program exists on this machine, as it does on a station."""
    text = (FOLDER / name).read_text()
    unit = folder / name
    unit.write_text(re.sub(r"(?m)^ExecStart=\S+", "ExecStart=/bin/true", text))
    return unit


def install_all(folder: Path) -> list[Path]:
    return [installed(folder, name) for name in UNITS]


def verify(units: list[Path]) -> tuple[int, str]:
    """Exit status and complaints; an unknown key is only a complaint, so both must be looked at."""
    done = subprocess.run(
        ["systemd-analyze", "verify", "--man=no", *units],
        capture_output=True,
        text=True,
        check=False,
    )
    return done.returncode, done.stderr


def exposure(unit: Path) -> float:
    done = subprocess.run(
        ["systemd-analyze", "security", "--offline=true", "--no-pager", unit],
        capture_output=True,
        text=True,
        check=True,
    )
    found = re.search(r"Overall exposure level for \S+: ([\d.]+)", done.stdout)
    assert found, done.stdout
    return float(found[1])


def systemd_version() -> int:
    done = subprocess.run(
        ["systemd-analyze", "--version"], capture_output=True, text=True, check=True
    )
    return int(done.stdout.split()[1])


def service(name: str) -> dict[str, str]:
    """The `[Service]` section; the last of repeated keys wins, which is enough here."""
    parser = configparser.RawConfigParser(strict=False)
    parser.optionxform = str  # type: ignore[method-assign,assignment]
    parser.read_string((FOLDER / name).read_text())
    return dict(parser["Service"])


def test_there_is_a_unit_for_every_process() -> None:
    assert UNITS == ("ward-edge-city.service", "ward-edge-node.service", "ward-edge-sync.service")


def test_systemd_understands_every_word(tmp_path: Path) -> None:
    assert verify(install_all(tmp_path)) == (0, "")


def test_a_misspelt_key_is_noticed(tmp_path: Path) -> None:
    units = install_all(tmp_path)
    units[0].write_text(units[0].read_text().replace("NoNewPrivileges=", "NoNewPriviledges="))
    _, complaints = verify(units)
    assert "NoNewPriviledges" in complaints


def test_a_missing_program_is_noticed(tmp_path: Path) -> None:
    units = install_all(tmp_path)
    units[0].write_text(units[0].read_text().replace("/bin/true", "/opt/no-such-program"))
    status, complaints = verify(units)
    assert status != 0
    assert "/opt/no-such-program" in complaints


@pytest.mark.parametrize("name", UNITS)
def test_a_unit_is_confined(
    name: str, tmp_path: Path, record_property: Callable[[str, object], None]
) -> None:
    found = exposure(installed(tmp_path, name))
    record_property("measured", f"{name}: exposure {found} of 10, at most {MAXIMUM_EXPOSURE}")
    assert found <= MAXIMUM_EXPOSURE


def test_an_unconfined_unit_is_noticed(tmp_path: Path) -> None:
    unit = tmp_path / "open.service"
    unit.write_text("[Service]\nExecStart=/bin/true\n")
    assert exposure(unit) > MAXIMUM_EXPOSURE


def test_the_city_only_drop_in_is_understood(tmp_path: Path) -> None:
    units = install_all(tmp_path)
    extra = tmp_path / "ward-edge-sync.service.d"
    extra.mkdir()
    (extra / "city-only.conf").write_text((DROP_INS / "city-only.conf").read_text())
    assert verify(units) == (0, "")


def test_the_backoff_drop_in_is_for_newer_systemd(tmp_path: Path) -> None:
    units = install_all(tmp_path)
    extra = tmp_path / "ward-edge-node.service.d"
    extra.mkdir()
    (extra / "backoff.conf").write_text((DROP_INS / "backoff.conf").read_text())
    status, complaints = verify(units)
    assert status == 0
    assert ("RestartSteps" in complaints) == (systemd_version() < 254)


@pytest.mark.parametrize("name", UNITS)
def test_the_service_manager_watches(name: str) -> None:
    keys = service(name)
    assert (keys["Type"], keys["NotifyAccess"]) == ("notify", "main")
    assert int(keys["WatchdogSec"]) <= 60
    # The program promises a clean stop within 10 s.
    assert int(keys["TimeoutStopSec"]) > 10


@pytest.mark.parametrize("name", UNITS)
def test_the_program_of_a_unit_is_one_of_ours(name: str) -> None:
    scripts = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["scripts"]
    program = Path(service(name)["ExecStart"].split()[0])
    assert program.parent == Path("/opt/ward-edge/bin")
    assert program.name in scripts


@pytest.mark.parametrize("name", UNITS)
def test_the_user_of_a_unit_is_made_at_installation(name: str) -> None:
    made = [line.split() for line in (FOLDER / "sysusers.d/ward-edge.conf").read_text().split("\n")]
    users = {words[1] for words in made if words[:1] == ["u"]}
    groups = {words[1] for words in made if words[:1] in (["g"], ["u"])}
    assert service(name)["User"] in users
    assert service(name)["Group"] in groups


def test_no_two_programs_share_a_user() -> None:
    assert len({service(name)["User"] for name in UNITS}) == len(UNITS)


def test_only_the_road_to_the_city_is_given_keys() -> None:
    holders = [name for name in UNITS if "LoadCredential" in service(name)]
    assert holders == ["ward-edge-sync.service"]


def test_the_station_programs_read_each_other_and_nobody_writes_in_the_others_folder() -> None:
    for name in ("ward-edge-node.service", "ward-edge-sync.service"):
        keys = service(name)
        assert (keys["Group"], keys["UMask"], keys["StateDirectoryMode"]) == (
            "ward-edge",
            "0027",
            "2750",
        )
        # Beside its own state directory the messenger writes on a stick, the desk nowhere.
        assert keys.get("ReadWritePaths", "") in {"", "-/run/ward-stick"}

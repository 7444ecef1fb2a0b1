"""What a station's file says for its kiosk: streets, renewal ages, the address for phones."""

from pathlib import Path

import pytest

from edge_node.settings import MAXIMUM_STREETS, PhoneSection, SettingsError, read_settings
from tests.node.test_settings import STATION


def written(folder: Path, text: str) -> Path:
    path = folder / "node.toml"
    path.write_text(STATION + text, "utf-8")
    return path


def streets(number: int) -> str:
    names = ", ".join(f'"Đường {one}"' for one in range(number))
    return f"[desk]\nstreets = [{names}]\n"


def test_the_kiosk_is_told_its_streets_and_ages(tmp_path: Path) -> None:
    text = '[desk]\nstreets = ["Đường Ví Dụ"]\ncard_renewal_ages = [25, 40]\n'
    policy = read_settings(written(tmp_path, text)).desk.policy()
    assert policy.streets == ("Đường Ví Dụ",)
    assert policy.card_renewal_ages == (25, 40)


def test_streets_are_limited(tmp_path: Path) -> None:
    most = read_settings(written(tmp_path, streets(MAXIMUM_STREETS)))
    assert len(most.desk.streets) == MAXIMUM_STREETS
    with pytest.raises(SettingsError, match="streets"):
        read_settings(written(tmp_path, streets(MAXIMUM_STREETS + 1)))


@pytest.mark.parametrize(
    ("host", "name", "address"),
    [
        ("", "", ""),
        ("10.0.0.9", "", "http://10.0.0.9:8080"),
        ("::1", "", "http://[::1]:8080"),
        ("0.0.0.0", "", "http://edge-node-26560.local:8080"),  # noqa: S104
        ("0.0.0.0", "tram.example", "http://tram.example:8080"),  # noqa: S104
    ],
)
def test_phones_are_told_an_address_they_can_open(host: str, name: str, address: str) -> None:
    assert PhoneSection(host=host).address("26560", name) == address

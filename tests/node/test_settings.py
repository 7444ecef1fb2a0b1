"""The configuration: every fault is one line that names the file and the key."""

from pathlib import Path

import pytest

from edge_node.domain.seats import MAXIMUM_KIOSKS
from edge_node.settings import SettingsError, read_settings
from edge_node.usecases.officers import hash_pin

PHC = hash_pin("246810", b"salt of the test")
STATION = '[station]\ncode = "26560"\nstate_directory = "state"\nsync_database = "sync/sync.db"\n'
LISTEN = '[listen]\nhost = "127.0.0.1"\nport = 8443\n'
PRINTER = '[[printer]]\nid = "p"\nrole = "ticket"\nkind = "escpos"\naddress = "127.0.0.1:9100"\n'
SHEETS = PRINTER.replace("escpos", "ipp").replace("127.0.0.1:9100", "ipp://10.0.0.9/ipp/print")
OFFICER = f'[[officer]]\nid = "minh"\nname = "Minh"\ncounter = "1"\npin_phc = "{PHC}"\n'
READER = '[[scanner]]\ndevice = "/dev/ttyACM0"\n'
TWO_KIOSKS = '[kiosk]\nnames = ["1", "2"]\n'
WHOLE = f"""{STATION}{LISTEN}{PRINTER}{SHEETS.replace('"p"', '"q"')}{OFFICER}
[scanner]
device = "scanner"
[devices]
token_sha256 = ["{"a" * 64}"]
[announce]
enabled = false
[desk]
cut_off = "16:30"
saturday_reception = "treat_as_monday"
"""


def write(folder: Path, text: str) -> Path:
    path = folder / "node.toml"
    path.write_text(text, encoding="utf-8")
    return path


def test_a_whole_file(tmp_path: Path) -> None:
    settings = read_settings(write(tmp_path, WHOLE))
    assert [printer.id for printer in settings.printer] == ["p", "q"]
    assert settings.officer[0].officer().name == "Minh"
    assert settings.desk.policy().cut_off == "16:30"
    assert not settings.announce.enabled


def test_the_least_that_is_needed_is_safe(tmp_path: Path) -> None:
    settings = read_settings(write(tmp_path, STATION))
    assert (settings.listen.tls, settings.listen.port) == ("station-ca", 8443)
    assert settings.devices.token_sha256 == ()
    assert settings.officer == ()


def test_relative_paths_start_at_the_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = write(tmp_path, WHOLE)
    monkeypatch.chdir("/")
    settings = read_settings(path)
    assert settings.station.state_directory == tmp_path / "state"
    assert settings.station.sync_database == tmp_path / "sync" / "sync.db"
    assert settings.scanner[0].device == tmp_path / "scanner"
    moved = WHOLE.replace('"state"', '"/srv/state"').replace('"scanner"', '"/dev/ttyACM0"')
    settings = read_settings(write(tmp_path, moved))
    assert str(settings.station.state_directory) == "/srv/state"
    assert str(settings.scanner[0].device) == "/dev/ttyACM0"


@pytest.mark.parametrize(
    ("text", "word"),
    [
        ("", "`station`"),
        ("[station", "not TOML"),
        ("\x00", "not TOML"),
        (STATION.replace("code", "kode"), "`kode`"),
        (STATION + "[listen]\nprot = 1", "`prot` - at `$.listen`"),
        (STATION + '"a\\nb" = 1', "unknown field"),
        (STATION.replace('"26560"', "26560"), "$.station.code"),
        (STATION.replace("26560", "2656"), "$.station.code"),
        (STATION.replace("26560", "2656A"), "$.station.code"),
        (STATION.replace('"state"', "3"), "$.station.state_directory"),
        (STATION + '[listen]\nhost = "ward.local"', "listen.host"),
        (STATION + "[listen]\nport = 0", "$.listen.port"),
        (STATION + "[listen]\nport = 65536", "$.listen.port"),
        (STATION + '[listen]\ntls = "maybe"', "$.listen.tls"),
        (STATION + '[listen]\ntls = "off"', "listen.tls"),
        (STATION + '[listen]\nhost = "192.168.1.2"\ntls = "off"', "listen.tls"),
        (STATION + PRINTER * 2, "printer.id"),
        (STATION + PRINTER.replace("ticket", "label"), "$.printer[0].role"),
        (STATION + PRINTER + "width_dots = 100", "$.printer[0].width_dots"),
        (STATION + PRINTER.replace(":9100", ""), "printer[0].address"),
        (STATION + PRINTER.replace(":9100", ":x"), "printer[0].address"),
        (STATION + PRINTER + SHEETS.replace('"p"', '"q"').replace("ipp://", ""), "printer[1]"),
        (STATION + OFFICER * 2, "officer.id"),
        (STATION + OFFICER.replace(PHC, "246810"), "$.officer[0].pin_phc"),
        (STATION + '[devices]\ntoken_sha256 = ["secret"]', "$.devices.token_sha256[0]"),
        (STATION + '[desk]\ncut_off = "25:00"', "$.desk.cut_off"),
        (STATION + '[desk]\nsaturday_reception = "never"', "$.desk.saturday_reception"),
        (STATION + "[scanner]", "`device`"),
        (STATION + READER + READER, "scanner.device"),
        (STATION + READER + 'seat = "desk-1"', "$.scanner[0].seat"),
        (STATION + READER + 'seat = "kiosk-2"', "scanner[0].seat: kiosk-2 is not in kiosk.names"),
        (STATION + READER + TWO_KIOSKS, "scanner[0].seat must say whom the scanner serves"),
        (STATION + "[kiosk]\nnames = []", "$.kiosk.names"),
        (STATION + '[kiosk]\nnames = ["1", "1"]', "kiosk.names must be unique"),
        (STATION + '[kiosk]\nnames = ["bên cửa"]', "$.kiosk.names[0]"),
        (STATION + '[kiosk]\npairing = "perhaps"', "$.kiosk.pairing"),
    ],
)
def test_a_fault_is_one_line_that_names_the_key(tmp_path: Path, text: str, word: str) -> None:
    path = write(tmp_path, text)
    with pytest.raises(SettingsError) as refused:
        read_settings(path)
    message = str(refused.value)
    assert word in message
    assert message.startswith(f"{path}: ")
    assert len(message.splitlines()) == 1
    assert PHC not in message


@pytest.mark.parametrize("host", ["127.0.0.1", "::1"])
def test_plain_http_is_for_loopback(tmp_path: Path, host: str) -> None:
    text = STATION + f'[listen]\nhost = "{host}"\ntls = "off"'
    assert read_settings(write(tmp_path, text)).listen.tls == "off"


def test_a_file_that_cannot_be_read(tmp_path: Path) -> None:
    for path in (tmp_path / "none.toml", tmp_path):
        with pytest.raises(SettingsError, match="cannot be read"):
            read_settings(path)
    latin = tmp_path / "latin.toml"
    latin.write_bytes("# Trạm".encode("utf-16"))
    with pytest.raises(SettingsError, match="cannot be read"):
        read_settings(latin)


@pytest.mark.parametrize(
    ("line", "roles"),
    [("", ("officer", "cashier")), ('roles = ["chief"]\n', ("chief",))],
)
def test_an_officer_has_roles(tmp_path: Path, line: str, roles: tuple[str, ...]) -> None:
    settings = read_settings(write(tmp_path, STATION + OFFICER + line))
    assert settings.officer[0].officer().roles == roles


@pytest.mark.parametrize("line", ['roles = ["king"]\n', "roles = []\n"])
def test_a_role_nobody_knows_is_a_fault(tmp_path: Path, line: str) -> None:
    with pytest.raises(SettingsError, match=r"officer\[0\]\.roles"):
        read_settings(write(tmp_path, STATION + OFFICER + line))


def test_a_banks_own_columns_are_a_setting(tmp_path: Path) -> None:
    path = tmp_path / "node.toml"
    plain = '[station]\ncode = "26560"\nstate_directory = "state"\nsync_database = "sync/sync.db"\n'
    path.write_text(plain)
    assert read_settings(path).statement.amount == ("Số tiền", "amount")
    path.write_text(plain + '[statement]\namount = ["Ghi có"]\naccount = []\nseparator = "tab"\n')
    form = read_settings(path).statement
    assert (form.amount, form.account, form.separator) == (("Ghi có",), (), "tab")
    for wrong, key in (
        ("amount = []", "amount"),
        ('separator = "|"', "separator"),
        ('dates = ["hôm nay"]', "dates"),
        ("money = []", "money"),
    ):
        path.write_text(f"{plain}[statement]\n{wrong}\n")
        with pytest.raises(SettingsError, match=key):
            read_settings(path)


def test_a_scanner_serves_the_only_kiosk_or_who_it_says(tmp_path: Path) -> None:
    at_counter = '[[scanner]]\ndevice = "/dev/ttyACM1"\nseat = "counter-2"\n'
    settings = read_settings(write(tmp_path, STATION + READER + at_counter))
    assert [one.seat for one in settings.scanner] == ["kiosk-1", "counter-2"]
    named = TWO_KIOSKS + READER + 'seat = "kiosk-2"\n' + at_counter
    settings = read_settings(write(tmp_path, STATION + named))
    assert [one.seat for one in settings.scanner] == ["kiosk-2", "counter-2"]


def test_the_one_scanner_of_an_older_file_is_still_read(tmp_path: Path) -> None:
    one = '[scanner]\ndevice = "/dev/ttyACM0"\n'
    settings = read_settings(write(tmp_path, STATION + one))
    assert [(str(one.device), one.seat) for one in settings.scanner] == [
        ("/dev/ttyACM0", "kiosk-1")
    ]


def test_the_number_of_kiosks_is_bounded(tmp_path: Path) -> None:
    for count, fits in ((MAXIMUM_KIOSKS, True), (MAXIMUM_KIOSKS + 1, False)):
        names = ", ".join(f'"{number}"' for number in range(count))
        path = write(tmp_path, f"{STATION}[kiosk]\nnames = [{names}]\n")
        if fits:
            assert len(read_settings(path).kiosk.rules().kiosk_seats) == count
        else:
            with pytest.raises(SettingsError, match=r"kiosk\.names"):
                read_settings(path)

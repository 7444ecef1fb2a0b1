"""`edge-city` as its operator meets it: real processes, exit statuses, one-line errors."""

import json
import os
import signal
import socket
import ssl
import subprocess
import sys
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest

from sync.city.settings import SettingsError, read_settings
from sync.protocol.batch import MEDIA_TYPE
from sync.protocol.enrolment import Expected, fingerprint, verify_enrolment
from sync.protocol.enrolment_code import read_qr, read_typed
from tests.city.station import SimulatedStation

CONFIG = '[city]\nname = "Thành phố Thử"\nstate_directory = "state"\n[listen]\nport = 0\n'


def edge_city(*arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "sync.city", *arguments]
    return subprocess.run(command, check=False, capture_output=True, text=True, timeout=60)


def write_config(folder: Path, text: str = CONFIG) -> str:
    path = folder / "city.toml"
    path.write_text(text, encoding="utf-8")
    return str(path)


class Process:
    """A running `edge-city serve`."""

    def __init__(self, config: str) -> None:
        command = [sys.executable, "-m", "sync.city", "serve", "--config", config]
        self.process = subprocess.Popen(
            command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
        )
        assert self.process.stdout is not None
        word, _, facts = self.process.stdout.readline().partition(" ")
        assert word == "READY", self.process.communicate(timeout=10)
        self.url = json.loads(facts)["url"]

    def stop(self) -> int:
        self.process.send_signal(signal.SIGTERM)
        self.process.communicate(timeout=10)
        return self.process.returncode


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Process]:
    process = Process(write_config(tmp_path))
    yield process
    if process.process.poll() is None:
        process.stop()


def test_help_names_every_command() -> None:
    text = edge_city("--help").stdout
    words = (
        "serve",
        "export",
        "enrol",
        "check",
        "code",
        "stations",
        "revoke",
        "quarantine",
        "keys",
    )
    for word in words:
        assert word in text


def test_serves_stops_cleanly_and_keeps_its_files_private(server: Process, tmp_path: Path) -> None:
    authority = tmp_path / "state" / "tls" / "authority.pem"
    context = ssl.create_default_context(cafile=str(authority))
    opener = urllib.request.build_opener(urllib.request.HTTPSHandler(context=context))
    with opener.open(server.url + "/healthz", timeout=10) as answer:
        assert json.load(answer) == {"status": "ok"}
    assert server.stop() == 0
    for path in (tmp_path / "state").rglob("*"):
        assert path.stat().st_mode & 0o077 in (0, 0o044), path
    assert (tmp_path / "state" / "city.db").stat().st_mode & 0o077 == 0


def test_a_busy_port_is_one_line_and_status_3(server: Process, tmp_path: Path) -> None:
    port = server.url.rpartition(":")[2]
    folder = tmp_path / "second"
    folder.mkdir()
    second = edge_city("serve", "--config", write_config(folder, CONFIG.replace("0", port)))
    assert second.returncode == 3
    assert second.stderr.count("\n") == 1
    assert port in second.stderr


def test_enrol_writes_what_the_station_needs(tmp_path: Path) -> None:
    station = SimulatedStation()
    config = write_config(tmp_path, CONFIG.replace("port = 0", "port = 9443"))
    request, output = tmp_path / "request.cbor", tmp_path / "enrolment.cbor"
    request.write_bytes(station.request())
    arguments = ["--config", config, "--request", str(request), "--output", str(output)]
    done = edge_city("enrol", *arguments, "--name", "Công an phường Thử")
    assert done.returncode == 0, done.stderr
    assert fingerprint(request.read_bytes()) in done.stdout
    enrolment = verify_enrolment(output.read_bytes())
    assert enrolment.city_url == "https://127.0.0.1:9443"
    assert enrolment.ca_pem.startswith("-----BEGIN CERTIFICATE-----")
    assert (tmp_path / "state" / "stations" / f"{station.node_id.hex()}.cbor").exists()
    wrong = edge_city("enrol", *arguments, "--station", "00001")
    assert (wrong.returncode, wrong.stderr.count("\n")) == (2, 1)


def test_a_second_key_for_a_known_station_needs_the_operators_word(tmp_path: Path) -> None:
    config = write_config(tmp_path, CONFIG.replace("port = 0", "port = 9443"))
    first, second = SimulatedStation(1), SimulatedStation(2)
    second.node_id = first.node_id
    output = str(tmp_path / "out.cbor")
    for station, extra, status in ((first, [], 0), (second, [], 2), (second, ["--replace"], 0)):
        request = tmp_path / "request.cbor"
        request.write_bytes(station.request())
        done = edge_city(
            "enrol", "--config", config, "--request", str(request), "--output", output, *extra
        )
        assert done.returncode == status, done.stderr


def test_a_request_that_was_changed_is_refused(tmp_path: Path) -> None:
    data = bytearray(SimulatedStation().request())
    data[-1] ^= 1
    request = tmp_path / "request.cbor"
    request.write_bytes(data)
    config = write_config(tmp_path, CONFIG.replace("port = 0", "port = 9443"))
    output = tmp_path / "out.cbor"
    done = edge_city(
        "enrol", "--config", config, "--request", str(request), "--output", str(output)
    )
    assert (done.returncode, done.stderr.count("\n")) == (2, 1)
    assert not output.exists()


def test_a_code_is_shown_drawn_and_one_line_for_programs(tmp_path: Path) -> None:
    config = write_config(tmp_path, CONFIG.replace("port = 0", "port = 9443"))
    picture = tmp_path / "code.svg"
    words = ["code", "--config", config, "--station", "26560"]
    shown = edge_city(*words, "--svg", str(picture))
    assert shown.returncode == 0, shown.stderr
    (line,) = [line for line in shown.stdout.splitlines() if line.startswith("code ")]
    secret = read_typed(line.removeprefix("code "))
    assert "https://127.0.0.1:9443" in shown.stdout
    assert picture.read_text().startswith("<svg")
    assert picture.stat().st_mode & 0o777 == 0o600
    facts = json.loads(edge_city(*words, "--name", "Trạm Thử", "--json").stdout)
    code = read_qr(facts["qr"])
    assert code.secret == read_typed(facts["typed"]) != secret
    assert (code.station, code.city_url) == (26560, "https://127.0.0.1:9443")
    for wrong in (["--hours", "73"], ["--hours", "0"]):
        refused = edge_city(*words, *wrong)
        assert (refused.returncode, refused.stderr.count("\n")) == (2, 1)


def test_stations_come_by_code_to_a_running_server_and_go(tmp_path: Path) -> None:
    server = Process(write_config(tmp_path, CONFIG + 'host = "127.0.0.1"\n'))
    try:
        text = CONFIG.replace("port = 0", "port = " + server.url.rpartition(":")[2])
        config = write_config(tmp_path, text)
        words = ["--config", config, "--station", "26560"]
        code = read_qr(json.loads(edge_city("code", *words, "--json").stdout)["qr"])
        answer = post(
            tmp_path, code.city_url + "/v1/enrol", SimulatedStation().request(code.secret)
        )
        verify_enrolment(answer, Expected(None, code.root_hash, code.secret))
        listed = edge_city("stations", "--config", config).stdout
        assert listed.startswith("26560  node ")
        assert "good" in listed
        ended = edge_city("revoke", *words, "--reason", "mất máy", "--all")
        assert ended.returncode == 0, ended.stderr
        assert "revoked" in edge_city("stations", "--config", config).stdout
        empty = edge_city("quarantine", "list", "--config", config)
        assert (empty.returncode, empty.stdout) == (0, "")
        nothing = edge_city("quarantine", "release", "7", "--config", config)
        assert (nothing.returncode, nothing.stdout) == (5, "7: missing\n")
    finally:
        server.stop()


def post(folder: Path, url: str, message: bytes) -> bytes:
    context = ssl.create_default_context(cafile=str(folder / "state" / "tls" / "authority.pem"))
    opener = urllib.request.build_opener(urllib.request.HTTPSHandler(context=context))
    request = urllib.request.Request(url, message, {"Content-Type": MEDIA_TYPE})  # noqa: S310
    with opener.open(request, timeout=10) as answer:
        return bytes(answer.read())


def test_export_without_an_archive_says_so(tmp_path: Path) -> None:
    done = edge_city("export", "--ndjson", "--config", write_config(tmp_path))
    assert (done.returncode, done.stderr.count("\n")) == (2, 1)
    assert "city.db" in done.stderr


def test_export_of_an_empty_archive_beside_the_server(server: Process, tmp_path: Path) -> None:
    done = edge_city("export", "--ndjson", "--config", str(tmp_path / "city.toml"))
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


def test_check_finds_a_lost_key(tmp_path: Path) -> None:
    config = write_config(tmp_path)
    assert edge_city("check", "--config", config).returncode == 0
    (tmp_path / "state" / "keys" / "receipt.pem").unlink()
    done = edge_city("check", "--config", config)
    assert (done.returncode, done.stderr.count("\n")) == (2, 1)
    assert "receipt.pem" in done.stderr


def test_check_names_a_certificate_that_is_not_there(tmp_path: Path) -> None:
    config = write_config(tmp_path, CONFIG + 'certificate = "no.pem"\nkey = "no.key"\n')
    done = edge_city("check", "--config", config)
    assert (done.returncode, done.stderr.count("\n")) == (2, 1)
    assert "no.pem" in done.stderr


def test_the_service_manager_is_told(tmp_path: Path) -> None:
    address = str(tmp_path / "notify")
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as channel:
        channel.bind(address)
        channel.settimeout(10)
        os.environ["NOTIFY_SOCKET"] = address
        try:
            process = Process(write_config(tmp_path))
        finally:
            del os.environ["NOTIFY_SOCKET"]
        assert channel.recv(100) == b"READY=1"
        assert process.stop() == 0
        assert channel.recv(100) == b"STOPPING=1"


@pytest.mark.parametrize(
    ("text", "word"),
    [
        ("", "city"),
        ("[city", "declaration"),
        ('[city]\nname = "x"', "state_directory"),
        ('[city]\nname = " "\nstate_directory = "s"', "city.name"),
        (CONFIG + 'colour = "red"', "colour"),
        (CONFIG.replace("0", '"zero"'), "port"),
        (CONFIG.replace("0", "70000"), "listen.port"),
        (CONFIG + 'certificate = "c.pem"', "listen.key"),
        (CONFIG + 'host = "0.0.0.0"\ntls = "off"', "listen.tls"),
        (CONFIG + '[database]\nurl = "mysql://"', "database.url"),
    ],
)
def test_a_wrong_setting_is_named_in_one_line(tmp_path: Path, text: str, word: str) -> None:
    path = Path(write_config(tmp_path, text))
    with pytest.raises(SettingsError) as caught:
        read_settings(path)
    assert word in str(caught.value)
    assert "\n" not in str(caught.value)


def test_plain_http_is_for_loopback(tmp_path: Path) -> None:
    settings = read_settings(Path(write_config(tmp_path, CONFIG + 'tls = "off"')))
    assert settings.base_url(80) == "http://127.0.0.1:80"
    assert settings.database_path == tmp_path / "state" / "city.db"
    assert "localhost" in settings.hosts

"""Two Mosquitto brokers and a bridge: the station's holds the backlog, the city's passes it on.

The bridge acknowledges what the city's broker has in memory. So what counts is the commit of the
program behind that broker, which keeps every message before it acknowledges; broker and program
are the centre. The backlog waits in the station's saved queue; the clock starts when that broker
is up again.
"""

import json
import subprocess
import time
from pathlib import Path
from typing import Final

from sync.certificates import TlsFiles
from tests.bench import servers
from tests.bench.figures import Meter, Moved
from tests.bench.line import Line
from tests.bench.peer_environment import HERE
from tests.bench.peer_road import certify

ENDS: Final = "tests.bench.peer_mosquitto_ends"
SERVES: Final = b" running"
COMMON: Final = """user root
log_dest stderr
log_type notice
log_type error
log_type information
allow_anonymous true
persistence true
autosave_interval 60
max_queued_messages 0
max_inflight_messages 200
"""


def bridge(opened: Line, folder: Path, count: int, lines: Path) -> Moved:
    """A backlog in the station's broker, kept by the program at the centre."""
    tls, port, inner, own = certify(folder, opened.city_host), *_ports()
    city = _city(folder / "city", tls, (opened.city_host, port), inner)
    station = _station(folder / "station", tls, opened.reach(port), own)
    with servers.logging(station, SERVES, opened.near):
        fill = [str(HERE.python), "-m", ENDS, "fill", str(own), str(lines), str(count)]
        subprocess.run([*opened.near, *fill], check=True)
    keep = ["-m", ENDS, "keep", str(inner), str(folder), str(count)]
    with (
        servers.logging(city, SERVES, opened.far) as broker,
        servers.running(keep, inside=opened.far, program=str(HERE.python)) as keeper,
    ):
        before, far = opened.up_bytes(), [broker.pid, keeper.pid]
        with servers.logging(station, SERVES, opened.near) as sender:
            meter = Meter([sender.pid], far)
            meter.begin()
            begun = time.monotonic()
            said = json.loads(servers.ask(keeper, "go"))
            seconds = said["ended"] - begun
            return Moved(said["records"], seconds, opened.up_bytes() - before, meter.read())


def _ports() -> tuple[int, int, int]:
    return servers.free_port(), servers.free_port(), servers.free_port()


def _city(folder: Path, tls: TlsFiles, listens: tuple[str, int], inner: int) -> list[str]:
    host, port = listens
    return _broker(
        folder,
        f"""listener {port} {host}
certfile {tls.certificate}
keyfile {tls.key}
listener {inner} 127.0.0.1
""",
    )


def _station(folder: Path, tls: TlsFiles, city: str, own: int) -> list[str]:
    return _broker(
        folder,
        f"""listener {own} 127.0.0.1
connection city
address {city}
bridge_cafile {tls.authority}
topic dossiers out 1
cleansession false
restart_timeout 1
""",
    )


def _broker(folder: Path, text: str) -> list[str]:
    folder.mkdir()
    config = folder / "mosquitto.conf"
    config.write_text(f"{COMMON}persistence_location {folder}/\n{text}")
    return [HERE.program("mosquitto"), "-c", str(config)]

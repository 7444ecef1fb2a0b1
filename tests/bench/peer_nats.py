"""NATS JetStream: a station publishes its queue, a server keeps a stream in files.

Servers before 2.10 acknowledge from memory and flush every two minutes; later ones are told to
flush before they answer, as every other centre here does.
"""

import re
import subprocess
from pathlib import Path
from typing import Final

from tests.bench import servers
from tests.bench.figures import Moved
from tests.bench.line import Line
from tests.bench.peer_environment import HERE
from tests.bench.peer_road import certify, emptied

FLUSHES_SINCE: Final = (2, 10)
SERVES: Final = b"Server is ready"


def flushes(version: str) -> bool:
    """Whether a server that calls itself so can flush before it acknowledges."""
    found = re.search(r"v(\d+)\.(\d+)", version)
    return found is not None and (int(found[1]), int(found[2])) >= FLUSHES_SINCE


def installed_flushes() -> bool:
    """Whether the one that is installed can."""
    command = [HERE.program("nats-server"), "--version"]
    return flushes(subprocess.run(command, check=True, capture_output=True, text=True).stdout)


def publish(opened: Line, folder: Path, count: int, lines: Path) -> Moved:
    """Every record published, every acknowledgement in the station's hands."""
    tls, port = certify(folder, opened.city_host), servers.free_port()
    always = "sync_interval: always" if installed_flushes() else ""
    config = folder / "nats.conf"
    config.write_text(
        f"""listen: "{opened.city_host}:{port}"
jetstream {{ store_dir: "{folder / "stream"}", max_file_store: 8GB
{always} }}
tls {{ cert_file: "{tls.certificate}", key_file: "{tls.key}" }}
"""
    )
    command = [HERE.program("nats-server"), "-c", str(config)]
    with servers.logging(command, SERVES, opened.far) as city:
        arguments = [
            *("-m", "tests.bench.peer_nats_station", f"tls://{opened.reach(port)}"),
            *(str(tls.authority), str(folder), str(lines), str(count)),
        ]
        with servers.running(arguments, inside=opened.near, program=str(HERE.python)) as station:
            return emptied(opened, station, [city.pid])

"""Morango, as in Kolibri: a station pushes to a centre, Django and SQLite at both ends."""

import subprocess
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Final

from tests.bench import servers
from tests.bench.figures import Moved
from tests.bench.line import Line
from tests.bench.peer_environment import HERE
from tests.bench.peer_road import certify, emptied

SETTINGS: Final = "tests.bench.peer_morango_app.settings"


def push(opened: Line, folder: Path, count: int, lines: Path) -> Moved:
    """Every dossier queued, sent, and a dossier again at the centre."""
    tls, port = certify(folder, opened.city_host), servers.free_port()
    serve = ["city", opened.city_host, str(port), str(tls.certificate), str(tls.key)]
    with _django(serve, _environment(folder / "city"), opened.far) as city:
        root = (folder / "city" / "root").read_text()
        send = ["station", f"https://{opened.reach(port)}/", root, str(lines), str(count)]
        trust = {"REQUESTS_CA_BUNDLE": str(tls.authority)}
        with _django(send, {**trust, **_environment(folder / "station")}, opened.near) as station:
            return emptied(opened, station, [city.pid])


def _environment(folder: Path) -> dict[str, str]:
    folder.mkdir()
    ours = {"MORANGO_FOLDER": str(folder), "DJANGO_SETTINGS_MODULE": SETTINGS}
    # Morango takes two databases on one machine for one and the same node unless it is told.
    return {**ours, "MORANGO_SYSTEM_ID": folder.name}


def _django(
    command: list[str], environment: dict[str, str], inside: list[str]
) -> AbstractContextManager["subprocess.Popen[bytes]"]:
    return servers.running(["-m", "django", *command], environment, inside, str(HERE.python))

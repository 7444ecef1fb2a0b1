"""PouchDB at the station replicates to a PouchDB server at the centre; both keep LevelDB.

LevelDB as PouchDB drives it is written without a flush, so the centre acknowledges before a disk
has it.
"""

from pathlib import Path
from typing import Final

from tests.bench import servers
from tests.bench.figures import Moved
from tests.bench.line import Line
from tests.bench.peer_environment import HERE
from tests.bench.peer_road import certify, emptied

SCRIPTS: Final = Path(__file__).parent


def replicate(opened: Line, folder: Path, count: int, lines: Path) -> Moved:
    """Every document replicated, the checkpoint written."""
    tls, port = certify(folder, opened.city_host), servers.free_port()
    node, found = HERE.program("node"), {"NODE_PATH": str(HERE.node_modules)}
    serve = [SCRIPTS / "peer_pouchdb_city.cjs", folder / "city", tls.certificate, tls.key]
    send = [SCRIPTS / "peer_pouchdb_station.cjs", folder / "station", lines]
    listens = [opened.city_host, str(port)]
    sends = [f"https://{opened.reach(port)}/dossiers", str(count)]
    trust = {**found, "NODE_EXTRA_CA_CERTS": str(tls.authority)}
    with (
        servers.running([*map(str, serve), *listens], found, opened.far, node) as city,
        servers.running([*map(str, send), *sends], trust, opened.near, node) as station,
    ):
        return emptied(opened, station, [city.pid])

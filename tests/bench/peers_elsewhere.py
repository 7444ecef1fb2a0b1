"""Peers that need programs of their own, which this repository does not bring.

They are named and not measured: a figure from another machine would say nothing beside ours. A
driver is a function like those of `sync`, entered in DRIVERS; the goals beside it are in `sync`.
"""

import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Final

from tests.bench.figures import Moved
from tests.bench.line import Line

PROGRAMS: Final = {
    "Morango": "kolibri",
    "CouchDB": "couchdb",
    "PouchDB": "pouchdb-server",
    "NATS publish": "nats-server",
    "Mosquitto bridge": "mosquitto",
}
"""What each would need on the PATH."""

DRIVERS: Final[dict[str, Callable[[Line, Path, int, Path], Moved]]] = {}


def why_not(name: str) -> str:
    """Why a peer is not measured; empty when it can be."""
    if shutil.which(PROGRAMS[name]) is None:
        return f"not installed here ({PROGRAMS[name]})"
    return "" if name in DRIVERS else "installed, but nothing here drives it"

"""Peers that need programs of their own, which this repository does not bring.

`make bench ARGS="--peers"` installs what can be had and measures it beside us, on the same line, in
the same run. One that is not here is named and not measured: a figure from another machine would
say nothing beside ours. The goals are in `sync`.
"""

from collections.abc import Callable
from pathlib import Path
from typing import Final, NamedTuple

from tests.bench import peer_morango, peer_mosquitto, peer_nats, peer_pouchdb
from tests.bench.figures import Moved
from tests.bench.line import Line
from tests.bench.peer_environment import HERE, Place

Run = Callable[[Line, Path, int, Path], Moved]


def _never() -> bool:
    return False


class Peer(NamedTuple):
    """What it needs, what drives it, and whether it acknowledges before a disk has the record."""

    drive: Run | None
    programs: tuple[str, ...] = ()
    python: tuple[str, ...] = ()
    node: tuple[str, ...] = ()
    is_early: Callable[[], bool] = _never

    def missing(self, place: Place) -> list[str]:
        """What it needs and does not find."""
        return [
            *(name for name in self.programs if not place.program(name)),
            *(f"{name} for Python" for name in self.python if not place.has_python(name)),
            *(f"{name} for Node.js" for name in self.node if not place.has_node(name)),
        ]


PEERS: Final = {
    "Morango": Peer(peer_morango.push, python=("morango", "cheroot")),
    "CouchDB": Peer(None, ("couchdb",)),
    "PouchDB": Peer(
        peer_pouchdb.replicate,
        ("node",),
        node=("pouchdb", "express-pouchdb"),
        is_early=lambda: True,
    ),
    "NATS publish": Peer(
        peer_nats.publish,
        ("nats-server",),
        ("nats",),
        is_early=lambda: not peer_nats.installed_flushes(),
    ),
    "Mosquitto bridge": Peer(peer_mosquitto.bridge, ("mosquitto",), ("paho",)),
}


def why_not(peer: Peer, place: Place = HERE) -> str:
    """Why a peer is not measured; empty when it can be."""
    missing = peer.missing(place)
    if missing:
        return f"not installed here ({', '.join(missing)})"
    return "" if peer.drive else "installed, but nothing here drives it"

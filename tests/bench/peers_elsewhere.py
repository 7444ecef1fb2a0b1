"""Peers that need programs of their own; each is measured only where it is installed.

A peer that is not here is named as such: a figure from another machine would say nothing.
"""

from collections.abc import Callable
from pathlib import Path

from tests.bench.figures import Moved
from tests.bench.line import Line

NAMES = ("CouchDB", "PouchDB", "Morango", "NATS publish", "Mosquitto bridge")


def found() -> dict[str, Callable[[Line, Path, int, Path], Moved] | None]:
    """Every peer by name: how to run it, or None."""
    return dict.fromkeys(NAMES)

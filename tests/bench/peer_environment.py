"""Where the programs of the peers are: what `make bench ARGS="--peers"` put there, or the system's.

Peers never share the product's environment: their libraries want other versions of what we use.
"""

import os
import shutil
from pathlib import Path
from typing import Final, NamedTuple

ROOT: Final = Path(__file__).resolve().parents[2]
# Debian keeps servers where the PATH of a plain user does not lead.
SERVERS: Final = "/usr/sbin:/usr/local/sbin"


class Place(NamedTuple):
    """Where programs and the peers' own environment are looked for."""

    path: str
    folder: Path

    @property
    def python(self) -> Path:
        """The peers' own Python."""
        return self.folder / "bin" / "python"

    @property
    def node_modules(self) -> Path:
        """The peers' own packages of Node.js."""
        return self.folder / "node_modules"

    def program(self, name: str) -> str:
        """The full path of a program; empty when it is not here."""
        return shutil.which(name, path=self.path) or ""

    def has_python(self, package: str) -> bool:
        """Whether the peers' own Python has this package."""
        return any(self.folder.glob(f"lib/python3*/site-packages/{package}"))

    def has_node(self, package: str) -> bool:
        """Whether Node.js has this package for the peers."""
        return (self.node_modules / package).is_dir()


HERE: Final = Place(f"{os.environ.get('PATH', os.defpath)}:{SERVERS}", ROOT / ".venv-peers")

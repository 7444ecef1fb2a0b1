"""The repository as the contract tests see it: its files, read once."""

import ast
import functools
import subprocess
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).resolve().parents[2]
PRODUCT = ("edge_node", "sync", "hardware")
CODE = (*PRODUCT, "tests")


class Source(NamedTuple):
    """One Python file: its path inside the repository, its text, its syntax tree."""

    path: str
    text: str
    tree: ast.Module


def source(path: str, text: str) -> Source:
    return Source(path, text, ast.parse(text))


@functools.cache
def tracked_files() -> tuple[Path, ...]:
    """Every file under version control that is there, as absolute paths."""
    listing = subprocess.run(
        ["git", "-c", "safe.directory=*", "-C", ROOT, "ls-files", "-z"],
        check=True,
        capture_output=True,
    ).stdout.decode()
    paths = (ROOT / name for name in listing.split("\0") if name)
    return tuple(path for path in paths if path.is_file())


@functools.cache
def python_sources(*packages: str) -> tuple[Source, ...]:
    """Python files of these top folders, whether already under version control or not."""
    return tuple(
        source(str(path.relative_to(ROOT)), path.read_text())
        for package in packages
        for path in sorted((ROOT / package).rglob("*.py"))
    )

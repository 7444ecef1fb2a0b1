"""The repository as the contract tests see it: its files, read once."""

import ast
import functools
import subprocess
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).resolve().parents[2]
PRODUCT = ("edge_node", "sync", "hardware")
CODE = (*PRODUCT, "tests")
MADE_BY_TOOLS = {
    *(".venv", "__pycache__", ".mypy_cache", ".ruff_cache", ".pytest_cache", ".hypothesis"),
    *(".venv-peers", ".demo", "build", "dist"),
}


class Source(NamedTuple):
    """One Python file: its path inside the repository, its text, its syntax tree."""

    path: str
    text: str
    tree: ast.Module


def source(path: str, text: str) -> Source:
    return Source(path, text, ast.parse(text))


@functools.cache
def tracked_files() -> tuple[Path, ...]:
    """Every file under version control that is there, as absolute paths.

    In an unpacked release, which has no version control, everything but what tools have made.
    """
    names = _names_in_git() if (ROOT / ".git").exists() else _names_on_disk()
    return tuple(ROOT / name for name in names if (ROOT / name).is_file())


def _names_in_git() -> list[str]:
    listing = subprocess.run(
        ["git", "-c", "safe.directory=*", "-C", ROOT, "ls-files", "-z"],
        check=True,
        capture_output=True,
    ).stdout.decode()
    return [name for name in listing.split("\0") if name]


def _names_on_disk() -> list[str]:
    paths = (path.relative_to(ROOT) for path in ROOT.rglob("*"))
    return [str(path) for path in paths if not MADE_BY_TOOLS & set(path.parts)]


def python_sources(*packages: str) -> tuple[Source, ...]:
    """Python files of these top folders, whether already under version control or not."""
    return tuple(each for package in packages for each in _sources_of(package))


@functools.cache
def _sources_of(package: str) -> tuple[Source, ...]:
    return tuple(
        source(str(path.relative_to(ROOT)), path.read_text())
        for path in sorted((ROOT / package).rglob("*.py"))
    )

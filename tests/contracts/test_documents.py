"""Documents lead somewhere: links to files exist, and commands they name can be typed."""

import os
import re
import subprocess
from collections.abc import Iterable
from pathlib import Path

from tests.contracts.tree import ROOT, tracked_files

LINK = re.compile(r"\]\((?!https?:|mailto:|#)([^)#\s]+)")
MAKE_COMMAND = re.compile(r"\bmake ([a-z]+)\b")
# English sentences use the verb too.
PROOFS = {"fuzz", "crash", "simulate", "mutants", "powercut"}
COMMANDS = {"help", "demo", "test", "check", "bench", "screens"} | PROOFS


def documents() -> list[Path]:
    return [path for path in tracked_files() if path.suffix == ".md"]


def dead_links(documents: Iterable[Path]) -> list[str]:
    return [
        f"{document.name}: {target}"
        for document in documents
        for target in LINK.findall(document.read_text())
        if not (document.parent / target).exists()
    ]


def make_targets() -> set[str]:
    return set(re.findall(r"(?m)^([a-z]+):", (ROOT / "Makefile").read_text()))


def scripts() -> list[Path]:
    return [path for path in tracked_files() if path.parent == ROOT / ".ci"]


def test_every_link_leads_to_a_file() -> None:
    assert dead_links(documents()) == []


def test_a_dead_link_is_noticed(tmp_path: Path) -> None:
    document = tmp_path / "a.md"
    document.write_text("[a](a.md) [b](missing.md) [c](https://example.invalid/x) [d](#here)")
    assert dead_links([document]) == ["a.md: missing.md"]


def test_the_commands_are_those_that_are_promised() -> None:
    assert make_targets() == COMMANDS


def test_the_readme_names_only_commands_that_exist() -> None:
    named = set(MAKE_COMMAND.findall((ROOT / "README.md").read_text()))
    assert named
    assert named <= COMMANDS


def test_help_lists_every_command() -> None:
    done = subprocess.run(["make", "-C", ROOT, "help"], capture_output=True, text=True, check=True)
    assert {line.split()[0] for line in done.stdout.splitlines() if "  " in line} == COMMANDS


def test_scripts_can_be_started_and_parsed() -> None:
    assert len(scripts()) >= 3
    for script in scripts():
        assert os.access(script, os.X_OK), script
        interpreter = script.read_text().splitlines()[0].removeprefix("#!").split()
        subprocess.run([*interpreter, "-n", script], check=True)

"""Every import contract holds, and every one of them is seen to fail when it should."""

import re
import shutil
import subprocess
import sys
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from tests.contracts.tree import PRODUCT, ROOT


class Violation(NamedTuple):
    """One forbidden line: the contract it breaks, the file it is added to, the line."""

    contract: str
    file: str
    line: str

    @property
    def importer(self) -> str:
        """The dotted name of the module that does the forbidden thing."""
        module = self.file.removesuffix(".py").removesuffix("/__init__")
        return module.replace("/", ".")


VIOLATIONS = (
    Violation("packages", "sync/__init__.py", "import edge_node.domain"),
    Violation("packages", "hardware/__init__.py", "import sync.protocol"),
    Violation("edge-node-layers", "edge_node/domain/errors.py", "import edge_node.store"),
    Violation("edge-node-layers", "edge_node/usecases/__init__.py", "import edge_node.web"),
    Violation("edge-node-layers", "edge_node/stray.py", '"""A module without a layer."""'),
    Violation("sync-layers", "sync/protocol/__init__.py", "import sync.database"),
    Violation("sync-layers", "sync/keys.py", "import sync.database"),
    Violation("hardware-layers", "hardware/ports.py", "import hardware.printing"),
    Violation("city-is-apart", "sync/city/__init__.py", "import sync.journal"),
    Violation("node-has-no-keys", "edge_node/web/__init__.py", "import sync.daemon"),
    Violation("rules-are-pure", "edge_node/domain/__init__.py", "import time"),
    Violation("rules-are-pure", "sync/protocol/limits.py", "import os"),
    Violation("rules-are-pure", "sync/daemon/session.py", "import asyncio"),
    Violation("rules-are-pure", "sync/city/intake.py", "import sqlite3"),
    Violation("http-stays-outside", "edge_node/store/__init__.py", "import aiohttp"),
    Violation("drivers-are-plugged-in", "edge_node/health/__init__.py", "import hardware.printing"),
    Violation(
        "settings-stop-at-the-door", "edge_node/lan/__init__.py", "import edge_node.settings"
    ),
    Violation("no-cycles", "hardware/ports.py", "import hardware.simulated"),
    Violation("web-has-no-sql", "edge_node/web/static/__init__.py", "import edge_node.store"),
    Violation("sql-stays-in-the-store", "edge_node/usecases/intake.py", "import sqlite3"),
)


def contracts() -> Mapping[str, dict[str, Any]]:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())
    return {contract["id"]: contract for contract in project["tool"]["importlinter"]["contracts"]}


def lint_imports(folder: Path) -> tuple[int, str]:
    program = Path(sys.executable).with_name("lint-imports")
    done = subprocess.run(
        [program, "--no-logo", "--no-cache"],
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
        env={"PATH": "/usr/bin:/bin", "COLUMNS": "200", "PYTHONDONTWRITEBYTECODE": "1"},
    )
    return done.returncode, done.stdout + done.stderr


@pytest.fixture(scope="module")
def report_of_violations(tmp_path_factory: pytest.TempPathFactory) -> str:
    """What import-linter says of a copy of the product with every violation in it."""
    folder = tmp_path_factory.mktemp("violations")
    shutil.copy(ROOT / "pyproject.toml", folder)
    for package in PRODUCT:
        for file in (ROOT / package).rglob("*.py"):
            copy = folder / file.relative_to(ROOT)
            copy.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(file, copy)
    for violation in VIOLATIONS:
        file = folder / violation.file
        file.parent.mkdir(parents=True, exist_ok=True)
        with file.open("a") as stream:
            stream.write(f"\n{violation.line}\n")
    status, report = lint_imports(folder)
    assert status == 1, report
    return report


def section(report: str, title: str) -> str:
    """The part of the report that explains why a contract is broken; "" when it is kept."""
    _, _, rest = report.partition(f"\n{title}\n")
    parts = re.split(r"\n[^\n]+\n-{5,}\n", rest.partition("\n")[2])
    return parts[0]


def test_every_contract_is_kept() -> None:
    status, report = lint_imports(ROOT)
    assert status == 0, report


def test_no_import_is_ever_excepted() -> None:
    assert [name for name, contract in contracts().items() if "ignore_imports" in contract] == []


def test_every_contract_has_a_violation() -> None:
    assert {violation.contract for violation in VIOLATIONS} == set(contracts())


@pytest.mark.parametrize("violation", VIOLATIONS, ids=lambda v: f"{v.contract}:{v.file}")
def test_a_violation_is_noticed(violation: Violation, report_of_violations: str) -> None:
    title = str(contracts()[violation.contract]["name"])
    assert re.search(rf"{re.escape(title)} BROKEN", report_of_violations)
    # Some contracts name a module in full, some by its place in its parent.
    short = violation.importer.rpartition(".")[2]
    assert re.search(rf"[.\s]{short}\b", section(report_of_violations, title))

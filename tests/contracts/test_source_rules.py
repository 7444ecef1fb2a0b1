"""House rules that no linter checks: promises without an issue, patched code, silent skips."""

import ast
import re
from collections.abc import Iterable

from tests.contracts.tree import CODE, PRODUCT, Source, python_sources, source

# Written in two halves so that this file does not break its own rule.
PROMISE = re.compile(r"\b(" + "TO" + "DO|FIX" + r"ME)\b(?!.*#\d+)")
PATCHES = {f"monkeypatch.{name}" for name in ("setattr", "delattr", "setitem", "delitem")}
MOCKS = {"unittest.mock", "mock", "pytest_mock"}


def dotted_name(node: ast.expr) -> str:
    """`monkeypatch.setattr` for the expression of that name, "" for anything else."""
    if isinstance(node, ast.Name):
        return node.id
    if isinstance(node, ast.Attribute):
        return f"{dotted_name(node.value)}.{node.attr}"
    return ""


def promises_without_issue(sources: Iterable[Source]) -> list[str]:
    return [
        f"{path}:{number}: {line.strip()}"
        for path, text, _ in sources
        for number, line in enumerate(text.splitlines(), 1)
        if PROMISE.search(line)
    ]


def imports_mock(node: ast.AST) -> bool:
    if isinstance(node, ast.ImportFrom):
        names = {node.module, *(f"{node.module}.{alias.name}" for alias in node.names)}
    elif isinstance(node, ast.Import):
        names = {alias.name for alias in node.names}
    else:
        return False
    return bool(names & MOCKS)


def calls_patch(node: ast.AST) -> bool:
    return isinstance(node, ast.Call) and dotted_name(node.func) in PATCHES


def patches(sources: Iterable[Source]) -> list[str]:
    return [
        f"{path}:{getattr(node, 'lineno', 0)}"
        for path, _, tree in sources
        for node in ast.walk(tree)
        if imports_mock(node) or calls_patch(node)
    ]


def has_reason(call: ast.Call) -> bool:
    name = dotted_name(call.func).rpartition(".")[2]
    positional = name in {"skip", "xfail"} and bool(call.args)
    return positional or any(keyword.arg == "reason" for keyword in call.keywords)


def silent_skips(sources: Iterable[Source]) -> list[str]:
    names = {
        "pytest.skip",
        "pytest.xfail",
        "pytest.mark.skip",
        "pytest.mark.skipif",
        "pytest.mark.xfail",
    }
    found = []
    for path, _, tree in sources:
        called = {id(node.func): node for node in ast.walk(tree) if isinstance(node, ast.Call)}
        for node in ast.walk(tree):
            if isinstance(node, ast.Attribute) and dotted_name(node) in names:
                call = called.get(id(node))
                if call is None or not has_reason(call):
                    found.append(f"{path}:{node.lineno}")
    return found


def undocumented(sources: Iterable[Source]) -> list[str]:
    """Modules that do not say what they are responsible for; an empty `__init__` may be silent."""
    return [path for path, text, tree in sources if text.strip() and not ast.get_docstring(tree)]


def test_every_promise_names_an_issue() -> None:
    assert promises_without_issue(python_sources(*CODE)) == []


def test_nothing_is_patched() -> None:
    assert patches(python_sources(*CODE)) == []


def test_every_skip_has_a_reason() -> None:
    assert silent_skips(python_sources("tests")) == []


def test_every_module_says_what_it_is_for() -> None:
    assert undocumented(python_sources(*PRODUCT)) == []


def test_a_promise_without_an_issue_is_noticed() -> None:
    text = "# TO" + "DO later\n# TO" + "DO(#12) later\n"
    assert promises_without_issue([source("a.py", text)]) == ["a.py:1: # TO" + "DO later"]


def test_a_patch_is_noticed() -> None:
    text = "from unittest import mock\nmonkeypatch.setattr(a, 'b', 1)\n"
    assert patches([source("a.py", text)]) == ["a.py:1", "a.py:2"]


def test_importing_mock_is_noticed() -> None:
    assert patches([source("a.py", "from unittest.mock import Mock\n")]) == ["a.py:1"]


def test_a_request_and_an_environment_variable_are_not_patches() -> None:
    text = "client.patch('/x')\nmonkeypatch.setenv('A', 'b')\n"
    assert patches([source("a.py", text)]) == []


def test_a_silent_skip_is_noticed() -> None:
    text = (
        "import pytest\n"
        "@pytest.mark.skip\ndef f(): ...\n"
        "@pytest.mark.skipif(True)\ndef g(): ...\n"
        "pytest.skip()\n"
        "pytest.skip('needs a card reader')\n"
        "pytest.mark.skipif(True, reason='needs Linux')\n"
    )
    assert silent_skips([source("a.py", text)]) == ["a.py:2", "a.py:4", "a.py:6"]


def test_a_module_without_a_docstring_is_noticed() -> None:
    sources = [source("a.py", "x = 1\n"), source("b.py", '"""Says so."""\n'), source("c.py", "")]
    assert undocumented(sources) == ["a.py"]

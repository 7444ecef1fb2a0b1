"""Files, functions and parameter lists stay small enough to be read."""

import ast
from collections.abc import Iterable, Iterator

from tests.contracts.tree import CODE, Source, python_sources, source

MAXIMUM_FILE_LINES = 400
MAXIMUM_FUNCTION_LINES = 50
MAXIMUM_PARAMETERS = 6

Function = ast.FunctionDef | ast.AsyncFunctionDef


def functions(tree: ast.Module) -> Iterator[Function]:
    return (node for node in ast.walk(tree) if isinstance(node, Function))


def function_lines(function: Function) -> int:
    return (function.end_lineno or function.lineno) - function.lineno + 1


def parameter_count(function: Function) -> int:
    """Parameters a caller fills in; `self` and `cls` are not counted."""
    arguments = function.args
    named = [*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs]
    return sum(argument.arg not in {"self", "cls"} for argument in named)


def has_own_rules(path: str) -> bool:
    """A test's parameters are its fixtures, a command's its options: others choose their number."""
    return path.startswith("tests/") or path.endswith("/__main__.py")


def oversized(sources: Iterable[Source]) -> list[str]:
    found = []
    for path, text, tree in sources:
        lines = text.count("\n")
        if lines > MAXIMUM_FILE_LINES:
            found.append(f"{path}: {lines} lines")
        for function in functions(tree):
            place = f"{path}: {function.name}"
            if function_lines(function) > MAXIMUM_FUNCTION_LINES:
                found.append(f"{place}: {function_lines(function)} lines")
            if parameter_count(function) > MAXIMUM_PARAMETERS and not has_own_rules(path):
                found.append(f"{place}: {parameter_count(function)} parameters")
    return found


def test_everything_is_small_enough() -> None:
    assert oversized(python_sources(*CODE)) == []


def test_a_long_file_is_noticed() -> None:
    assert oversized([source("sync/long.py", "x = 1\n" * 401)]) == ["sync/long.py: 401 lines"]


def test_a_long_function_is_noticed() -> None:
    text = "def f():\n" + "    g()\n" * 50
    assert oversized([source("sync/f.py", text)]) == ["sync/f.py: f: 51 lines"]


def test_a_long_parameter_list_is_noticed() -> None:
    text = "class A:\n    async def f(self, a, b, c, *, d, e, f, g): ...\n"
    assert oversized([source("sync/f.py", text)]) == ["sync/f.py: f: 7 parameters"]

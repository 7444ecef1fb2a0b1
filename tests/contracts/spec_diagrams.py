"""The life cycles in SPEC.md, drawn from tables: ``python -m tests.contracts.spec_diagrams``.

The session is drawn from ``sync.daemon.session.TRANSITIONS``: where a handler may lead is read from
its source, through the functions and tables that it names. The two others are drawn from the tables
of SPEC.md itself.
"""

import ast
import inspect
import re
import sys
from collections.abc import Callable, Iterable
from pathlib import Path
from types import ModuleType
from typing import Final

from sync.daemon import moves, refusals, session
from sync.daemon.events import State
from tests.contracts.tree import ROOT

SPEC: Final = ROOT / "sync" / "SPEC.md"
NEXT: Final = "next_duty"
"""Where a session looks for what it owes next; drawn as one place with its own ways out."""

Arrows = dict[tuple[str, str], list[str]]


class Reach:
    """Which states the functions of these modules may lead to, by reading their source."""

    def __init__(self, modules: Iterable[ModuleType]) -> None:
        self._bodies: dict[str, ast.AST] = {}
        for module in modules:
            for node in ast.parse(inspect.getsource(module)).body:
                if isinstance(node, ast.FunctionDef):
                    self._bodies[node.name] = node
                elif isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name):
                    self._bodies[node.target.id] = node

    def of(self, name: str) -> set[str]:
        """State values, and NEXT where the function looks for the next duty."""
        return self._walk(name, set())

    def _walk(self, name: str, seen: set[str]) -> set[str]:
        if name == "advance":
            return {NEXT}
        body = self._bodies.get(name)
        if body is None or name in seen:
            return set()
        seen.add(name)
        found = {
            State[value.attr].value
            for node in ast.walk(body)
            if isinstance(node, ast.keyword) and node.arg == "state"
            for value in [node.value]
            if isinstance(value, ast.Attribute)
        }
        for node in ast.walk(body):
            if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Load):
                found |= self._walk(node.id, seen)
        return found


def session_arrows() -> Arrows:
    """(state, state) → the events that may lead there."""
    reach = Reach((session, moves, refusals))
    arrows: Arrows = {}
    for (state, event), handler in session.TRANSITIONS.items():
        for target in reach.of(handler.__name__):
            arrows.setdefault((state.value, target), []).append(event.__name__)
    for duty in moves.DUTIES:
        for target in reach.of(duty.__name__):
            arrows.setdefault((NEXT, target), [])
    return without_stop(arrows)


def without_stop(arrows: Arrows) -> Arrows:
    """Stop leads from everywhere to the end: said in words, not in arrows."""
    return {pair: names for pair, names in arrows.items() if pair[1] != State.STOPPED.value}


def table_arrows(text: str, heading: str) -> Arrows:
    """The rows State | On | When | Then under a heading."""
    found = re.search(rf"^### {re.escape(heading)}$(.*?)(?=^#)", text, re.MULTILINE | re.DOTALL)
    if found is None:
        raise KeyError(heading)
    arrows: Arrows = {}
    for line in found[1].splitlines():
        cells = [cell.strip() for cell in line.strip("|").split("|")]
        if line.startswith("| ") and len(cells) >= 4 and cells[0] != "State":
            arrows.setdefault((cells[0], cells[3]), []).append(f"{cells[1]} {cells[2]}")
    return arrows


def mermaid(arrows: Arrows, initial: str) -> str:
    """A Mermaid state diagram; names with spaces get a short name."""
    names = sorted({name for pair in arrows for name in pair})
    short = {name: re.sub(r"\W+", "_", name) for name in names}
    lines = ["```mermaid", "stateDiagram-v2"]
    lines += [f"    state {NEXT} <<choice>>"] if NEXT in names else []
    lines += [f'    state "{name}" as {short[name]}' for name in names if name != short[name]]
    lines += [f"    [*] --> {short[initial]}"]
    for (source, target), events in sorted(arrows.items()):
        label = f": {', '.join(sorted(set(events)))}" if events else ""
        lines.append(f"    {short[source]} --> {short[target]}{label}")
    return "\n".join([*lines, "```"])


def drawn(text: str) -> str:
    """SPEC.md with its pictures drawn anew."""
    pictures: dict[str, Callable[[], str]] = {
        "session": lambda: mermaid(session_arrows(), State.OFFLINE.value),
        "log": lambda: mermaid(table_arrows(text, "11.4 A log at the city"), "unknown"),
        "key": lambda: mermaid(table_arrows(text, "19.3 A key of a station"), "asked"),
    }
    for name, picture in pictures.items():
        begin, end = f"<!-- diagram: {name} -->\n", "<!-- end -->"
        before, rest = text.split(begin)
        text = f"{before}{begin}\n{picture()}\n\n{end}{rest.split(end, 1)[1]}"
    return text


def main(path: Path = SPEC) -> None:
    """Draw the pictures in the file anew."""
    path.write_text(drawn(path.read_text(encoding="utf-8")), encoding="utf-8")


if __name__ == "__main__":
    main(Path(sys.argv[1]) if len(sys.argv) > 1 else SPEC)

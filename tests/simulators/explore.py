"""Visits every state of a small scope; `python -m tests.simulators.explore [NAME]` shows it."""

import sys
import time
from collections import deque
from types import MappingProxyType
from typing import Final, NamedTuple

from tests.simulators.model import RULES, Scope, State, World

SMALL: Final = MappingProxyType(
    {
        "snapshot": Scope(3, image=1, live=1, messages=2),
        "card set back": Scope(3, image=1, sd_restore=1, messages=1),
        "clone": Scope(2, image=1, clone=1, messages=2),
        "city restored": Scope(2, restart=1, archive=1, city_restore=1, messages=2),
        "both restored": Scope(2, image=1, live=1, archive=1, city_restore=1, messages=1),
    }
)
"""Scopes that together exhaust within CI time."""

LARGE: Final = MappingProxyType(
    {
        "three messages": Scope(3, image=1, live=1, messages=3),
        "twins and snapshots": Scope(3, image=1, clone=1, live=1, messages=2),
        "four records": Scope(4, image=1, live=1, messages=2),
        "card and city": Scope(3, image=1, sd_restore=1, archive=1, city_restore=1, messages=2),
        "everything once": Scope(3, 1, 1, 1, 0, 1, 1, 1, messages=2),
    }
)
"""Larger ones, which take minutes."""

CONTROLS: Final = MappingProxyType(
    {
        "city decides": Scope(1, archive=1, city_restore=1),
        "purge below archived": Scope(1),
        "one effect": Scope(3, image=1, live=1, messages=1),
        "compare histories": Scope(4, image=1, live=1, messages=1),
        "root at smaller size": Scope(4, image=1, live=1, messages=1),
        "epoch per start": Scope(4, image=1, sd_restore=1, messages=1),
    }
)
"""For each rule a scope in which the world breaks without it."""

TOGETHER: Final = frozenset({"epoch per start"})
"""Without this rule alone nothing breaks (every card set back is a fork then): it takes the
comparison of histories away as well."""


class Explored(NamedTuple):
    """How many states there are, whether that is all of them, and the shortest way to a fault."""

    states: int
    whole: bool
    violation: str
    trace: tuple[str, ...]


def explore(
    scope: Scope, rules: frozenset[str] = RULES, *, maximum_states: int = 3_000_000
) -> Explored:
    """Breadth first: the first fault that is found has the shortest trace."""
    world = World(scope, rules)
    came: dict[State, tuple[State, str] | None] = {world.start: None}
    waiting = deque([world.start])
    while waiting and len(came) < maximum_states:
        state = waiting.popleft()
        wrong = world.violation(state) or world.completed(state)
        if wrong:
            return Explored(len(came), False, wrong, _trace(came, state))  # noqa: FBT003
        for name, after in world.next(state):
            if after not in came:
                came[after] = (state, name)
                waiting.append(after)
    return Explored(len(came), not waiting, "", ())


def _trace(came: dict[State, tuple[State, str] | None], state: State) -> tuple[str, ...]:
    names: list[str] = []
    step = came[state]
    while step is not None:
        names.append(step[1])
        step = came[step[0]]
    return tuple(reversed(names))


def show(names: list[str]) -> int:
    """Explore these scopes, or all, and print what was found."""
    bad = 0
    scopes = {**SMALL, **LARGE}
    for name in names or scopes:
        begun = time.perf_counter()
        found = explore(scopes[name])
        bad += bool(found.violation)
        verdict = f"{found.violation}: {', '.join(found.trace)}" if found.violation else "no fault"
        whole = "all" if found.whole else "the first"
        elapsed_s = time.perf_counter() - begun
        line = f"{name:20} {whole} {found.states} states, {verdict}, {elapsed_s:.0f} s\n"
        sys.stdout.write(line)
        sys.stdout.flush()
    return 1 if bad else 0


if __name__ == "__main__":
    raise SystemExit(show(sys.argv[1:]))

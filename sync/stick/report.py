"""How work on a stick says how far it is."""

from collections.abc import Awaitable, Callable
from typing import TypeAlias

Report: TypeAlias = Callable[[int, int], Awaitable[None]]
"""Done, total."""

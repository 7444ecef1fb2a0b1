"""What every archive does, whatever it is made of.

A test module decorates one test with `every_behaviour` and has a fixture that makes a `Bench`
around an empty archive.
"""

from collections.abc import Awaitable, Callable

import pytest

from tests.city import archive_life, archive_logs, archive_register
from tests.city.archive_bench import Bench

__all__ = ["BEHAVIOURS", "Behaviour", "Bench", "every_behaviour"]

Behaviour = Callable[[Bench], Awaitable[None]]

BEHAVIOURS: list[Behaviour] = [
    *archive_logs.BEHAVIOURS,
    *archive_register.BEHAVIOURS,
    *archive_life.BEHAVIOURS,
]

every_behaviour = pytest.mark.parametrize(
    "behaviour", BEHAVIOURS, ids=[behaviour.__name__ for behaviour in BEHAVIOURS]
)

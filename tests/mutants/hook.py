"""Loads one module with one rule taken away; everything else is the code as it is.

As a pytest plugin (`-p tests.mutants.hook`) it takes the mutant's name from the environment.
"""

import importlib.abc
import importlib.machinery
import importlib.util
import os
import sys
from collections.abc import Sequence
from importlib.machinery import ModuleSpec, PathFinder
from types import ModuleType

from tests.mutants.table import MUTANTS, Mutant

VARIABLE = "WES1_MUTANT"


class _Loader(importlib.machinery.SourceFileLoader):
    def __init__(self, name: str, path: str, mutant: Mutant) -> None:
        super().__init__(name, path)
        self._mutant = mutant

    def get_code(self, fullname: str) -> object:  # type: ignore[override]
        del fullname
        source = self.get_data(self.path).decode()
        return compile(mutate(source, self._mutant), self.path, "exec", dont_inherit=True)


class _Finder(importlib.abc.MetaPathFinder):
    def __init__(self, mutant: Mutant) -> None:
        self._mutant = mutant

    def find_spec(
        self, fullname: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        if fullname != self._mutant.module:
            return None
        found = PathFinder.find_spec(fullname, path, target)
        if found is None or found.origin is None:
            return None
        loader = _Loader(fullname, found.origin, self._mutant)
        return importlib.util.spec_from_file_location(fullname, found.origin, loader=loader)


def mutate(source: str, mutant: Mutant) -> str:
    """The module's source without the rule. Raises ValueError when the rule is not there once."""
    if source.count(mutant.old) != 1:
        raise ValueError(f"{mutant.name}: found {source.count(mutant.old)} times")
    return source.replace(mutant.old, mutant.new)


def install(name: str) -> None:
    """From now on the module is loaded as this mutant has it."""
    mutant = next(each for each in MUTANTS if each.name == name)
    if mutant.module in sys.modules:
        raise ValueError(f"{mutant.module} is loaded already")
    sys.meta_path.insert(0, _Finder(mutant))


if os.environ.get(VARIABLE):
    install(os.environ[VARIABLE])

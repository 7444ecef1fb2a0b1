"""Every rule that is taken away is missed by somebody: the checks check something."""

import importlib.util
import os
from pathlib import Path

import pytest

from tests.contracts.tree import ROOT
from tests.mutants.__main__ import killed
from tests.mutants.hook import mutate
from tests.mutants.table import MUTANTS, Mutant

MINIMUM = 25
LOOSE = MUTANTS if os.environ.get("WHOLE") else MUTANTS[::8]
"""An eighth of them is let loose in every test run; all with WHOLE=1, or by `make mutants`."""


def source_of(module: str) -> str:
    return (ROOT / Path(*module.split(".")).with_suffix(".py")).read_text()


def test_there_are_enough_mutants_and_each_has_a_name() -> None:
    assert len(MUTANTS) >= MINIMUM
    assert len({mutant.name for mutant in MUTANTS}) == len(MUTANTS)


@pytest.mark.parametrize("mutant", MUTANTS, ids=lambda mutant: mutant.name)
def test_the_rule_is_where_the_table_says(mutant: Mutant) -> None:
    source = source_of(mutant.module)
    changed = mutate(source, mutant)
    assert changed != source
    compile(changed, mutant.module, "exec")
    assert importlib.util.find_spec(mutant.module) is not None


@pytest.mark.timeout(600)
@pytest.mark.parametrize("mutant", LOOSE, ids=lambda mutant: mutant.name)
def test_the_mutant_is_killed(mutant: Mutant) -> None:
    assert killed(mutant), f"nobody notices that {mutant.name}"


def test_the_code_as_it_is_survives() -> None:
    """Negative control: a change that changes nothing is not killed."""
    harmless = MUTANTS[0]._replace(new=MUTANTS[0].old)
    assert mutate(source_of(harmless.module), harmless) == source_of(harmless.module)

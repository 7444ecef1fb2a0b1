"""`sync` and `hardware` are common words: on the path they must be ours and nobody else's."""

from collections.abc import Mapping
from importlib.metadata import distributions, packages_distributions
from importlib.util import find_spec

import pytest

from tests.contracts.tree import PRODUCT, ROOT

DISTRIBUTION = "ward-edge-node"


def foreign_owners(owners: Mapping[str, list[str]], names: tuple[str, ...]) -> list[str]:
    """Distributions other than ours that install a package under one of our names."""
    return [
        f"{name}: {owner}"
        for name in names
        for owner in owners.get(name, [])
        if owner != DISTRIBUTION
    ]


def test_no_other_distribution_has_our_names() -> None:
    assert foreign_owners(packages_distributions(), PRODUCT) == []


@pytest.mark.parametrize("name", PRODUCT)
def test_the_name_leads_to_this_tree(name: str) -> None:
    spec = find_spec(name)
    assert spec is not None
    assert spec.origin == str(ROOT / name / "__init__.py")


def test_only_expected_distributions_are_ours() -> None:
    ours = [found for found in distributions() if found.name == DISTRIBUTION]
    assert len(ours) <= 1


def test_a_foreign_owner_is_noticed() -> None:
    owners = {"sync": [DISTRIBUTION, "some-sync"], "hardware": [DISTRIBUTION]}
    assert foreign_owners(owners, PRODUCT) == ["sync: some-sync"]

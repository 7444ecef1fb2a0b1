"""No bytes crash a reader, cost it unbounded memory or get past it unnoticed.

A short seeded run; `make fuzz` runs a million inputs.
"""

import subprocess
import sys
from collections.abc import Callable

import pytest

from sync.protocol.errors import ProtocolError
from tests.fuzz.bombs import BOMBS
from tests.fuzz.run import fuzz
from tests.fuzz.targets import ACCEPTED_AT_ONCE, TARGETS, Target, read_item

INPUTS = 50_000
SEED = 20261122


def test_every_input_is_read_or_refused_by_its_code(
    record_property: Callable[[str, object], None],
) -> None:
    outcome = fuzz(INPUTS, SEED)
    assert outcome.findings == []
    assert outcome.inputs == INPUTS
    assert len(outcome.codes) >= 12
    for name in ACCEPTED_AT_ONCE:
        assert outcome.accepted[name], f"{name}: nothing was ever accepted, only its surface is met"
        assert outcome.refused[name]
    record_property("measured", f"fuzzed inputs: {outcome.inputs}, findings 0")


@pytest.mark.parametrize("name", sorted(ACCEPTED_AT_ONCE))
def test_the_samples_are_good(name: str) -> None:
    target = TARGETS[name]
    for sample in target.samples:
        target.read(sample)


def test_a_reader_that_breaks_is_found() -> None:
    """Negative control: a reader that dies on some inputs, and a decoder that accepts too much."""

    def careless(data: bytes) -> object:
        return data.decode()[40]

    broken = dict(TARGETS, careless=Target(careless, (b"x" * 60,)))
    outcome = fuzz(2_000, SEED, broken)
    assert {finding.split()[0] for finding in outcome.findings} == {"careless"}


def test_the_oracle_disagrees_with_a_lax_decoder() -> None:
    with pytest.raises(ProtocolError):
        read_item(b"\x18\x05")
    read_item(b"\x05")


def test_an_empty_container_is_a_level_too() -> None:
    read_item(b"\x81" * 15 + b"\x80")
    with pytest.raises(ProtocolError, match="too_deep"):
        read_item(b"\x81" * 16 + b"\x80")


@pytest.mark.parametrize("name", sorted(BOMBS))
def test_a_bomb_is_refused_within_bounded_memory(name: str) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "tests.fuzz.bombs", name],
        check=False,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stdout + done.stderr[-2000:]

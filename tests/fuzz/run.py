"""Runs seeded inputs through the targets and counts what became of them."""

import random
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field

from sync.protocol.errors import ProtocolError
from tests.fuzz.mutate import mutate_bytes, mutate_value, random_value
from tests.fuzz.targets import TARGETS, Target, a_target, rewrap

OTHERS = [sample for target in TARGETS.values() for sample in target.samples]


@dataclass
class Outcome:
    """How many inputs ended how, by target; findings are inputs that broke the rule."""

    inputs: int = 0
    accepted: Counter[str] = field(default_factory=Counter)
    refused: Counter[str] = field(default_factory=Counter)
    codes: Counter[str] = field(default_factory=Counter)
    findings: list[str] = field(default_factory=list)


def an_input(name: str, target: Target, luck: random.Random) -> bytes:
    """Bytes for this target: noise, a spoilt message, or a well-formed one that says odd things."""
    chance = luck.random()
    if chance < 0.03:
        return luck.randbytes(luck.choice((0, 1, 8, 100)))
    if target.payloads and chance < 0.7:
        return rewrap(target, mutate_value(luck.choice(target.payloads), luck))
    if name == "item" and chance < 0.2:
        return rewrap(target, random_value(luck))
    return mutate_bytes(luck.choice(target.samples), luck, OTHERS)


def fuzz(inputs: int, seed: int, targets: Mapping[str, Target] = TARGETS) -> Outcome:
    """So many inputs; the same seed gives the same ones."""
    luck = random.Random(seed)  # noqa: S311 - replayable, not secret
    outcome = Outcome()
    for _ in range(inputs):
        name = a_target(luck, tuple(targets))
        _one(name, targets[name], an_input(name, targets[name], luck), outcome)
    return outcome


def _one(name: str, target: Target, data: bytes, outcome: Outcome) -> None:
    outcome.inputs += 1
    try:
        target.read(data)
    except ProtocolError as error:
        outcome.refused[name] += 1
        outcome.codes[error.code] += 1
    except Exception as error:  # noqa: BLE001 - exactly what is looked for
        outcome.findings.append(f"{name} {data.hex()}: {error!r}")
    else:
        outcome.accepted[name] += 1

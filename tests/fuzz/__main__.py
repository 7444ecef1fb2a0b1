"""`python -m tests.fuzz [--inputs N] [--seed N]`: a long run in as many processes as there are."""

import argparse
import os
import time
from collections import Counter
from concurrent.futures import ProcessPoolExecutor

from tests.fuzz.run import Outcome, fuzz

INPUTS = 1_000_000
SHARE = 20_000


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.fuzz", description=__doc__)
    parser.add_argument("--inputs", type=int, default=INPUTS)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--processes", type=int, default=os.cpu_count() or 1)
    arguments = parser.parse_args()
    shares = -(-arguments.inputs // SHARE)
    seeds = [arguments.seed * 1_000_000 + number for number in range(shares)]
    begun = time.perf_counter()
    with ProcessPoolExecutor(arguments.processes) as pool:
        outcomes = list(pool.map(fuzz, [SHARE] * shares, seeds))
    show(outcomes, time.perf_counter() - begun)
    return 1 if any(outcome.findings for outcome in outcomes) else 0


def show(outcomes: list[Outcome], elapsed_s: float) -> None:
    accepted: Counter[str] = Counter()
    refused: Counter[str] = Counter()
    codes: Counter[str] = Counter()
    for outcome in outcomes:
        accepted += outcome.accepted
        refused += outcome.refused
        codes += outcome.codes
    for name in sorted(accepted | refused):
        print(f"{name:16} {accepted[name]:8} accepted {refused[name]:8} refused")
    print(", ".join(f"{code} {count}" for code, count in codes.most_common()))
    findings = [finding for outcome in outcomes for finding in outcome.findings]
    for finding in findings[:20]:
        print(f"FOUND {finding[:2000]}")
    total = sum(outcome.inputs for outcome in outcomes)
    print(f"{total} inputs in {elapsed_s:.0f} s, {len(findings)} findings")


if __name__ == "__main__":
    raise SystemExit(main())

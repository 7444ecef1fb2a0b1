"""`python -m tests.mutants [NAME]`: let the killers at every mutant, or at one."""

import os
import subprocess
import sys
import time

from tests.mutants.hook import VARIABLE
from tests.mutants.schedules import KILLED
from tests.mutants.table import MUTANTS, Mutant

SCHEDULES = 400


def killed(mutant: Mutant, schedules: int = SCHEDULES) -> bool:
    """Whether somebody notices that the rule is gone."""
    if mutant.killers:
        command = ["-m", "pytest", "-q", "-x", "-n0", "-p", "no:cacheprovider", "-p"]
        command += ["tests.mutants.hook", *mutant.killers]
    else:
        command = ["-m", "tests.mutants.schedules", str(schedules)]
    done = subprocess.run(
        [sys.executable, *command],
        check=False,
        capture_output=True,
        env={**os.environ, VARIABLE: mutant.name},
        timeout=500,
    )
    return done.returncode == (1 if mutant.killers else KILLED)


def main() -> int:
    names = sys.argv[1:]
    alive = []
    for mutant in MUTANTS:
        if names and mutant.name not in names:
            continue
        begun = time.perf_counter()
        dead = killed(mutant)
        if not dead:
            alive.append(mutant.name)
        word = "killed" if dead else "ALIVE"
        print(f"{word:7} {time.perf_counter() - begun:5.1f} s  {mutant.name}", flush=True)
    print(f"{len(alive)} alive")
    return 1 if alive else 0


if __name__ == "__main__":
    raise SystemExit(main())

"""Lives schedules under a mutant until one goes wrong: exit status KILLED then, else 0."""

import sys

from tests.mutants import hook
from tests.simulators.deeds import simulate
from tests.simulators.oracle import complaints

KILLED = 9


def main() -> int:
    for seed in range(int(sys.argv[1])):
        try:
            wrong = complaints(simulate(seed))
        except Exception as error:  # noqa: BLE001 - a mutant may break anything
            wrong = [repr(error)]
        if wrong:
            sys.stdout.write(f"{hook.VARIABLE}: seed {seed}: {wrong[0]}\n")
            return KILLED
    return 0


if __name__ == "__main__":
    raise SystemExit(main())

"""A station under load for power cuts: `python -m tests.faults.powercut_station FOLDER SEED`.

Hands in dossiers at several counters at once through the use cases and the real writer, and says
each one on standard output only after it was answered. Ends when the disk is gone.
"""

import asyncio
import sys
from pathlib import Path

from edge_node.domain.errors import DomainError
from edge_node.usecases import intake
from edge_node.usecases.intake import Asked
from sync.database import DatabaseError
from tests.usecases.samples import command
from tests.web.station import TestClock, open_station

COUNTERS = 6


async def main(folder: Path, seed: str) -> None:
    async with open_station(folder, TestClock()) as station:

        async def counter(name: int) -> None:
            number = 0
            while True:
                asked = Asked(f"{seed}-{name}-{number}", "kiosk")
                answer = (await intake.submit_dossier(station, command(), asked)).answer
                sys.stdout.write(f"dossier {answer.dossier_no}\n")
                sys.stdout.flush()
                number += 1

        async with asyncio.TaskGroup() as counters:
            for name in range(COUNTERS):
                counters.create_task(counter(name))


if __name__ == "__main__":
    try:
        asyncio.run(main(Path(sys.argv[1]), sys.argv[2]))
    except* (DomainError, DatabaseError, OSError):
        sys.exit(0)

"""`make bench`: our speed beside simpler designs, side by side in one run.

Absolute figures mean little on a shared machine; the ratios are of the same run, in turn. A part
that fails is named at the end and the others are measured all the same.
"""

import os
import signal
import sys
from collections.abc import Callable
from dataclasses import dataclass
from typing import Annotated, Final

import typer
from rich.console import Console

from tests.bench import disk, growth, herd, idle, intake, latency, sync
from tests.bench.figures import Report
from tests.bench.herd_stations import Herd

WIDTH: Final = 180


@dataclass(frozen=True)
class Size:
    """How much is measured."""

    seconds: float
    dossiers: int
    rounds: int
    stations: int
    stored: int
    long: bool
    peers: bool

    @property
    def ways(self) -> tuple[str, ...]:
        """The sides of a backlog's road."""
        return sync.WITH_PEERS if self.peers else sync.WAYS

    @property
    def herd(self) -> Herd:
        """The stations that come back at once, with three hundredths of the dossiers each."""
        return Herd(self.stations, max(10, self.dossiers * 3 // 100))


def _growth(report: Report, size: Size) -> None:
    growth.measure(report, size.dossiers)
    if size.long:
        growth.measure_stored(report, size.stored, size.dossiers)
    else:
        report.say("A million stored records: not measured, see --long.")


PARTS: Final[dict[str, Callable[[Report, Size], None]]] = {
    "intake": lambda report, size: intake.measure(report, size.seconds),
    "slow": lambda report, size: intake.measure_slow(report, size.seconds),
    "sync": lambda report, size: sync.measure(report, size.dossiers, size.rounds, size.ways),
    "bad": lambda report, size: sync.measure_bad(report, size.dossiers, size.rounds, size.ways),
    "herd": lambda report, size: herd.measure(report, size.herd, size.rounds),
    "postgres": lambda report, size: herd.measure_postgres(report, size.herd, size.rounds),
    "latency": lambda report, _: latency.measure(report),
    "disk": lambda report, size: disk.measure(report, size.seconds),
    "growth": _growth,
    "idle": lambda report, _: idle.measure(report),
}


def main(  # noqa: PLR0917 - the options of a command
    seconds: Annotated[float, typer.Option(help="Length of each measurement of intake.")] = 5.0,
    dossiers: Annotated[int, typer.Option(help="Dossiers of 2.3 KB in a backlog.")] = 10_000,
    rounds: Annotated[int, typer.Option(help="Rounds; the one with the median rate counts.")] = 3,
    stations: Annotated[int, typer.Option(help="Stations that come back at once.")] = 168,
    stored: Annotated[int, typer.Option(help="Records in the full city of --long.")] = 1_000_000,
    long: Annotated[bool, typer.Option("--long", help="Also fill a city; minutes.")] = False,  # noqa: FBT002
    peers: Annotated[bool, typer.Option("--peers", help="Other people's programs too.")] = False,  # noqa: FBT002
    only: Annotated[list[str] | None, typer.Option(help=f"Of: {', '.join(PARTS)}.")] = None,
) -> None:
    """Measure and print a table per question, then every goal."""
    wanted = [name for given in only or PARTS for name in given.split(",")]
    unknown = [name for name in wanted if name not in PARTS]
    if unknown:
        raise typer.BadParameter(f"--only: {unknown[0]} is none of {', '.join(PARTS)}")
    # Whoever stops the bench must not leave processes and namespaces behind.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
    report = Report(Console(width=WIDTH))
    report.say(f"{os.cpu_count()} processors, load {os.getloadavg()[0]:.1f} before the start")
    measure(report, Size(seconds, dossiers, rounds, stations, stored, long, peers), wanted)
    report.say(f"load {os.getloadavg()[0]:.1f} at the end, our own work in it")


def measure(report: Report, size: Size, wanted: list[str]) -> None:
    """These parts, in the order of the table, and the summary."""
    for name, part in PARTS.items():
        if name in wanted:
            with report.part(name):
                part(report, size)
    report.summarise()


if __name__ == "__main__":
    typer.run(main)

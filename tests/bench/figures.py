"""What a run cost, how it is compared, and the table at the end.

Only ratios of the same run mean anything: every goal names the other side, and says nothing when
that side could not be measured.
"""

import contextlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple

import psutil
from rich.console import Console
from rich.table import Table

MIB = 1 << 20
ALONE = "–"
"""The other side of a goal that is a plain figure."""


class Cost(NamedTuple):
    """Processor seconds of both ends and the most memory each held, MiB."""

    near_cpu_s: float
    far_cpu_s: float
    near_peak_mib: float
    far_peak_mib: float


class Moved(NamedTuple):
    """Records from one end to the other, durable there."""

    records: int
    seconds: float
    up_bytes: int
    cost: Cost
    settled_s: float = 0.0
    """Until the city had opened and entered everything; 0 when there is nothing to open."""

    @property
    def rate(self) -> float:
        """Records per second."""
        return self.records / self.seconds

    @property
    def bytes_each(self) -> float:
        """Bytes on the wire per record, towards the city, headers of every layer included."""
        return self.up_bytes / self.records

    @property
    def cpu_us(self) -> tuple[float, float]:
        """Processor time per record, µs: near, far."""
        return tuple(s / self.records * 1e6 for s in self.cost[:2])  # type: ignore[return-value]


@dataclass
class Meter:
    """Processor time and peak memory of both ends, from `begin` on: of all the processes there."""

    near: Sequence[int]
    far: Sequence[int]
    _before: tuple[float, float] = (0.0, 0.0)

    def begin(self) -> None:
        """What was before does not count."""
        for pid in (*self.near, *self.far):
            with contextlib.suppress(OSError):
                Path(f"/proc/{pid}/clear_refs").write_text("5")
        self._before = self._cpu_s()

    def read(self) -> Cost:
        """Since `begin`."""
        before, after = self._before, self._cpu_s()
        peaks = (sum(map(peak_mib, pids)) for pids in (self.near, self.far))
        return Cost(after[0] - before[0], after[1] - before[1], *peaks)

    def _cpu_s(self) -> tuple[float, float]:
        return sum(map(cpu_s, self.near)), sum(map(cpu_s, self.far))


def cpu_s(pid: int) -> float:
    """Processor seconds of a process so far."""
    times = psutil.Process(pid).cpu_times()
    return float(times.user + times.system)


def peak_mib(pid: int) -> float:
    """The most resident memory since the mark was last reset."""
    for line in Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith("VmHWM:"):
            return int(line.split()[1]) / 1024
    return float(psutil.Process(pid).memory_info().rss) / MIB


class Goal(NamedTuple):
    """Ours beside another's: `value` (a ratio, or a plain figure) has to be on one side of it."""

    name: str
    ours: str
    other: str
    value: float
    limit: float
    at_least: bool

    @property
    def met(self) -> bool:
        """Whether it is reached."""
        return self.value >= self.limit if self.at_least else self.value <= self.limit


@dataclass
class Report:
    """Prints tables as they come and remembers the goals."""

    console: Console
    goals: list[Goal] = field(default_factory=list)
    failures: list[str] = field(default_factory=list)

    def at_least(self, name: str, ours: float, other: tuple[str, float], limit: float) -> None:
        """Ours ÷ the other's should reach the limit."""
        self._add(name, ours, other, limit=limit, at_least=True)

    def at_most(self, name: str, ours: float, other: tuple[str, float], limit: float) -> None:
        """Ours ÷ the other's should not exceed the limit."""
        self._add(name, ours, other, limit=limit, at_least=False)

    def _add(
        self, name: str, ours: float, other: tuple[str, float], *, limit: float, at_least: bool
    ) -> None:
        ratio = ours / other[1] if other[1] else float("inf")
        said = f"{other[0]}: {number(other[1])}"
        self.goals.append(Goal(name, number(ours), said, ratio, limit, at_least))

    def bound(self, name: str, ours: float, limit: float, *, at_least: bool = False) -> None:
        """A plain figure should not exceed (or should reach) the limit."""
        self.goals.append(Goal(name, number(ours), ALONE, ours, limit, at_least))

    def table(self, title: str, columns: list[str], rows: list[list[str]]) -> None:
        """Print one table; the first column is a name."""
        table = Table(title=title, title_justify="left")
        for place, column in enumerate(columns):
            table.add_column(column, justify="right" if place else "left")
        for row in rows:
            table.add_row(*row)
        self.console.print(table)

    def say(self, text: str) -> None:
        """Print a line."""
        self.console.print(text, highlight=False)

    @contextlib.contextmanager
    def part(self, name: str) -> Iterator[None]:
        """A part that fails is said so; the others are measured all the same."""
        try:
            yield
        except Exception as error:  # noqa: BLE001 - an hour of measuring must not be lost
            self.failures.append(name)
            text = f"{name}: NOT MEASURED, {type(error).__name__}: {error}"
            self.console.print(text, markup=False)

    def summarise(self) -> None:
        """Every goal in one table."""
        rows = [
            [
                goal.name,
                goal.ours,
                goal.other,
                f"{goal.value:,.2f}" if goal.other != ALONE else "–",
                f"{'≥' if goal.at_least else '≤'} {_limit(goal.limit)}",
                "met" if goal.met else "SHORT",
            ]
            for goal in self.goals
        ]
        columns = ["question", "ours", "the other side", "ratio", "goal", ""]
        self.table("Every goal of this run", columns, rows)
        met = sum(goal.met for goal in self.goals)
        self.say(f"{met} of {len(self.goals)} goals met.")
        for name in self.failures:
            self.say(f"not measured: {name}")


def _limit(value: float) -> str:
    return f"{value:,.0f}" if value >= 1000 else f"{value:.4g}"


def number(value: float) -> str:
    """A figure as people read it."""
    return f"{value:,.0f}" if abs(value) >= 100 else f"{value:,.2f}"

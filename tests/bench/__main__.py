"""`make bench`: intake, sync and idle figures beside simpler designs, in one table.

Absolute figures mean little on a shared machine; the ratios are of the same run, in turn.
"""

from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table

from tests.bench import idle, road, servers
from tests.bench.load import Load, load

CLIENTS = (1, 8, 32)
SLOW_CLIENTS = 32


def main(
    seconds: Annotated[float, typer.Option(help="Length of each measurement.")] = 5.0,
    dossiers: Annotated[int, typer.Option(help="Dossiers in the sync measurement.")] = 10_000,
    only: Annotated[str, typer.Option(help="intake, slow, sync or idle; empty for all.")] = "",
) -> None:
    """Measure everything and print one table per question."""
    console = Console(width=110)
    with TemporaryDirectory(prefix="bench-load-") as name:
        folder = Path(name)
        if only in {"", "intake"}:
            _intake(console, folder, seconds)
        if only in {"", "slow"}:
            _slow(console, folder, seconds)
    if only in {"", "sync"}:
        road.measure(console, dossiers)
    if only in {"", "idle"}:
        idle.measure(console)


def _intake(console: Console, folder: Path, seconds: float) -> None:
    found: dict[str, dict[int, Load]] = {}
    for clients in CLIENTS:
        with servers.peer("noop") as port:
            _note(found, "does nothing", clients, _load(port, clients, seconds, folder))
        with servers.node() as (port, _):
            _note(found, "this node", clients, _load(port, clients, seconds, folder))
        with servers.peer("lock") as port:
            _note(found, "lock + commit", clients, _load(port, clients, seconds, folder))
    table = Table(title="Intake of whole submissions, durable (201 per second; p50/p99 ms)")
    table.add_column("server")
    for clients in CLIENTS:
        table.add_column(f"{clients} clients", justify="right")
    for name, figures in found.items():
        table.add_row(name, *(_cell(figures[clients]) for clients in CLIENTS))
    console.print(table)
    ours = found["this node"]
    for name, goal in (("lock + commit", 4.0), ("does nothing", 0.35)):
        ratios = "  ".join(f"{c}: {ours[c].rate / found[name][c].rate:.2f}" for c in CLIENTS)
        console.print(f"this node ÷ {name}: {ratios}   (goal at 32: ≥ {goal})")


def _slow(console: Console, folder: Path, seconds: float) -> None:
    extra = servers.slow_disk(folder)
    if extra is None:
        console.print("Slow disk: not measured, no C compiler (Debian package gcc).")
        return
    with servers.peer("bare", extra) as port:
        least = _load(port, SLOW_CLIENTS, seconds, folder)
    with servers.node(extra) as (port, _):
        ours = _load(port, SLOW_CLIENTS, seconds, folder)
    with servers.peer("lock", extra) as port:
        locked = _load(port, SLOW_CLIENTS, seconds, folder)
    table = Table(title=f"The same where every fsync takes {servers.FSYNC_MS} ms, 32 clients")
    table.add_column("server")
    table.add_column("201/s, p50/p99 ms", justify="right")
    table.add_row("one row, one fsync per group", _cell(least))
    table.add_row("this node", _cell(ours))
    table.add_row("lock + commit", _cell(locked))
    console.print(table)
    console.print(
        f"this node ÷ one row per group: {ours.rate / least.rate:.2f} (goal ≥ 0.9)"
        f"   ÷ lock + commit: {ours.rate / locked.rate:.1f}"
    )


def _load(port: int, clients: int, seconds: float, folder: Path) -> Load:
    load(port, clients, 1, servers.TOKEN, folder)
    return load(port, clients, seconds, servers.TOKEN, folder)


def _note(found: dict[str, dict[int, Load]], name: str, clients: int, figures: Load) -> None:
    found.setdefault(name, {})[clients] = figures


def _cell(figures: Load) -> str:
    errors = f" {figures.errors} errors" if figures.errors else ""
    return f"{figures.rate:,.0f}  {figures.p50_ms:.1f}/{figures.p99_ms:.1f}{errors}"


if __name__ == "__main__":
    typer.run(main)

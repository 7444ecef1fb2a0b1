"""`edge-sync stick export|import`: the station's data by USB stick, without a network.

Responsible for these commands' words and their progress bar. Writing may be done beside the running
service; reading is the service's, at a button of the status page, or this command's while the
service is stopped.
"""

import asyncio
import secrets
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Annotated, Final, TypeVar

import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from sync.daemon.clock import SystemClock
from sync.daemon.command import ConfigOption, readable_errors
from sync.daemon.loop import open_mailbox
from sync.daemon.settings import Settings, read_settings
from sync.daemon.stick import Around, read_stick, write_stick
from sync.daemon.stick_export import Report
from sync.daemon.stick_import import Imported
from sync.stick.medium import StickError, StickFault

EXIT_STICK: Final = 6

Result = TypeVar("Result")

REMEDIES: Final = {
    StickFault.MISSING: "plug it in, or name the folder where it is mounted",
    StickFault.FULL: "take an empty stick; what was written is whole and can be carried",
    StickFault.READ_ONLY: "slide its write-protection switch, or take another stick",
    StickFault.GONE: "it was pulled out; plug it in and run the command again, nothing is lost",
    StickFault.LIES: "it does not keep what is written to it; throw it away",
    StickFault.STRANGE: "it holds something that is not ours in a place of ours; use another",
}

StickArgument = Annotated[
    Path | None,
    typer.Argument(metavar="[STICK]", help="Where it is mounted; else as in the configuration."),
]

stick_app = typer.Typer(no_args_is_help=True, help="Carry to the city and back by USB stick.")


@stick_app.command("export")
def export_command(config: ConfigOption, stick: StickArgument = None) -> None:
    """Write everything that waits for the city. What is on the stick only the city can read."""
    with readable_errors():
        settings = read_settings(config)
        folder = stick or settings.stick.directory
        exported = _run(lambda report: write_stick(settings, folder, _around(), report))
    typer.echo(
        f"{exported.records} records and {exported.attachments} attachments are on the stick"
        f" ({exported.written_bytes / 1e6:.1f} MB written now)"
    )
    typer.echo("nothing counts as sent until the city's receipts come back")


@stick_app.command("import")
def import_command(config: ConfigOption, stick: StickArgument = None) -> None:
    """Read the city's receipts, keys and decisions. Stop the service first, or use its button."""
    with readable_errors():
        settings = read_settings(config)
        folder = stick or settings.stick.directory
        imported = _run(lambda report: _read(settings, folder, report))
    typer.echo(f"{imported.taken} files taken, {imported.waiting} wait for others")
    if imported.refused:
        typer.echo(f"{imported.refused} files were not believed", err=True)
        raise typer.Exit(EXIT_STICK)


async def _read(settings: Settings, folder: Path, report: Report) -> Imported:
    async with open_mailbox(settings) as mailbox:
        return await read_stick(settings, folder, _around(), mailbox, report)


def _around() -> Around:
    return Around(SystemClock(), secrets.token_bytes)


def _run(work: Callable[[Report], Awaitable[Result]]) -> Result:
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn())
    console = Console(stderr=True)
    with Progress(*columns, TimeRemainingColumn(), console=console, transient=True) as bar:
        task = bar.add_task("stick", total=None)

        async def report(done: int, total: int) -> None:
            bar.update(task, completed=done, total=total)

        async def run() -> Result:
            return await work(report)

        try:
            return asyncio.run(run())
        except StickError as error:
            message = f"edge-sync: {error}; {REMEDIES[error.fault]}"
    typer.echo(message, err=True)
    raise typer.Exit(EXIT_STICK)

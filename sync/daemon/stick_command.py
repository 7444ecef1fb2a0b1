"""`edge-sync stick export|import`: the station's data by USB stick, without a network.

Responsible for these commands' words and their progress bar. Writing may be done beside the running
service; reading is the service's, at a button of the status page, or this command's while the
service is stopped.
"""

import secrets
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Annotated, TypeVar

import typer

from sync.daemon.clock import SystemClock
from sync.daemon.command import ConfigOption, readable_errors
from sync.daemon.loop import open_mailbox
from sync.daemon.settings import Settings, read_settings
from sync.daemon.stick import Around, read_stick, write_stick
from sync.daemon.stick_import import Imported
from sync.stick.command import EXIT_STICK, explain, run_with_bar
from sync.stick.medium import StickError
from sync.stick.report import Report

Result = TypeVar("Result")

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
    try:
        return run_with_bar(work)
    except StickError as error:
        message = f"edge-sync: {explain(error)}"
    typer.echo(message, err=True)
    raise typer.Exit(EXIT_STICK)

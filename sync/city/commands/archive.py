"""`edge-city migrate`, `backup`, `restore`, `drill`: what an operator does with the archive.

Responsible for these commands' words. `backup` and `drill` work beside a running server: they only
read, and the server calls archived what it finds in its backup folder. A drill ends with exit
status 5 when the backup is not good, so that a timer's unit fails and somebody is called.
"""

import asyncio
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Annotated, Final

import typer

from sync.city.backup.attachments import Attachments
from sync.city.backup.drill import Around, Room, drill, make_target
from sync.city.backup.form import BackupError
from sync.city.backup.make import Source, make_backup
from sync.city.backup.restore import Verdict, check_backup, restore
from sync.city.commands.common import (
    ConfigOption,
    DatabaseOption,
    clock_ms,
    fail,
    guarded,
    settings_in,
    show_progress,
    surroundings,
)
from sync.city.objects.store import Objects
from sync.city.serve import prepare_identity
from sync.city.settings import Settings, SettingsError
from sync.city.storage import open_bucket, open_reading, open_storage

EXIT_BACKUP: Final = 5
MAXIMUM_LISTED: Final = 100
"""Attachments named one by one when they are missing."""

archive_app = typer.Typer(no_args_is_help=True, add_completion=False)

ToOption = Annotated[
    Path | None,
    typer.Option("--to", metavar="DIR", help="Where to; backup.directory when left out."),
]
FromOption = Annotated[
    Path | None,
    typer.Option("--from", metavar="DIR", help="Where it lies; backup.directory when left out."),
]
NumberOption = Annotated[
    int | None,
    typer.Option("--number", metavar="N", help="An older backup in the folder, by its number."),
]


@archive_app.command("migrate")
def migrate_command(config: ConfigOption, database: DatabaseOption = "") -> None:
    """Make the database's tables, or bring them up to this program; then say what is there.

    `serve` does the same when it starts; here it can be done by another user of the database.
    """
    settings = settings_in(config, database)
    guarded(lambda: asyncio.run(_migrate(settings)))


@archive_app.command("backup")
def backup_command(
    config: ConfigOption, to: ToOption = None, database: DatabaseOption = ""
) -> None:
    """Write what is new since the last backup, attachments too, and read it back.

    A server whose backup.directory is this folder calls it archived within a minute.
    """
    settings = settings_in(config, database)
    _checked(lambda: asyncio.run(_backup(settings, _folder(settings, to))))


@archive_app.command("restore")
def restore_command(
    config: ConfigOption,
    source: FromOption = None,
    number: NumberOption = None,
    database: DatabaseOption = "",
) -> None:
    """Bring a backup and its attachments back into an empty archive; stations send what it had not.

    Attachments that are not in it are named on stderr and asked for from their stations.

    The city's keys are not in a backup: put the folder `keys` back first.
    """
    settings = settings_in(config, database)
    _checked(lambda: asyncio.run(_restore(settings, _folder(settings, source), number)))


@archive_app.command("drill")
def drill_command(
    config: ConfigOption,
    source: FromOption = None,
    number: NumberOption = None,
    work: Annotated[
        Path | None, typer.Option("--work", metavar="DIR", help="Where there is room for it.")
    ] = None,
) -> None:
    """Restore the newest backup in a temporary place, compare everything, say whether it is good.

    Attachments are read and checked, not copied; those missing or damaged are named on stderr.

    Exit status 5 when it is not. Meant for every night.
    """
    settings = settings_in(config)
    _checked(lambda: asyncio.run(_drill(settings, _folder(settings, source), number, work)))


def _checked(work: Callable[[], None]) -> None:
    try:
        guarded(work)
    except BackupError as error:
        fail(EXIT_BACKUP, str(error))


def _folder(settings: Settings, given: Path | None) -> Path:
    folder = given or settings.backup.directory
    if folder is None:
        fail(2, "give a folder, or set backup.directory")
    return folder


async def _migrate(settings: Settings) -> None:
    identity = prepare_identity(settings, surroundings())
    async with open_storage(settings, identity.city_id, clock_ms()) as storage:
        gauges = await storage.archive.gauges()
        typer.echo(f"good: generation {storage.archive.generation.hex()}, {gauges.stored} records")


async def _backup(settings: Settings, folder: Path) -> None:
    identity = prepare_identity(settings, surroundings())
    with show_progress("attachments") as look:
        async with open_reading(settings, identity.city_id, clock_ms()) as places:
            archive, shelf, feed_dump, ledger = places
            attachments = Attachments(ledger, Objects(open_bucket(settings)))
            source = Source(archive, shelf, feed_dump, attachments, identity.city_id, look)
            made = await make_backup(source, folder, clock_ms())
    manifest = made.manifest
    typer.echo(
        f"backup {manifest.number}: {manifest.records} records, {made.new_records} new;"
        f" {made.new_bytes} bytes written, {manifest.size_bytes} in all;"
        f" {manifest.attachments} attachments"
    )
    waiting = sum(log.size - log.whole for log in manifest.logs)
    if waiting:
        typer.echo(f"{waiting} records wait for an attachment and are not called archived yet")
    if not _is_configured(settings, folder):
        typer.echo("nothing is called archived for it: backup.directory names another folder")
    if _same_device(settings, folder):
        typer.echo("edge-city: the backup lies on the disk of the archive itself", err=True)


async def _restore(settings: Settings, folder: Path, number: int | None) -> None:
    # Before anything is made: with new keys nothing in a backup could be opened.
    if not (settings.city.state_directory / "keys").is_dir():
        raise SettingsError(f"{settings.city.state_directory / 'keys'}: put the city's keys back")
    identity = prepare_identity(settings, surroundings())
    await asyncio.to_thread(check_backup, folder, identity.city_id, number)
    with ThreadPoolExecutor(1) as executor, show_progress("attachments") as look:
        async with open_storage(settings, identity.city_id, clock_ms()) as storage:
            attachments = Attachments(storage.blobs, Objects(open_bucket(settings)))
            room = Room(storage.archive, storage.shelf, storage.feeds, attachments)
            around = Around(clock_ms, surroundings().entropy, look)
            target = make_target(room, identity, executor, around)
            verdict = await restore(target, folder, number)
            _say(verdict, f"restored, generation {storage.archive.generation.hex()}")


async def _drill(settings: Settings, folder: Path, number: int | None, work: Path | None) -> None:
    identity = prepare_identity(settings, surroundings())
    with show_progress("attachments") as look:
        around = Around(clock_ms, surroundings().entropy, look)
        verdict = await drill(folder, identity, around, work, number)
    _say(verdict, "not good" if verdict.attachments.lost else "good")
    if verdict.attachments.lost:
        raise typer.Exit(EXIT_BACKUP)


def _say(verdict: Verdict, outcome: str) -> None:
    manifest = verdict.manifest
    typer.echo(
        f"{outcome}: backup {manifest.number}, {len(manifest.logs)} logs,"
        f" {verdict.batches} batches,"
        f" {verdict.records} records, {verdict.effects} effects, {verdict.dossiers} dossiers,"
        f" {verdict.set_apart} set apart, {verdict.attachments.kept} attachments"
    )
    _list("missing or damaged in the backup", verdict.attachments.lost)
    _list("had not come when the backup was made", verdict.attachments.absent)
    if verdict.unknown_signers:
        typer.echo(
            f"edge-city: {verdict.unknown_signers} batches are of keys no station has any more;"
            " their signatures were not checked",
            err=True,
        )


def _list(what: str, digests: Sequence[bytes]) -> None:
    """Attachments by the name of their sealed bytes, which says nothing of anybody."""
    if digests:
        typer.echo(f"edge-city: {len(digests)} attachments {what}:", err=True)
    for digest in digests[:MAXIMUM_LISTED]:
        typer.echo(f"  {digest.hex()}", err=True)
    if len(digests) > MAXIMUM_LISTED:
        typer.echo(f"  and {len(digests) - MAXIMUM_LISTED} more", err=True)


def _is_configured(settings: Settings, folder: Path) -> bool:
    return folder.absolute() == settings.backup.directory


def _same_device(settings: Settings, folder: Path) -> bool:
    archive = settings.database_path
    if settings.is_postgres or not archive.exists():
        return False
    return archive.stat().st_dev == folder.stat().st_dev

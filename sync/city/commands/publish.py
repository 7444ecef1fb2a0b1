"""`edge-city publish …`: what the city tells its stations, laid down for the running server.

Responsible for these commands' words and for refusing what no station could use, naming the field.
Nothing is appended here: the server does that within a second, and tells whoever waits.
"""

import asyncio
from collections.abc import Callable, Collection, Coroutine
from functools import partial
from pathlib import Path
from typing import Annotated, Final

import typer

from sync.city.commands.common import (
    EXIT_INPUT,
    ConfigOption,
    clock_ms,
    fail,
    guarded,
    settings_in,
    station_code,
    surroundings,
)
from sync.city.feeds.announcements import (
    Addressed,
    Announcement,
    AnnouncementError,
    BookingCancelled,
    BookingMade,
    DecisionMade,
    DossierReassigned,
    OfficerChanged,
    PaymentConfirmed,
    RecordStatusChanged,
    ResultArrived,
    address,
    read_announcements,
)
from sync.city.feeds.publishing import REFUSED_SPOOL, SPOOL, publish, publish_release
from sync.city.feeds.releases import pack_release
from sync.city.serve import prepare_identity
from sync.city.settings import Settings
from sync.city.shelf import Shelf
from sync.city.storage import open_bucket, open_shelf
from sync.city.trust.stations import StationDirectory, format_code
from sync.city.web.down import public_objects

MAXIMUM_FILE_BYTES: Final = 16 << 20

publish_app = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    help="Tell the stations: catalogue releases, decisions, results, payments, officers.",
)

StationOption = Annotated[
    str, typer.Option("--station", metavar="CODE", help="Whom it is for, for example 26560.")
]
FileArgument = Annotated[
    Path, typer.Argument(metavar="FILE.json", help="One announcement, or a list of them.")
]


@publish_app.command("catalogue")
def catalogue_command(
    config: ConfigOption,
    folder: Annotated[Path, typer.Argument(metavar="DIR", help="It holds release.json.")],
) -> None:
    """Publish a release of procedures and fees to every station.

    `release.json` names the version, the day it begins and the digest of every other file.
    """
    settings = settings_in(config)

    async def work() -> None:
        packed = pack_release(folder)
        async with open_shelf(settings) as shelf:
            objects = public_objects(open_bucket(settings))
            await publish_release(shelf, objects, packed, clock_ms())
        said = packed.announcement
        typer.echo(f"release {said.version} from {said.valid_from}: {said.bytes} bytes laid down")

    _run(work, str(folder))


@publish_app.command("waiting")
def waiting_command(config: ConfigOption) -> None:
    """Say how much lies ready for the server, and what it could not read."""
    settings = settings_in(config)

    async def work() -> None:
        async with open_shelf(settings) as shelf:
            waiting, refused = await shelf.list(SPOOL), await shelf.list(REFUSED_SPOOL)
        typer.echo(f"{len(waiting)} waiting, {len(refused)} put aside")
        for name in sorted(refused):
            typer.echo(name)

    _run(work, "publish")


def _add(name: str, kind: type[Announcement], help_text: str) -> None:
    def command(config: ConfigOption, station: StationOption, file: FileArgument) -> None:
        settings = settings_in(config)
        _run(partial(_publish_file, settings, kind, station_code(station) or 0, file), str(file))

    publish_app.command(name, help=help_text)(command)


_add("decision", DecisionMade, "What the city decided about a dossier.")
_add("result", ResultArrived, "The result of a dossier can be handed over.")
_add("payment", PaymentConfirmed, "The bank says that money came in.")
_add("status", RecordStatusChanged, "What became of a record of the station's log.")
_add("officer", OfficerChanged, "Who may work at the station.")
_add("booking", BookingMade, "A visit was booked with the city.")
_add("booking-cancelled", BookingCancelled, "A booked visit was given up.")
_add("reassignment", DossierReassigned, "Another station goes on with a dossier; both are told.")


async def _publish_file(
    settings: Settings, kind: type[Announcement], station: int, file: Path
) -> None:
    said = read_announcements(_read(file), kind)
    entries = [entry for one in said for entry in address(one, station)]
    async with open_shelf(settings) as shelf:
        _check_stations(entries, station, await _enrolled(settings, shelf))
        await publish(shelf, entries, clock_ms())
    typer.echo(f"{len(said)} laid down")


async def _enrolled(settings: Settings, shelf: Shelf) -> set[int]:
    stations = StationDirectory(shelf, prepare_identity(settings, surroundings()))
    await stations.refresh()
    return {station.code for station in stations.all()}


def _check_stations(
    entries: Collection[Addressed], station: int, enrolled: Collection[int]
) -> None:
    named = {entry.name.station for entry in entries}
    for code in sorted(named - set(enrolled)):
        raise AnnouncementError(f"station {format_code(code)} is not enrolled here")
    if station not in named:
        raise AnnouncementError(f"not about station {format_code(station)}")


def _read(file: Path) -> bytes:
    with file.open("rb") as opened:
        data = opened.read(MAXIMUM_FILE_BYTES + 1)
    if len(data) > MAXIMUM_FILE_BYTES:
        raise AnnouncementError(f"more than {MAXIMUM_FILE_BYTES} bytes")
    return data


def _run(work: Callable[[], Coroutine[None, None, None]], place: str) -> None:
    try:
        guarded(lambda: asyncio.run(work()))
    except AnnouncementError as error:
        fail(EXIT_INPUT, f"{place}: {error}")

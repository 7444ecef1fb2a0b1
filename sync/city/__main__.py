"""`edge-city`: the city server and what its operator does around it.

Responsible for the program and its commands about serving and the archive; `command.py` has what
all commands share, exit statuses too.
"""

import asyncio
import json
import logging
import os
import sys
from typing import Annotated

import typer

from sync.city.commands.archive import archive_app
from sync.city.commands.common import (
    ConfigOption,
    DatabaseOption,
    clock_ms,
    guarded,
    settings_in,
    station_code,
    surroundings,
)
from sync.city.commands.export import export_lines
from sync.city.commands.keys import keys_app
from sync.city.commands.prove import audit_app
from sync.city.commands.publish import publish_app
from sync.city.commands.stick import stick_app
from sync.city.commands.trust import add_trust_commands
from sync.city.receiving.opening import BodyKeys
from sync.city.serve import prepare_context, prepare_identity, serve
from sync.city.settings import Settings
from sync.city.storage import open_exporter, open_shelf
from sync.city.trust.stations import StationDirectory
from sync.dictionary import DICTIONARIES

app = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    help="The city's side of the ward edge nodes: takes in what the stations send, keeps it.",
)

add_trust_commands(app)
app.add_typer(keys_app, name="keys")
app.add_typer(archive_app)
app.add_typer(audit_app)
app.add_typer(publish_app, name="publish")
app.add_typer(stick_app, name="stick")


@app.command("serve")
def serve_command(config: ConfigOption, database: DatabaseOption = "") -> None:
    """Run the server until SIGTERM.

    The first start makes the city's keys and, without a configured certificate, an authority and
    a certificate for localhost, 127.0.0.1 and the configured host. Prints one line
    `READY {"url": …}` once it listens. Exit status 3: the port is busy.
    """
    settings = settings_in(config, database)
    logging.basicConfig(
        stream=sys.stderr, level=logging.WARNING, format="%(levelname)s %(message)s"
    )
    guarded(lambda: asyncio.run(serve(settings, surroundings(), _say_ready)))


@app.command("export")
def export_command(
    config: ConfigOption,
    *,
    ndjson: Annotated[
        bool, typer.Option("--ndjson", help="One JSON object a line (the only format so far).")
    ] = True,
    station: Annotated[str, typer.Option(metavar="CODE", help="Only this station.")] = "",
) -> None:
    """Write every stored record to standard output, one line each; works beside the server."""
    settings = settings_in(config)
    code = station_code(station)
    guarded(lambda: asyncio.run(_export(settings, code)))


@app.command("check")
def check_command(config: ConfigOption) -> None:
    """Check the configuration, the keys and the certificate without listening."""
    settings = settings_in(config)
    guarded(lambda: asyncio.run(_check(settings)))


def main() -> None:
    """The entry point of `edge-city`."""
    # The archive holds personal data: nothing made here is for other users of the machine.
    os.umask(0o077)
    app(prog_name="edge-city")


def _say_ready(url: str) -> None:
    print("READY", json.dumps({"url": url}), flush=True)


async def _export(settings: Settings, station: int | None) -> None:
    identity = prepare_identity(settings, surroundings())
    keys = BodyKeys(identity.find_encryption_key, DICTIONARIES.get)
    async with open_exporter(settings) as exporter:
        async for page in export_lines(exporter, keys, station):
            sys.stdout.buffer.write(page)
    sys.stdout.buffer.flush()


async def _check(settings: Settings) -> None:
    identity = prepare_identity(settings, surroundings())
    prepare_context(settings, clock_ms())
    async with open_shelf(settings) as shelf:
        stations = StationDirectory(shelf, identity)
        await stations.refresh()
    print(f"good: city {identity.city_id.hex()}, {len(stations.all())} stations enrolled")


if __name__ == "__main__":
    main()

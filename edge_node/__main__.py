"""The `edge-node` command: serve a station, check a configuration, make a PIN hash, show a demo.

Exit codes: 0 a clean stop; 2 the configuration, the catalogue or a certificate cannot be used;
3 the port is taken or another node runs on the same files; 4 the station's files cannot be used.
"""

import asyncio
import contextlib
import json
import logging
import secrets
import signal
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Final

import typer

from sync.lock import HeldError, hold

EXIT_SETTINGS: Final = 2
EXIT_BUSY: Final = 3
EXIT_STORAGE: Final = 4

app = typer.Typer(
    add_completion=False,
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    help="The edge node of a ward police station's one-stop desk.",
)


class AlreadyRunningError(Exception):
    """Another node works on the same files."""


Config = Annotated[Path, typer.Option("--config", help="The node's configuration (TOML).")]


@app.command()
def serve(config: Config) -> None:
    """Serve kiosks, counters, display, status page and LAN clients until told to stop."""
    from edge_node import bootstrap  # noqa: PLC0415 - `--help` must not load the whole node
    from edge_node.domain.release import CatalogueError  # noqa: PLC0415
    from edge_node.settings import SettingsError, read_settings  # noqa: PLC0415
    from sync.certificates import CertificateError  # noqa: PLC0415
    from sync.database import DatabaseError  # noqa: PLC0415

    logging.basicConfig(level=logging.INFO, format="%(levelname)s %(name)s %(message)s")

    async def run() -> None:
        stopping = asyncio.Event()
        loop = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, stopping.set)
        settings = read_settings(config)
        with _only_one(settings.station.state_directory):
            await bootstrap.serve(settings, stopping, _ready)

    try:
        asyncio.run(run())
    except (SettingsError, CertificateError) as error:
        _refuse(str(error), EXIT_SETTINGS)
    except CatalogueError as error:
        _refuse(f"the catalogue release is bad: {error}", EXIT_SETTINGS)
    except (bootstrap.PortBusyError, AlreadyRunningError) as error:
        _refuse(str(error), EXIT_BUSY)
    except OSError as error:
        _refuse(f"the station's files cannot be used: {error}", EXIT_STORAGE)
    except DatabaseError as error:
        _refuse(f"the station's database cannot be used: {error}", EXIT_STORAGE)


@app.command()
def check(config: Config) -> None:
    """Read the configuration and the catalogue and say whether the node could start with them."""
    from edge_node.data import read_release  # noqa: PLC0415
    from edge_node.domain.catalogue import read_catalogue  # noqa: PLC0415
    from edge_node.domain.release import CatalogueError  # noqa: PLC0415
    from edge_node.domain.units import read_units  # noqa: PLC0415
    from edge_node.settings import SettingsError, read_settings  # noqa: PLC0415

    try:
        settings = read_settings(config)
        release = read_release()
        catalogue = read_catalogue(release)
    except (SettingsError, CatalogueError) as error:
        _refuse(str(error), EXIT_SETTINGS)
    else:
        code = settings.station.code
        if code not in read_units(release["units.json"]):
            _refuse(f"{config}: station.code: {code} is not a unit of the catalogue", EXIT_SETTINGS)
        print(
            f"good: station {settings.station.code}, {len(settings.printer)} printers,"
            f" {len(settings.officer)} officers, catalogue {catalogue.version} with"
            f" {len(catalogue.procedures)} procedures"
        )


@app.command("hash-pin")
def hash_pin() -> None:
    """Ask for an officer's PIN and print the line for the configuration."""
    from edge_node.usecases import officers  # noqa: PLC0415

    pin = typer.prompt("PIN (6 digits)", hide_input=True, confirmation_prompt=True)
    if not (pin.isascii() and pin.isdigit() and len(pin) == officers.PIN_DIGITS):
        _refuse(f"a PIN has {officers.PIN_DIGITS} digits", EXIT_SETTINGS)
    print(officers.hash_pin(pin, secrets.token_bytes(officers.SALT_BYTES)))


@app.command()
def verify(
    slip: Annotated[
        str, typer.Argument(help="The scanned text or address; a file with it; - for stdin.")
    ] = "-",
    *,
    config: Annotated[
        Path | None, typer.Option("--config", help="Ask this station's keys and book (TOML).")
    ] = None,
    key: Annotated[
        list[str] | None, typer.Option("--key", help="A slip key: 64 hexadecimal digits.")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object.")] = False,
) -> None:
    """Say whether a citizen slip is ours, without a network.

    The keys come from the station (--config; its node may be running) or are given (--key).

    Exit codes: 0 the slip is good; 1 it is no slip of ours; 2 the command or the configuration
    cannot be used; 4 the station's files cannot be read; 5 its key was revoked before it was
    signed; 6 its key is not known; 7 it is signed by us but the station's book says otherwise.
    """
    from edge_node.bootstrap import paper_command  # noqa: PLC0415 - `--help` loads no node

    raise typer.Exit(paper_command.verify(slip, config, key or [], as_json=as_json))


@app.command("paper-kit")
def paper_kit(
    config: Config,
    output: Annotated[Path, typer.Option("--output", help="Where the sheets go (PDF).")],
    count: Annotated[int, typer.Option("--count", min=1, max=100, help="How many slips.")] = 20,
) -> None:
    """Print numbered, signed slips ahead, for a day on which the node is dead.

    The node must not run: while it does, the chief makes a kit at the counter (Continuity paper).
    What was written on the slips is entered there too, each number once.
    """
    from edge_node.bootstrap import paper_command  # noqa: PLC0415 - `--help` loads no node
    from edge_node.settings import SettingsError, read_settings  # noqa: PLC0415

    try:
        settings = read_settings(config)
        with _only_one(settings.station.state_directory):
            kit = paper_command.make_kit(settings, count, output)
    except SettingsError as error:
        _refuse(str(error), EXIT_SETTINGS)
    except AlreadyRunningError as error:
        _refuse(f"{error}; make the kit at the counter", EXIT_BUSY)
    except paper_command.PaperError as error:
        _refuse(str(error), EXIT_STORAGE)
    else:
        print(f"kit {kit}: {count} slips in {output}")


@app.command("end-slip-key")
def end_slip_key(
    config: Config,
    reason: Annotated[str, typer.Option("--reason", help="Why, for the record.")],
    *,
    stolen: Annotated[
        bool, typer.Option("--stolen", help="No slip of the key counts any more.")
    ] = False,
) -> None:
    """End the key that signs slips and go on with a new one. The node must not run.

    Slips printed so far stay good, unless the key was stolen.
    """
    from edge_node.bootstrap import paper_command  # noqa: PLC0415 - `--help` loads no node
    from edge_node.settings import SettingsError, read_settings  # noqa: PLC0415

    try:
        settings = read_settings(config)
        with _only_one(settings.station.state_directory):
            kid = paper_command.end_slip_key(settings, reason, stolen=stolen)
    except SettingsError as error:
        _refuse(str(error), EXIT_SETTINGS)
    except AlreadyRunningError as error:
        _refuse(str(error), EXIT_BUSY)
    except paper_command.PaperError as error:
        _refuse(str(error), EXIT_STORAGE)
    else:
        print(f"slips are signed by key {kid} from now on")


@app.command()
def demo(
    port_base: Annotated[
        int, typer.Option("--port-base", min=1024, max=65000, help="First of nine ports.")
    ] = 8700,
    state: Annotated[
        Path, typer.Option("--state", help="Folder for everything the demo keeps.")
    ] = Path(".demo"),
    *,
    headless: Annotated[
        bool, typer.Option("--headless", help="No hints for people with a browser.")
    ] = False,
    as_json: Annotated[
        bool, typer.Option("--json", help="Print one JSON line when everything is ready.")
    ] = False,
    restart: Annotated[
        bool | None,
        typer.Option(
            "--restart/--no-restart",
            help="Start a process again that was killed, as a station does; with --json, only"
            " when given.",
            show_default=False,
        ),
    ] = None,
) -> None:
    """Show the whole product on this machine: station, city, printers, scanner."""
    from edge_node.demo import supervisor  # noqa: PLC0415
    from edge_node.demo.layout import Layout  # noqa: PLC0415
    from edge_node.demo.processes import StartError  # noqa: PLC0415

    def say(text: str) -> None:
        print(text, flush=True)

    layout = Layout(state, port_base)
    try:
        keep = not as_json if restart is None else restart
        show = supervisor.run(layout, as_json=as_json, headless=headless, restart=keep, say=say)
        asyncio.run(show)
    except* StartError as errors:
        for error in errors.exceptions:
            print(f"edge-node demo: {error}", file=sys.stderr)
        raise typer.Exit(EXIT_BUSY) from None


@contextlib.contextmanager
def _only_one(directory: Path) -> Iterator[None]:
    """Hold the station's folder: two nodes would draw the same numbers. A kill lets go of it."""
    directory.mkdir(parents=True, exist_ok=True)
    with contextlib.ExitStack() as stack:
        try:
            stack.enter_context(hold(directory / "node.lock"))
        except HeldError:
            raise AlreadyRunningError(f"{directory}: another node runs on these files") from None
        yield


def _ready(url: str) -> None:
    print(f"READY {json.dumps({'url': url})}", flush=True)


def _refuse(message: str, status: int) -> None:
    print(f"edge-node: {message}", file=sys.stderr)
    raise typer.Exit(status)


def main() -> None:
    """Entry point of the `edge-node` command."""
    app()


if __name__ == "__main__":
    main()

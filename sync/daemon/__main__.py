"""`edge-sync`: the station's messenger to the city.

Exit codes: 0 everything is at the city, or a clean stop; 1 a fault of this machine; 2 the
configuration or a key file cannot be used; 3 another edge-sync is running; 4 the city was not
reached; 5 the city refuses.
"""

import asyncio
import json
import os
import secrets
import signal
import sys
from collections.abc import Awaitable
from pathlib import Path
from typing import Annotated, TypeVar

import typer

from sync.daemon import identity as station_identity
from sync.daemon.clock import SystemClock
from sync.daemon.command import ConfigOption, readable_errors
from sync.daemon.enrol import (
    EnrolmentOutcome,
    accept_answer,
    coded_request,
    enrol_with_code,
    read_code,
)
from sync.daemon.loop import (
    Surroundings,
    run_once,
    secure_chance,
    serve,
)
from sync.daemon.rekey import rotate_keys
from sync.daemon.report import ProgressLine, exit_code, summary
from sync.daemon.settings import Settings, read_settings
from sync.daemon.statements import keysets
from sync.daemon.stick_command import stick_app
from sync.daemon.transport import open_transport
from sync.database import open_reader

Result = TypeVar("Result")

app = typer.Typer(
    help="Carries a station's journal to its city, signed and sealed, and keeps the receipts.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)

app.add_typer(stick_app, name="stick")


@app.command()
def run(
    config: ConfigOption,
    *,
    once: Annotated[
        bool, typer.Option("--once", help="Send what waits, say how it went, and end.")
    ] = False,
) -> None:
    """Send the journal to the city; without --once as a service, until SIGTERM.

    With --once: exit code 0 when everything is at the city, 4 when the city was not reached,
    5 when the city refuses.
    """
    with readable_errors():
        settings = read_settings(config)
        _check_keys(settings)
        if once:
            raise typer.Exit(_run_once(settings))
        asyncio.run(_serve(settings))


@app.command()
def identity(
    config: ConfigOption,
    output: Annotated[
        Path,
        typer.Option("--output", help="Where to write the request.", metavar="FILE"),
    ],
) -> None:
    """Make this station's keys, if there are none, and write its enrolment request.

    Carry the file to the city. Compare the digits with those on the city's screen.
    """
    with readable_errors():
        settings = read_settings(config)
        node = asyncio.run(station_identity.read_node_identity(settings))
        keys = station_identity.ensure_keys(settings.files.keys_directory)
        request = station_identity.make_request(node, keys)
        station_identity.write_request(output, request)
        print(f"{output}: request of station {node.station_code}")
        print(f"digits to compare: {request.fingerprint}")


@app.command()
def enrol(
    config: ConfigOption,
    code: Annotated[
        str, typer.Argument(help="What the city gave: the typed code, or the text of the QR.")
    ] = "",
    *,
    url: Annotated[str, typer.Option(help="The city's address, when the code is typed.")] = "",
    request_file: Annotated[
        Path | None, typer.Option(metavar="FILE", help="No network: write the request there.")
    ] = None,
    answer_file: Annotated[
        Path | None, typer.Option(metavar="FILE", help="No network: the city's answer.")
    ] = None,
) -> None:
    """Make this station known to its city with a one-time code.

    Without a line to the city: --request-file, carry it to the city (edge-city enrol), bring the
    answer back, --answer-file; both with the same code. Exit code 4: the city was not reached.
    """
    with readable_errors():
        settings = read_settings(config)
        if request_file or answer_file:
            _enrol_by_files(settings, code, request_file, answer_file)
            return
        work = enrol_with_code(settings, code, secrets.token_bytes, url=url)
        _say_enrolled(asyncio.run(work))


@app.command("rotate-keys")
def rotate_keys_command(config: ConfigOption) -> None:
    """Give this station new keys; the city takes them over under the old ones.

    Cut off at any moment, the station goes on with keys that work: run it again. A service that
    holds its keys as credentials must be restarted afterwards.
    """
    with readable_errors():
        settings = read_settings(config)
        asyncio.run(_rotate(settings))
        print("the station has new keys")


@app.command()
def check(config: ConfigOption) -> None:
    """Say whether the configuration, the keys and the enrolment are fit to use.

    The city is not called. Exit code 0 when nothing is missing.
    """
    with readable_errors():
        settings = read_settings(config)
        credentials = asyncio.run(station_identity.read_credentials(settings))
        name = credentials.enrolment.city_name
        print(f"station {credentials.identity.station_code}, enrolled with {name}")
        print(f"city at {credentials.city_url}")


def _enrol_by_files(
    settings: Settings, code: str, request_file: Path | None, answer_file: Path | None
) -> None:
    node = asyncio.run(station_identity.read_node_identity(settings))
    known = read_code(code) if code else None
    if request_file is not None:
        if known is not None:
            request = coded_request(settings, node, known, secrets.token_bytes)
        else:
            keys = station_identity.ensure_keys(settings.files.keys_directory)
            request = station_identity.make_request(node, keys)
        station_identity.write_request(request_file, request)
        print(f"{request_file}: request of station {node.station_code}")
        print(f"digits to compare: {request.fingerprint}")
    if answer_file is not None:
        _say_enrolled(accept_answer(settings, node, answer_file.read_bytes(), known))


def _say_enrolled(outcome: EnrolmentOutcome) -> None:
    print(f"station {outcome.station}, enrolled with {outcome.city_name}")
    print(f"city at {outcome.city_url}")


async def _rotate(settings: Settings) -> None:
    credentials = await station_identity.read_credentials(settings)
    keyset = station_identity.newest_keyset(credentials.enrolment, await _keysets(settings))
    plausible = SystemClock().read().plausible
    async with open_transport(
        credentials.city_url, credentials.enrolment.ca_pem, clock_plausible=plausible
    ) as transport:
        await rotate_keys(settings, credentials, transport, keyset, secrets.token_bytes)


async def _keysets(settings: Settings) -> list[bytes]:
    """The keysets that the service has taken since the enrolment, oldest first."""
    path = settings.files.sync_database
    if not path.exists():
        return []
    async with open_reader(path) as reader:
        return await reader.query(keysets)


def _check_keys(settings: Settings) -> None:
    """Refuse at the start what would only turn up when the enrolment has arrived."""
    directory = settings.files.keys_directory
    if (directory / station_identity.SIGNING_KEY_FILE).exists():
        station_identity.load_keys(directory)


def _run_once(settings: Settings) -> int:
    with ProgressLine(sys.stdout) as line:
        around = Surroundings(SystemClock(), secure_chance(), line.show)
        session = asyncio.run(_stoppable(run_once(settings, around)))
    print(summary(session))
    return exit_code(session)


async def _stoppable(work: Awaitable[Result]) -> Result:
    """SIGTERM ends `work` as Ctrl-C does."""
    task = asyncio.current_task()
    assert task is not None
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, task.cancel)
    return await work


async def _serve(settings: Settings) -> None:
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)

    def ready() -> None:
        facts = {"process": "edge-sync", "station": settings.station.code, "pid": os.getpid()}
        print(f"READY {json.dumps(facts)}", flush=True)

    await serve(settings, Surroundings(SystemClock(), secure_chance()), stop, ready)


def main() -> None:
    """The entry point of `edge-sync` and `python -m sync.daemon`."""
    app(prog_name="edge-sync")


if __name__ == "__main__":
    main()

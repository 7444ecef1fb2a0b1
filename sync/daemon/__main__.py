"""`edge-sync`: the station's messenger to the city.

Exit codes: 0 everything is at the city, or a clean stop; 1 a fault of this machine; 2 the
configuration or a key file cannot be used; 3 another edge-sync is running; 4 the city was not
reached; 5 the city refuses.
"""

import asyncio
import contextlib
import json
import os
import signal
import sys
from collections.abc import Awaitable, Iterator
from pathlib import Path
from typing import Annotated, Final, NoReturn, TypeVar

import typer

from sync.daemon import identity as station_identity
from sync.daemon.clock import SystemClock
from sync.daemon.identity import NotEnrolledError
from sync.daemon.loop import (
    AlreadyRunningError,
    Surroundings,
    run_once,
    secure_chance,
    serve,
)
from sync.daemon.report import ProgressLine, exit_code, summary
from sync.daemon.settings import Settings, SettingsError, read_settings
from sync.database import DatabaseError
from sync.keys import KeyFileError

EXIT_FAULT: Final = 1
EXIT_CONFIGURATION: Final = 2
EXIT_RUNNING: Final = 3

Result = TypeVar("Result")

app = typer.Typer(
    help="Carries a station's journal to its city, signed and sealed, and keeps the receipts.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)

ConfigOption = Annotated[
    Path, typer.Option("--config", help="The station's sync.toml.", metavar="FILE")
]


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
    with _readable_errors():
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
    with _readable_errors():
        settings = read_settings(config)
        node = asyncio.run(station_identity.read_node_identity(settings))
        keys = station_identity.ensure_keys(settings.files.keys_directory)
        request = station_identity.make_request(node, keys)
        station_identity.write_request(output, request)
        print(f"{output}: request of station {node.station_code}")
        print(f"digits to compare: {request.fingerprint}")


@app.command()
def check(config: ConfigOption) -> None:
    """Say whether the configuration, the keys and the enrolment are fit to use.

    The city is not called. Exit code 0 when nothing is missing.
    """
    with _readable_errors():
        settings = read_settings(config)
        credentials = asyncio.run(station_identity.read_credentials(settings))
        name = credentials.enrolment.city_name
        print(f"station {credentials.identity.station_code}, enrolled with {name}")
        print(f"city at {credentials.city_url}")


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


@contextlib.contextmanager
def _readable_errors() -> Iterator[None]:
    """One line on stderr and a code for everything a person can mend."""
    try:
        yield
    except (SettingsError, KeyFileError, NotEnrolledError) as error:
        _fail(str(error), EXIT_CONFIGURATION)
    except AlreadyRunningError as error:
        _fail(str(error), EXIT_RUNNING)
    except (DatabaseError, OSError) as error:
        _fail(str(error), EXIT_FAULT)
    except ExceptionGroup as group:
        _fail_for(group)
    except (KeyboardInterrupt, asyncio.CancelledError):
        _fail("stopped", EXIT_FAULT)


def _fail_for(group: ExceptionGroup[Exception]) -> NoReturn:
    """A fault that ended the service's tasks; one that nobody foresaw keeps its trace."""
    error: Exception = group
    while isinstance(error, ExceptionGroup):
        error = error.exceptions[0]
    if isinstance(error, KeyFileError):
        _fail(str(error), EXIT_CONFIGURATION)
    if isinstance(error, DatabaseError | OSError):
        _fail(str(error), EXIT_FAULT)
    raise group


def _fail(message: str, code: int) -> NoReturn:
    print(f"edge-sync: {message}", file=sys.stderr)
    raise typer.Exit(code)


def main() -> None:
    """The entry point of `edge-sync` and `python -m sync.daemon`."""
    app(prog_name="edge-sync")


if __name__ == "__main__":
    main()

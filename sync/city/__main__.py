"""`edge-city`: the city server and what its operator does around it.

Responsible for: the command line, one-line errors and exit statuses (0 good, 2 configuration or
input, 3 port busy, 4 the archive's disk failed).
"""

import asyncio
import json
import logging
import os
import secrets
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Annotated, Final, NoReturn

import typer

from sync.certificates import CertificateError
from sync.city.archive.overview import open_exporter
from sync.city.archive.port import ArchiveError
from sync.city.enrolment import (
    CityFacts,
    EnrolmentError,
    Operator,
    enrol,
    read_request,
    write_answer,
)
from sync.city.export import export_lines
from sync.city.serve import (
    ArchiveBrokenError,
    PortBusyError,
    Surroundings,
    TlsError,
    prepare_context,
    prepare_identity,
    prepare_tls,
    serve,
    stations_directory,
)
from sync.city.settings import Settings, SettingsError, read_settings
from sync.city.stations import StationDirectory, format_code
from sync.database import DatabaseError
from sync.keys import KeyFileError

EXIT_INPUT: Final = 2
EXIT_PORT_BUSY: Final = 3
EXIT_DISK: Final = 4

_INPUT_ERRORS: Final = (
    SettingsError,
    KeyFileError,
    CertificateError,
    EnrolmentError,
    DatabaseError,
    ArchiveError,
    TlsError,
    OSError,
)

app = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    help="The city's side of the ward edge nodes: takes in what the stations send, keeps it.",
)

ConfigOption = Annotated[
    Path, typer.Option("--config", metavar="FILE", help="The city's configuration, city.toml.")
]


@app.command("serve")
def serve_command(config: ConfigOption) -> None:
    """Run the server until SIGTERM.

    The first start makes the city's keys and, without a configured certificate, an authority and
    a certificate for localhost, 127.0.0.1 and the configured host. Prints one line
    `READY {"url": …}` once it listens. Exit status 3: the port is busy.
    """
    settings = _settings(config)
    logging.basicConfig(
        stream=sys.stderr, level=logging.WARNING, format="%(levelname)s %(message)s"
    )
    _guarded(lambda: asyncio.run(serve(settings, _surroundings(), _say_ready)))


@app.command("enrol")
def enrol_command(
    config: ConfigOption,
    request: Annotated[Path, typer.Option(metavar="FILE", help="What the station wrote.")],
    output: Annotated[Path, typer.Option(metavar="FILE", help="Carry this to the station.")],
    *,
    station: Annotated[
        str, typer.Option(metavar="CODE", help="Refuse a request from any other station.")
    ] = "",
    name: Annotated[str, typer.Option(help="The station's name on the overview page.")] = "",
    replace: Annotated[
        bool, typer.Option("--replace", help="The station has a new key; the old one ends.")
    ] = False,
) -> None:
    """Take a station in: check its request, certify its key, write the answer.

    Compare the printed fingerprint with the one on the station's screen. A running server knows
    the station at once.
    """
    settings = _settings(config)
    operator = Operator(name, _code(station), replace, secrets.randbits(62))
    _guarded(lambda: _enrol(settings, request, output, operator))


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
    settings = _settings(config)
    code = _code(station)
    _guarded(lambda: asyncio.run(_export(settings, code)))


@app.command("check")
def check_command(config: ConfigOption) -> None:
    """Check the configuration, the keys and the certificate without listening."""
    settings = _settings(config)
    _guarded(lambda: _check(settings))


def main() -> None:
    """The entry point of `edge-city`."""
    # The archive holds personal data: nothing made here is for other users of the machine.
    os.umask(0o077)
    app(prog_name="edge-city")


def _settings(path: Path) -> Settings:
    try:
        return read_settings(path)
    except SettingsError as error:
        _fail(EXIT_INPUT, str(error))


def _code(text: str) -> int | None:
    if not text:
        return None
    if not (text.isascii() and text.isdigit()):
        _fail(EXIT_INPUT, "--station: digits only, for example 26560")
    return int(text)


def _guarded(work: Callable[[], None]) -> None:
    try:
        work()
    except BrokenPipeError:
        # The reader of an export went away: nothing is wrong here.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    except PortBusyError as error:
        _fail(EXIT_PORT_BUSY, f"{error}: another program is listening there; see listen.port")
    except ArchiveBrokenError as error:
        _fail(EXIT_DISK, f"{error}: the disk failed; check it and start again")
    except _INPUT_ERRORS as error:
        _fail(EXIT_INPUT, " ".join(str(error).split()))


def _fail(status: int, message: str) -> NoReturn:
    print(f"edge-city: {message}", file=sys.stderr)
    raise typer.Exit(status)


def _surroundings() -> Surroundings:
    return Surroundings(_clock_ms, secrets.token_bytes)


def _clock_ms() -> int:
    return time.time_ns() // 1_000_000


def _say_ready(url: str) -> None:
    print("READY", json.dumps({"url": url}), flush=True)


def _enrol(settings: Settings, request: Path, output: Path, operator: Operator) -> None:
    if not settings.listen.port and not settings.city.url:
        raise EnrolmentError("set city.url: with listen.port = 0 no address can be given out")
    identity = prepare_identity(settings, _surroundings())
    facts = CityFacts(settings.city.name, settings.base_url(settings.listen.port), _ca(settings))
    folder = stations_directory(settings)
    enrolled, answer = enrol(identity, facts, folder, read_request(request), operator)
    write_answer(output, answer)
    print(f"station {format_code(enrolled.station)}, node {enrolled.node_id.hex()}")
    print(f"fingerprint {enrolled.fingerprint}")


def _ca(settings: Settings) -> str:
    """The authority stations must trust; empty when the connection is not encrypted."""
    if settings.listen.tls == "off":
        return ""
    return prepare_tls(settings, _clock_ms()).authority.read_text(encoding="ascii")


async def _export(settings: Settings, station: int | None) -> None:
    async with open_exporter(settings.database_path) as exporter:
        async for page in export_lines(exporter, station):
            sys.stdout.buffer.write(page)
    sys.stdout.buffer.flush()


def _check(settings: Settings) -> None:
    identity = prepare_identity(settings, _surroundings())
    prepare_context(settings, _clock_ms())
    stations = StationDirectory(stations_directory(settings), identity.ca_public).all()
    print(f"good: city {identity.city_id.hex()}, {len(stations)} stations enrolled")


if __name__ == "__main__":
    main()

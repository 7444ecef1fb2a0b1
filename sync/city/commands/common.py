"""What every `edge-city` command needs: the configuration, one-line errors, exit statuses.

Exit statuses: 0 good, 2 configuration or input, 3 port busy, 4 the archive's disk failed.
"""

import contextlib
import os
import secrets
import sys
import time
from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path
from typing import Annotated, Final, NoReturn

import typer

from sync.certificates import CertificateError
from sync.city.archive.values import ArchiveError
from sync.city.serve import (
    ArchiveBrokenError,
    PortBusyError,
    Surroundings,
    TlsError,
    city_facts,
    prepare_identity,
)
from sync.city.settings import Settings, SettingsError, read_settings
from sync.city.storage import open_shelf
from sync.city.trust.ceremony import CeremonyError
from sync.city.trust.enrolment import EnrolmentError, Registrar
from sync.city.trust.office import Around, open_trust
from sync.database import DatabaseError
from sync.keys import KeyFileError
from sync.protocol.errors import ProtocolError

EXIT_INPUT: Final = 2
EXIT_PORT_BUSY: Final = 3
EXIT_DISK: Final = 4
PROGRESS_STEPS: Final = 1000

INPUT_ERRORS: Final = (
    SettingsError,
    KeyFileError,
    CertificateError,
    CeremonyError,
    EnrolmentError,
    ProtocolError,
    DatabaseError,
    ArchiveError,
    TlsError,
    OSError,
)

ConfigOption = Annotated[
    Path, typer.Option("--config", metavar="FILE", help="The city's configuration, city.toml.")
]


DatabaseOption = Annotated[
    str,
    typer.Option(
        "--database",
        metavar="URL",
        help="Instead of database.url. A password is better kept in EDGE_CITY_DATABASE, in"
        " database.url_file or in a systemd credential: this is seen in the list of processes.",
    ),
]


def settings_in(path: Path, database: str = "") -> Settings:
    """The configuration, or exit status 2."""
    try:
        return read_settings(path, database=database)
    except SettingsError as error:
        fail(EXIT_INPUT, str(error))


def station_code(text: str) -> int | None:
    """The station that --station names; None when it names none."""
    if not text:
        return None
    if not (text.isascii() and text.isdigit()):
        fail(EXIT_INPUT, "--station: digits only, for example 26560")
    return int(text)


def guarded(work: Callable[[], None]) -> None:
    """Run `work`; whatever a person can mend is one line and an exit status."""
    try:
        work()
    except BrokenPipeError:
        # The reader of an export went away: nothing is wrong here.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    except PortBusyError as error:
        fail(EXIT_PORT_BUSY, f"{error}: another program is listening there; see listen.port")
    except ArchiveBrokenError as error:
        fail(EXIT_DISK, f"{error}: the disk failed; check it and start again")
    except INPUT_ERRORS as error:
        fail(EXIT_INPUT, " ".join(str(error).split()))


def fail(status: int, message: str) -> NoReturn:
    """One line on stderr and an exit status."""
    typer.echo(f"edge-city: {message}", err=True)
    raise typer.Exit(status)


@contextlib.contextmanager
def show_progress(label: str) -> Iterator[Callable[[int, int], None]]:
    """A bar on a terminal, for work that says how many of how many are done; else nothing."""
    if not sys.stderr.isatty():
        yield lambda _done, _total: None
        return
    with typer.progressbar(length=PROGRESS_STEPS, label=label, file=sys.stderr) as bar:

        def look(done: int, total: int) -> None:
            bar.update(PROGRESS_STEPS * done // max(total, 1) - bar.pos)

        yield look


def surroundings() -> Surroundings:
    """The machine's own clock and randomness."""
    return Surroundings(clock_ms, secrets.token_bytes)


def clock_ms() -> int:
    """Milliseconds since 1970 UTC."""
    return time.time_ns() // 1_000_000


@contextlib.asynccontextmanager
async def open_registrar(settings: Settings) -> AsyncIterator[Registrar]:
    """What the server knows of keys and stations, beside the running server."""
    if not settings.listen.port and not settings.city.url:
        raise SettingsError("set city.url: with listen.port = 0 no address can be given out")
    identity = prepare_identity(settings, surroundings())

    async with open_shelf(settings) as shelf:
        around = Around(
            clock_ms,
            secrets.token_bytes,
            lambda: city_facts(settings, settings.listen.port, clock_ms()),
        )
        yield await open_trust(identity, shelf, around)

"""What every `edge-sync` command needs: the configuration option, one-line errors, exit codes."""

import asyncio
import contextlib
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Final, NoReturn

import typer

from sync.daemon.enrol import CITY_UNREACHABLE, EnrolError
from sync.daemon.identity import NotEnrolledError
from sync.daemon.loop import AlreadyRunningError
from sync.daemon.settings import SettingsError
from sync.database import DatabaseError
from sync.keys import KeyFileError

EXIT_FAULT: Final = 1
EXIT_CONFIGURATION: Final = 2
EXIT_RUNNING: Final = 3
EXIT_UNREACHABLE: Final = 4
EXIT_REFUSED: Final = 5

ConfigOption = Annotated[
    Path, typer.Option("--config", help="The station's sync.toml.", metavar="FILE")
]


@contextlib.contextmanager
def readable_errors() -> Iterator[None]:
    """One line on stderr and a code for everything a person can mend."""
    try:
        yield
    except (SettingsError, KeyFileError, NotEnrolledError) as error:
        _fail(str(error), EXIT_CONFIGURATION)
    except EnrolError as error:
        _fail(str(error), EXIT_UNREACHABLE if error.code == CITY_UNREACHABLE else EXIT_REFUSED)
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
    typer.echo(f"edge-sync: {message}", err=True)
    raise typer.Exit(code)

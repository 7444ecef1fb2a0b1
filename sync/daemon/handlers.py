"""Who does what the node asks for: the registry of the request desk.

Each kind of request is one function here that calls the module which does the work, and turns its
errors into codes the node has words for.
"""

import contextlib
from collections.abc import Callable, Iterator, Mapping
from typing import Final, NamedTuple

from sync.daemon.clock import Clock
from sync.daemon.enrol import EnrolError, enrol_with_code
from sync.daemon.identity import NotEnrolledError
from sync.daemon.mailbox import Mailbox
from sync.daemon.request_desk import Report, RequestFailedError, RequestHandler
from sync.daemon.settings import Settings
from sync.daemon.stick import Around, read_stick, write_stick
from sync.daemon.transport import Timeouts
from sync.keys import KeyFileError
from sync.stick.medium import StickError

KEY_FILE: Final = "key_file"
STICK_NOT_BELIEVED: Final = "stick_not_believed"


class Outside(NamedTuple):
    """What the handlers take from outside."""

    mailbox: Mailbox
    clock: Clock
    entropy: Callable[[int], bytes]
    timeouts: Timeouts | None = None


def request_handlers(settings: Settings, around: Outside) -> Mapping[str, RequestHandler]:
    """Kind of request → who does it."""
    outside = Around(around.clock, around.entropy)
    folder = settings.stick.directory

    async def enrol(argument: str, report: Report) -> None:
        """`argument` is the enrolment code, scanned or typed."""
        await report(0, 1)
        with _coded():
            await enrol_with_code(settings, argument, around.entropy, timeouts=around.timeouts)
        await report(1, 1)

    async def stick_export(_: str, report: Report) -> None:
        with _coded():
            await write_stick(settings, folder, outside, report)

    async def stick_import(_: str, report: Report) -> None:
        with _coded():
            found = await read_stick(settings, folder, outside, around.mailbox, report)
        if not found.taken and found.refused:
            raise RequestFailedError(STICK_NOT_BELIEVED)

    return {"enrol": enrol, "stick_export": stick_export, "stick_import": stick_import}


@contextlib.contextmanager
def _coded() -> Iterator[None]:
    """What went wrong, in the words the node knows."""
    try:
        yield
    except (EnrolError, NotEnrolledError) as error:
        raise RequestFailedError(error.code) from None
    except StickError as error:
        raise RequestFailedError(error.fault) from None
    except KeyFileError:
        raise RequestFailedError(KEY_FILE) from None

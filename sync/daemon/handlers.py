"""Who does what the node asks for: the registry of the request desk.

Each kind of request is one function here that calls the module which does the work, and turns its
errors into codes the node has words for.
"""

from collections.abc import Callable, Mapping
from typing import Final

from sync.daemon.enrol import EnrolError, enrol_with_code
from sync.daemon.identity import NotEnrolledError
from sync.daemon.request_desk import Report, RequestFailedError, RequestHandler
from sync.daemon.settings import Settings
from sync.daemon.transport import Timeouts
from sync.keys import KeyFileError

KEY_FILE: Final = "key_file"


def request_handlers(
    settings: Settings, entropy: Callable[[int], bytes], timeouts: Timeouts | None = None
) -> Mapping[str, RequestHandler]:
    """Kind of request → who does it."""

    async def enrol(argument: str, report: Report) -> None:
        """`argument` is the enrolment code, scanned or typed."""
        await report(0, 1)
        try:
            await enrol_with_code(settings, argument, entropy, timeouts=timeouts)
        except (EnrolError, NotEnrolledError) as error:
            raise RequestFailedError(error.code) from None
        except KeyFileError:
            raise RequestFailedError(KEY_FILE) from None
        await report(1, 1)

    return {"enrol": enrol}

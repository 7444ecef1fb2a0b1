"""Enrolment and change of keys over HTTP.

Responsible for: two routes, and turning refusals into problem details that a person can act on. It
must not decide who is taken in.
"""

from collections.abc import Awaitable, Mapping
from typing import Final

from aiohttp import web

from sync.city.archive.values import ArchiveError
from sync.city.problems import ARCHIVE_PROBLEMS, Refused
from sync.city.trust.codes import Verdict
from sync.city.trust.enrolment import EnrolmentError, Fault, Registrar, enrol_by_code, rekey
from sync.city.web.app import message_response, read_message
from sync.protocol.limits import MAXIMUM_CONTROL_BYTES
from sync.protocol.problems import Problem

REGISTRAR: Final = web.AppKey("registrar", Registrar)

_PROBLEMS: Final[Mapping[Fault | Verdict, Problem]] = {
    Fault.NOT_A_REQUEST: Problem.MALFORMED,
    Fault.REVOKED: Problem.REVOKED,
    Fault.EXPIRED: Problem.REVOKED,
    Fault.STRANGER: Problem.UNKNOWN_KEY,
}


def add_enrolment_routes(app: web.Application, registrar: Registrar) -> None:
    """Take stations in over this application."""
    app[REGISTRAR] = registrar
    app.add_routes([web.post("/v1/enrol", take_in), web.post("/v1/rekey", change_keys)])


async def take_in(request: web.Request) -> web.Response:
    """`POST /v1/enrol`: a request made with a one-time code in, the enrolment out."""
    message = await read_message(request, MAXIMUM_CONTROL_BYTES)
    return await _answered(enrol_by_code(request.app[REGISTRAR], message))


async def change_keys(request: web.Request) -> web.Response:
    """`POST /v1/rekey`: a request under the station's key in use in, the enrolment out."""
    message = await read_message(request, MAXIMUM_CONTROL_BYTES)
    return await _answered(rekey(request.app[REGISTRAR], message))


async def _answered(work: Awaitable[bytes]) -> web.Response:
    try:
        return message_response(await work)
    except EnrolmentError as error:
        problem = _PROBLEMS.get(error.fault, Problem.CODE_REFUSED)
        raise Refused(problem, error.fault.value) from error
    except ArchiveError as error:
        raise Refused(ARCHIVE_PROBLEMS[error.fault]) from error

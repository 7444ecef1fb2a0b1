"""Sheet printers: IPP over HTTP (RFC 8011), by way of pyipp.

Responsible for choosing a format the printer reads, sending the job once and following it to its
end.
Rules: the job's name is our job id, so that `find_job` can ask the printer what became of a job
whose answer was lost; a refusal before the document was taken is Failed; everything after it is
Printed only when the printer says "completed", Failed only when it says it stopped before the
first sheet, Unknown otherwise. Nothing is ever sent twice.
Must not know: what is on the page, who repeats jobs, other drivers.
"""

import asyncio
import math
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any, Final

import aiohttp

from hardware.ports import (
    DeviceError,
    Failed,
    Printed,
    PrinterStatus,
    PrintJob,
    PrintOutcome,
    Unknown,
)
from hardware.printing.conversion import (
    DEFAULT_DOTS_PER_INCH,
    MEDIA_NAMES,
    NoCommonFormat,
    convert,
)

_PRINTER_ATTRIBUTES: Final = [
    "printer-state",
    "printer-state-reasons",
    "printer-is-accepting-jobs",
    "document-format-supported",
    "media-supported",
    "pwg-raster-document-resolution-supported",
]
_JOB_ATTRIBUTES: Final = [
    "job-id",
    "job-name",
    "job-state",
    "job-state-reasons",
    "job-impressions-completed",
]
_PROCESSING, _STOPPED = 4, 5  # printer-state
_CANCELED, _ABORTED, _COMPLETED = 7, 8, 9  # job-state
_FORMAT_STATUS: Final = {0x040A, 0x0410}
_BUSY_STATUS: Final = {0x0502, 0x0506, 0x0507, 0x050B}
_FIRST_SERVER_ERROR = 0x0500

_PER_INCH = 3  # unit of a resolution value

Attributes = Mapping[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class IppTimeouts:
    """How long each step may take, in seconds."""

    request_s: float = 10.0
    send_s: float = 60.0
    job_s: float = 120.0
    poll_interval_s: float = 0.5


class _Refused(Exception):  # noqa: N818 - a signal between functions of this file
    """The exchange failed; `sent` says whether the request may have reached the printer."""

    def __init__(self, code: DeviceError, *, sent: bool) -> None:
        self.code = code
        self.sent = sent


class IppPrinter:
    """One sheet printer (implements `hardware.ports.Printer`)."""

    def __init__(
        self, uri: str, *, verify_tls: bool = False, timeouts: IppTimeouts | None = None
    ) -> None:
        """`uri`: ipp:// or ipps://; office printers sign their own certificates."""
        self._uri = uri
        self._verify_tls = verify_tls
        self._timeouts = timeouts or IppTimeouts()

    async def print_job(self, job: PrintJob) -> PrintOutcome:
        """Prints one document; see `PrintOutcome` for what may be concluded."""
        async with self._connection() as line:
            try:
                printer = await line.printer()
                blocked = _CANNOT_PRINT.get(status_from(printer)) or _not_accepting(printer)
                if blocked:
                    return Failed(blocked)
                document, media_type = await asyncio.to_thread(
                    convert,
                    job,
                    _values(printer, "document-format-supported"),
                    raster_dots_per_inch(printer),
                )
            except _Refused as refused:
                return Failed(refused.code)
            except NoCommonFormat:
                return Failed(DeviceError.FORMAT_NOT_SUPPORTED)
            except ValueError:
                return Failed(DeviceError.DOCUMENT_INVALID)
            try:
                number = await line.send(job, document, media_type, printer)
            except _Refused as refused:
                return Unknown(refused.code) if refused.sent else Failed(refused.code)
            return await line.follow(number)

    async def status(self) -> PrinterStatus:
        """What printer-state and printer-state-reasons say."""
        async with self._connection() as line:
            try:
                return status_from(await line.printer())
            except _Refused as refused:
                reachable = refused.code in {DeviceError.BAD_ANSWER, DeviceError.NO_ANSWER}
                return PrinterStatus.UNKNOWN if reachable else PrinterStatus.UNREACHABLE

    async def find_job(self, job_id: str) -> PrintOutcome | None:
        """Follows the newest job of that name to its end; None when the printer lists none."""
        async with self._connection() as line:
            try:
                number = await line.find(job_id)
            except _Refused as refused:
                return Unknown(refused.code)
            return None if number is None else await line.follow(number)

    @asynccontextmanager
    async def _connection(self) -> AsyncIterator["_Line"]:
        # A fresh connection per request: with a kept-alive one, a printer that closed it
        # meanwhile would make a certain failure look uncertain.
        connector = aiohttp.TCPConnector(force_close=True)
        async with aiohttp.ClientSession(connector=connector) as session:
            yield _Line(self._uri, session, self._timeouts, verify_tls=self._verify_tls)


class _Line:
    """The operations on one printer, with pyipp's errors sorted into ours."""

    def __init__(
        self, uri: str, session: aiohttp.ClientSession, timeouts: IppTimeouts, *, verify_tls: bool
    ) -> None:
        import pyipp  # noqa: PLC0415 - needed in the printing worker only
        from pyipp.enums import IppOperation  # noqa: PLC0415

        self._operations = IppOperation
        self._errors = pyipp.exceptions
        self._timeouts = timeouts
        self._client = pyipp.IPP(
            uri,
            session=session,
            verify_ssl=verify_tls,
            user_agent="ward-edge-node",
            request_timeout=math.ceil(timeouts.send_s),
        )

    async def printer(self) -> Attributes:
        answer = await self._execute(
            self._operations.GET_PRINTER_ATTRIBUTES,
            {"operation-attributes-tag": {"requested-attributes": _PRINTER_ATTRIBUTES}},
            self._timeouts.request_s,
        )
        return _only(answer["printers"])

    async def send(
        self, job: PrintJob, document: bytes, media_type: str, printer: Attributes
    ) -> int:
        """Print-Job; the number the printer gave the job."""
        media = MEDIA_NAMES.get(job.media)
        message: dict[str, Any] = {
            "operation-attributes-tag": {
                "requesting-user-name": "ward-edge-node",
                "job-name": job.job_id,
                "document-format": media_type,
            },
            "data": document,
        }
        if media in _values(printer, "media-supported"):
            message["job-attributes-tag"] = {"media": media}
        answer = await self._execute(self._operations.PRINT_JOB, message, self._timeouts.send_s)
        number = _only(answer["jobs"]).get("job-id")
        if not isinstance(number, int):
            raise _Refused(DeviceError.BAD_ANSWER, sent=True)
        return number

    async def find(self, job_id: str) -> int | None:
        """The number of the newest job named `job_id`."""
        numbers: list[int] = []
        for which in ("not-completed", "completed"):
            answer = await self._execute(
                self._operations.GET_JOBS,
                {
                    "operation-attributes-tag": {
                        "which-jobs": which,
                        "requested-attributes": _JOB_ATTRIBUTES,
                    }
                },
                self._timeouts.request_s,
            )
            numbers += [j["job-id"] for j in answer["jobs"] if j.get("job-name") == job_id]
        return max(numbers, default=None)

    async def follow(self, number: int) -> PrintOutcome:
        """Polls the job until it ends; Unknown with the printer's reason when it does not."""
        code = DeviceError.NO_ANSWER
        try:
            async with asyncio.timeout(self._timeouts.job_s):
                while True:
                    try:
                        job = await self._job(number)
                    except _Refused as refused:
                        code = refused.code  # the printer may come back: ask until time is up
                    else:
                        if job.get("job-state", 0) >= _CANCELED:
                            return outcome_from(job)
                        code = await self._obstacle()
                    await asyncio.sleep(self._timeouts.poll_interval_s)
        except TimeoutError:
            return Unknown(code)

    async def _job(self, number: int) -> Attributes:
        answer = await self._execute(
            self._operations.GET_JOB_ATTRIBUTES,
            {
                "operation-attributes-tag": {
                    "job-id": number,
                    "requested-attributes": _JOB_ATTRIBUTES,
                }
            },
            self._timeouts.request_s,
        )
        return _only(answer["jobs"])

    async def _obstacle(self) -> DeviceError:
        """Why a job that is not finished may be waiting."""
        try:
            status = status_from(await self.printer())
        except _Refused as refused:
            return refused.code
        return _CANNOT_PRINT.get(status, DeviceError.PRINTER_BUSY)

    async def _execute(
        self, operation: Any, message: dict[str, Any], timeout_s: float
    ) -> dict[str, Any]:
        try:
            async with asyncio.timeout(timeout_s):
                answer: dict[str, Any] = await self._client.execute(operation, message)
        except TimeoutError:
            raise _Refused(DeviceError.NO_ANSWER, sent=True) from None
        except (self._errors.IPPError, aiohttp.ClientError, OSError) as error:
            raise self._sorted(error) from error
        return answer

    def _sorted(self, error: Exception) -> _Refused:
        cause = error.__cause__
        if isinstance(cause, aiohttp.ClientConnectorError):
            refused = isinstance(cause.os_error, ConnectionRefusedError)
            code = DeviceError.REFUSED if refused else DeviceError.UNREACHABLE
            return _Refused(code, sent=False)
        if isinstance(error, self._errors.IPPConnectionError) and not isinstance(
            cause, TimeoutError
        ):
            return _Refused(DeviceError.CONNECTION_LOST, sent=True)
        details = error.args[1] if len(error.args) > 1 and isinstance(error.args[1], dict) else {}
        status = details.get("status-code")
        if isinstance(error, self._errors.IPPResponseError):  # HTTP: 4xx never reached IPP
            return _Refused(DeviceError.BAD_ANSWER, sent=not 400 <= int(status or 0) < 500)
        if isinstance(status, int):
            return _Refused(status_code_error(status), sent=not _certain(status))
        code = DeviceError.NO_ANSWER if isinstance(cause, TimeoutError) else DeviceError.BAD_ANSWER
        return _Refused(code, sent=True)


_CANNOT_PRINT: Final = {
    PrinterStatus.COVER_OPEN: DeviceError.COVER_OPEN,
    PrinterStatus.PAPER_OUT: DeviceError.PAPER_OUT,
    PrinterStatus.STOPPED: DeviceError.PRINTER_STOPPED,
}


def status_code_error(status: int) -> DeviceError:
    """Our code for an IPP status code (RFC 8011 appendix B)."""
    if status in _FORMAT_STATUS:
        return DeviceError.FORMAT_NOT_SUPPORTED
    return DeviceError.PRINTER_BUSY if status in _BUSY_STATUS else DeviceError.JOB_REFUSED


def _certain(status: int) -> bool:
    """Client errors and "not now" come before a job exists; device errors may come after."""
    return status < _FIRST_SERVER_ERROR or status in _BUSY_STATUS


def status_from(printer: Attributes) -> PrinterStatus:
    """The worst thing printer-state and its reasons say (RFC 8011 sections 5.4.11, 5.4.12)."""
    reasons = _values(printer, "printer-state-reasons")
    state = printer.get("printer-state")
    stopped = state == _STOPPED
    if _any(reasons, "cover-open", "door-open", "interlock-open", worst=not stopped):
        return PrinterStatus.COVER_OPEN
    if _any(reasons, "media-empty", "media-needed", worst=not stopped):
        return PrinterStatus.PAPER_OUT
    if stopped:
        return PrinterStatus.STOPPED
    if any(reason.startswith(("media-low", "media-empty")) for reason in reasons):
        return PrinterStatus.NEAR_END
    if state is None:
        return PrinterStatus.UNKNOWN
    return PrinterStatus.BUSY if state == _PROCESSING else PrinterStatus.READY


def _any(reasons: list[str], *names: str, worst: bool) -> bool:
    """Whether a reason is given; with `worst` a mere "-warning" or "-report" does not count."""
    endings = ("", "-error") if worst else ("", "-error", "-warning", "-report")
    return any(name + ending in reasons for name in names for ending in endings)


def raster_dots_per_inch(printer: Attributes) -> int:
    """The finest square raster the printer takes, at most the default, which is plenty for text."""
    offered = [
        across
        for across, along, unit in _values(printer, "pwg-raster-document-resolution-supported")
        if across == along and unit == _PER_INCH and across <= DEFAULT_DOTS_PER_INCH
    ]
    return max(offered, default=DEFAULT_DOTS_PER_INCH)


def outcome_from(job: Attributes) -> PrintOutcome:
    """What a finished job means; nothing on paper is certain only with a count of zero."""
    if job["job-state"] == _COMPLETED:
        return Printed()
    canceled = job["job-state"] == _CANCELED
    code = DeviceError.JOB_CANCELED if canceled else DeviceError.JOB_ABORTED
    if any(r.startswith("document-format-error") for r in _values(job, "job-state-reasons")):
        code = DeviceError.DOCUMENT_INVALID
    return Failed(code) if job.get("job-impressions-completed") == 0 else Unknown(code)


def _not_accepting(printer: Attributes) -> DeviceError | None:
    return DeviceError.PRINTER_BUSY if printer.get("printer-is-accepting-jobs") is False else None


def _only(groups: list[dict[str, Any]]) -> Attributes:
    if len(groups) != 1:
        raise _Refused(DeviceError.BAD_ANSWER, sent=True)
    return groups[0]


def _values(attributes: Attributes, name: str) -> list[Any]:
    """All values of an attribute (pyipp gives a bare value when there is one)."""
    value = attributes.get(name, [])
    return value if isinstance(value, list) else [value]

"""A sheet printer made of software: IPP over HTTP, documents and pages as files.

Responsible for answering IPP operations (RFC 8011) and for printing the jobs it took, in order.
Rules: the document is kept as it came and its pages are rendered as PNG; every fault has a switch.
Must not know: who prints, what the pages mean.
"""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TypeAlias

from aiohttp import web

from hardware.clock import SystemClock
from hardware.simulated.control import Switches, control_app, ready_until_told, serving
from hardware.simulated.ipp_wire import (
    Group,
    Message,
    Tag,
    WireError,
    attribute,
    decode,
    encode,
)
from hardware.simulated.pages import PageNote, Tray
from hardware.simulated.sheet_attributes import (
    SUPPORTED_FORMATS,
    JobState,
    Operation,
    SheetFaults,
    SheetJob,
    job_attributes,
    printer_attributes,
    requested,
    stopped,
)
from hardware.simulated.sheets import PDF, DocumentUnreadable, pages_of

MAXIMUM_REQUEST_BYTES = 32 << 20
MAXIMUM_JOBS = 500
PATH = "/ipp/print"

Handler: TypeAlias = Callable[[Message, Group], Message]

OK = 0x0000
BAD_REQUEST = 0x0400
NOT_POSSIBLE = 0x0404
NOT_FOUND = 0x0406
FORMAT_NOT_SUPPORTED = 0x040A
OPERATION_NOT_SUPPORTED = 0x0501
VERSION_NOT_SUPPORTED = 0x0503
BUSY = 0x0507


@dataclass(slots=True, kw_only=True)
class SheetPrinter:
    """The device. `uri` is set when the port is known."""

    tray: Tray
    switches: Switches[SheetFaults]
    formats: tuple[str, ...] = SUPPORTED_FORMATS
    uri: str = ""
    clock: SystemClock = field(default_factory=SystemClock)
    jobs: dict[int, SheetJob] = field(default_factory=dict)
    waiting: asyncio.Queue[SheetJob] = field(default_factory=asyncio.Queue)

    def app(self) -> web.Application:
        """The IPP side as a web application."""
        app = web.Application(client_max_size=MAXIMUM_REQUEST_BYTES)
        app.router.add_post("/{path:.*}", self._post)
        return app

    async def print_waiting(self) -> None:
        """Prints what waits, one job after the other, for ever."""
        while True:
            job = await self.waiting.get()
            if not job.finished:
                await self._print(job)

    async def _post(self, request: web.Request) -> web.Response:
        faults = self.switches.faults
        if faults.drop_after_bytes is not None:
            await self._drop(request, faults.drop_after_bytes)
        body = await request.read()
        await self.switches.until(lambda faults: not faults.silent_status)
        try:
            message = decode(body)
        except WireError as error:
            return web.Response(status=400, text=f"{error}\n")
        answer = encode(self._answer(message))
        if faults.lose_answer and message.code == Operation.PRINT_JOB and request.transport:
            request.transport.abort()
        return web.Response(body=answer, content_type="application/ipp")

    async def _drop(self, request: web.Request, limit: int) -> None:
        """Hangs up when `limit` bytes of the request have come; a shorter request passes."""
        if (request.content_length or limit) >= limit:
            await request.content.readexactly(limit)
            if request.transport:
                request.transport.abort()

    def _answer(self, message: Message) -> Message:
        operation = message.group(Tag.OPERATION)
        if message.version[0] not in {1, 2}:
            return _response(message, VERSION_NOT_SUPPORTED)
        if message.request_id == 0 or not _well_begun(operation):
            return _response(message, BAD_REQUEST)
        answers: dict[int, Handler] = {
            Operation.GET_PRINTER_ATTRIBUTES: self._about_printer,
            Operation.PRINT_JOB: self._take,
            Operation.VALIDATE_JOB: self._take,
            Operation.GET_JOBS: self._list,
            Operation.GET_JOB_ATTRIBUTES: self._about_job,
            Operation.CANCEL_JOB: self._about_job,
        }
        answer = answers.get(message.code)
        if answer is None:
            return _response(message, OPERATION_NOT_SUPPORTED)
        return answer(message, operation)

    def _about_printer(self, message: Message, operation: Group) -> Message:
        """Get-Printer-Attributes."""
        busy = any(not job.finished for job in self.jobs.values())
        attributes = printer_attributes(
            self.switches.faults, self.uri, self.formats, busy=busy, up_s=self._up_s()
        )
        return _response(message, OK, Group(Tag.PRINTER, requested(operation, attributes)))

    def _take(self, message: Message, operation: Group) -> Message:
        """Print-Job and Validate-Job."""
        document_format = str(operation.first("document-format") or self.formats[0])
        if document_format == "application/octet-stream":
            document_format = PDF if message.data.startswith(b"%PDF") else self.formats[-1]
        if document_format not in self.formats:
            return _response(message, FORMAT_NOT_SUPPORTED)
        if self.switches.faults.busy or len(self.jobs) >= MAXIMUM_JOBS:
            return _response(message, BUSY)
        if message.code == Operation.VALIDATE_JOB:
            return _response(message, OK)
        job = SheetJob(
            number=len(self.jobs) + 1,
            name=str(operation.first("job-name") or "untitled"),
            user=str(operation.first("requesting-user-name") or "anonymous"),
            document=message.data,
            document_format=document_format,
            created_up_s=self._up_s(),
        )
        self.jobs[job.number] = job
        self.waiting.put_nowait(job)
        return _response(message, OK, self._job_group(job, operation))

    def _list(self, message: Message, operation: Group) -> Message:
        finished = operation.first("which-jobs") == "completed"
        limit = operation.first("limit")
        jobs = [job for job in self.jobs.values() if job.finished == finished]
        if operation.first("my-jobs") is True:
            user = str(operation.first("requesting-user-name") or "anonymous")
            jobs = [job for job in jobs if job.user == user]
        if finished:
            jobs.reverse()
        if self.switches.faults.forget_jobs:
            jobs = []
        jobs = jobs[: limit if isinstance(limit, int) and limit > 0 else MAXIMUM_JOBS]
        return _response(message, OK, *(self._short_group(job, operation) for job in jobs))

    def _about_job(self, message: Message, operation: Group) -> Message:
        """Get-Job-Attributes and Cancel-Job."""
        number = operation.first("job-id")
        if number is None:
            number = str(operation.first("job-uri") or "").rpartition("/")[2]
        job = self.jobs.get(int(number)) if str(number).isdecimal() else None
        if job is None:
            return _response(message, NOT_FOUND)
        if message.code == Operation.GET_JOB_ATTRIBUTES:
            return _response(message, OK, self._job_group(job, operation))
        if job.finished:
            return _response(message, NOT_POSSIBLE)
        job.state, job.reason = JobState.CANCELED, "job-canceled-by-user"
        return _response(message, OK)

    def _short_group(self, job: SheetJob, operation: Group) -> Group:
        """A job in a list: number and URI unless more was asked for (RFC 8011 section 4.2.6.1)."""
        whole = self._job_group(job, operation)
        if operation.all("requested-attributes"):
            return whole
        return Group(Tag.JOB, tuple(a for a in whole.attributes if a.name in {"job-id", "job-uri"}))

    def _job_group(self, job: SheetJob, operation: Group) -> Group:
        attributes = job_attributes(job, self.uri, up_s=self._up_s())
        return Group(Tag.JOB, requested(operation, attributes))

    def _up_s(self) -> int:
        return self.clock.read().mono_ms // 1000

    async def _print(self, job: SheetJob) -> None:
        suffix = ".pdf" if job.document_format == PDF else ".pwg"
        kept = self.tray.folder / f"job-{job.number:06d}{suffix}"
        await asyncio.to_thread(self.tray.save, kept, job.document)
        job.state = JobState.PROCESSING
        await self.switches.until(lambda faults: not faults.hang)
        try:
            pictures = await asyncio.to_thread(pages_of, job.document, job.document_format)
        except DocumentUnreadable:
            job.state, job.reason = JobState.ABORTED, "document-format-error"
            return
        job.pages = len(pictures)
        for picture in pictures:
            await self._until_able(job)
            if job.finished:
                return
            if job.pages_printed == self.switches.faults.abort_after_pages:
                job.state, job.reason = JobState.ABORTED, "aborted-by-system"
                return
            note = PageNote(
                page=self.tray.next_number(),
                width_dots=picture.width,
                height_dots=picture.height,
                printed_at=self.clock.now().isoformat(),
                document_format=job.document_format,
                job_name=job.name,
                job_page=job.pages_printed + 1,
            )
            await asyncio.to_thread(self.tray.drop, picture, note)
            job.pages_printed += 1
            await asyncio.sleep(self.switches.faults.slow_ms / 1000)
        job.state, job.reason = JobState.COMPLETED, "job-completed-successfully"

    async def _until_able(self, job: SheetJob) -> None:
        if stopped(self.switches.faults):
            job.state, job.reason = JobState.STOPPED, "printer-stopped"
            await self.switches.until(lambda faults: not stopped(faults))
            if not job.finished:
                job.state, job.reason = JobState.PROCESSING, "none"


def _well_begun(operation: Group) -> bool:
    """RFC 8011 sections 4.1.4 and 4.1.5: charset, language, then whom the request is for."""
    names = [a.name for a in operation.attributes[:2]]
    target = operation.first("printer-uri") or operation.first("job-uri")
    return names == ["attributes-charset", "attributes-natural-language"] and bool(target)


def _response(request: Message, status: int, *groups: Group) -> Message:
    opening = Group(
        Tag.OPERATION,
        (
            attribute("attributes-charset", Tag.CHARSET, "utf-8"),
            attribute("attributes-natural-language", Tag.LANGUAGE, "en"),
        ),
    )
    version = request.version if request.version[0] in {1, 2} else (2, 0)
    return Message(
        version=version, code=status, request_id=request.request_id, groups=(opening, *groups)
    )


async def run_sheet_printer(
    faults: SheetFaults, *, port: int, control_port: int, tray: Tray, raster_only: bool
) -> None:
    """The process: prints what arrives on loopback `port` until SIGTERM (0: any free port)."""
    switches = Switches(faults)
    printer = SheetPrinter(tray=tray, switches=switches)
    if raster_only:
        printer.formats = SUPPORTED_FORMATS[1:]
    async with (
        serving(control_app(switches, tray), control_port) as bound_control_port,
        serving(printer.app(), port) as bound_port,
        asyncio.TaskGroup() as group,
    ):
        printer.uri = f"ipp://127.0.0.1:{bound_port}{PATH}"
        printing = group.create_task(printer.print_waiting())
        await ready_until_told(
            {
                "kind": "ipp",
                "port": bound_port,
                "control_port": bound_control_port,
                "output": str(tray.folder),
                "uri": printer.uri,
            }
        )
        printing.cancel()

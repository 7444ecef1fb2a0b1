"""A printer that can be asked how it is while somebody prints on it.

Responsible for keeping the two apart: calls on one printer must not overlap, and a health check
must never make a ticket wait. Rules: while a job is being printed the answer is "busy".
Must not know: jobs' contents, checks.
"""

import asyncio
from typing import Final, Literal

from edge_node.health.facts import PrinterFacts
from hardware.ports import Printer, PrinterStatus, PrintJob, PrintOutcome

STATUS_TIMEOUT_S: Final = 3
"""A printer that needs longer to say how it is counts as unreachable."""


class WatchedPrinter:
    """Implements `hardware.ports.Printer` on top of one; hand this to the worker and to health."""

    def __init__(
        self, printer: Printer, *, printer_id: str, role: Literal["ticket", "slip"]
    ) -> None:
        self._printer = printer
        self._using = asyncio.Lock()
        self.printer_id: Final = printer_id
        self.role: Final[Literal["ticket", "slip"]] = role

    async def print_job(self, job: PrintJob) -> PrintOutcome:
        """As the port says."""
        async with self._using:
            return await self._printer.print_job(job)

    async def status(self) -> PrinterStatus:
        """As the port says, after whatever the printer is doing now."""
        async with self._using:
            return await self._printer.status()

    async def find_job(self, job_id: str) -> PrintOutcome | None:
        """As the port says."""
        async with self._using:
            return await self._printer.find_job(job_id)

    async def look(self) -> PrinterFacts:
        """How the printer is, without waiting for a job and never longer than the time allowed."""
        if self._using.locked():
            status = PrinterStatus.BUSY
        else:
            try:
                async with asyncio.timeout(STATUS_TIMEOUT_S):
                    status = await self.status()
            except TimeoutError:
                status = PrinterStatus.UNREACHABLE
        return PrinterFacts(id=self.printer_id, role=self.role, status=status)

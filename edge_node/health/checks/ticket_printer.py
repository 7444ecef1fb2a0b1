"""Do numbers come out on paper? Without paper the screen still shows the number."""

from collections.abc import Mapping
from typing import Final

from edge_node.health.checks.printing import worst
from edge_node.health.facts import Facts
from edge_node.health.issue import Check, Issue, IssueCode
from hardware.ports import PrinterStatus

CODES: Final[Mapping[PrinterStatus, IssueCode]] = {
    PrinterStatus.UNREACHABLE: IssueCode.TICKET_PRINTER_AWAY,
    PrinterStatus.COVER_OPEN: IssueCode.TICKET_PRINTER_COVER_OPEN,
    PrinterStatus.PAPER_OUT: IssueCode.TICKET_PRINTER_PAPER_OUT,
    PrinterStatus.STOPPED: IssueCode.TICKET_PRINTER_STOPPED,
    PrinterStatus.NEAR_END: IssueCode.TICKET_PRINTER_PAPER_LOW,
    PrinterStatus.BUSY: IssueCode.TICKET_PRINTER_READY,
    PrinterStatus.READY: IssueCode.TICKET_PRINTER_READY,
    PrinterStatus.UNKNOWN: IssueCode.TICKET_PRINTER_UNKNOWN,
}


def detect(facts: Facts) -> Issue | None:
    """The worst ticket printer; hidden while none is set up or none was asked."""
    return worst(facts, "ticket", Check.TICKET_PRINTER, CODES)

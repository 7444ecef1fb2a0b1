"""Do appointment slips come out on paper? Without paper the dossier is still received."""

from collections.abc import Mapping
from typing import Final

from edge_node.health.checks.printing import worst
from edge_node.health.facts import Facts
from edge_node.health.issue import Check, Issue, IssueCode
from hardware.ports import PrinterStatus

CODES: Final[Mapping[PrinterStatus, IssueCode]] = {
    PrinterStatus.UNREACHABLE: IssueCode.SLIP_PRINTER_AWAY,
    PrinterStatus.COVER_OPEN: IssueCode.SLIP_PRINTER_COVER_OPEN,
    PrinterStatus.PAPER_OUT: IssueCode.SLIP_PRINTER_PAPER_OUT,
    PrinterStatus.STOPPED: IssueCode.SLIP_PRINTER_STOPPED,
    PrinterStatus.NEAR_END: IssueCode.SLIP_PRINTER_PAPER_LOW,
    PrinterStatus.BUSY: IssueCode.SLIP_PRINTER_READY,
    PrinterStatus.READY: IssueCode.SLIP_PRINTER_READY,
    PrinterStatus.UNKNOWN: IssueCode.SLIP_PRINTER_UNKNOWN,
}


def detect(facts: Facts) -> Issue | None:
    """The worst slip printer; hidden while none is set up or none was asked."""
    return worst(facts, "slip", Check.SLIP_PRINTER, CODES)

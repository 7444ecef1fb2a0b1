"""What a printer's own word means for the people in front of it; shared by both printer checks."""

from collections.abc import Mapping
from typing import Final, Literal

from edge_node.health.facts import Facts, PrinterFacts
from edge_node.health.issue import Check, Issue, IssueCode, issue
from hardware.ports import PrinterStatus

_WORST_FIRST: Final = (
    PrinterStatus.UNREACHABLE,
    PrinterStatus.COVER_OPEN,
    PrinterStatus.PAPER_OUT,
    PrinterStatus.STOPPED,
    PrinterStatus.UNKNOWN,
    PrinterStatus.NEAR_END,
    PrinterStatus.BUSY,
    PrinterStatus.READY,
)


def worst(
    facts: Facts,
    role: Literal["ticket", "slip"],
    check: Check,
    codes: Mapping[PrinterStatus, IssueCode],
) -> Issue | None:
    """The issue of the printer of `role` that is worst off; None when there is none to ask."""
    asked = [one for one in facts.printers if one.role == role and one.status is not None]
    if not asked:
        return None
    printer = min(asked, key=_rank)
    return issue(check, codes[printer.status or PrinterStatus.UNKNOWN], printer=printer.id)


def _rank(printer: PrinterFacts) -> int:
    return _WORST_FIRST.index(printer.status or PrinterStatus.UNKNOWN)

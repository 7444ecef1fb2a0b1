"""The technician reads what changed, not what stayed."""

from edge_node.health.issue import Check, IssueCode, issue
from edge_node.health.log import MAXIMUM_EVENTS, HealthLog

GOOD = issue(Check.TICKET_PRINTER, IssueCode.TICKET_PRINTER_READY, printer="kiosk-1")
OUT = issue(Check.TICKET_PRINTER, IssueCode.TICKET_PRINTER_PAPER_OUT, printer="kiosk-1")
DISK = issue(Check.DISK, IssueCode.DISK_GOOD, free_bytes=1)


def test_the_first_report_names_only_what_is_not_good() -> None:
    assert HealthLog().compare((GOOD, DISK), 1) == ()
    assert [one.issue for one in HealthLog().compare((OUT, DISK), 1)] == [OUT]


def test_a_change_is_told_once_and_the_newest_comes_first() -> None:
    log = HealthLog()
    log.compare((GOOD,), 1)
    log.compare((OUT,), 2)
    log.compare((OUT,), 3)
    events = log.compare((GOOD,), 4)
    assert [(one.at_ms, one.issue) for one in events] == [(4, GOOD), (2, OUT)]


def test_the_log_stays_short() -> None:
    log = HealthLog()
    for turn in range(3 * MAXIMUM_EVENTS):
        log.compare((OUT if turn % 2 else GOOD,), turn)
    assert len(log.compare((GOOD,), 3 * MAXIMUM_EVENTS)) == MAXIMUM_EVENTS

"""What a check can say.

Responsible for the closed list of issue codes and how serious each one is.
Rules: one code has one severity for ever; numbers travel as parameters whose names end in their
unit; no code says that people are affected unless they are. Must not know: texts (locale files,
`status` catalogue), web pages, devices.
"""

from collections.abc import Mapping
from enum import StrEnum
from typing import Final

import msgspec


class Severity(StrEnum):
    """How much an issue matters, in words a page can show."""

    GOOD = "good"
    WAITING = "waiting"  # normal life without the network: calm, nothing to repair
    UNKNOWN = "unknown"  # it should be measurable and is not
    WARNING = "warning"  # works, but somebody has a job today
    BAD = "bad"  # the public is affected or data is at risk


class Check(StrEnum):
    """The things that are looked at, in the order a technician reads them."""

    CITY_LINK = "city_link"
    OUTBOX = "outbox"
    HISTORY = "history"
    CITY_WORD = "city_word"
    CATALOGUE = "catalogue"
    TICKET_PRINTER = "ticket_printer"
    SLIP_PRINTER = "slip_printer"
    DISK = "disk"
    CLOCK = "clock"
    POWER = "power"
    DATABASE = "database"
    CERTIFICATE = "certificate"
    SCANNER = "scanner"
    SERVICE = "service"


class IssueCode(StrEnum):
    """Stable names; each has a title, a detail and, unless good, a remedy in every language."""

    CITY_LINK_GOOD = "city_link_good"
    CITY_LINK_AWAY = "city_link_away"
    CITY_LINK_AWAY_LONG = "city_link_away_long"
    CITY_LINK_AWAY_DAY = "city_link_away_day"
    CITY_LINK_REFUSED = "city_link_refused"
    CITY_LINK_SILENT = "city_link_silent"
    CITY_LINK_NOT_JOINED = "city_link_not_joined"
    OUTBOX_NOTHING = "outbox_nothing"
    OUTBOX_EMPTY = "outbox_empty"
    OUTBOX_DRAINING = "outbox_draining"
    OUTBOX_KEPT = "outbox_kept"
    OUTBOX_STUCK = "outbox_stuck"
    OUTBOX_REFUSED = "outbox_refused"
    OUTBOX_ASIDE = "outbox_aside"
    OUTBOX_WITHHELD = "outbox_withheld"
    OUTBOX_UNSENDABLE = "outbox_unsendable"
    HISTORY_LOST_ARCHIVED = "history_lost_archived"
    HISTORY_BRANCH = "history_branch"
    HISTORY_MISSING_TAIL = "history_missing_tail"
    HISTORY_ROLLBACK = "history_rollback"
    HISTORY_FORK = "history_fork"
    HISTORY_OTHER = "history_other"
    CITY_WORD_REFUSED = "city_word_refused"
    CITY_WORD_UNKNOWN = "city_word_unknown"
    CATALOGUE_GOOD = "catalogue_good"
    CATALOGUE_OLD = "catalogue_old"
    TICKET_PRINTER_READY = "ticket_printer_ready"
    TICKET_PRINTER_PAPER_LOW = "ticket_printer_paper_low"
    TICKET_PRINTER_PAPER_OUT = "ticket_printer_paper_out"
    TICKET_PRINTER_COVER_OPEN = "ticket_printer_cover_open"
    TICKET_PRINTER_STOPPED = "ticket_printer_stopped"
    TICKET_PRINTER_AWAY = "ticket_printer_away"
    TICKET_PRINTER_UNKNOWN = "ticket_printer_unknown"
    SLIP_PRINTER_READY = "slip_printer_ready"
    SLIP_PRINTER_PAPER_LOW = "slip_printer_paper_low"
    SLIP_PRINTER_PAPER_OUT = "slip_printer_paper_out"
    SLIP_PRINTER_COVER_OPEN = "slip_printer_cover_open"
    SLIP_PRINTER_STOPPED = "slip_printer_stopped"
    SLIP_PRINTER_AWAY = "slip_printer_away"
    SLIP_PRINTER_UNKNOWN = "slip_printer_unknown"
    DISK_GOOD = "disk_good"
    DISK_FILLING = "disk_filling"
    DISK_LOW = "disk_low"
    DISK_NEARLY_FULL = "disk_nearly_full"
    DISK_NO_SCANS = "disk_no_scans"
    DISK_REFUSING = "disk_refusing"
    DISK_READ_ONLY = "disk_read_only"
    CLOCK_GOOD = "clock_good"
    CLOCK_SYNCHRONISED = "clock_synchronised"
    CLOCK_FREE = "clock_free"
    CLOCK_OFF = "clock_off"
    CLOCK_WRONG = "clock_wrong"
    POWER_GOOD = "power_good"
    POWER_HOT = "power_hot"
    POWER_TOO_HOT = "power_too_hot"
    POWER_WEAK = "power_weak"
    DATABASE_GOOD = "database_good"
    DATABASE_BUSY = "database_busy"
    DATABASE_FULL = "database_full"
    DATABASE_DAMAGED = "database_damaged"
    DATABASE_FAILED = "database_failed"
    CERTIFICATE_GOOD = "certificate_good"
    CERTIFICATE_RENEW = "certificate_renew"
    CERTIFICATE_URGENT = "certificate_urgent"
    CERTIFICATE_EXPIRED = "certificate_expired"
    SCANNER_READY = "scanner_ready"
    SCANNER_MISSING = "scanner_missing"
    SERVICE_GOOD = "service_good"
    SERVICE_RESTARTING = "service_restarting"


_WAITING: Final = frozenset(
    {IssueCode.CITY_LINK_AWAY, IssueCode.CITY_LINK_NOT_JOINED, IssueCode.OUTBOX_KEPT}
)
_GOOD: Final = frozenset(
    {
        IssueCode.CITY_LINK_GOOD,
        IssueCode.OUTBOX_NOTHING,
        IssueCode.OUTBOX_EMPTY,
        IssueCode.OUTBOX_DRAINING,
        IssueCode.CATALOGUE_GOOD,
        IssueCode.TICKET_PRINTER_READY,
        IssueCode.SLIP_PRINTER_READY,
        IssueCode.DISK_GOOD,
        IssueCode.CLOCK_GOOD,
        IssueCode.CLOCK_SYNCHRONISED,
        IssueCode.CLOCK_FREE,
        IssueCode.POWER_GOOD,
        IssueCode.DATABASE_GOOD,
        IssueCode.CERTIFICATE_GOOD,
        IssueCode.SCANNER_READY,
        IssueCode.SERVICE_GOOD,
    }
)
_UNKNOWN: Final = frozenset({IssueCode.TICKET_PRINTER_UNKNOWN, IssueCode.SLIP_PRINTER_UNKNOWN})
_BAD: Final = frozenset(
    {
        IssueCode.OUTBOX_REFUSED,
        IssueCode.OUTBOX_ASIDE,
        IssueCode.OUTBOX_WITHHELD,
        IssueCode.OUTBOX_UNSENDABLE,
        IssueCode.HISTORY_LOST_ARCHIVED,
        IssueCode.HISTORY_BRANCH,
        IssueCode.HISTORY_MISSING_TAIL,
        IssueCode.DISK_REFUSING,
        IssueCode.TICKET_PRINTER_PAPER_OUT,
        IssueCode.TICKET_PRINTER_COVER_OPEN,
        IssueCode.TICKET_PRINTER_STOPPED,
        IssueCode.TICKET_PRINTER_AWAY,
        IssueCode.SLIP_PRINTER_PAPER_OUT,
        IssueCode.SLIP_PRINTER_COVER_OPEN,
        IssueCode.SLIP_PRINTER_STOPPED,
        IssueCode.SLIP_PRINTER_AWAY,
        IssueCode.DISK_NEARLY_FULL,
        IssueCode.DISK_READ_ONLY,
        IssueCode.CLOCK_WRONG,
        IssueCode.POWER_TOO_HOT,
        IssueCode.DATABASE_FULL,
        IssueCode.DATABASE_DAMAGED,
        IssueCode.DATABASE_FAILED,
        IssueCode.CERTIFICATE_URGENT,
        IssueCode.CERTIFICATE_EXPIRED,
    }
)


def _severity(code: IssueCode) -> Severity:
    for codes, severity in (
        (_GOOD, Severity.GOOD),
        (_WAITING, Severity.WAITING),
        (_UNKNOWN, Severity.UNKNOWN),
        (_BAD, Severity.BAD),
    ):
        if code in codes:
            return severity
    return Severity.WARNING


SEVERITIES: Final[Mapping[IssueCode, Severity]] = {code: _severity(code) for code in IssueCode}
"""How serious each code is; what is not listed as good, waiting, unknown or bad is a warning."""


class Issue(msgspec.Struct, frozen=True, kw_only=True):
    """One finding. `params` holds numbers and words whose names end in their unit."""

    check: Check
    code: IssueCode
    severity: Severity
    params: dict[str, str | int]


def issue(check: Check, code: IssueCode, **params: str | int | None) -> Issue:
    """The finding `code` of `check`; parameters that are None are unknown and left out."""
    known = {name: value for name, value in params.items() if value is not None}
    return Issue(check=check, code=code, severity=SEVERITIES[code], params=known)

"""How long does the disk last? Days are said when the growth is known, bytes otherwise."""

from collections.abc import Mapping
from typing import Final

from edge_node.health.facts import DiskFacts, Facts
from edge_node.health.issue import Check, Issue, IssueCode, issue

FILLING_DAYS: Final = 60
"""Fewer days left than this: order a bigger disk."""

NEARLY_FULL_DAYS: Final = 7
"""Fewer days left than this: data is at risk."""

LOW_BYTES: Final = 5 << 30
"""Less room than this deserves a look, whatever the growth."""

NEARLY_FULL_BYTES: Final = 500 << 20
"""Less room than this may stop the next dossier."""


_LEVELS: Final[Mapping[str, IssueCode]] = {
    "full": IssueCode.DISK_REFUSING,
    "no_scans": IssueCode.DISK_NO_SCANS,
}
"""How full the disk is in percent, by the station's own limits; it goes before bytes and days."""


def detect(facts: Facts) -> Issue | None:
    """The state of the data disk; hidden when it cannot be asked."""
    disk = facts.disk
    if disk is None:
        return None
    days = _days(disk)
    code = _LEVELS.get(facts.disk_level)
    if code is None or disk.read_only:
        code = _code(disk, days, facts.disk_level)
    return issue(Check.DISK, code, free_bytes=disk.free_bytes, days=days)


def _days(disk: DiskFacts) -> int | None:
    if not disk.growth_bytes_per_day or disk.growth_bytes_per_day < 0:
        return None
    return disk.free_bytes // disk.growth_bytes_per_day


def _code(disk: DiskFacts, days: int | None, level: str) -> IssueCode:
    if disk.read_only:
        return IssueCode.DISK_READ_ONLY
    if disk.free_bytes < NEARLY_FULL_BYTES or (days is not None and days < NEARLY_FULL_DAYS):
        return IssueCode.DISK_NEARLY_FULL
    if disk.free_bytes < LOW_BYTES or level == "filling":
        return IssueCode.DISK_LOW
    if days is not None and days < FILLING_DAYS:
        return IssueCode.DISK_FILLING
    return IssueCode.DISK_GOOD

"""What the station may forget, and when a full disk stops it from taking more.

Rules: the body of a record goes only when the city's verified backup has held it for thirty days by
the city's own clock, the city was given it whole (or a copy of it, which goes first), its dossier
is closed and no attachment of it is still to be sent; an acknowledgement or a number of attempts is
never a reason. Nothing is ever overwritten to make room.
This module must not know where anything is stored, nor what time it is.
"""

from collections.abc import Mapping
from enum import StrEnum
from types import MappingProxyType
from typing import Final, NamedTuple

from edge_node.domain.dossier import DossierState, allowed_actions

MINIMUM_AGE_MS: Final = 30 * 24 * 60 * 60 * 1000
"""City time between the city's word that a record is in its backup and its going here."""

CLOSED: Final = frozenset(state for state in DossierState if not allowed_actions(state))
"""States nothing can follow."""


class Custody(NamedTuple):
    """What is known of one record (city times in ms, None when unknown).

    `archived` of its log are in the backup since `archived_since_ms`, by the word heard then.
    """

    sequence: int
    archived: int
    archived_since_ms: int | None
    city_now_ms: int | None
    dossier_closed: bool
    blob_pending: bool
    withheld: bool
    """The city has the leaf alone, and no copy of it has gone by this rule."""


def may_purge(record: Custody) -> bool:
    """Whether the body of a record may go; whatever is unknown means no."""
    if record.archived_since_ms is None or record.city_now_ms is None:
        return False
    return (
        record.sequence < record.archived
        and record.city_now_ms - record.archived_since_ms >= MINIMUM_AGE_MS
        and record.dossier_closed
        and not record.blob_pending
        and not record.withheld
    )


class DiskLevel(StrEnum):
    """How full the data disk is, in what it means for the public."""

    ROOMY = "roomy"
    FILLING = "filling"  # somebody should look
    NO_SCANS = "no_scans"  # text is small: dossiers go on, attachments wait
    FULL = "full"  # nothing new: what is here must stay safe


class DiskLimits(NamedTuple):
    """From how many percent used on each level begins."""

    warn_percent: int = 80
    scans_percent: int = 90
    refuse_percent: int = 97


def disk_level(used_percent: int, limits: DiskLimits) -> DiskLevel:
    """The level at `used_percent` (0 to 100)."""
    steps: Mapping[DiskLevel, int] = MappingProxyType(
        {
            DiskLevel.FULL: limits.refuse_percent,
            DiskLevel.NO_SCANS: limits.scans_percent,
            DiskLevel.FILLING: limits.warn_percent,
        }
    )
    for level, percent in steps.items():
        if used_percent >= percent:
            return level
    return DiskLevel.ROOMY


def is_quiet(minute: int, start: int, end: int) -> bool:
    """Whether a minute of the day lies in the quiet hours, which may pass midnight."""
    if start <= end:
        return start <= minute < end
    return minute >= start or minute < end

"""When attachments may travel, in what order, and how large a part may be.

Pure. The city's policy sets a number of bytes a day and a window of minutes of the local day; time
is the city's signed time carried on by the time since boot, so that a wrong wall clock neither
opens nor shuts the window. It must not know files, the network or sync.db.
"""

from collections.abc import Collection, Sequence
from typing import Final, NamedTuple

from sync.journal.blobs import Blob
from sync.protocol.limits import MAXIMUM_BLOB_PART_BYTES, MINIMUM_BLOB_PART_BYTES
from sync.protocol.session_extras import Policy

DAY_MS: Final = 86_400_000
MINUTE_MS: Final = 60_000
LOCAL_OFFSET_MS: Final = 7 * 3_600_000
"""Vietnam is seven hours ahead of UTC, all year."""

FAST_PART_S: Final = 1.0
"""A part that took less may be followed by one twice as large."""
SLOW_PART_S: Final = 4.0
"""After a part that took more, events would wait too long behind the next: it is halved."""


class CityTime(NamedTuple):
    """Signed city time (ms since 1970) and this boot's time (ms) when it was heard."""

    city_time_ms: int
    mono_ms: int

    def local_ms(self, mono_ms: int) -> int:
        """The local time at another moment of this boot, in ms since 1970 of that time zone."""
        return self.city_time_ms + max(0, mono_ms - self.mono_ms) + LOCAL_OFFSET_MS


def local_day(local_ms: int) -> int:
    """The number of the local day."""
    return local_ms // DAY_MS


def may_send(policy: Policy | None, local_ms: int, sent_today: int) -> bool:
    """Whether another byte may go now."""
    return allowance(policy, sent_today) > 0 and in_window(policy, local_ms)


def in_window(policy: Policy | None, local_ms: int) -> bool:
    """Whether it is the time of day; a window may go over midnight."""
    if policy is None or policy.blob_minutes is None:
        return True
    begin, end = policy.blob_minutes
    minute = local_ms % DAY_MS // MINUTE_MS
    return begin <= minute < end if begin <= end else minute >= begin or minute < end


def allowance(policy: Policy | None, sent_today: int) -> int:
    """Bytes that may still go today."""
    if policy is None or policy.blob_bytes_per_day is None:
        return MAXIMUM_BLOB_PART_BYTES
    return max(0, policy.blob_bytes_per_day - sent_today)


def in_order(blobs: Sequence[Blob], wanted: Collection[bytes]) -> list[Blob]:
    """What the city asks for first, then the rest; each in the order given."""
    return sorted(blobs, key=lambda blob: blob.digest not in wanted)


def next_part_bytes(part_bytes: int, elapsed_s: float) -> int:
    """The size of the part after one of this size that took so long."""
    if elapsed_s < FAST_PART_S:
        return min(2 * part_bytes, MAXIMUM_BLOB_PART_BYTES)
    if elapsed_s > SLOW_PART_S:
        return max(part_bytes // 2, MINIMUM_BLOB_PART_BYTES)
    return part_bytes

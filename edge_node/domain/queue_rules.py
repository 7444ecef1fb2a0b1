"""What the station's chief decides about the queue: lanes, priority, bookings.

Rules: reasons of priority are codes with texts in both languages; what the law or custom counts as
a reason is configuration, not code. This module must not know a settings file.
"""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final, NamedTuple

from edge_node.domain.errors import DomainError, ErrorCode
from edge_node.domain.queue_order import CounterRule

PRIORITY_REASONS: Final = ("elderly", "disabled", "pregnant", "small_child", "merit")
"""Reasons with words in both languages."""

PLACES_PER_SLOT: Final = 2
BOOKING_DAYS_AHEAD: Final = 30
BOOKINGS_PER_DAY: Final = 200
"""Booked visits of a day that were not given up, for all services together."""
SLOT_MINUTES: Final = 30
MAXIMUM_SERVICES_PER_VISIT: Final = 5


class QueueRules(NamedTuple):
    """`counters` by their name; a counter without an entry does everything."""

    counters: Mapping[str, CounterRule] = MappingProxyType({})
    priority_reasons: tuple[str, ...] = PRIORITY_REASONS
    places_per_slot: int = PLACES_PER_SLOT
    booking_days_ahead: int = BOOKING_DAYS_AHEAD
    bookings_per_day: int = BOOKINGS_PER_DAY

    def counter(self, name: str) -> CounterRule:
        """What a counter does."""
        return self.counters.get(name, CounterRule())

    def check_reason(self, reason: str) -> str:
        """A reason of priority; raises DomainError(PRIORITY_REASON_UNKNOWN)."""
        if reason not in self.priority_reasons:
            raise DomainError(ErrorCode.PRIORITY_REASON_UNKNOWN)
        return reason

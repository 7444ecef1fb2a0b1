"""Whom a counter calls next, and who is passed over by it.

Rules: the order is that of arrival. Somebody with priority comes first, but after each one two
others are called if two wait (1:2), so that neither side starves. A counter of the quick lane takes
short matters first, three in a row at most. A booked visit counts as having waited half an hour at
its time, and is not called before it while somebody else waits. Whoever was sent to a certain
counter is called there only, in the place of the arrival. Whoever is called before an earlier
arrival is called for a stated reason, and the earlier ones are named.
This module must not know names, clocks or storage. Times are seconds on one common scale.
"""

from collections import deque
from collections.abc import Iterable, Sequence
from enum import StrEnum
from typing import Final, NamedTuple

ORDINARY_PER_PRIORITY: Final = 2
"""Ordinary numbers called between two with priority, as long as ordinary ones wait."""

QUICK_IN_A_ROW: Final = 3
"""Short matters a quick counter takes before an ordinary number that came earlier."""

APPOINTMENT_ALLOWANCE_S: Final = 30 * 60
"""What a booked visit is credited with at its time, as if it had waited so long."""

APPOINTMENT_GRACE_S: Final = 15 * 60
"""Whoever checks in later than this after the booked time queues as of the check-in."""


class CallReason(StrEnum):
    """Why this number and no other."""

    ORDER = "order"
    PRIORITY = "priority"
    QUICK = "quick"
    APPOINTMENT = "appointment"
    PICKED = "picked"
    RETURNED = "returned"


class Waiting(NamedTuple):
    """Somebody in the waiting room.

    `arrived_s` is when the number was taken and never changes; `booked_s` is None without an
    appointment; `counter` is the only counter that may call, empty for any.
    """

    ticket_id: int
    service_id: str
    arrived_s: int
    priority: bool = False
    quick: bool = False
    booked_s: int | None = None
    counter: str = ""


class CounterRule(NamedTuple):
    """What a counter does: the ids of its services, empty for all; whether it is a quick lane."""

    services: frozenset[str] = frozenset()
    quick: bool = False

    def serves(self, service_id: str) -> bool:
        """Whether this service is called here."""
        return not self.services or service_id in self.services


class PastCall(NamedTuple):
    """One of today's first calls: of what, where, why, and whether of somebody with priority."""

    service_id: str
    counter: str
    reason: CallReason
    priority: bool


class Choice(NamedTuple):
    """The number to call, why, and the ids of those that came earlier and wait on."""

    ticket_id: int
    reason: CallReason
    passed: tuple[int, ...]


def place_s(one: Waiting) -> int:
    """Since when somebody counts as waiting: smaller is earlier."""
    if one.booked_s is None or one.arrived_s > one.booked_s + APPOINTMENT_GRACE_S:
        return one.arrived_s
    return max(one.booked_s, one.arrived_s) - APPOINTMENT_ALLOWANCE_S


def in_order(waiting: Iterable[Waiting]) -> list[Waiting]:
    """Everybody by their place; equal places by the number's row."""
    return sorted(waiting, key=lambda one: (place_s(one), one.ticket_id))


def choose(
    waiting: Sequence[Waiting],
    counter: str,
    rule: CounterRule,
    past: Sequence[PastCall],
    now_s: int,
) -> Choice | None:
    """The number that `counter` calls now; None when nobody waits for it.

    `past` are today's first calls, newest first.
    """
    mine = [
        one
        for one in in_order(waiting)
        if (one.counter == counter if one.counter else rule.serves(one.service_id))
    ]
    if not mine:
        return None
    due = [one for one in mine if one.booked_s is None or one.booked_s <= now_s] or mine
    chosen, reason = _chosen(due, counter, rule, past)
    return Choice(chosen.ticket_id, reason, passed_over(mine, chosen))


def passed_over(waiting: Iterable[Waiting], chosen: Waiting) -> tuple[int, ...]:
    """The ids of those who came before `chosen` and are not called, in the order they came."""
    earlier = [
        one
        for one in waiting
        if (one.arrived_s, one.ticket_id) < (chosen.arrived_s, chosen.ticket_id)
    ]
    earlier.sort(key=lambda one: (one.arrived_s, one.ticket_id))
    return tuple(one.ticket_id for one in earlier)


def _chosen(
    due: list[Waiting], counter: str, rule: CounterRule, past: Sequence[PastCall]
) -> tuple[Waiting, CallReason]:
    """From a list in order that is not empty."""
    ordinary = [one for one in due if not one.priority]
    preferred = next((one for one in due if one.priority), None)
    if preferred is not None and (
        not ordinary or _ordinary_since_priority(rule, past) >= ORDINARY_PER_PRIORITY
    ):
        return preferred, _reason(preferred, due)
    quick = next((one for one in ordinary if one.quick), None)
    if rule.quick and quick is not None and _quick_in_a_row(counter, past) < QUICK_IN_A_ROW:
        return quick, CallReason.QUICK
    return ordinary[0], _reason(ordinary[0], due)


def _reason(chosen: Waiting, due: list[Waiting]) -> CallReason:
    if chosen.priority:
        return CallReason.PRIORITY
    booked = chosen.booked_s is not None and bool(passed_over(due, chosen))
    return CallReason.APPOINTMENT if booked else CallReason.ORDER


def _ordinary_since_priority(rule: CounterRule, past: Sequence[PastCall]) -> int:
    """Ordinary calls since the last one with priority, among what this counter serves."""
    count = 0
    for call in past:
        if not rule.serves(call.service_id):
            continue
        if call.priority:
            return count
        count += 1
        if count >= ORDINARY_PER_PRIORITY:
            return count
    return ORDINARY_PER_PRIORITY  # the first of the day need not wait


def _quick_in_a_row(counter: str, past: Sequence[PastCall]) -> int:
    count = 0
    for call in past:
        if call.counter != counter:
            continue
        if call.reason is not CallReason.QUICK:
            return count
        count += 1
    return count


def expected_order(waiting: Sequence[Waiting], past: Sequence[PastCall], now_s: int) -> list[int]:
    """The ids in the order one counter for everything would call them: who is ahead of whom."""
    people = in_order(waiting)
    due = [one for one in people if one.booked_s is None or one.booked_s <= now_s]
    later = [one for one in people if one.booked_s is not None and one.booked_s > now_s]
    since = _ordinary_since_priority(CounterRule(), past)
    order: list[int] = []
    for group in (due, later):
        preferred = deque(one.ticket_id for one in group if one.priority)
        ordinary = deque(one.ticket_id for one in group if not one.priority)
        while preferred or ordinary:
            if preferred and (not ordinary or since >= ORDINARY_PER_PRIORITY):
                order.append(preferred.popleft())
                since = 0
            else:
                order.append(ordinary.popleft())
                since += 1
    return order

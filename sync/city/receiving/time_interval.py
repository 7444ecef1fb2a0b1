"""When a record was made, as far as the city can tell (SPEC: time).

Responsible for: from the anchors of a station's boots and the bounds that the order of its logs
gives, an interval and, where there is ground for one, an estimate. Pure. Times are milliseconds
since 1970 UTC, monotonic ones since the station's boot. It must not know where they are stored.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from typing import Final, NamedTuple

from sync.city.archive.port import Anchor, LogTimes
from sync.protocol.record import RecordTime

DRIFT_PPM: Final = 100
"""How wrong a station's quartz may be, in millionths of the time that passed."""

MINIMUM_QUALITY: Final = 1
"""A wall clock of this quality or better may say when, inside the interval."""


class Bounds(NamedTuple):
    """A record was not made before `low_ms`, nor after `high_ms`; None when nothing is known."""

    low_ms: int | None
    high_ms: int | None


class Interval(NamedTuple):
    """Between `low_ms` and `high_ms`, most likely at `estimate_ms`; None where unknown."""

    low_ms: int | None
    high_ms: int | None
    estimate_ms: int | None


class Timeline(NamedTuple):
    """A station's logs: the boot and the bounds of each, the anchors of each boot."""

    boots: Mapping[bytes, bytes | None]
    bounds: Mapping[bytes, Bounds]
    anchors: Mapping[bytes, Sequence[Anchor]]


def locate(time: RecordTime, anchors: Iterable[Anchor], bounds: Bounds) -> Interval:
    """When a record was made, from the anchors of its own boot and the bounds of its log."""
    best = min((_corrected(time.mono_ms, anchor) for anchor in anchors), default=None)
    if best is None:
        return Interval(*bounds, _believable_wall(time, bounds))
    error_ms, estimate_ms = best
    low_ms, high_ms = estimate_ms - error_ms, estimate_ms + error_ms
    if bounds.high_ms is not None:
        # Nothing arrives before it was made: a late anchor must not say so.
        high_ms = max(min(high_ms, bounds.high_ms), low_ms)
    return Interval(low_ms, high_ms, min(estimate_ms, high_ms))


def locate_in(timeline: Timeline, lid: bytes, time: RecordTime, received_ms: int) -> Interval:
    """When a record of this log, which came at `received_ms`, was made."""
    boot_id = timeline.boots.get(lid)
    anchors = () if boot_id is None else timeline.anchors.get(boot_id, ())
    low_ms, high_ms = timeline.bounds.get(lid, Bounds(None, None))
    high_ms = received_ms if high_ms is None else min(high_ms, received_ms)
    return locate(time, anchors, Bounds(low_ms, high_ms))


def read_timeline(logs: Sequence[LogTimes]) -> Timeline:
    """The bounds that parents and children give each log."""
    by_lid = {log.lid: log for log in logs}
    anchors: dict[bytes, list[Anchor]] = defaultdict(list)
    children: dict[bytes, list[LogTimes]] = defaultdict(list)
    for log in logs:
        for anchor in log.anchors:
            anchors[anchor.boot_id].append(anchor)
        if log.parent_lid is not None:
            children[log.parent_lid].append(log)
    bounds = {
        log.lid: Bounds(_last_before(log, by_lid), _first_after(log, children)) for log in logs
    }
    return Timeline({log.lid: log.boot_id for log in logs}, bounds, anchors)


def _corrected(mono_ms: int, anchor: Anchor) -> tuple[int, int]:
    """Error and estimate by one anchor: half the round trip, and the drift since."""
    middle = (anchor.mono_sent_ms + anchor.mono_received_ms) // 2
    distance = abs(middle - mono_ms)
    round_trip = anchor.mono_received_ms - anchor.mono_sent_ms
    error_ms = (round_trip + 1) // 2 + -(-distance * DRIFT_PPM // 1_000_000)
    return error_ms, anchor.city_time_ms - (middle - mono_ms)


def _believable_wall(time: RecordTime, bounds: Bounds) -> int | None:
    wall_ms = time.wall_ms
    if wall_ms is None or time.quality < MINIMUM_QUALITY:
        return None
    if bounds.low_ms is not None and wall_ms < bounds.low_ms:
        return None
    if bounds.high_ms is not None and wall_ms > bounds.high_ms:
        return None
    return wall_ms


def _last_before(log: LogTimes, by_lid: Mapping[bytes, LogTimes]) -> int | None:
    """The newest city time that the chain of parents heard."""
    seen = {log.lid}
    parent = by_lid.get(log.parent_lid or b"")
    while parent is not None and parent.lid not in seen:
        if parent.anchors:
            return max(anchor.city_time_ms for anchor in parent.anchors)
        seen.add(parent.lid)
        parent = by_lid.get(parent.parent_lid or b"")
    return None


def _first_after(log: LogTimes, children: Mapping[bytes, Sequence[LogTimes]]) -> int | None:
    """The first city time that the chain of children heard; None where it branches."""
    seen = {log.lid}
    after = children.get(log.lid, ())
    while len(after) == 1 and after[0].lid not in seen:
        (child,) = after
        if child.anchors:
            return min(anchor.city_time_ms for anchor in child.anchors)
        seen.add(child.lid)
        after = children.get(child.lid, ())
    return None

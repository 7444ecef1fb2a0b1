"""Hand a scanned code from a reader of the station to a page of the seat that the reader serves.

Rules: a scan waits in memory only, under an opaque id, for SCAN_AGE_S; pages of its seat are told
the id and nothing else, all others not even that; it can be claimed once, and only from its seat;
the same code twice within two seconds at one seat is one scan; what waits at one seat never pushes
out what waits at another.
"""

from typing import Final, NamedTuple

from edge_node.domain.identity_card import RepeatFilter
from edge_node.usecases.changes import Changes
from edge_node.usecases.station import Station

SCAN_AGE_S: Final = 30
MAXIMUM_WAITING_SCANS: Final = 4
"""Scans of one seat that nobody has claimed."""


class _Waiting(NamedTuple):
    seat: str
    frame: bytes
    mono_ms: int


class ScanDesk:
    """Scans nobody has claimed yet."""

    def __init__(self, changes: Changes) -> None:
        self._changes = changes
        self._waiting: dict[str, _Waiting] = {}
        self._repeats: dict[str, RepeatFilter] = {}

    def offer(self, station: Station, seat: str, frame: bytes) -> str:
        """Take a frame from a reader; the scan's id, empty when it repeats the seat's last one."""
        mono_ms = station.moment().time.mono_ms
        repeats = self._repeats.setdefault(seat, RepeatFilter())
        if repeats.is_repeat(frame, mono_ms / 1000):
            return ""
        self._forget_old(mono_ms)
        here = [scan_id for scan_id, one in self._waiting.items() if one.seat == seat]
        for scan_id in here[: max(len(here) + 1 - MAXIMUM_WAITING_SCANS, 0)]:
            del self._waiting[scan_id]
        scan_id = station.entropy(8).hex()
        self._waiting[scan_id] = _Waiting(seat, frame, mono_ms)
        self._changes.announce("scan", scan_id, seat=seat)
        return scan_id

    def claim(self, station: Station, seat: str, scan_id: str) -> bytes | None:
        """The frame, once; None when it is another seat's, was claimed, is too old, never was."""
        self._forget_old(station.moment().time.mono_ms)
        found = self._waiting.get(scan_id)
        if found is None or found.seat != seat:
            return None
        return self._waiting.pop(scan_id).frame

    def _forget_old(self, mono_ms: int) -> None:
        oldest_ms = mono_ms - SCAN_AGE_S * 1000
        self._waiting = {i: w for i, w in self._waiting.items() if w.mono_ms >= oldest_ms}

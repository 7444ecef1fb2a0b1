"""Hand a scanned card from the station's reader to the one kiosk page that asks for it.

Rules: a scan waits in memory only, under an opaque id, for SCAN_AGE_S; it can be claimed once;
pages are told the id and nothing else; the same card twice within two seconds is one scan.
"""

from typing import Final, NamedTuple

from edge_node.domain.identity_card import RepeatFilter, Scan, parse_scan
from edge_node.usecases.changes import Changes
from edge_node.usecases.station import Station

SCAN_AGE_S: Final = 30
MAXIMUM_WAITING_SCANS: Final = 4


class _Waiting(NamedTuple):
    scan: Scan
    mono_ms: int


class ScanDesk:
    """Scans nobody has claimed yet."""

    def __init__(self, changes: Changes) -> None:
        self._changes = changes
        self._waiting: dict[str, _Waiting] = {}
        self._repeats = RepeatFilter()

    def offer(self, station: Station, frame: bytes) -> str:
        """Take a frame from the reader; the scan's id, empty when it repeats the last one."""
        mono_ms = station.moment().time.mono_ms
        if self._repeats.is_repeat(frame, mono_ms / 1000):
            return ""
        self._forget_old(mono_ms)
        while len(self._waiting) >= MAXIMUM_WAITING_SCANS:
            del self._waiting[next(iter(self._waiting))]
        scan_id = station.entropy(8).hex()
        self._waiting[scan_id] = _Waiting(parse_scan(frame), mono_ms)
        self._changes.announce("scan", scan_id)
        return scan_id

    def claim(self, station: Station, scan_id: str) -> Scan | None:
        """The scan, once; None when it was claimed, is too old or never was."""
        self._forget_old(station.moment().time.mono_ms)
        found = self._waiting.pop(scan_id, None)
        return found.scan if found is not None else None

    def _forget_old(self, mono_ms: int) -> None:
        oldest_ms = mono_ms - SCAN_AGE_S * 1000
        self._waiting = {i: w for i, w in self._waiting.items() if w.mono_ms >= oldest_ms}
